/**
 * Which ends and refusals are worth another try. Asked by the client's session for a lost link and for an attempt that failed, and by whoever calls `join`.
 * Exhaustive by type: a new code does not compile without an answer.
 */
import type { NetErrorCode } from '../error.ts'

/**
 * `now`: the way broke, not the will. A live room dials again by itself, at once.
 * `later`: not at this moment; the same try may be taken in a while. Ends a live room, but not the attempts to get back into it.
 * `never`: the same try would end the same way.
 */
export type Retry = 'now' | 'later' | 'never'

/** Codes that are final. Types only, so that browsers load no list of what needs no answer. */
type Final =
  | 'BAD_DEFINITION'
  | 'BAD_ARGUMENT'
  | 'OUT_OF_RANGE'
  | 'NON_DETERMINISTIC'
  | 'READ_ONLY'
  | 'SERVER_ONLY'
  | 'WORLD_FULL'
  | 'BAD_STATE'
  | 'PORT_IN_USE'
  | 'MALFORMED'
  | 'TOO_LARGE'
  // A limit is not got around by a new connection.
  | 'TOO_FAST'
  | 'PROTOCOL_MISMATCH'
  | 'GAME_MISMATCH'
  | 'SCHEMA_MISMATCH'
  | 'ORIGIN_REFUSED'
  | 'JOIN_REFUSED'
  | 'ROOM_NOT_FOUND'
  | 'ROOM_CLOSED'
  | 'KICKED'
  | 'LEFT'
  | 'UNAUTHENTICATED'
  | 'TICKET_INVALID'
  | 'TICKET_EXPIRED'
  | 'TICKET_USED'
  | 'RESUME_REFUSED'
  | 'REPLACED'
  | 'ROOM_LOST'

/** Does not compile if a code is neither here nor final. */
const RETRIES: Readonly<Record<Exclude<NetErrorCode, Final>, Retry>> = {
  TOO_SLOW: 'now',
  HANDSHAKE_TIMEOUT: 'now',
  TIMED_OUT: 'now',
  CONNECTION_LOST: 'now',
  CONNECT_FAILED: 'now',
  INTERNAL: 'now',
  // Whoever follows says where to.
  MOVED: 'now',
  // The peer is not the owner any more: another is.
  STALE_EPOCH: 'now',
  NOT_READY: 'later',
  TOO_MANY_CONNECTIONS: 'later',
  ROOM_FULL: 'later',
  SERVER_STOPPING: 'later',
}

export function retryOf(code: NetErrorCode): Retry {
  const retries: Partial<Record<NetErrorCode, Retry>> = RETRIES
  return retries[code] ?? 'never'
}
