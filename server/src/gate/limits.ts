/**
 * What one peer may take, by name. The defaults hold for games of up to 240 ticks a second. Each names what happens when it is broken.
 */

export interface Limits {
  /** Time from connecting to a complete hello; then HANDSHAKE_TIMEOUT. */
  readonly handshakeMs: number
  /** Silence after which a player is gone: TIMED_OUT. The SDK of a hidden tab still sends once a second. */
  readonly idleMs: number
  /** A player whose link takes nothing for so long is dropped: TOO_SLOW. */
  readonly stuckMs: number
  /** Messages a second, on average and in one burst (as after a stall of the network); above: TOO_FAST. */
  readonly messagesPerSecond: number
  readonly messageBurst: number
  /** Bytes a second, on average and in one burst; above: TOO_FAST. */
  readonly bytesPerSecond: number
  readonly byteBurst: number
  /** The largest message taken from a client; above: TOO_LARGE. At most 65,536. */
  readonly maxMessageBytes: number
  /** Bytes that may wait in one socket before it is dropped: TOO_SLOW. */
  readonly maxBufferedBytes: number
  /** Connections from one address at a time: TOO_MANY_CONNECTIONS. Raise it behind a proxy that hides addresses, and for load tests. */
  readonly connectionsPerAddress: number
  /** New connections a second from one address, on average; `connectionsPerAddress` (at least 16) at once. Above: TOO_FAST. */
  readonly handshakesPerSecond: number
  /** Share of an address's connections that may be without a hello at a time: TOO_MANY_CONNECTIONS. */
  readonly pendingShare: number
  /**
   * What all connections of one address may send together, as a share of what `connectionsPerAddress` of them might: messages and bytes. Above, the
   * connection that sent it ends: TOO_FAST.
   */
  readonly addressShare: number
  /**
   * HTTP requests a second from one address, on average; four seconds' worth at once, as for a page of many files, and at least three times
   * `connectionsPerAddress`. Above: TOO_FAST.
   */
  readonly httpRequestsPerSecond: number
  /** Rooms that one address may open in a minute, on average; at once an eighth of `connectionsPerAddress`. Above: TOO_FAST. A hello costs nothing, a room memory and ticks. */
  readonly roomsPerMinute: number
  /** Connections in all: TOO_MANY_CONNECTIONS. */
  readonly maxConnections: number
  /** Connections in all whose hello was not accepted yet: TOO_MANY_CONNECTIONS. */
  readonly maxPending: number
  /** Addresses that are counted at a time; when all have something open, new ones are turned away: TOO_MANY_CONNECTIONS. */
  readonly maxAddresses: number
  /** Newcomers whose ticket or credential is being checked at a time, and as many who come back and wait for their room: TOO_MANY_CONNECTIONS. */
  readonly pendingAuthentications: number
  /** Full frames that one client may ask for in a second; what is above waits. */
  readonly fullFramesPerSecond: number
}

export const DEFAULT_LIMITS: Limits = {
  handshakeMs: 5_000,
  idleMs: 15_000,
  stuckMs: 10_000,
  messagesPerSecond: 400,
  messageBurst: 800,
  bytesPerSecond: 65_536,
  byteBurst: 131_072,
  maxMessageBytes: 16_384,
  maxBufferedBytes: 1_048_576,
  connectionsPerAddress: 64,
  handshakesPerSecond: 10,
  pendingShare: 0.5,
  addressShare: 0.5,
  httpRequestsPerSecond: 50,
  roomsPerMinute: 12,
  maxConnections: 20_000,
  maxPending: 4_000,
  maxAddresses: 65_536,
  pendingAuthentications: 256,
  fullFramesPerSecond: 4,
}
