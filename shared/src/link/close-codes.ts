/**
 * How a CloseReason crosses a WebSocket: as a close code from 4000 up and a short text "CODE: message".
 * Used by both ends. The numbers are part of the protocol (PROTOCOL.md): they are never given to another meaning.
 */
import type { NetErrorCode } from '../error.ts'
import type { CloseReason } from './link.ts'

/** The WebSocket close code of each error code. New codes go to the end. */
export const WEBSOCKET_CLOSE_CODES: Readonly<Record<NetErrorCode, number>> = {
  BAD_DEFINITION: 4000,
  BAD_ARGUMENT: 4001,
  OUT_OF_RANGE: 4002,
  NON_DETERMINISTIC: 4003,
  READ_ONLY: 4004,
  SERVER_ONLY: 4005,
  WORLD_FULL: 4006,
  BAD_STATE: 4007,
  PORT_IN_USE: 4008,
  MALFORMED: 4009,
  TOO_LARGE: 4010,
  TOO_FAST: 4011,
  TOO_SLOW: 4012,
  PROTOCOL_MISMATCH: 4013,
  GAME_MISMATCH: 4014,
  SCHEMA_MISMATCH: 4015,
  HANDSHAKE_TIMEOUT: 4016,
  ORIGIN_REFUSED: 4017,
  TOO_MANY_CONNECTIONS: 4018,
  JOIN_REFUSED: 4019,
  ROOM_NOT_FOUND: 4020,
  ROOM_FULL: 4021,
  ROOM_CLOSED: 4022,
  KICKED: 4023,
  LEFT: 4024,
  SERVER_STOPPING: 4025,
  TIMED_OUT: 4026,
  CONNECTION_LOST: 4027,
  CONNECT_FAILED: 4028,
  INTERNAL: 4029,
}

/** What the codes of RFC 6455 mean to us; the WebSocket layers of both ends use them by themselves. */
const STANDARD: Readonly<Record<number, CloseReason>> = {
  1000: { code: 'LEFT', message: 'The peer closed the connection.' },
  1001: { code: 'LEFT', message: 'The peer went away.' },
  1002: { code: 'MALFORMED', message: 'The WebSocket protocol was broken.' },
  1003: { code: 'MALFORMED', message: 'Only binary messages are taken.' },
  1005: { code: 'LEFT', message: 'The peer closed the connection.' },
  1006: { code: 'CONNECTION_LOST', message: 'The connection broke.' },
  1007: { code: 'MALFORMED', message: 'The WebSocket protocol was broken.' },
  1008: { code: 'TOO_LARGE', message: 'A message came in too many pieces.' },
  1009: { code: 'TOO_LARGE', message: 'A message was too large.' },
  1011: { code: 'INTERNAL', message: 'The peer failed.' },
  1012: { code: 'SERVER_STOPPING', message: 'The server restarts.' },
}

/** A close frame holds 123 bytes of text; some implementations count differently, so we stay below. */
const MAX_REASON_BYTES = 120

export interface WebSocketClose {
  readonly code: number
  readonly text: string
}

export function toWebSocketClose(reason: CloseReason): WebSocketClose {
  return {
    code: WEBSOCKET_CLOSE_CODES[reason.code],
    text: truncateUtf8(`${reason.code}: ${reason.message}`, MAX_REASON_BYTES),
  }
}

export function fromWebSocketClose(code: number, text: string): CloseReason {
  for (const [name, number] of Object.entries(WEBSOCKET_CLOSE_CODES)) {
    if (number !== code) continue
    const prefix = `${name}: `
    return { code: name as NetErrorCode, message: text.startsWith(prefix) ? text.slice(prefix.length) : text }
  }
  return STANDARD[code] ?? { code: 'CONNECTION_LOST', message: `The connection ended with WebSocket code ${code}.` }
}

/** The longest start of `text` that takes at most `maxBytes` of UTF-8 and does not cut a character. Lone surrogates become U+FFFD. */
export function truncateUtf8(text: string, maxBytes: number): string {
  let out = ''
  let byteLength = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0
    byteLength += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_00_00 ? 3 : 4
    if (byteLength > maxBytes) break
    out += codePoint >= 0xd800 && codePoint <= 0xdfff ? '\ufffd' : character
  }
  return out
}
