/**
 * Trends: fields that nothing but a hand moves (an aim, a steered velocity) mostly go on as they went before. Where the client also has the snapshot
 * on which the baseline was built, a body may say, per entity type and field, that what is expected includes none, half or all of that earlier rate.
 * Run by encoder and decoder alike; hot.
 */
import { HEADER_COUNTS, TELEPORT_MASK } from '../game/compiled.ts'
import { CODING_WRAP, type FieldPlan, type TypePlan } from './snapshot-layout.ts'
import { residualOf } from './snapshot-values.ts'

/** How much of the rate counts, in halves: 0, 1 or 2. */
export const TREND_MODES = 3

export class Trend {
  #baseline: Int32Array = new Int32Array(0)
  #earlier: Int32Array = new Int32Array(0)
  /** Per row of the baseline: its row in the earlier snapshot, or -1. */
  readonly #rows: Int32Array
  #count = 0
  #steps = 0
  #span = 1

  constructor(mostRows: number) {
    this.#rows = new Int32Array(mostRows)
  }

  /** Finds the rows of a type. `steps` ticks follow the baseline, `span` ticks lie between it and the earlier snapshot. */
  begin(plan: TypePlan, baseline: Int32Array, earlier: Int32Array, steps: number, span: number): void {
    this.#baseline = baseline
    this.#earlier = earlier
    this.#steps = steps
    this.#span = span
    const count = baseline[HEADER_COUNTS + plan.index] ?? 0
    const known = earlier[HEADER_COUNTS + plan.index] ?? 0
    this.#count = count
    let at = 0
    for (let row = 0; row < count; row++) {
      const id = baseline[plan.ids + row] ?? 0
      while (at < known && (earlier[plan.ids + at] ?? 0) < id) at++
      const same = at < known && earlier[plan.ids + at] === id
      const jumped = (((baseline[plan.flags + row] ?? 0) ^ (earlier[plan.flags + at] ?? 0)) & TELEPORT_MASK) !== 0
      this.#rows[row] = same && !jumped ? at : -1
    }
  }

  /** Whether a body says a mode for this field. A linear motion's position has its velocity to go by. */
  static has(field: FieldPlan, byMotion: boolean): boolean {
    return field.trend >= 0 && !(byMotion && field.velocity >= 0)
  }

  /** Adds a field's trend to what is expected of all rows. */
  applyAll(field: FieldPlan, expected: Int32Array, halves: number): void {
    const count = halves === 0 ? 0 : this.#count
    for (let row = 0; row < count; row++) {
      const at = field.offset + row
      expected[at] = this.apply(field, row, expected[at] ?? 0, halves)
    }
  }

  /** What is expected of a field of the baseline's `row`, if without a trend it were `expected`. */
  apply(field: FieldPlan, row: number, expected: number, halves: number): number {
    const at = this.#rows[row] ?? -1
    if (at < 0 || halves === 0) return expected
    const rate = residualOf(field, this.#baseline[field.offset + row] ?? 0, this.#earlier[field.offset + at] ?? 0)
    const value = expected + Math.floor((rate * this.#steps * halves) / (this.#span * 2) + 0.5)
    if (field.coding === CODING_WRAP) return (value << field.shift) >> field.shift
    if (value < field.rawMin) return field.rawMin
    return value > field.rawMax ? field.rawMax : value
  }
}
