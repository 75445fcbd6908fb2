/**
 * Reads what SnapshotEncoder wrote, on the client; hot, once per frame. Never throws on any bytes, works in bounded time and memory, and allocates
 * nothing per body. A refusal leaves baseline and models as they were; `out` and the log's ticks of this frame then mean nothing and are dropped.
 */
import { assert } from '../error.ts'
import type { CompiledGame } from '../game/compiled.ts'
import { FLAG_ASLEEP, HEADER_COUNTS, HEADER_NEXT_ID, HEADER_SEED, HEADER_TICK } from '../game/compiled.ts'
import type { EventLog } from '../world/event-log.ts'
import { seatOfKey } from '../world/spawn-key.ts'
import { FIRST_KEYED_ID } from '../world/world.ts'
import type { ModelTable } from './bit-model.ts'
import { hashStep } from './hash.ts'
import { RangeDecoder } from './range-coder.ts'
import { decodeNonZero, decodeResidual, decodeSymbol } from './residual-coder.ts'
import { publicHash } from './snapshot-check.ts'
import { EventReader } from './snapshot-events.ts'
import { Expectation } from './snapshot-expectation.ts'
import { decodeKey, type KeyScope } from './snapshot-keys.ts'
import {
  ageClass,
  type FieldPlan,
  MAX_WINDOW_TICKS,
  makeLayout,
  type SnapshotLayout,
  TREND_BITS,
  type TypePlan,
} from './snapshot-layout.ts'
import { SnapshotModels } from './snapshot-models.ts'
import { decodeLevels, decodePresence } from './snapshot-seats.ts'
import { decodeTailFields } from './snapshot-tail.ts'
import { HeldTimeline } from './snapshot-timeline.ts'
import { TREND_MODES, Trend } from './snapshot-trend.ts'
import { applyResidual, bentPosition, decodeDifference, decodeValue, inRange } from './snapshot-values.ts'

/**
 * `malformed`: no encoder writes that. `check-failed`: well-formed, but the result is not what the encoder had: another baseline, or a motion that
 * computes something else here; ask for a full frame, naming `motionTypes`.
 */
export type DecodeStatus = 'ok' | 'malformed' | 'check-failed'

/** The decoder reads this far ahead; more is a stream that ended too early. */
const READ_AHEAD = 4

export class SnapshotDecoder {
  readonly #layout: SnapshotLayout
  readonly #models: SnapshotModels
  readonly #table: ModelTable
  readonly #decoder = new RangeDecoder()
  readonly #timeline: HeldTimeline
  readonly #expectation: Expectation
  readonly #events: EventReader
  readonly #scopes: readonly KeyScope[]
  /** Rows of the baseline that stay, and ids that come, of the table in hand. */
  readonly #kept: Int32Array
  readonly #came: Int32Array
  readonly #trend: Trend
  /** Ticks between baseline and the snapshot before it; 0: no trends. */
  #trendSpan = 0
  #outOfRange = false

  constructor(game: CompiledGame) {
    const layout = makeLayout(game)
    this.#layout = layout
    this.#models = new SnapshotModels(layout)
    this.#table = this.#models.table
    this.#timeline = new HeldTimeline(layout)
    this.#expectation = new Expectation(layout)
    const scope = { maxPlayers: game.maxPlayers, seatBits: layout.seatBits }
    this.#scopes = layout.types.map(({ key }) => ({ plan: key, ...scope }))
    this.#events = new EventReader(layout, { plan: layout.eventKey, ...scope })
    const most = Math.max(...layout.types.map(({ max }) => max))
    this.#trend = new Trend(most)
    this.#kept = new Int32Array(most)
    this.#came = new Int32Array(most)
  }

  /** Per entity type: 1 if the last body coded it by its motion. After `check-failed` these are the suspects. */
  get motionTypes(): Uint8Array {
    return this.#expectation.byMotion
  }

