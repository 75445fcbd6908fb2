/**
 * What a whole server says of itself. A copy: for metrics, tests and the bench.
 */
export interface ServerStats {
  readonly rooms: number
  readonly connections: number
  readonly players: number
  readonly spectators: number
  /** Rooms made since the start. */
  readonly roomsMade: number
  /** Peers that were dropped or refused for what they sent, since the start. */
  readonly peersDropped: number
  /** Ticks run since the start (or the last reset), over all rooms, and how late they began. */
  readonly ticks: number
  readonly tickLatenessP50Ms: number
  readonly tickLatenessP99Ms: number
  readonly tickLatenessMaxMs: number
}
