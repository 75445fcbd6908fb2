/**
 * The newest snapshots that were sent to one client, and when: what its stamps may name, and what its acknowledgements answer.
 * Written by replication at each frame, read when stamps and acknowledgements come (hot). All memory is taken at the start.
 */

const CAPACITY = 128
const MASK = CAPACITY - 1

export class SentTicks {
  private readonly ticks = new Int32Array(CAPACITY).fill(-1)
  private readonly atMs = new Float64Array(CAPACITY)
  private readonly baselines = new Int32Array(CAPACITY).fill(-1)
  private count = 0
  /** The first that was sent over the client's present link. */
  private linkFrom = 0
  /** The newest tick that was sent, or -1; and what it was built on. Most questions are about it. */
  newest = -1
  private newestBaseline = -1

  /** Ticks must grow. `baselineTick` is the snapshot that the frame was built on; below 0: on none. */
  push(tick: number, sentAtMs: number, baselineTick: number): void {
    const slot = this.count & MASK
    this.ticks[slot] = tick
    this.atMs[slot] = sentAtMs
    this.baselines[slot] = baselineTick
    this.count++
    this.newest = tick
    this.newestBaseline = baselineTick
  }

  /** The client has a new link. What was sent over the one before may have been drawn, but nothing new can be said of when it arrived. */
  newLink(): void {
    this.linkFrom = this.count
  }

  has(tick: number): boolean {
    return tick >= 0 && (tick === this.newest || this.atOrBefore(tick) === tick)
  }

  /** When a tick's snapshot was sent over the present link; NaN if it was not, or too long ago. */
  sentAt(tick: number): number {
    const index = this.indexAtOrBefore(tick)
    if (index < this.linkFrom || this.ticks[index & MASK] !== tick) return Number.NaN
    return this.atMs[index & MASK] ?? Number.NaN
  }

  /** The snapshot that the frame of a tick was built on; -1 if on none, or if the frame was not sent or is not kept. */
  baselineOf(tick: number): number {
    if (tick === this.newest) return this.newestBaseline
    const index = this.indexAtOrBefore(tick)
    return index >= 0 && this.ticks[index & MASK] === tick ? (this.baselines[index & MASK] ?? -1) : -1
  }

  /** Could only somebody name this tick who makes it up? It is newer than all that were sent, or was left out. False if it is too old to say. */
  isInvented(tick: number): boolean {
    const oldest = this.count - CAPACITY
    return tick > this.newest || (!this.has(tick) && tick > (this.ticks[(oldest > 0 ? oldest : 0) & MASK] ?? -1))
  }

  /** When the first snapshot after `tick` was sent over the present link; NaN if there is none. The oldest one kept answers for those before it. */
  firstSentAfter(tick: number): number {
    if (tick >= this.newest) return Number.NaN
    const index = this.indexAtOrBefore(tick) + 1
    const oldest = Math.max(this.linkFrom, this.count - CAPACITY)
    const first = index < oldest ? oldest : index
    return first < this.count ? (this.atMs[first & MASK] ?? Number.NaN) : Number.NaN
  }

  /** How many were sent after tick `from` and before tick `to`, as far as they are kept. */
  countBetween(from: number, to: number): number {
    return Math.max(0, this.indexAtOrBefore(to - 1) - this.indexAtOrBefore(from))
  }

  /** The newest tick that was sent and is not after `tick` (may be fractional); -1 if none is kept. */
  atOrBefore(tick: number): number {
    const index = this.indexAtOrBefore(tick)
    return index < 0 ? -1 : (this.ticks[index & MASK] ?? -1)
  }

  /** The oldest tick that was sent and is after `tick`; -1 if there is none. */
  after(tick: number): number {
    if (tick >= this.newest) return -1
    const index = this.indexAtOrBefore(tick)
    const next = index < 0 ? Math.max(0, this.count - CAPACITY) : index + 1
    return next < this.count ? (this.ticks[next & MASK] ?? -1) : -1
  }

  /** Looks from the newest back: stamps are a few snapshots old. */
  private indexAtOrBefore(tick: number): number {
    if (tick >= this.newest) return this.count - 1
    const oldest = this.count > CAPACITY ? this.count - CAPACITY : 0
    for (let index = this.count - 1; index >= oldest; index--) {
      if ((this.ticks[index & MASK] ?? -1) <= tick) return index
    }
    return -1
  }
}
