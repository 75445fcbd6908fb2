/**
 * The one error type of Tickmesh. Thrown at a calling programmer's mistake, and sent to a peer as the reason of a refusal.
 * `message` says what is wrong, `remedy` how to mend it.
 */

/** Every code that a program may match on. Codes are public and never change their meaning. */
export type NetErrorCode =
  // a wrong definition or a wrong call
  | 'BAD_DEFINITION'
  | 'BAD_ARGUMENT'
  | 'OUT_OF_RANGE'
  | 'NON_DETERMINISTIC'
  | 'READ_ONLY'
  | 'SERVER_ONLY'
  | 'WORLD_FULL'
  | 'BAD_STATE'
  | 'PORT_IN_USE'
  // what the network may bring
  | 'MALFORMED'
  | 'TOO_LARGE'
  | 'TOO_FAST'
  | 'TOO_SLOW'
  | 'PROTOCOL_MISMATCH'
  | 'GAME_MISMATCH'
  | 'SCHEMA_MISMATCH'
  | 'HANDSHAKE_TIMEOUT'
  | 'ORIGIN_REFUSED'
  | 'TOO_MANY_CONNECTIONS'
  | 'JOIN_REFUSED'
  | 'ROOM_NOT_FOUND'
  | 'ROOM_FULL'
  | 'ROOM_CLOSED'
  | 'KICKED'
  | 'LEFT'
  | 'SERVER_STOPPING'
  | 'TIMED_OUT'
  | 'CONNECTION_LOST'
  | 'CONNECT_FAILED'
  | 'UNAUTHENTICATED'
  | 'TICKET_INVALID'
  | 'TICKET_EXPIRED'
  | 'TICKET_USED'
  | 'RESUME_REFUSED'
  | 'REPLACED'
  // a cluster of shards
  | 'MOVED'
  | 'STALE_EPOCH'
  | 'ROOM_LOST'
  | 'NOT_READY'
  | 'INTERNAL'

/** Match on `code` (public), never on `message`. */
export class NetError extends Error {
  override readonly name = 'NetError'
  readonly code: NetErrorCode
  /** What the reader can do about it. */
  readonly remedy: string
  /** What is wrong, and the remedy: the message without its code. */
  readonly text: string

  constructor(code: NetErrorCode, problem: string, remedy: string) {
    const text = remedy === '' ? problem : `${problem} ${remedy}`
    super(`${code}: ${text}`)
    this.code = code
    this.remedy = remedy
    this.text = text
  }

  /** As it crosses the wire, and as a link ends with it. */
  get reason(): { readonly code: NetErrorCode; readonly message: string } {
    return { code: this.code, message: this.text }
  }
}

/** A broken invariant of our own code. Stays on in production. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new NetError('INTERNAL', `broken invariant: ${invariant}.`, 'Please report this with the log.')
}
