/**
 * The browser's own WebSocket. Taken for `#websocket` everywhere but in Node.
 */
import type { WebSocketLike } from './websocket-like.ts'

/** Starts to connect. Throws for an address that is no URL; every later failure is an `onerror` followed by `onclose`. */
export function openWebSocket(url: string, protocols: string[] = []): WebSocketLike {
  const socket = new WebSocket(url, protocols)
  socket.binaryType = 'arraybuffer'
  // `send` of the DOM's types excludes shared memory, which the SDK never allocates.
  return socket as WebSocketLike
}
