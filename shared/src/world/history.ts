/**
 * History ring: the snapshots of the newest ticks. A slot takes its memory when it is first needed and keeps it, so a ring that is made and dropped at once
 * costs little: whoever may open rooms must not be able to spend a server's memory.
 * The server rewinds into it and encodes from it; a client keeps its predictions and the frames that it got in one each.
 */
import { HEADER_TICK } from '../game/compiled.ts'

export class SnapshotRing {
  readonly capacity: number
  readonly #ints: number
  readonly #slots: (Int32Array | undefined)[]
  readonly #ticks: Int32Array
  #newest = -1

  /** Keeps the snapshots of `capacity` ticks, each `ints` integers long. */
  constructor(capacity: number, ints: number) {
    this.capacity = capacity
    this.#ints = ints
    this.#slots = Array.from({ length: capacity }, () => undefined)
    this.#ticks = new Int32Array(capacity).fill(-1)
  }

  /** The newest tick that was put in, or -1. */
  get newestTick(): number {
    return this.#newest
  }

  /** The memory for a tick's snapshot, whatever was there before. Ticks below 0 are not possible. */
  slotFor(tick: number): Int32Array {
    const index = tick % this.capacity
    this.#ticks[index] = tick
    if (tick > this.#newest) this.#newest = tick
    return this.#slots[index] ?? this.#takeSlot(index)
  }

  #takeSlot(index: number): Int32Array {
    const slot = new Int32Array(this.#ints)
    this.#slots[index] = slot
    return slot
  }

  /** Keeps a copy of a world's memory as the snapshot of `tick`. */
  put(tick: number, ints: Int32Array): void {
    const slot = this.slotFor(tick)
    slot.set(ints)
    slot[HEADER_TICK] = tick
  }

  /** The snapshot of exactly this tick. */
  find(tick: number): Int32Array | undefined {
    if (tick < 0) return undefined
    const index = tick % this.capacity
    return this.#ticks[index] === tick ? this.#slots[index] : undefined
  }

  /** Forgets everything, or everything after `tick`. */
  clear(afterTick = -1): void {
    this.#newest = -1
    for (let index = 0; index < this.capacity; index++) {
      const tick = this.#ticks[index] ?? -1
      if (tick > afterTick) this.#ticks[index] = -1
      else if (tick > this.#newest) this.#newest = tick
    }
  }
}
