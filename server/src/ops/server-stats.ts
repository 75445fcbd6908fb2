/**
 * What a whole server says of itself. A copy: for metrics, tests and the bench.
 */
export interface ServerStats {
  readonly rooms: number
  readonly connections: number
  /** Those who have a seat, those who are away included. */
  readonly players: number
  /** Players whose link was lost, and whose seat is kept for them. */
  readonly away: number
  readonly spectators: number
  /** Rooms made since the start. */
  readonly roomsMade: number
  /** Newcomers whose ticket or credential is being checked. */
  readonly authenticating: number
  /** Players who came back over another link, and resumes that were refused, since the start. */
  readonly resumes: number
  readonly resumesRefused: number
  /** Peers that were dropped or refused for what they sent, or did not send or read in time, since the start. */
  readonly peersDropped: number
  /** Ticks run since the start (or the last reset), over all rooms, and how late they began. */
  readonly ticks: number
  readonly tickLatenessP50Ms: number
  readonly tickLatenessP99Ms: number
  readonly tickLatenessMaxMs: number
}
