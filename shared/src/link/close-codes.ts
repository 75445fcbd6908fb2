/**
 * How a CloseReason crosses a WebSocket: as a close code from 4000 up and a short text "CODE: message".
 * Used by both ends. The numbers are part of the protocol (PROTOCOL.md): they are never given to another meaning.
 */
import type { NetErrorCode } from '../error.ts'
import type { CloseReason } from './link.ts'

/** In the order of their numbers, from FIRST_CODE on. New codes go to the end. */
const CODES = [
  'BAD_DEFINITION',
  'BAD_ARGUMENT',
  'OUT_OF_RANGE',
  'NON_DETERMINISTIC',
  'READ_ONLY',
  'SERVER_ONLY',
  'WORLD_FULL',
  'BAD_STATE',
  'PORT_IN_USE',
  'MALFORMED',
  'TOO_LARGE',
  'TOO_FAST',
  'TOO_SLOW',
  'PROTOCOL_MISMATCH',
  'GAME_MISMATCH',
  'SCHEMA_MISMATCH',
  'HANDSHAKE_TIMEOUT',
  'ORIGIN_REFUSED',
  'TOO_MANY_CONNECTIONS',
  'JOIN_REFUSED',
  'ROOM_NOT_FOUND',
  'ROOM_FULL',
  'ROOM_CLOSED',
  'KICKED',
  'LEFT',
  'SERVER_STOPPING',
  'TIMED_OUT',
  'CONNECTION_LOST',
  'CONNECT_FAILED',
  'INTERNAL',
  'UNAUTHENTICATED',
  'TICKET_INVALID',
  'TICKET_EXPIRED',
  'TICKET_USED',
  'RESUME_REFUSED',
  'REPLACED',
  'MOVED',
  'STALE_EPOCH',
  'ROOM_LOST',
  'NOT_READY',
] as const satisfies readonly NetErrorCode[]
const FIRST_CODE = 4000

/** The WebSocket close code of each error code. Does not compile if one is missing above. */
export const WEBSOCKET_CLOSE_CODES: Readonly<Record<NetErrorCode, number>> = Object.fromEntries(
  CODES.map((code, index) => [code, FIRST_CODE + index]),
) as Readonly<Record<(typeof CODES)[number], number>>

export function isErrorCode(value: string): value is NetErrorCode {
  return Object.hasOwn(WEBSOCKET_CLOSE_CODES, value)
}

/** What the codes of RFC 6455 mean to us; the WebSocket layers of both ends use them by themselves. */
const STANDARD: Readonly<Record<number, CloseReason>> = {
  1000: { code: 'LEFT', message: 'The peer closed the connection.' },
  // A page that is left or reloaded, or a proxy that restarts: nobody said that the player leaves.
  1001: { code: 'CONNECTION_LOST', message: 'The peer went away.' },
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
  const name: NetErrorCode | undefined = CODES[code - FIRST_CODE]
  if (name !== undefined) {
    const prefix = `${name}: `
    return { code: name, message: text.startsWith(prefix) ? text.slice(prefix.length) : text }
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
