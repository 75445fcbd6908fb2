/**
 * Carries one client to the shard that runs its room: both lanes in one WebSocket, message by message, in order. Made by the shard where the client came in;
 * its session has checked sizes and rates before. Close codes pass both ways. What waits is bounded: beyond it both ends are told TOO_SLOW.
 * If the room has moved meanwhile, the hello is said again where it is. If the owner dies, moves the room or leaves the view, the client's link ends, and it comes again.
 */
import {
  type CloseReason,
  CONTROL,
  decodeControl,
  fromWebSocketClose,
  type HelloMessage,
  type Link,
  NetError,
  packControl,
  parseServerMessage,
  SERVER_CONTROL_LIMITS,
  toWebSocketClose,
} from '@tickmesh/shared'
import { WebSocket } from 'ws'
import type { Elsewhere, Pipe } from '../../gate/room-directory.ts'
import { VOUCHER_HEADER } from '../../transport/front.ts'

const MAX_HOPS = 3
const CONNECT_MS = 3_000
const MAX_MESSAGE_BYTES = 1_048_576
/** That the owner has not taken yet. */
const MAX_WAITING_BYTES = 262_144

export interface OwnerPipeOptions {
  /** Signed: whose connection this is. */
  readonly voucher: () => string
  /** It leads nowhere any more. */
  readonly onOver?: (pipe: OwnerPipe) => void
}

export class OwnerPipe implements Pipe {
  readonly outlivesUs = true
  readonly #link: Link
  readonly #options: OwnerPipeOptions
  readonly #hello: Uint8Array
  readonly #room: string
  #socket: WebSocket
  #url: string
  /** What the client said before the owner listened. */
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #hops = 0
  /** The owner has spoken: it does not send us on. */
  #arrived = false
  #over = false

  constructor(hello: HelloMessage, link: Link, place: Elsewhere, options: OwnerPipeOptions) {
    this.#link = link
    this.#options = options
    this.#hello = packControl(hello)
    this.#room = place.room
    this.#url = place.url
    this.#socket = this.#dial(place.url)
  }

  send(bytes: Uint8Array): void {
    if (this.#over) return
    const socket = this.#socket
    if (socket.readyState === WebSocket.OPEN && this.#early.length === 0) {
      socket.send(bytes.slice())
      if (socket.bufferedAmount > MAX_WAITING_BYTES) this.#tooSlow()
      return
    }
    this.#early.push(bytes.slice())
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes > MAX_WAITING_BYTES) this.#tooSlow()
  }

  /** What befell the connection here is no fault of the player's, and ends no match: its seat is kept. */
  close(reason: CloseReason): void {
    if (!this.#isFirst()) return
    const isOurs = reason.code === 'TIMED_OUT' || reason.code === 'INTERNAL'
    const { code, text } = toWebSocketClose(isOurs ? { ...reason, code: 'CONNECTION_LOST' } : reason)
    this.#hangUp(code, text)
  }

  /** Members of the view are at these addresses: to whom is not, it leads no more, and a frozen one would keep silent. */
  keep(urls: ReadonlySet<string>): void {
    if (urls.has(this.#url)) return
    this.#end({ code: 'CONNECTION_LOST', message: 'the shard that ran the room is gone.' })
    this.#hangUp(1001, '')
  }

  #isFirst(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#options.onOver?.(this)
    return true
  }

  #tooSlow(): void {
    const reason = { code: 'TOO_SLOW', message: 'the shard that runs the room does not keep up.' } as const
    const { code, text } = toWebSocketClose(reason)
    this.#end(reason)
    this.#hangUp(code, text)
  }

  #hangUp(code: number, text: string): void {
    const socket = this.#socket
    socket.removeAllListeners()
    socket.on('error', () => {})
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
    else socket.close(code, text)
  }

  #dial(url: string): WebSocket {
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      headers: { [VOUCHER_HEADER]: this.#options.voucher() },
    })
    let failure = ''
    socket.on('open', () => this.#opened(socket))
    socket.on('message', (data) => {
      if (data instanceof Uint8Array) this.#fromOwner(data)
    })
    socket.on('error', (error) => {
      failure = error.message
    })
    socket.on('close', (code, text) => {
      if (this.#over || socket !== this.#socket) return
      if (this.#arrived) this.#end(fromWebSocketClose(code, text.toString()))
      else this.#refuse(code === 1006 ? failure : text.toString())
    })
    return socket
  }

  #opened(socket: WebSocket): void {
    socket.send(this.#hello)
    for (const bytes of this.#early.splice(0)) socket.send(bytes)
    this.#earlyBytes = 0
  }

  #fromOwner(bytes: Uint8Array): void {
    if (this.#over) return
    if (!this.#arrived) {
      const url = movedTo(bytes)
      if (url !== undefined) return this.#follow(url)
      this.#arrived = true
    }
    this.#link.send('reliable', bytes)
  }

  #follow(url: string): void {
    if (++this.#hops > MAX_HOPS) return this.#refuse('it is handed from shard to shard')
    this.#hangUp(1001, '')
    this.#url = url
    this.#socket = this.#dial(url)
  }

  /** The client may try again. */
  #refuse(why: string): void {
    const problem = `the shard that runs the room "${this.#room}" cannot be reached: ${why}.`
    const error = new NetError('NOT_READY', problem, 'Try again in a while.')
    this.#link.send('reliable', packControl({ t: 'refused', ...error.reason }))
    this.#end(error.reason)
    this.#hangUp(1001, '')
  }

  #end(reason: CloseReason): void {
    if (this.#isFirst()) this.#link.close(reason)
  }
}

function movedTo(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== CONTROL) return undefined
  const decoded = decodeControl(bytes.subarray(1), SERVER_CONTROL_LIMITS)
  const parsed = decoded.ok ? parseServerMessage(decoded.value) : undefined
  return parsed?.ok === true && parsed.message.t === 'moved' && /^wss?:/.test(parsed.message.url)
    ? parsed.message.url
    : undefined
}
