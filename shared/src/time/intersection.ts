/**
 * Which of several clocks tell the truth, if most of them do: the intersection algorithm of NTP (RFC 5905 section 11.2.1), a form of Marzullo's.
 * Pure and cold. Each clock says between which two values the offset lies; called by PeerClock.
 * Never gives a result that fewer than a majority of the clocks allow.
 */

export interface Interval {
  readonly lowMs: number
  readonly highMs: number
}

/** Ends of intervals in order, with 1 where one begins, -1 where one ends and 0 in its middle. */
interface Edge {
  readonly atMs: number
  readonly opens: -1 | 0 | 1
}

/**
 * The smallest interval that holds a point of each truthful clock's interval, taking the least possible number for liars: fewer than half. As in NTP, also the middles
 * of the truthful ones lie in it. Undefined if there is no such majority.
 */
export function intersection(intervals: readonly Interval[]): Interval | undefined {
  const edges: Edge[] = []
  for (const { lowMs, highMs } of intervals) {
    edges.push({ atMs: lowMs, opens: 1 }, { atMs: (lowMs + highMs) / 2, opens: 0 }, { atMs: highMs, opens: -1 })
  }
  // Where one interval ends at the very value at which the next begins, they have that value in common.
  const upwards = edges.toSorted((a, b) => a.atMs - b.atMs || b.opens - a.opens)
  const downwards = upwards.toReversed()
  for (let liars = 0; liars * 2 < intervals.length; liars++) {
    const low = firstHeldBy(intervals.length - liars, upwards, 1)
    const high = firstHeldBy(intervals.length - liars, downwards, -1)
    if (low === undefined || high === undefined || low.atMs > high.atMs) continue
    if (low.middles + high.middles <= liars) return { lowMs: low.atMs, highMs: high.atMs }
  }
  return undefined
}

/** The first value that lies in `count` intervals, and how many middles were passed before it. */
function firstHeldBy(
  count: number,
  edges: readonly Edge[],
  direction: 1 | -1,
): { readonly atMs: number; readonly middles: number } | undefined {
  let held = 0
  let middles = 0
  for (const edge of edges) {
    held += edge.opens * direction
    if (held >= count) return { atMs: edge.atMs, middles }
    if (edge.opens === 0) middles++
  }
  return undefined
}
