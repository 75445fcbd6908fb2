/**
 * The part of the world that one client sees, as memories with fewer rows: its baseline, what it expects of that, and what it is to have now. From these
 * the codec makes a frame like any other; what is not in them is not in the bytes. Filled anew for each frame; hot.
 */
import {
  type FieldPlan,
  FLAG_ASLEEP,
  HEADER_COUNTS,
  linearTick,
  SEAT_LEVELS,
  SEAT_PRESENT,
  type SnapshotSource,
} from '@tickmesh/shared'
import type { Expectations } from './expectations.ts'
import type { InterestGame, InterestTable } from './interest-game.ts'
import type { PastViews } from './past-views.ts'
import type { ViewList } from './view-list.ts'
import type { Viewer } from './viewer.ts'

export class Projection {
  readonly baseline: Int32Array
  readonly expected: Int32Array
  readonly current: Int32Array
  /** Per seat: 1 = shown in the baseline or now; and a list of these seats. */
  readonly stage: Uint8Array
  readonly seats: Int32Array
  seatCount = 0
  private readonly setup: InterestGame
  private readonly history: SnapshotSource
  private readonly expectations: Expectations
  private readonly past: PastViews
  /** Per seat: 1 = shown in the baseline; and now. */
  private readonly before: Uint8Array
  private readonly after: Uint8Array
  /** Per row of the table in hand, where it is taken from: of the baseline, what is expected; now, whether from the truth, and its row there. */
  private readonly expectedFrom: Int32Array[]
  private readonly expectedRow: Int32Array
  private readonly currentTold: Uint8Array
  private readonly currentRow: Int32Array
  /** The tick whose header and presence the baseline has. */
  private presentAt = -1
  private nextBase = 0
  private nextRow = 0

  constructor(setup: InterestGame, history: SnapshotSource, expectations: Expectations, past: PastViews) {
    const { worldInts, seatRows } = setup.game
    const most = Math.max(...setup.tables.map(({ max }) => max))
    this.setup = setup
    this.history = history
    this.expectations = expectations
    this.past = past
    this.baseline = new Int32Array(worldInts)
    this.expected = new Int32Array(worldInts)
    this.current = new Int32Array(worldInts)
    this.stage = new Uint8Array(seatRows)
    this.seats = new Int32Array(seatRows)
    this.before = new Uint8Array(seatRows)
    this.after = new Uint8Array(seatRows)
    this.expectedFrom = Array.from({ length: most }, () => this.expected)
    this.expectedRow = new Int32Array(most)
    this.currentTold = new Uint8Array(most)
    this.currentRow = new Int32Array(most)
    for (const { initial, offset } of setup.layout.levels) {
      this.baseline.fill(initial, offset, offset + seatRows)
      this.current.fill(initial, offset, offset + seatRows)
    }
  }

  /** The room's snapshot of `tick` is about to be sent. */
  begin(current: Int32Array): void {
    this.fillFrame(current, this.current)
    this.presentAt = -1
  }

