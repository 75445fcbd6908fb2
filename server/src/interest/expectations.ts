/**
 * What is expected now of rows whose truth a client has as of an older tick: one memory per such tick, carried on from snapshot to snapshot and shared by all
 * clients. With it comes, per row, whether the truth differs and about how many bits it takes to say so. Hot: the motion of an entity is computed once
 * for everybody.
 */
import { type Extrapolator, HEADER_COUNTS, type SnapshotSource } from '@tickmesh/shared'
import type { InterestGame, InterestTable } from './interest-game.ts'
import type { RowMaps } from './row-maps.ts'

/** Of a row: as expected; some field differs; owner or flags differ, which is always told. */
export const CLEAN = 0
export const DIFFERS = 1
const CHANGED = 2

/** What a residual takes besides the bits of its magnitude, and what a row takes; in eighths of a bit. */
const FIELD_EIGHTHS = 18
const ROW_EIGHTHS = 16

class Expected {
  asOf = -1
  at = -1
  /** The tick for which `state` and `bits` hold. */
  comparedAt = -1
  readonly ints: Int32Array
  readonly state: Uint8Array
  readonly bits: Uint16Array

  constructor(worldInts: number, total: number) {
    this.ints = new Int32Array(worldInts)
    this.state = new Uint8Array(total)
    this.bits = new Uint16Array(total)
  }
}

export class Expectations {
  private readonly setup: InterestGame
  private readonly history: SnapshotSource
  private readonly maps: RowMaps
  private readonly extrapolator: Extrapolator
  private readonly slots: (Expected | undefined)[]
  private readonly moves: Uint8Array
  /** Per type: rows as of this tick or a later one stay as they are. */
  private readonly plainSince: Float64Array
  private now = -1
  private current: Int32Array = new Int32Array(0)

  constructor(
    setup: InterestGame,
    history: SnapshotSource,
    capacity: number,
    maps: RowMaps,
    extrapolator: Extrapolator,
  ) {
    this.setup = setup
    this.history = history
    this.maps = maps
    this.extrapolator = extrapolator
    this.slots = Array.from({ length: capacity }, () => undefined)
    this.moves = new Uint8Array(setup.tables.length)
    this.plainSince = new Float64Array(setup.tables.length).fill(Number.POSITIVE_INFINITY)
  }

  begin(now: number, current: Int32Array): void {
    this.now = now
    this.current = current
  }

  /** From now on a type is coded without its motion for everybody. */
  goPlain(type: number): void {
    if (this.now < (this.plainSince[type] ?? 0)) this.plainSince[type] = this.now + 1
  }

  /** True if some type went plain after `tick`: what was expected then and what is now do not fit together. */
  turnedPlainAfter(tick: number): boolean {
    for (let type = 0; type < this.plainSince.length; type++) {
      const since = this.plainSince[type] ?? 0
      if (since > tick && since <= this.now) return true
    }
    return false
  }

  /** Which types move on from truths of a tick. Borrowed. */
  movesFrom(asOf: number): Uint8Array {
    const { moves, setup } = this
    for (let type = 0; type < moves.length; type++) {
      moves[type] = setup.tables[type]?.goesOn === true && asOf < (this.plainSince[type] ?? 0) ? 1 : 0
    }
    return moves
  }

  /** Rows in the order of tick `asOf`, which must be in the history and before now. */
  from(asOf: number): Expected | undefined {
    const slot = asOf % this.slots.length
    let expected = this.slots[slot]
    if (expected !== undefined && expected.asOf === asOf && expected.comparedAt === this.now) return expected
    if (expected === undefined) {
      expected = new Expected(this.setup.game.worldInts, this.setup.total)
      this.slots[slot] = expected
    }
    if (expected.asOf !== asOf || expected.at > this.now) {
      const truth = this.history.find(asOf)
      if (truth === undefined) return undefined
      expected.ints.set(truth)
      expected.asOf = asOf
      expected.at = asOf
    }
    this.extrapolator.advance(expected.ints, expected.at, this.now, this.history, this.movesFrom(asOf))
    expected.at = this.now
    this.compare(expected)
    return expected
  }

  private compare(expected: Expected): void {
    const { tables } = this.setup
    const map = this.maps.from(expected.asOf)
    expected.comparedAt = this.now
    if (map === undefined) return
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const count = expected.ints[HEADER_COUNTS + index] ?? 0
      this.compareMeta(table, expected, map, count)
      for (let c = 0; c < table.columns.length; c++) {
        this.compareColumn(table, table.columns[c] ?? 0, table.plan.fields[c]?.shift ?? 0, expected, map, count)
      }
    }
  }

  private compareMeta(table: InterestTable, expected: Expected, map: Int32Array, count: number): void {
    const { current } = this
    const { ints, state, bits } = expected
    const { first } = table
    const { owners, flags } = table.plan
    for (let row = 0; row < count; row++) {
      const now = (map[first + row] ?? -1) - first
      let changed = CLEAN
      if (now >= 0 && (ints[owners + row] !== current[owners + now] || ints[flags + row] !== current[flags + now])) {
        changed = CHANGED
      }
      state[first + row] = changed
      bits[first + row] = ROW_EIGHTHS
    }
  }

  private compareColumn(
    table: InterestTable,
    offset: number,
    shift: number,
    { ints, state, bits }: Expected,
    map: Int32Array,
    count: number,
  ): void {
    const { current } = this
    const { first } = table
    for (let row = 0; row < count; row++) {
      const now = (map[first + row] ?? -1) - first
      if (now < 0) continue
      const residual = (((current[offset + now] ?? 0) - (ints[offset + row] ?? 0)) << shift) >> shift
      if (residual === 0) continue
      const at = first + row
      if (state[at] === CLEAN) state[at] = DIFFERS
      bits[at] = (bits[at] ?? 0) + FIELD_EIGHTHS + 8 * (32 - Math.clz32(residual < 0 ? -residual : residual))
    }
  }
}
