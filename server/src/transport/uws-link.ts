/**
 * One client's connection over uWebSockets.js, as a Link. Made by the uWS front, which passes its socket's events on; owned by the gate, then by a room.
 * Never touches the socket after its end (that throws), and never throws to its owner or to uWebSockets.js.
 * Received bytes are gone, not merely overwritten, when the borrow is over: uWebSockets.js detaches them.
 */
import {
  type CloseReason,
  fromWebSocketClose,
  type Lane,
  type Link,
  type LinkReceiver,
  toWebSocketClose,
} from '@tickmesh/shared'
import type { UwsSocket } from './uws-module.ts'
import { NONE, type Sender, type UwsOutbox } from './uws-outbox.ts'

export interface UwsLinkOptions {
  readonly maxMessageBytes: number
  readonly maxBufferedBytes: number
  /** The owner's `onMessage` threw: a defect of the server, which only this connection pays for. */
  readonly onDefect: (error: unknown) => void
}

/** What `send` of a socket returns. */
const WRITTEN = 1
const DROPPED = 2

export class UwsLink implements Link, Sender {
  readonly ordered = true
  waitingFirst = NONE
  waitingLast = NONE
  waitingBytes = 0
  readonly #options: UwsLinkOptions
  readonly #outbox: UwsOutbox
  /** Inside `arrived` uWebSockets.js has corked the socket already. */
  #isCorked = false
  readonly #writeAll = (): void => this.#writeEach()
  /** Undefined from the end on. */
  #socket: UwsSocket | undefined
  #receiver: LinkReceiver | undefined

  constructor(socket: UwsSocket, outbox: UwsOutbox, options: UwsLinkOptions) {
    this.#socket = socket
    this.#outbox = outbox
    this.#options = options
  }

  get bufferedBytes(): number {
    return this.#socket === undefined ? 0 : this.#socket.getBufferedAmount() + this.waitingBytes
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
  }

  /** Hot. */
  send(_lane: Lane, bytes: Uint8Array): void {
    const socket = this.#socket
    if (socket === undefined) return
    if ((this.#isCorked && this.waitingBytes === 0) || !this.#outbox.add(this, bytes)) this.#write(socket, bytes)
  }

  /** Hot. From the outbox: everything that waits in it for this link. */
  write(): void {
    const socket = this.#socket
    if (socket !== undefined) {
      if (this.waitingFirst === this.waitingLast) this.#write(socket, this.#outbox.message(this.waitingFirst))
      else socket.cork(this.#writeAll)
    }
    this.waitingFirst = NONE
    this.waitingLast = NONE
    this.waitingBytes = 0
  }

  #writeEach(): void {
    for (let index = this.waitingFirst; index !== NONE; index = this.#outbox.next(index)) {
      if (this.#socket !== undefined) this.#write(this.#socket, this.#outbox.message(index))
    }
  }

  #write(socket: UwsSocket, bytes: Uint8Array): void {
    const outcome = socket.send(bytes, true, false)
    if (outcome === WRITTEN) return
    if (outcome === DROPPED || socket.getBufferedAmount() > this.#options.maxBufferedBytes) this.#dropSlowReader(socket)
  }

  close(reason: CloseReason): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (this.waitingFirst !== NONE) this.#outbox.flush()
    // What was written may have been too much.
    if (this.#socket === undefined) return
    this.#end(reason)
    const { code, text } = toWebSocketClose(reason)
    // A peer that does not close its side is cut off by uWebSockets.js within 8 s.
    socket.end(code, text)
  }

  /** Hot. From the front: `message` is valid until this returns. */
  arrived(message: ArrayBuffer, isBinary: boolean): void {
    if (this.#socket === undefined) return
    const { maxMessageBytes } = this.#options
    if (!isBinary) return this.close({ code: 'MALFORMED', message: 'Only binary messages are taken.' })
    if (message.byteLength > maxMessageBytes) {
      const problem = `a message of ${message.byteLength} bytes; at most ${maxMessageBytes} are taken.`
      return this.close({ code: 'TOO_LARGE', message: problem })
    }
    try {
      if (this.#receiver === undefined) throw new Error('a message came before attach()')
      this.#isCorked = true
      this.#receiver.onMessage('reliable', new Uint8Array(message))
    } catch (error) {
      this.#options.onDefect(error)
      this.close({ code: 'INTERNAL', message: 'The server failed at this message.' })
    } finally {
      this.#isCorked = false
    }
  }

  /** From the front: the socket is no more. */
  ended(code: number, text: string): void {
    this.#end(reasonOf(code, text))
  }

  /** A close frame would only queue behind the rest, so the peer sees a broken connection. */
  #dropSlowReader(socket: UwsSocket): void {
    const { maxBufferedBytes } = this.#options
    this.#end({ code: 'TOO_SLOW', message: `more than ${maxBufferedBytes} bytes waited to be read.` })
    socket.close()
  }

  #end(reason: CloseReason): void {
    if (this.#socket === undefined) return
    this.#socket = undefined
    // Never from inside the owner's own call.
    process.nextTick(() => this.#receiver?.onClose(reason))
  }
}

/** uWebSockets.js cuts a peer that breaks the WebSocket protocol, and names the fault, if at all, in the text of a 1006. */
function reasonOf(code: number, text: string): CloseReason {
  if (code === 1006 && text.includes('too big')) return fromWebSocketClose(1009, '')
  if (code === 1006 && text.includes('invalid')) return fromWebSocketClose(1002, '')
  if (code === 1006 && text.includes('timed out')) return { code: 'TIMED_OUT', message: 'Nothing was heard.' }
  return fromWebSocketClose(code, text)
}