  /** Fills the memories for a list. `memory` is the truth of the baseline's tick; undefined for a full frame. */
  fill(
    viewer: Viewer,
    list: ViewList,
    baselineTick: number,
    memory: Int32Array | undefined,
    current: Int32Array,
  ): void {
    this.clearStage()
    this.nextBase = 0
    this.nextRow = 0
    if (memory !== undefined) {
      if (list.exact) this.fillExact(viewer, baselineTick)
      if (this.presentAt !== baselineTick) this.fillFrame(memory, this.baseline)
      this.presentAt = baselineTick
      this.showBefore(viewer.seat)
      this.fillPresses(viewer.seat, memory, this.baseline)
    }
    this.showNow(viewer.seat)
    this.fillPresses(viewer.seat, current, this.current)
    const { tables } = this.setup
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      if (memory !== undefined) this.fillBaseline(viewer, table, list, baselineTick, memory, current)
      this.fillCurrent(viewer, table, list, current)
    }
    this.fillLevels(memory, current)
  }

  wasShown(seat: number): boolean {
    return this.before[seat] === 1
  }

  isShown(seat: number): boolean {
    return this.after[seat] === 1
  }

  /** Notes which seats are shown with this frame. */
  noteShown({ since }: Viewer, now: number): void {
    const { after } = this
    for (let seat = 1; seat < since.length; seat++) {
      if (after[seat] === 0) since[seat] = -1
      else if ((since[seat] ?? -1) < 0) since[seat] = now
    }
  }

  /** The whole baseline as it was sent; but what seats held is hidden until it is shown. */
  private fillExact(viewer: Viewer, baselineTick: number): void {
    const { levels } = this.setup.layout
    this.past.fill(viewer.sent, baselineTick, this.baseline)
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level !== undefined) this.baseline.fill(level.initial, level.offset, level.offset + this.stage.length)
    }
  }

  private showBefore(seat: number): void {
    if (seat === 0 || this.before[seat] === 1) return
    this.before[seat] = 1
    this.addToStage(seat)
  }

  private showNow(seat: number): void {
    if (seat === 0 || this.after[seat] === 1) return
    this.after[seat] = 1
    this.addToStage(seat)
  }

  private addToStage(seat: number): void {
    if (this.stage[seat] === 1) return
    this.stage[seat] = 1
    this.seats[this.seatCount++] = seat
  }

  /** Nobody is shown, and all levels are neutral. */
  private clearStage(): void {
    const { levels } = this.setup.layout
    for (let n = 0; n < this.seatCount; n++) {
      const seat = this.seats[n] ?? 0
      this.before[seat] = 0
      this.after[seat] = 0
      this.stage[seat] = 0
      for (let l = 0; l < levels.length; l++) {
        const level = levels[l]
        if (level === undefined) continue
        this.baseline[level.offset + seat] = level.initial
        this.current[level.offset + seat] = level.initial
      }
    }
    this.seatCount = 0
  }

  /** What those on the stage hold. */
  private fillLevels(memory: Int32Array | undefined, current: Int32Array): void {
    const { levels } = this.setup.layout
    for (let n = 0; n < this.seatCount; n++) {
      const seat = this.seats[n] ?? 0
      for (let l = 0; l < levels.length; l++) {
        const at = (levels[l]?.offset ?? 0) + seat
        if (memory !== undefined && this.before[seat] === 1) this.baseline[at] = memory[at] ?? 0
        if (this.after[seat] === 1) this.current[at] = current[at] ?? 0
      }
    }
  }

  /** Header and presence, which everybody knows. */
  private fillFrame(from: Int32Array, to: Int32Array): void {
    const { seatRows, seatBase } = this.setup.game
    for (let at = 0; at < HEADER_COUNTS; at++) to[at] = from[at] ?? 0
    const present = seatBase + SEAT_PRESENT * seatRows
    for (let seat = 0; seat < seatRows; seat++) to[present + seat] = from[present + seat] ?? 0
  }

  private fillPresses(own: number, from: Int32Array, to: Int32Array): void {
    const { seatRows, seatBase, levels, presses } = this.setup.game
    const first = seatBase + (SEAT_LEVELS + levels.length) * seatRows + own
    for (let p = 0; p < presses.length; p++) to[first + p * seatRows] = from[first + p * seatRows] ?? 0
  }

  /** The rows that the client has, and what it expects of those that stay. */
  private fillBaseline(
    viewer: Viewer,
    table: InterestTable,
    list: ViewList,
    baselineTick: number,
    memory: Int32Array,
    current: Int32Array,
  ): void {
    const { baseline, expectedFrom, expectedRow } = this
    const { first, plan } = table
    const { ids, owners, flags } = plan
    const start = this.nextBase
    const last = first + table.max
    let k = start
    // Most rows are as of the same tick.
    let lag = -1
    let truth: Int32Array = memory
    let mixed = false
    for (; k < list.baseCount && (list.basePlace[k] ?? 0) < last; k++) {
      const to = k - start
      if (list.baseLag[k] !== lag) {
        mixed ||= lag >= 0
        lag = list.baseLag[k] ?? 0
        truth = this.expectations.from(baselineTick - lag)?.ints ?? memory
      }
      const row = (list.basePlace[k] ?? 0) - first
      const owner = memory[owners + row] ?? 0
      this.showBefore(owner)
      baseline[ids + to] = memory[ids + row] ?? 0
      baseline[owners + to] = owner
      baseline[flags + to] = memory[flags + row] ?? 0
      expectedFrom[to] = truth
      expectedRow[to] = (list.baseOrigin[k] ?? 0) - first
      if (owner === viewer.seat) copyColumns(table.ownerColumns, memory, row, baseline, to)
    }
    const count = k - start
    baseline[HEADER_COUNTS + table.index] = count
    this.nextBase = k
    const { expected } = this
    for (let c = 0; c < table.columns.length; c++) {
      const offset = table.columns[c] ?? 0
      if (mixed) {
        for (let to = 0; to < count; to++)
          expected[offset + to] = expectedFrom[to]?.[offset + (expectedRow[to] ?? 0)] ?? 0
      } else {
        for (let to = 0; to < count; to++) expected[offset + to] = truth[offset + (expectedRow[to] ?? 0)] ?? 0
      }
    }
    // A baseline that is there as a whole knows where everything stood.
    if (list.exact) return
    for (let n = 0; n < table.steady.length; n++)
      this.fillSteady(table, n, list, start, k, baselineTick, memory, current)
  }

  /** Where a position stood that is coded by its changed velocity, and what that was. */
  private fillSteady(
    table: InterestTable,
    n: number,
    list: ViewList,
    start: number,
    end: number,
    baselineTick: number,
    memory: Int32Array,
    current: Int32Array,
  ): void {
    const pair = table.steady[n]
    if (pair === undefined) return
    const { position, velocity } = pair
    const { baseline } = this
    for (let k = start; k < end; k++) {
      const to = k - start
      const lag = list.baseLag[k] ?? 0
      const now = list.baseNow[k] ?? -1
      const row = (list.basePlace[k] ?? 0) - table.first
      if (lag === 0) {
        baseline[velocity.offset + to] = memory[velocity.offset + row] ?? 0
        baseline[position.offset + to] = memory[position.offset + row] ?? 0
        continue
      }
      // It goes on at the velocity that was told last.
      const speed = this.expected[velocity.offset + to] ?? 0
      baseline[velocity.offset + to] = speed
      if (now < 0 || current[velocity.offset + now - table.first] === speed) continue
      this.carry(table, position, velocity, list, k, to, baselineTick)
    }
  }

  /** Sets where a position stood in the baseline, of which the truth is older. */
  private carry(
    table: InterestTable,
    position: FieldPlan,
    velocity: FieldPlan,
    list: ViewList,
    k: number,
    to: number,
    baselineTick: number,
  ): void {
    const { baseline } = this
    const lag = list.baseLag[k] ?? 0
    const row = (list.baseOrigin[k] ?? 0) - table.first
    const truth = this.history.find(baselineTick - lag)
    const speed = baseline[velocity.offset + to] ?? 0
    const out = position.offset + to
    baseline[out] = truth?.[position.offset + row] ?? 0
    if (((truth?.[table.plan.flags + row] ?? 0) & FLAG_ASLEEP) !== 0) return
    const dt = 1 / this.setup.game.tickRate
    for (let tick = 0; tick < lag; tick++) baseline[out] = linearTick(position, velocity, baseline[out] ?? 0, speed, dt)
  }

  /** The rows that the client is to have: the truth of what it is told, the expectation of what it is not. */
  private fillCurrent(viewer: Viewer, table: InterestTable, list: ViewList, current: Int32Array): void {
    const { currentTold, currentRow, expected } = this
    const { first, plan } = table
    const { ids, owners, flags } = plan
    const last = first + table.max
    const out = this.current
    let count = 0
    let i = this.nextRow
    for (; i < list.count && (list.place[i] ?? 0) < last; i++) {
      const k = list.base[i] ?? -1
      const told = list.told[i] === 1
      if (k < 0 && !told) continue
      const row = (list.place[i] ?? 0) - first
      const owner = current[owners + row] ?? 0
      this.showNow(owner)
      out[ids + count] = current[ids + row] ?? 0
      out[owners + count] = owner
      out[flags + count] = current[flags + row] ?? 0
      if (owner === viewer.seat) copyColumns(table.ownerColumns, current, row, out, count)
      currentTold[count] = told ? 1 : 0
      currentRow[count] = told ? row : k - (this.nextBase - (this.baseline[HEADER_COUNTS + table.index] ?? 0))
      count++
    }
    this.nextRow = i
    out[HEADER_COUNTS + table.index] = count
    for (let c = 0; c < table.columns.length; c++) {
      const offset = table.columns[c] ?? 0
      for (let to = 0; to < count; to++) {
        const at = offset + (currentRow[to] ?? 0)
        out[offset + to] = (currentTold[to] === 1 ? current[at] : expected[at]) ?? 0
      }
    }
  }
}

function copyColumns(columns: Int32Array, from: Int32Array, row: number, to: Int32Array, at: number): void {
  for (let c = 0; c < columns.length; c++) {
    const offset = columns[c] ?? 0
    to[offset + at] = from[offset + row] ?? 0
  }
}
