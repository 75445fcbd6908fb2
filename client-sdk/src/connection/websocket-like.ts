/**
 * What the client needs of a WebSocket: the part that a browser's and the one of `ws` have in common.
 * Open one with `openWebSocket` of `#websocket`, which package.json maps to the implementation for the platform.
 */

/** A handler written as a method, so that the handlers of both implementations, whose events say more, fit it. */
type Handler<E> = { handle(event: E): void }['handle'] | null

/** A message. `data` is an ArrayBuffer, or a string if the peer sent text. */
export interface WebSocketMessage {
  readonly data: unknown
}

/** Why the socket closed, as the closing handshake said it; the code is 1006 if there was none. */
export interface WebSocketClosed {
  readonly code: number
  readonly reason: string
}

/** Delivers binary messages as ArrayBuffer. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes accepted by `send` and not yet written to the network. */
  readonly bufferedAmount: number
  binaryType: string
  onopen: Handler<unknown>
  onmessage: Handler<WebSocketMessage>
  /** Called once at the end, also after an error. */
  onclose: Handler<WebSocketClosed>
  onerror: Handler<unknown>
  /** `bytes` is borrowed until the call returns. Throws while connecting; does nothing once closing. */
  send(bytes: Uint8Array): void
  /** `code` is 1000 or 3000 to 4999; `reason` takes at most 123 bytes of UTF-8. Throws for others. */
  close(code?: number, reason?: string): void
}
