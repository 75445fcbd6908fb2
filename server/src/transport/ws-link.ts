/**
 * One client's connection over a WebSocket, as a Link. Made by WsTransport, owned by the gate and then by a room.
 * `ws` does the handshake, closes, control frames and everything unusual; plain frames take the short ways of FrameReader and FrameWriter.
 * Never throws to its owner or to the socket: whatever arrives, or fails, ends at most this one connection.
 */
import type { Duplex } from 'node:stream'
import type { CloseReason, Lane, Link, LinkReceiver } from '@tickmesh/shared'
import { fromWebSocketClose, POISON, toWebSocketClose } from '@tickmesh/shared'
import type { RawData, WebSocket } from 'ws'
import { FrameReader } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import { type ReadingMemory, readThrough } from './socket-reading.ts'

export interface WsLinkOptions {
  readonly maxMessageBytes: number
  readonly maxBufferedBytes: number
  readonly closeTimeoutMs: number
  /** One for all links. */
  readonly reading: ReadingMemory
  /** The owner's `onMessage` threw: a defect of the server, which only this connection pays for. */
  readonly onDefect: (error: unknown) => void
}

/** `ws`: the state of a socket that may send. */
const OPEN = 1

export class WsLink implements Link {
  readonly ordered = true
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #writer: FrameWriter
  readonly #options: WsLinkOptions
  readonly #boundIsHigh: boolean
  #receiver: LinkReceiver | undefined
  #ended = false
  #closeTimer: NodeJS.Timeout | undefined

  constructor(ws: WebSocket, socket: Duplex, writer: FrameWriter, options: WsLinkOptions) {
    this.#ws = ws
    this.#socket = socket
    this.#writer = writer
    this.#options = options
    this.#boundIsHigh = options.maxBufferedBytes >= socket.writableHighWaterMark
    ws.on('message', (data, isBinary) => this.#onWsMessage(data, isBinary))
    ws.on('error', (error) => this.#onWsError(error))
    ws.on('close', (code, text) => this.#onWsClose(code, text.toString()))
    this.#takeShortWay()
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
  }

  send(_lane: Lane, bytes: Uint8Array): void {
    // `ws` may have answered a close of the peer, of which the 'close' event tells us only later.
    if (this.#ended || this.#ws.readyState !== OPEN) return
    // As long as the socket likes what it holds, that is within the bound.
    if (this.#writer.write(this.#socket, bytes) && this.#boundIsHigh) return
    if (this.#socket.writableLength > this.#options.maxBufferedBytes) this.#dropSlowReader()
  }

  close(reason: CloseReason): void {
    if (this.#ended) return
    this.#end(reason)
    const { code, text } = toWebSocketClose(reason)
    this.#ws.close(code, text)
    this.#limitClosing()
  }

  /** A close frame would only queue behind the rest, so the peer sees a broken connection. */
  #dropSlowReader(): void {
    const { maxBufferedBytes } = this.#options
    this.#end({ code: 'TOO_SLOW', message: `more than ${maxBufferedBytes} bytes waited to be read.` })
    this.#ws.terminate()
  }

  /** Puts FrameReader before the one listener through which `ws` reads the socket. */
  #takeShortWay(): void {
    const socket = this.#socket
    const listeners = socket.listeners('data')
    const parse = listeners[0]
    // Another version of `ws` that reads in another way keeps working, a little slower.
    if (listeners.length !== 1 || parse === undefined) return
    const reader = new FrameReader(
      this.#options.maxMessageBytes,
      (bytes) => {
        this.#deliver(bytes)
        return !this.#ended
      },
      this.#options.reading,
      (chunk) => {
        const wasOpen = this.#ws.readyState === OPEN
        // A copy: `ws` keeps what is not whole yet, and the chunk may be lent.
        Reflect.apply(parse, socket, [Buffer.from(chunk)])
        // The peer's close frame: `ws` has answered it and now waits for the end of the stream.
        if (wasOpen && this.#ws.readyState !== OPEN) this.#limitClosing()
      },
    )
    let closing = false
    const { reading } = this.#options
    const onData = (chunk: Buffer, length = chunk.length): void => {
      if (socket.destroyed) return
      if (!closing) reader.read(chunk, length)
      // Closing is up to `ws`: it must see the rest, and stop by itself.
      else if (this.#ended) Reflect.apply(parse, socket, [Buffer.from(chunk.subarray(0, length))])
      closing ||= this.#ended || this.#ws.readyState !== OPEN
    }
    socket.removeListener('data', parse as (chunk: Buffer) => void)
    // What came with the handshake waits in the stream, and comes as 'data' also if the rest does not.
    socket.on('data', (chunk: Buffer) => onData(chunk))
    readThrough(socket, reading.buffer, onData)
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#ended) return
    try {
      if (this.#receiver === undefined) throw new Error('a message came before attach()')
      this.#receiver.onMessage('reliable', bytes)
    } catch (error) {
      this.#options.onDefect(error)
      this.close({ code: 'INTERNAL', message: 'The server failed at this message.' })
    }
    // A loop: a call of fill() takes longer than that for a message as short as an input.
    for (let i = 0; i < bytes.length; i++) bytes[i] = POISON
  }

  #onWsMessage(data: RawData, isBinary: boolean): void {
    if (this.#ended) return
    if (!isBinary) this.close({ code: 'MALFORMED', message: 'Only binary messages are taken.' })
    else if (data instanceof Uint8Array) this.#deliver(new Uint8Array(data.buffer, data.byteOffset, data.length))
  }

  #onWsError(error: Error & { code?: string }): void {
    // Other errors are the socket's: 'close' follows at once.
    if (error.code === undefined || !error.code.startsWith('WS_ERR_')) return
    // `ws` has told the peer by a code of the RFC.
    this.#end(fromWebSocketClose(closeCodeOf(error.code), ''))
    this.#limitClosing()
  }

  #onWsClose(code: number, text: string): void {
    clearTimeout(this.#closeTimer)
    this.#end(fromWebSocketClose(code, text))
  }

  /** A peer that does not finish the closing handshake is cut off. */
  #limitClosing(): void {
    this.#closeTimer ??= setTimeout(() => this.#ws.terminate(), this.#options.closeTimeoutMs)
  }

  #end(reason: CloseReason): void {
    if (this.#ended) return
    this.#ended = true
    // Never from inside the owner's own call.
    process.nextTick(() => this.#receiver?.onClose(reason))
  }
}

function closeCodeOf(errorCode: string): number {
  if (errorCode === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || errorCode === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH')
    return 1009
  return errorCode === 'WS_ERR_TOO_MANY_BUFFERED_PARTS' ? 1008 : 1002
}