  /**
   * Decodes a body into `out`, which is not the baseline: all that is public; what is not gets its initial value. The events of
   * (baselineTick, tick] are replaced in `events`. `earlier` is the snapshot on which the baseline's own frame was built, if it is still there.
   */
  decodeBody(
    bytes: Uint8Array,
    offset: number,
    length: number,
    baseline: Int32Array | undefined,
    baselineTick: number,
    tick: number,
    out: Int32Array,
    events: EventLog | undefined,
    earlier?: Int32Array,
  ): DecodeStatus {
    assert(out !== baseline, 'a body is decoded into memory of its own')
    const layout = this.#layout
    const table = this.#table
    const decoder = this.#decoder
    const timeline = this.#timeline
    const windowTicks = tick - baselineTick
    this.motionTypes.fill(0)
    if (!(windowTicks >= (baseline === undefined ? 0 : 1) && windowTicks <= MAX_WINDOW_TICKS)) return 'malformed'
    decoder.start(bytes, offset, length)
    this.#outOfRange = false
    const age = this.#models.beginBody(ageClass(layout.game, windowTicks))
    this.#beginOut(baseline, tick, out)
    if (baseline !== undefined && !this.#readTrends(age, baselineTick, earlier)) return 'check-failed'
    decodePresence(decoder, table, layout, baseline, out)
    timeline.begin(baseline, out, baseline === undefined ? 1 : windowTicks)
    if (!decodeLevels(decoder, table, age, layout, timeline, out)) return 'malformed'
    timeline.show(timeline.steps - 1, out)
    if (!this.#events.decode(decoder, table, age, events, baselineTick, tick)) return 'malformed'
    if (baseline !== undefined) {
      for (let index = 0; index < layout.types.length; index++) this.#readPlain(index)
      this.#expectation.advance(baseline, timeline)
    }
    for (let index = 0; index < layout.types.length; index++) {
      const plan = layout.types[index]
      if (plan !== undefined && !this.#readTable(age, plan, baseline, earlier, tick, out)) return 'malformed'
    }
    const check = decoder.decodeDirect(32)
    if (!decoder.exact) return 'malformed'
    if (this.#outOfRange) return 'check-failed'
    return check === publicHash(layout, out, hashStep(this.#events.hash, tick)) ? 'ok' : 'check-failed'
  }

  /**
   * Decodes a tail into `out`, which holds the decoded body of its frame: the owner-only fields of what `seat` owns, and its press counters.
   * `baseline` is the body's, with its own tail. Refused with `check-failed` if it was not the encoder's.
   */
  decodeTail(
    bytes: Uint8Array,
    offset: number,
    length: number,
    seat: number,
    baseline: Int32Array | undefined,
    out: Int32Array,
  ): DecodeStatus {
    this.#decoder.start(bytes, offset, length)
    return decodeTailFields(this.#decoder, this.#models, this.#layout, seat, baseline, out)
  }

  #beginOut(baseline: Int32Array | undefined, tick: number, out: Int32Array): void {
    const layout = this.#layout
    const { seatRows } = layout.game
    const seed = baseline?.[HEADER_SEED] ?? 0
    out[HEADER_SEED] = seed + decodeResidual(this.#decoder, this.#table, layout.seed)
    out[HEADER_TICK] = tick
    out[HEADER_NEXT_ID] = 1
    out[HEADER_SEED + 1] = 0
    for (let l = 0; l < layout.hiddenLevels.length; l++) {
      const level = layout.hiddenLevels[l]
      if (level !== undefined) out.fill(level.initial, level.offset, level.offset + seatRows)
    }
    for (let p = 0; p < layout.pressOffsets.length; p++) {
      const from = layout.pressOffsets[p] ?? 0
      out.fill(0, from, from + seatRows)
    }
  }

  /** False if trends are used, but the snapshot that they need is not here. */
  #readTrends(age: number, baselineTick: number, earlier: Int32Array | undefined): boolean {
    this.#trendSpan = 0
    if (this.#decoder.decodeBit(this.#table, age + this.#layout.trends) === 0) return true
    const span = earlier === undefined ? 0 : baselineTick - (earlier[HEADER_TICK] ?? 0)
    this.#trendSpan = span
    return span >= 1 && span <= MAX_WINDOW_TICKS
  }

  #readModes(age: number, plan: TypePlan, baseline: Int32Array, earlier: Int32Array | undefined): boolean {
    const trend = this.#trend
    if (this.#trendSpan === 0 || earlier === undefined) return true
    trend.begin(plan, baseline, earlier, this.#timeline.steps, this.#trendSpan)
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field === undefined || !Trend.has(field, this.motionTypes[plan.index] === 1)) continue
      const mode = decodeSymbol(this.#decoder, this.#table, age + field.trend, TREND_BITS)
      if (mode >= TREND_MODES) return false
      trend.applyAll(field, this.#expectation.ints, mode)
    }
    return true
  }

  #readPlain(index: number): void {
    const plan = this.#layout.types[index]
    if (plan?.moves === true) this.motionTypes[index] = 1 - this.#decoder.decodeBit(this.#table, plan.plain)
  }

  #readTable(
    age: number,
    plan: TypePlan,
    baseline: Int32Array | undefined,
    earlier: Int32Array | undefined,
    tick: number,
    out: Int32Array,
  ): boolean {
    const decoder = this.#decoder
    const kept = this.#kept
    const came = this.#came
    const keptCount = this.#readRemoved(age, plan, baseline)
    const cameCount = decodeResidual(decoder, this.#table, age + plan.entered)
    if (cameCount < 0 || keptCount + cameCount > plan.max || !this.#readIds(plan, cameCount, tick)) return false
    const count = keptCount + cameCount
    this.#clearRows(plan, out, count)
    if (baseline !== undefined && !this.#readModes(age, plan, baseline, earlier)) return false
    let k = 0
    let c = 0
    let previousOwner = 0
    let previousDiffers = 0
    for (let row = 0; row < count; row++) {
      const from = kept[k] ?? 0
      const oldId = k < keptCount && baseline !== undefined ? (baseline[plan.ids + from] ?? 0) : Infinity
      const newId = c < cameCount ? (came[c] ?? 0) : Infinity
      if (oldId === newId || decoder.overrun > READ_AHEAD) return false
      for (let h = 0; h < plan.hidden.length; h++)
        out[(plan.hidden[h]?.offset ?? 0) + row] = plan.hidden[h]?.initial ?? 0
      if (oldId < newId && baseline !== undefined) {
        k++
        previousDiffers = this.#readRow(age, plan, baseline, from, out, row, previousDiffers)
        if (previousDiffers < 0) return false
      } else {
        c++
        out[plan.ids + row] = newId
        if (!this.#readFresh(plan, out, row, previousOwner)) return false
        previousOwner = out[plan.owners + row] ?? 0
      }
    }
    out[HEADER_COUNTS + plan.index] = count
    return true
  }

  /** Fills `kept`. Gives how many rows stay. */
  #readRemoved(age: number, plan: TypePlan, baseline: Int32Array | undefined): number {
    const decoder = this.#decoder
    const kept = this.#kept
    const table = this.#table
    const known = baseline?.[HEADER_COUNTS + plan.index] ?? 0
    const any = known > 0 ? decoder.decodeBit(table, age + plan.anyRemoved) : 0
    let count = 0
    let removed = 0
    for (let row = 0; row < known; row++) {
      if (any === 1) removed = decoder.decodeBit(table, age + plan.removed + removed)
      if (removed === 0) kept[count++] = row
    }
    return count
  }

  /** Fills `came`, in ascending order. */
  #readIds(plan: TypePlan, count: number, tick: number): boolean {
    const scope = this.#scopes[plan.index]
    if (scope === undefined) return false
    let before = 0
    let last = 0
    for (let n = 0; n < count; n++) {
      const id = decodeKey(this.#decoder, this.#table, scope, before, tick)
      if (id <= last || this.#decoder.overrun > READ_AHEAD) return false
      last = id
      if (id < FIRST_KEYED_ID) before = id
      this.#came[n] = id
    }
    return true
  }

  /** Zeroes what an older snapshot in this memory may have left beyond `count` rows. */
  #clearRows(plan: TypePlan, out: Int32Array, count: number): void {
    const { base, columns, rows } = plan.type
    const old = Math.min(Math.max(out[HEADER_COUNTS + plan.index] ?? 0, 0), plan.max)
    for (let column = 0; column < columns && old > count; column++) {
      out.fill(0, base + column * rows + count, base + column * rows + old)
    }
    // Until the table is whole: a refusal on the way leaves rows up to here.
    out[HEADER_COUNTS + plan.index] = count
  }

  #readFresh(plan: TypePlan, out: Int32Array, row: number, previousOwner: number): boolean {
    const decoder = this.#decoder
    const table = this.#table
    const unowned = decoder.decodeBit(table, plan.unowned)
    let owner = 0
    if (unowned === 0) {
      const expected = seatOfKey(out[plan.ids + row] ?? 0)
      owner = (expected === 0 ? previousOwner + 1 : expected) + decodeResidual(decoder, table, plan.owner)
      if (owner < 1 || owner > this.#layout.game.maxPlayers) return false
    }
    out[plan.owners + row] = owner
    out[plan.flags + row] = unpackFlags(decodeSymbol(decoder, table, plan.freshFlags, 3))
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field === undefined) continue
      const value = decodeValue(decoder, table, field, field.fresh, field.initial)
      if (!inRange(field, value)) return false
      out[field.offset + row] = value
    }
    return true
  }

  /** Gives 1 if the row differs from what was expected, 0 if not, -1 for what no encoder writes. */
  #readRow(
    age: number,
    plan: TypePlan,
    baseline: Int32Array,
    from: number,
    out: Int32Array,
    row: number,
    previousDiffers: number,
  ): number {
    const decoder = this.#decoder
    const table = this.#table
    const { fields } = plan
    const oldOwner = baseline[plan.owners + from] ?? 0
    const stirred = (this.#timeline.stirred[oldOwner] ?? 0) * 2
    out[plan.ids + row] = baseline[plan.ids + from] ?? 0
    out[plan.owners + row] = oldOwner
    out[plan.flags + row] = baseline[plan.flags + from] ?? 0
    if (decoder.decodeBit(table, age + plan.differs + stirred + previousDiffers) === 0) {
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i]
        if (field !== undefined) out[field.offset + row] = this.#expected(plan, field, baseline, from, out, row)
      }
      return 0
    }
    if (decoder.decodeBit(table, age + plan.meta) === 1 && !this.#readMeta(age, plan, out, row)) return -1
    let previous = 0
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      if (field === undefined) continue
      previous = decoder.decodeBit(table, age + field.zero + stirred + previous)
      let value = this.#expected(plan, field, baseline, from, out, row)
      if (previous === 1) {
        value = applyResidual(field, value, decodeDifference(decoder, table, field, age + field.moved))
        if (!inRange(field, value)) {
          // Where the motion disagrees, a good difference may lead out of range.
          if (this.motionTypes[plan.index] === 0) return -1
          this.#outOfRange = true
          value = field.initial
        }
      }
      out[field.offset + row] = value
    }
    return 1
  }

  #readMeta(age: number, plan: TypePlan, out: Int32Array, row: number): boolean {
    const decoder = this.#decoder
    const table = this.#table
    if (decoder.decodeBit(table, age + plan.ownerChanged) === 1) {
      const owner = (out[plan.owners + row] ?? 0) + decodeNonZero(decoder, table, age + plan.ownerMoved)
      if (owner < 0 || owner > this.#layout.game.maxPlayers) return false
      out[plan.owners + row] = owner
    }
    const change = decodeSymbol(decoder, table, age + plan.flagsMoved, 3)
    out[plan.flags + row] = (out[plan.flags + row] ?? 0) ^ unpackFlags(change)
    return true
  }

  /** What is expected of a field; those before it in coding order are in `out` already. */
  #expected(
    plan: TypePlan,
    field: FieldPlan,
    baseline: Int32Array,
    from: number,
    out: Int32Array,
    row: number,
  ): number {
    // Reading an array at -1 is slow.
    const velocity = field.velocity < 0 ? undefined : plan.fields[field.velocity]
    if (velocity !== undefined && this.motionTypes[plan.index] === 1) {
      const before = baseline[velocity.offset + from] ?? 0
      const speed = out[velocity.offset + row] ?? 0
      if (speed !== before) {
        const start = baseline[field.offset + from] ?? 0
        const dt = 1 / this.#layout.game.tickRate
        return bentPosition(field, velocity, start, before, speed, this.#timeline.steps, dt)
      }
    }
    return this.#expectation.ints[field.offset + from] ?? 0
  }
}

/** The mirror of `packFlags`. */
function unpackFlags(packed: number): number {
  return (packed & FLAG_ASLEEP) | ((packed & 6) << 1)
}
