/**
 * The inputs of the newest ticks of one player: what it sent (client) or what came from it (server). Filled and read by the input codec, by the
 * client's sampling and by the room (hot). All memory is taken at the start; a tick's slot is used again `capacity` ticks later.
 * An older tick never displaces a newer one.
 */
import { assert } from '../error.ts'
import type { CompiledGame } from '../game/compiled.ts'

/**
 * Numbers of a view stamp: [older tick, newer tick, fraction]. Drawn between two snapshots: fraction is 0 to 255 of 256 of the way.
 * older === newer: drawn `fraction` whole ticks beyond that snapshot. older === -1: no stamp.
 */
export const STAMP_INTS = 3
/** Which stamp: 0 is the tick's own; press k (made in that tick) has 1 + k. */
export const TICK_STAMP = 0

export class InputRing {
  readonly capacity: number
  /** Ints of a row: the levels' raw values, then the press counters (all presses ever made, up to and with that tick). */
  readonly width: number
  readonly levels: number
  readonly presses: number
  /** Ints of a slot's stamps. */
  readonly stampWidth: number
  /** By slot: its tick, or -1. */
  readonly ticks: Int32Array
  /** By slot: `width` ints. */
  readonly rows: Int32Array
  /** By slot: `stampWidth` ints. */
  readonly stamps: Int32Array
  /** The newest tick that has a slot; -1: none. */
  newestTick = -1
  /** Press counters from before the first tick: zeros, or what a resumed player had. */
  readonly baseCounters: Int32Array
  readonly #mask: number

  /** `capacity` is a power of two, at least 16. */
  constructor(game: CompiledGame, capacity = 128) {
    assert(
      capacity >= 16 && (capacity & (capacity - 1)) === 0,
      'an input ring has a power of two of slots, at least 16',
    )
    this.capacity = capacity
    this.#mask = capacity - 1
    this.levels = game.levels.length
    this.presses = game.presses.length
    this.width = game.inputWidth
    this.stampWidth = STAMP_INTS * (1 + this.presses)
    this.ticks = new Int32Array(capacity).fill(-1)
    this.rows = new Int32Array(capacity * this.width)
    this.stamps = new Int32Array(capacity * this.stampWidth).fill(-1)
    this.baseCounters = new Int32Array(this.presses)
  }

  /** The slot of `tick`, or -1. */
  find(tick: number): number {
    const slot = tick & this.#mask
    return tick >= 0 && this.ticks[slot] === tick ? slot : -1
  }

  /** The slot of `tick`: as it is if there was one, else a cleared one (zeros, no stamps). -1 if a newer tick has its place. */
  slotFor(tick: number): number {
    const slot = tick & this.#mask
    if (tick >= 0 && this.ticks[slot] === tick) return slot
    if (tick < 0 || tick <= this.newestTick - this.capacity) return -1
    this.ticks[slot] = tick
    if (tick > this.newestTick) this.newestTick = tick
    // Loops: a call of fill() takes longer for so few.
    for (let at = slot * this.width, end = at + this.width; at < end; at++) this.rows[at] = 0
    for (let at = slot * this.stampWidth, end = at + this.stampWidth; at < end; at++) this.stamps[at] = -1
    return slot
  }

  /** Where a slot's row begins in `rows`; press counter k is at `+ levels + k`. */
  rowOffset(slot: number): number {
    return slot * this.width
  }

  /** Where a stamp begins in `stamps`: TICK_STAMP, or 1 + press. */
  stampOffset(slot: number, which: number): number {
    return slot * this.stampWidth + which * STAMP_INTS
  }

  setStamp(slot: number, which: number, olderTick: number, newerTick: number, fraction: number): void {
    const at = this.stampOffset(slot, which)
    this.stamps[at] = olderTick
    this.stamps[at + 1] = newerTick
    this.stamps[at + 2] = fraction
  }

  /** The counter of press `index` at the newest tick. */
  newestCounter(index: number): number {
    const slot = this.find(this.newestTick)
    if (slot < 0) return this.baseCounters[index] ?? 0
    return this.rows[slot * this.width + this.levels + index] ?? 0
  }

  /** Forgets all ticks; the base counters stay. */
  clear(): void {
    this.ticks.fill(-1)
    this.newestTick = -1
  }
}
