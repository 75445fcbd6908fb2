/**
 * What one client was sent of the world, for each of its newest snapshots: which rows, and as of which tick it has the truth of each. An entity whose
 * tick is older than the snapshot's is there as its motion carried it on. Written with each frame, read for baselines and for rewinding (hot).
 * Takes memory when a view is larger than any before; else none.
 */

/** As many as there are sent ticks (room/sent-ticks.ts). */
const CAPACITY = 128
const MASK = CAPACITY - 1
const FIRST_STRIDE = 96
/** In place of a lag: the client is to see this entity, but was not sent it yet. */
export const WAITING = 0xffff

export class SentViews {
  /** By `start`: the row's place at the snapshot's tick; ticks since its truth; its place at that tick. Of one that waits: for how many ticks. */
  rows = new Uint16Array(CAPACITY * FIRST_STRIDE)
  lags = new Uint16Array(CAPACITY * FIRST_STRIDE)
  origins = new Uint16Array(CAPACITY * FIRST_STRIDE)
  private stride = FIRST_STRIDE
  private readonly ticks = new Int32Array(CAPACITY).fill(-1)
  private readonly counts = new Int32Array(CAPACITY)
  /** 1: some row of the record waits. */
  private readonly waits = new Uint8Array(CAPACITY)
  private pushed = 0
  newest = -1

  clear(): void {
    this.ticks.fill(-1)
    this.newest = -1
  }

  /** The record of a tick's snapshot: a number for `start` and `count`; -1 if none is kept. Looks from the newest back. */
  find(tick: number): number {
    for (let n = 1; n <= CAPACITY && n <= this.pushed; n++) {
      const slot = (this.pushed - n) & MASK
      const found = this.ticks[slot] ?? -1
      if (found === tick) return slot
      if (found < tick) return -1
    }
    return -1
  }

  start(record: number): number {
    return record * this.stride
  }

  count(record: number): number {
    return this.counts[record] ?? 0
  }

  /** False for one that waits to be sent. */
  isThere(at: number): boolean {
    return this.lags[at] !== WAITING
  }

  hasWaiting(record: number): boolean {
    return this.waits[record] === 1
  }

  /** Of the record that was begun last, a row waits: for how many ticks. */
  putWaiting(at: number, ticks: number): void {
    this.lags[at] = WAITING
    this.origins[at] = ticks
    this.waits[(this.pushed - 1) & MASK] = 1
  }

  /** Begins the record of a newer tick. Gives where it starts; it may hold `most` rows. */
  push(tick: number, most: number): number {
    if (most > this.stride) this.widen(most)
    const slot = this.pushed & MASK
    this.pushed++
    this.newest = tick
    this.ticks[slot] = tick
    this.counts[slot] = most
    this.waits[slot] = 0
    return slot * this.stride
  }

  private widen(most: number): void {
    const stride = 2 ** Math.ceil(Math.log2(most))
    this.rows = this.wider(this.rows, stride)
    this.lags = this.wider(this.lags, stride)
    this.origins = this.wider(this.origins, stride)
    this.stride = stride
  }

  private wider(old: Uint16Array<ArrayBuffer>, stride: number): Uint16Array<ArrayBuffer> {
    const wide = new Uint16Array(CAPACITY * stride)
    for (let slot = 0; slot < CAPACITY; slot++) {
      wide.set(old.subarray(slot * this.stride, (slot + 1) * this.stride), slot * stride)
    }
    return wide
  }
}
