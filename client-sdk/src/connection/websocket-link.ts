/**
 * The client's Link over a WebSocket: the browser's own, or the one of `ws` in Node.
 * `connectWebSocket` is called by the session whenever it dials. Both lanes share the stream, in order.
 * Never throws after it is open: whatever happens ends the link with a reason.
 */

import type { CloseReason, Lane, Link, LinkReceiver, Scheduler } from '@tickmesh/shared'
import { fromWebSocketClose, NetError, POISON, toWebSocketClose } from '@tickmesh/shared'
import { openWebSocket } from '#websocket'
import type { WebSocketLike } from './websocket-like.ts'

export interface ConnectOptions {
  /** Whose time the timeout is counted in. */
  readonly scheduler: Scheduler
  /** Gives up with CONNECT_FAILED after this; 10,000 by default. */
  readonly timeoutMs?: number
  /** Takes the attempt back: rejects with LEFT. */
  readonly signal?: AbortSignal
  /** A larger message from the server ends the link with TOO_LARGE; 1 MiB by default. */
  readonly maxMessageBytes?: number
  /** More bytes than this waiting to be sent end the link with TOO_SLOW; 1 MiB by default. */
  readonly maxBufferedBytes?: number
}

const MEBIBYTE = 1_048_576
/** Messages kept from a server that speaks before `attach`. */
const MAX_EARLY = 16

/** Resolves once the WebSocket is open; attach to the link before the next `await`. Rejects with a NetError: CONNECT_FAILED, or BAD_ARGUMENT for an address that is none. */
export function connectWebSocket(url: string, options: ConnectOptions): Promise<WebSocketLink> {
  const timeoutMs = options.timeoutMs ?? 10_000
  return new Promise((resolve, reject) => {
    const socket = open(url)
    const fail = (problem: string): void => {
      socket.onopen = null
      socket.onclose = null
      reject(
        new NetError(
          'CONNECT_FAILED',
          `${url} ${problem}.`,
          'Check that the server runs, that the address is right, and that it may be reached from here.',
        ),
      )
    }
    const { scheduler } = options
    const cancel = scheduler.at(scheduler.now() + timeoutMs, () => {
      fail(`did not answer within ${timeoutMs} ms`)
      socket.close()
    })
    const abort = (): void => {
      cancel()
      socket.onopen = null
      socket.onclose = null
      socket.close()
      reject(new NetError('LEFT', 'joining was taken back.', ''))
    }
    options.signal?.addEventListener('abort', abort, { once: true })
    socket.onopen = () => {
      cancel()
      options.signal?.removeEventListener('abort', abort)
      resolve(new WebSocketLink(socket, options))
    }
    socket.onclose = () => {
      cancel()
      fail('could not be reached')
    }
  })
}

function open(url: string): WebSocketLike {
  try {
    return openWebSocket(url)
  } catch {
    throw new NetError(
      'BAD_ARGUMENT',
      `${url} is no WebSocket address.`,
      'Pass one like ws://localhost:8080 or wss://play.example.com.',
    )
  }
}

export class WebSocketLink implements Link {
  readonly kind = 'websocket'
  readonly ordered = true
  readonly #socket: WebSocketLike
  readonly #maxMessageBytes: number
  readonly #maxBufferedBytes: number
  #receiver: LinkReceiver | undefined
  #ended: CloseReason | undefined
  #told = false
  #closedByOwner = false
  /** What came before `attach`, in order; undefined once that was handed on. */
  #early: Uint8Array[] | undefined = []

  constructor(socket: WebSocketLike, options: ConnectOptions) {
    this.#socket = socket
    this.#maxMessageBytes = options.maxMessageBytes ?? MEBIBYTE
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MEBIBYTE
    socket.onmessage = ({ data }) => this.#onData(data)
    socket.onclose = ({ code, reason }) => this.#end(fromWebSocketClose(code, reason))
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
    queueMicrotask(() => this.#handOnEarly())
  }

  send(_lane: Lane, bytes: Uint8Array): void {
    if (this.#ended !== undefined) return
    this.#socket.send(bytes)
    if (this.#socket.bufferedAmount > this.#maxBufferedBytes) {
      this.close({ code: 'TOO_SLOW', message: `more than ${this.#maxBufferedBytes} bytes wait to be sent.` })
    }
  }

  close(reason: CloseReason): void {
    if (this.#ended !== undefined) return
    this.#closedByOwner = true
    this.#end(reason)
    const { code, text } = toWebSocketClose(reason)
    this.#socket.close(code, text)
  }

  #onData(data: unknown): void {
    if (this.#ended !== undefined) return
    if (!(data instanceof ArrayBuffer)) {
      this.close({ code: 'MALFORMED', message: 'Only binary messages are taken.' })
      return
    }
    if (data.byteLength > this.#maxMessageBytes) {
      this.close({
        code: 'TOO_LARGE',
        message: `a message of ${data.byteLength} bytes; at most ${this.#maxMessageBytes} are taken.`,
      })
      return
    }
    const bytes = new Uint8Array(data)
    if (this.#early === undefined) this.#deliver(bytes)
    else if (this.#early.length < MAX_EARLY) this.#early.push(bytes)
    else this.close({ code: 'BAD_STATE', message: `more than ${MAX_EARLY} messages came before attach().` })
  }

  #deliver(bytes: Uint8Array): void {
    try {
      this.#receiver?.onMessage('reliable', bytes)
    } finally {
      bytes.fill(POISON)
    }
  }

  #handOnEarly(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const bytes of early) if (!this.#closedByOwner) this.#deliver(bytes)
    this.#tellEnd()
  }

  #end(reason: CloseReason): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    // Never from inside the owner's own call. Before `attach` was followed up, `#handOnEarly` tells.
    if (this.#early === undefined) queueMicrotask(() => this.#tellEnd())
  }

  #tellEnd(): void {
    if (this.#ended === undefined || this.#told) return
    this.#told = true
    this.#receiver?.onClose(this.#ended)
  }
}
