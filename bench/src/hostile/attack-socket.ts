/**
 * One connection of an attacker: TCP, and if wanted a WebSocket handshake by hand, so that everything after it may be wrong. Sends what it is told,
 * reads only if it wants to, and counts how it ended.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { CONTROL, decodeControl, fromWebSocketClose } from '@tickmesh/shared'
import type { AttackTally } from './attack-tally.ts'
import { FrameFinder, type FrameTricks, frameOf } from './frames.ts'
import type { Throttle } from './throttle.ts'

export interface AttackTarget {
  readonly port: number
  readonly path: string
}

export interface SocketPlan {
  /** The address that the connection comes from. */
  readonly from: string
  /** WebSocket handshake first. */
  readonly upgrade: boolean
  /** Lines of the handshake's head, each with its end. */
  readonly headers?: string
  readonly path?: string
}

export interface SocketOwner {
  /** Open, as far as the plan goes. */
  onOpen(): void
  /** A message of the server, borrowed. */
  onMessage(bytes: Uint8Array): void
  /** The server said why it ends this; the connection itself lasts until this side gives it up, too. */
  onTold?(why: string): void
  /** Over, whoever ended it. */
  onEnd(): void
}

const HEADERS_END = '\r\n\r\n'
const MAX_ANSWER_BYTES = 65_536

export class AttackSocket {
  openedMs = 0
  ended = false
  private readonly socket: Socket
  private readonly plan: SocketPlan
  private readonly tally: AttackTally
  private readonly throttle: Throttle
  private readonly owner: SocketOwner
  private readonly finder: FrameFinder
  private isOpen = false
  private answer = ''
  private status = ''
  /** Why the server said that it ends this. */
  private why: string | undefined
  private toldMs: number | undefined
  private leaving = false
  private looked = true

  constructor(target: AttackTarget, plan: SocketPlan, tally: AttackTally, throttle: Throttle, owner: SocketOwner) {
    this.plan = plan
    this.tally = tally
    this.throttle = throttle
    this.owner = owner
    this.finder = new FrameFinder({
      onMessage: (bytes) => this.onMessage(bytes),
      onClose: (code, text) => {
        const { code: name } = fromWebSocketClose(code, text)
        this.told(code >= 1002 && code < 4000 ? `${name} (${code})` : name)
      },
    })
    tally.attempts++
    this.socket = connect({ port: target.port, host: '127.0.0.1', localAddress: plan.from, noDelay: true })
    this.socket.on('connect', () => (plan.upgrade ? this.upgrade(target) : this.open()))
    this.socket.on('data', (chunk) => this.onData(chunk))
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.onError(error))
    this.socket.on('end', () => this.socket.end())
    this.socket.on('close', () => this.onClose())
  }

  /** Not yet taken by the system. */
  get waitingBytes(): number {
    return this.socket.writableLength
  }

  raw(bytes: Uint8Array | string): void {
    if (this.ended || this.socket.destroyed) return
    const length = typeof bytes === 'string' ? bytes.length : bytes.length
    this.tally.bytesSent += length
    this.throttle.spend(length, 1)
    this.socket.write(bytes)
  }

  frame(payload: Uint8Array, tricks?: FrameTricks): void {
    this.raw(frameOf(payload, tricks))
  }

  /** From now on nothing is read. */
  stopReading(): void {
    this.looked = false
    this.socket.pause()
  }

  /** Reads what is there, to learn what became of it, then goes. */
  learnAndLeave(afterMs: number): void {
    if (this.looked) return this.leave()
    this.socket.resume()
    setTimeout(() => this.leave(), afterMs)
  }

  /** Ends it from this side, without a word. */
  leave(): void {
    this.leaving = true
    this.socket.destroy()
  }

  private upgrade({ port, path }: AttackTarget): void {
    const key = randomBytes(16).toString('base64')
    this.raw(
      `GET ${this.plan.path ?? path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${this.plan.headers ?? ''}\r\n`,
    )
  }

  private open(): void {
    this.isOpen = true
    this.openedMs = performance.now()
    this.tally.opened++
    this.owner.onOpen()
  }

  private onData(chunk: Buffer): void {
    if (!this.plan.upgrade) return this.readAnswer(chunk)
    if (this.isOpen) return this.finder.read(chunk)
    this.readAnswer(chunk)
    const end = this.answer.indexOf(HEADERS_END)
    if (end < 0 || this.status !== '101') return
    const rest = Buffer.from(this.answer.slice(end + HEADERS_END.length), 'latin1')
    this.open()
    if (rest.length > 0) this.finder.read(rest)
  }

  private readAnswer(chunk: Buffer): void {
    if (this.answer.length < MAX_ANSWER_BYTES) this.answer += chunk.toString('latin1')
    this.status = /^HTTP\/1\.\d (\d{3})/.exec(this.answer)?.[1] ?? ''
  }

  private told(why: string): void {
    if (this.why !== undefined) return
    this.why = why
    this.toldMs = performance.now()
    this.owner.onTold?.(why)
  }

  private onMessage(bytes: Uint8Array): void {
    if (bytes[0] === CONTROL) {
      const decoded = decodeControl(Uint8Array.from(bytes.subarray(1)))
      const { t, code } = decoded.ok ? (decoded.value as { t?: unknown; code?: unknown }) : {}
      if (t === 'refused' || t === 'bye') this.told(String(code))
    }
    this.owner.onMessage(bytes)
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (!this.isOpen && this.status === '') this.status = error.code ?? 'failed'
  }

  private onClose(): void {
    if (this.ended) return
    this.ended = true
    const { tally, status } = this
    const http = /^\d/.test(status)
    if (this.leaving && this.why === undefined) tally.left++
    else if (!this.isOpen) tally.onRefused(http ? `HTTP ${status}` : status || 'cut', http)
    else {
      const why = this.why ?? (http && status !== '101' ? `HTTP ${status}` : 'cut')
      tally.onDropped(why, why !== 'cut', this.looked ? (this.toldMs ?? performance.now()) - this.openedMs : undefined)
    }
    this.owner.onEnd()
  }
}
