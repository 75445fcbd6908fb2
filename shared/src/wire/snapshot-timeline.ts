/**
 * What every seat held in each tick between a baseline and a body, as far as it is shared. The encoder fills it from the history, the decoder
 * from the changes that it reads; both run motions with it. Seats that are empty now hold the neutral values throughout.
 */
import { SEAT_PRESENT } from '../game/compiled.ts'
import { MAX_WINDOW_TICKS, type SnapshotLayout } from './snapshot-layout.ts'

export class HeldTimeline {
  /** 1 for seats that changed something. */
  readonly stirred: Uint8Array
  /** Ticks covered. A body without a baseline has one, which stands for all before it. */
  steps = 0
  /** What was held in the baseline: level * seatRows + seat. */
  readonly #start: Int32Array
  /** (step * levels + level) * seatRows + seat. */
  readonly #values: Int32Array
  readonly #layout: SnapshotLayout
  readonly #seatRows: number
  readonly #levelCount: number

  constructor(layout: SnapshotLayout) {
    this.#layout = layout
    this.#seatRows = layout.game.seatRows
    this.#levelCount = layout.levels.length
    this.stirred = new Uint8Array(this.#seatRows)
    this.#start = new Int32Array(this.#levelCount * this.#seatRows)
    this.#values = new Int32Array(MAX_WINDOW_TICKS * this.#levelCount * this.#seatRows)
  }

  /** Starts from the baseline's levels, with no change after them. `current` needs its `present` column only. */
  begin(baseline: Int32Array | undefined, current: Int32Array, steps: number): void {
    const { levels, game } = this.#layout
    const present = game.seatBase + SEAT_PRESENT * game.seatRows
    this.steps = steps
    this.stirred.fill(0)
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level === undefined) continue
      for (let seat = 0; seat < this.#seatRows; seat++) {
        const known = baseline !== undefined && current[present + seat] !== 0 && baseline[present + seat] !== 0
        this.#start[l * this.#seatRows + seat] = known ? (baseline[level.offset + seat] ?? 0) : level.initial
      }
    }
  }

  value(step: number, level: number, seat: number): number {
    if (step < 0) return this.#start[level * this.#seatRows + seat] ?? 0
    return this.#values[(step * this.#levelCount + level) * this.#seatRows + seat] ?? 0
  }

  /** A `step` below 0: what was held in the baseline. */
  set(step: number, level: number, seat: number, value: number): void {
    if (step < 0) this.#start[level * this.#seatRows + seat] = value
    else this.#values[(step * this.#levelCount + level) * this.#seatRows + seat] = value
  }

  /** Lets a seat hold in `step` what it held in the step before. */
  repeat(step: number, seat: number): void {
    for (let l = 0; l < this.#levelCount; l++) this.set(step, l, seat, this.value(step - 1, l, seat))
  }

  /** Takes a step from a world's memory. A seat that is empty now, or was empty then, holds the neutral values. */
  take(step: number, memory: Int32Array, current: Int32Array): void {
    const { levels, game } = this.#layout
    const present = game.seatBase + SEAT_PRESENT * game.seatRows
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level === undefined) continue
      const to = (step * this.#levelCount + l) * this.#seatRows
      for (let seat = 0; seat < this.#seatRows; seat++) {
        const known = current[present + seat] !== 0 && memory[present + seat] !== 0
        this.#values[to + seat] = known ? (memory[level.offset + seat] ?? 0) : level.initial
      }
    }
  }

  /** The first step after `step` in which a seat changes something, or -1. */
  nextChange(seat: number, step: number): number {
    for (let next = step + 1; next < this.steps; next++) {
      for (let l = 0; l < this.#levelCount; l++) {
        if (this.value(next, l, seat) !== this.value(next - 1, l, seat)) return next
      }
    }
    return -1
  }

  /** Writes a step's levels into the seat columns of a world. */
  show(step: number, ints: Int32Array): void {
    const { levels } = this.#layout
    for (let l = 0; l < levels.length; l++) {
      const to = levels[l]?.offset ?? 0
      const from = (step * this.#levelCount + l) * this.#seatRows
      for (let seat = 0; seat < this.#seatRows; seat++) ints[to + seat] = this.#values[from + seat] ?? 0
    }
  }
}
