import { describe, expect, it } from 'vitest'
import { roomOffsetMs } from '../../src/room/restored-time.ts'

/** When the next tick is due, by this shard's own clock, from now. */
function dueIn(dueMs: number, isPlanned: boolean): number {
  const [clusterMs, nowMs] = [1_000_000, 5_000]
  const replica = { game: { tickRate: 20 }, match: { tick: 99, book: { epochMs: clusterMs + dueMs - 100 * 50 } } }
  return clusterMs + dueMs - roomOffsetMs(replica, { clusterMs, nowMs, isPlanned }) - nowMs
}

describe('the time of a room that goes on elsewhere', () => {
  it('is cluster time as long as shards agree on it', () => {
    expect([0, 49, -200].map((ms) => dueIn(ms, true))).toEqual([0, 49, -200])
    expect([0, 49, -200, -5_000].map((ms) => dueIn(ms, false))).toEqual([0, 49, -200, -5_000])
  })

  it('does not let its players wait where cluster time is behind', () => {
    expect([dueIn(1_300, true), dueIn(1_300, false)]).toEqual([50, 50])
  })

  it('has no outage after a planned move, where cluster time is ahead', () => {
    expect(dueIn(-900, true)).toBe(0)
  })
})
