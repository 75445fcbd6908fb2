/**
 * The past as one client had it: only what it was sent, each entity as of the tick whose truth it had, carried on by its motion to the snapshot's. What
 * `seenBy` judges by, so that it is what was drawn, bit for bit; and the baseline of frames that need it whole.
 */
import {
  COLUMN_ID,
  type CompiledEntity,
  copyRow,
  type Extrapolator,
  HEADER_COUNTS,
  type SnapshotSource,
} from '@tickmesh/shared'
import type { Expectations } from './expectations.ts'
import type { InterestGame } from './interest-game.ts'
import { type SentViews, WAITING } from './sent-views.ts'

export class PastViews {
  private readonly setup: InterestGame
  private readonly history: SnapshotSource
  private readonly expectations: Expectations
  private readonly extrapolator: Extrapolator
  /** Rows of one older tick, while they are carried on. */
  private readonly carried: Int32Array

  constructor(setup: InterestGame, history: SnapshotSource, expectations: Expectations, extrapolator: Extrapolator) {
    this.setup = setup
    this.history = history
    this.expectations = expectations
    this.extrapolator = extrapolator
    this.carried = new Int32Array(setup.game.worldInts)
  }

  /** Makes `out` the world of a snapshot as it was sent. False, with `out` unchanged, if that is not kept. Seat columns are the truth's. */
  fill(sent: SentViews, tick: number, out: Int32Array): boolean {
    const record = sent.find(tick)
    const truth = record < 0 ? undefined : this.history.find(tick)
    if (truth === undefined) return false
    const { game } = this.setup
    const tables = game.entities[0]?.base ?? game.worldInts
    for (let at = 0; at < HEADER_COUNTS; at++) out[at] = truth[at] ?? 0
    for (let at = game.seatBase; at < tables; at++) out[at] = truth[at] ?? 0
    const start = sent.start(record)
    const end = start + sent.count(record)
    this.fillRows(sent, start, end, truth, out)
    for (let lag = nextLag(sent, start, end, WAITING); lag > 0; lag = nextLag(sent, start, end, lag)) {
      this.carryOn(sent, start, end, tick, lag, out)
    }
    return true
  }

  /** Places the rows whose truth is of this tick; leaves room for the others. */
  private fillRows(sent: SentViews, start: number, end: number, truth: Int32Array, out: Int32Array): void {
    const { tables } = this.setup
    let n = start
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const { type } = table.plan
      const last = table.first + table.max
      const before = out[HEADER_COUNTS + index] ?? 0
      let row = 0
      for (; n < end && (sent.rows[n] ?? 0) < last; n++) {
        if (sent.lags[n] === WAITING) continue
        if (sent.lags[n] === 0) copyRow(type, truth, (sent.rows[n] ?? 0) - table.first, out, row)
        row++
      }
      out[HEADER_COUNTS + index] = row
      clearRows(type, out, row, before)
    }
  }

  /** Carries the rows of one lag on, and puts them in their places. */
  private carryOn(sent: SentViews, start: number, end: number, tick: number, lag: number, out: Int32Array): void {
    const asOf = tick - lag
    const old = this.history.find(asOf)
    if (old === undefined) return
    const { carried, setup, expectations } = this
    this.exchange(sent, start, end, lag, old, carried, true)
    for (let index = 0; index < setup.tables.length; index++) {
      const goesOn = setup.tables[index]?.goesOn === true
      if (goesOn && (carried[HEADER_COUNTS + index] ?? 0) > 0) {
        this.extrapolator.advance(carried, asOf, tick, this.history, expectations.movesFrom(asOf))
        break
      }
    }
    this.exchange(sent, start, end, lag, carried, out, false)
  }

  /** Gathers the rows of a lag from the tick of their truth, side by side; or puts what stands side by side into the places of the snapshot. */
  private exchange(
    sent: SentViews,
    start: number,
    end: number,
    lag: number,
    from: Int32Array,
    to: Int32Array,
    gather: boolean,
  ): void {
    const { tables } = this.setup
    let n = start
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const { type } = table.plan
      const last = table.first + table.max
      let row = 0
      let side = 0
      for (; n < end && (sent.rows[n] ?? 0) < last; n++) {
        if (sent.lags[n] === WAITING) continue
        if (sent.lags[n] === lag) {
          if (gather) copyRow(type, from, (sent.origins[n] ?? 0) - table.first, to, side)
          else copyRow(type, from, side, to, row)
          side++
        }
        row++
      }
      if (gather) to[HEADER_COUNTS + index] = side
    }
  }
}

/** The largest lag below `below` that some row has; 0 if there is none. */
function nextLag(sent: SentViews, start: number, end: number, below: number): number {
  let largest = 0
  for (let n = start; n < end; n++) {
    const lag = sent.lags[n] ?? 0
    if (lag < below && lag > largest) largest = lag
  }
  return largest
}

/** Rows that were there before become 0, so that equal moments are equal memories. */
function clearRows(type: CompiledEntity, out: Int32Array, from: number, to: number): void {
  for (let column = COLUMN_ID; column < type.columns; column++) {
    const at = type.base + column * type.rows
    for (let row = from; row < to; row++) out[at + row] = 0
  }
}
