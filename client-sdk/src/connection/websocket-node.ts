/**
 * The WebSocket of `ws`, for bots and tests. Taken for `#websocket` in Node.
 * A server cannot make it hold more than one message of `maxPayload` bytes.
 */
import { WebSocket } from 'ws'
import type { WebSocketLike } from './websocket-like.ts'

const maxPayload = 1024 * 1024

/** Starts to connect. Throws for an address that is no URL; every later failure is an `onerror` followed by `onclose`. */
export function openWebSocket(url: string, protocols: string[] = []): WebSocketLike {
  const socket = new WebSocket(url, protocols, { maxPayload, perMessageDeflate: false })
  socket.binaryType = 'arraybuffer'
  // An 'error' event that nobody listens to ends the process; `onclose` follows and tells the caller.
  socket.on('error', () => {})
  return socket
}
