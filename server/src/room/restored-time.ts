/**
 * What a room's time is on the shard that goes on with it. Asked by the room host when it restores a room. Pure.
 * A room's time is cluster time, so that the clients' clocks stay right. But shards agree on that only as well as they know each other: one that started a moment ago may be off by
 * seconds. Then the room keeps the time that it had: its next tick is never due later than a tick from now, nor, in a planned move, long ago.
 */

/** A replica: where it stands, by the room's time. */
export interface Stands {
  readonly head: { readonly secretSeed: number; readonly publicSeed: number }
  readonly game: { readonly tickRate: number }
  readonly match: { readonly tick: number; readonly book: { readonly epochMs: number } }
}

export interface RestoredTime {
  readonly clusterMs: number
  /** Of this shard's own clock. */
  readonly nowMs: number
  /** A planned move: there was no outage. */
  readonly isPlanned: boolean
}

/** A move that takes longer than that is one between clocks that differ. */
const MOST_LATE_MS = 250

/** The room's time minus this shard's own clock. */
export function roomOffsetMs(
  { game, match }: Omit<Stands, 'head'>,
  { clusterMs, nowMs, isPlanned }: RestoredTime,
): number {
  const tickMs = 1000 / game.tickRate
  const dueInMs = match.book.epochMs + (match.tick + 1) * tickMs - clusterMs
  const offsetMs = clusterMs - nowMs
  if (dueInMs > tickMs) return offsetMs + dueInMs - tickMs
  return isPlanned && dueInMs < -MOST_LATE_MS ? offsetMs + dueInMs : offsetMs
}

/** What a room begins with; a new one in cluster time. */
export interface Begins {
  readonly secretSeed: number
  readonly publicSeed: number
  readonly clusterOffsetMs?: number
}

/** The same of a restored one. */
export function beginsOf(replica: Stands, time: RestoredTime): Begins {
  const { secretSeed, publicSeed } = replica.head
  return { secretSeed, publicSeed, clusterOffsetMs: roomOffsetMs(replica, time) }
}
