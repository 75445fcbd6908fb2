/**
 * Writes a snapshot as a delta against a baseline into anything that takes bits: the range encoder, or the trainer of a prior.
 * Called by SnapshotEncoder and SnapshotTrainer. Allocates nothing per body. A body, in this order:
 *
 *     seed, whether trends are used, presence, changes of shared levels, events, which types go without motion,
 *     then per entity type: rows that went, ids that came, modes of the trends, all rows in order of their ids; then 32 bits of check
 */

import { NetError } from '../error.ts'
import { FLAG_ASLEEP, HEADER_COUNTS, HEADER_SEED, HEADER_TICK } from '../game/compiled.ts'
import { seatOfKey } from '../world/spawn-key.ts'
import { FIRST_KEYED_ID } from '../world/world.ts'
import type { BitSink, ModelTable } from './bit-model.ts'
import type { BodyInput, BodyPart } from './body-input.ts'
import { hashStep } from './hash.ts'
import { encodeNonZero, encodeResidual, encodeSymbol } from './residual-coder.ts'
import { publicHash } from './snapshot-check.ts'
import { encodeEvents } from './snapshot-events.ts'
import { Expectation } from './snapshot-expectation.ts'
import { encodeKey, type KeyScope } from './snapshot-keys.ts'
import {
  ageClass,
  CODING_TOGGLE,
  CODING_XOR,
  type FieldPlan,
  MAX_WINDOW_TICKS,
  type SnapshotLayout,
  TREND_BITS,
  type TypePlan,
} from './snapshot-layout.ts'
import { SnapshotModels } from './snapshot-models.ts'
import { encodeLevels, encodePresence } from './snapshot-seats.ts'
import { beginStage, takeStage } from './snapshot-stage.ts'
import { HeldTimeline } from './snapshot-timeline.ts'
import { TREND_MODES, Trend } from './snapshot-trend.ts'
import { bentPosition, encodeDifference, encodeValue, residualOf } from './snapshot-values.ts'

/** The flags column without what a body does not carry: asleep and teleport bits, as 3 bits. */
function packFlags(flags: number): number {
  return (flags & FLAG_ASLEEP) | ((flags >> 1) & 6)
}

export class SnapshotWriter {
  readonly models: SnapshotModels
  private readonly layout: SnapshotLayout
  private readonly table: ModelTable
  private readonly timeline: HeldTimeline
  private readonly expectation: Expectation
  /** What is expected of the baseline's rows of the body in hand. */
  private expected: Int32Array
  private readonly scopes: readonly KeyScope[]
  private readonly eventScope: KeyScope
  /** Per row of the table in hand: its row in the baseline, or -1. */
  private readonly source: Int32Array
  private readonly trend: Trend
  private trendSpan = 0
  /** Of the table in hand: field in coding order * mostRows + row. */
  private readonly residuals: Int32Array
  private readonly mostRows: number

  constructor(layout: SnapshotLayout) {
    this.layout = layout
    this.models = new SnapshotModels(layout)
    this.table = this.models.table
    this.timeline = new HeldTimeline(layout)
    this.expectation = new Expectation(layout)
    this.expected = this.expectation.ints
    const { maxPlayers } = layout.game
    const { seatBits } = layout
    this.scopes = layout.types.map(({ key }) => ({ plan: key, maxPlayers, seatBits }))
    this.eventScope = { plan: layout.eventKey, maxPlayers, seatBits }
    const most = Math.max(...layout.types.map(({ max }) => max))
    this.mostRows = most
    this.source = new Int32Array(most)
    this.residuals = new Int32Array(most * Math.max(...layout.types.map(({ fields }) => fields.length)))
    this.trend = new Trend(most)
  }

  /** Throws BAD_ARGUMENT if the baseline is too old or not older. */
  writeBody(sink: BitSink, input: BodyInput): void {
    const { layout, table, timeline } = this
    const { baseline, baselineTick, current, tick } = input
    const windowTicks = tick - baselineTick
    checkWindow(windowTicks, baseline === undefined ? 0 : 1)
    const age = this.models.beginBody(ageClass(layout.game, windowTicks))
    encodeResidual(sink, table, layout.seed, (current[HEADER_SEED] ?? 0) - (baseline?.[HEADER_SEED] ?? 0))
    this.writeTrends(sink, age, input)
    encodePresence(sink, table, layout, baseline, current)
    this.fillTimeline(input)
    encodeLevels(sink, table, age, layout, timeline, current, input.part?.stage)
    const eventHash = encodeEvents(sink, table, age, layout, this.eventScope, input.events, baselineTick, tick)
    for (let index = 0; index < layout.types.length; index++) this.writePlain(sink, index, input)
    const known = input.part?.expected
    this.expected = known ?? this.expectation.ints
    if (baseline !== undefined && known === undefined) this.expectation.advance(baseline, timeline)
    for (let index = 0; index < layout.types.length; index++) this.writeTable(sink, age, index, input)
    sink.encodeDirect(publicHash(layout, current, hashStep(eventHash, tick)), 32)
  }

  private fillTimeline(input: BodyInput): void {
    const { timeline } = this
    const { baseline, baselineTick, current, tick } = input
    const steps = baseline === undefined ? 1 : tick - baselineTick
    if (input.part !== undefined) return this.fillPart(input, input.part, steps)
    timeline.begin(baseline, current, steps)
    if (this.layout.levels.length === 0) return
    let known = baseline
    for (let step = 0; step < steps - 1; step++) {
      known = input.heldAt(baselineTick + 1 + step) ?? known
      if (known !== undefined) timeline.take(step, known, current)
    }
    timeline.take(steps - 1, current, current)
  }

  /** Fills the timeline of the seats that are on the stage. */
  private fillPart(input: BodyInput, part: BodyPart, steps: number): void {
    const { timeline, layout } = this
    const { baseline, baselineTick, current, tick } = input
    beginStage(timeline, layout, part, baseline, current, steps)
    if (layout.levels.length === 0) return
    let memory = baseline
    for (let step = 0; step < steps; step++) {
      const at = step === steps - 1 ? tick : baselineTick + 1 + step
      memory = at === tick ? current : (input.heldAt(at) ?? memory)
      if (memory !== undefined) takeStage(timeline, layout, part, step, at, memory, current)
    }
  }

  private writeTrends(sink: BitSink, age: number, input: BodyInput): void {
    const { baseline, earlier, baselineTick } = input
    this.trendSpan = 0
    if (baseline === undefined) return
    const span = earlier === undefined ? 0 : baselineTick - (earlier[HEADER_TICK] ?? 0)
    if (span >= 1 && span <= MAX_WINDOW_TICKS) this.trendSpan = span
    sink.encodeBit(this.table, age + this.layout.trends, this.trendSpan > 0 ? 1 : 0)
  }

  private writePlain(sink: BitSink, index: number, input: BodyInput): void {
    const plan = this.layout.types[index]
    const moves = plan?.moves === true && input.baseline !== undefined
    const plain = input.plainTypes[index] === 1 ? 1 : 0
    if (plan !== undefined && moves) sink.encodeBit(this.table, plan.plain, plain)
    this.expectation.byMotion[index] = moves && plain === 0 ? 1 : 0
  }

  private writeTable(sink: BitSink, age: number, index: number, input: BodyInput): void {
    const plan = this.layout.types[index]
    if (plan === undefined) return
    const { baseline, current, tick } = input
    const count = current[HEADER_COUNTS + index] ?? 0
    this.writeRemoved(sink, age, plan, baseline, current)
    this.writeIds(sink, age, plan, current, count, tick)
    if (this.trendSpan > 0) this.writeModes(sink, age, plan, input, count)
    if (baseline !== undefined) this.formResiduals(plan, baseline, current, count)
    let previousOwner = 0
    let previousDiffers = 0
    for (let row = 0; row < count; row++) {
      const from = this.source[row] ?? -1
      if (from >= 0 && baseline !== undefined) {
        previousDiffers = this.writeRow(sink, age, plan, baseline, from, current, row, previousDiffers)
      } else {
        this.writeFresh(sink, plan, current, row, previousOwner)
        previousOwner = current[plan.owners + row] ?? 0
      }
    }
  }

  /** Merges both lists of ids, and says which of the baseline's rows went. */
  private writeRemoved(
    sink: BitSink,
    age: number,
    plan: TypePlan,
    baseline: Int32Array | undefined,
    current: Int32Array,
  ): void {
    const { source, table } = this
    const count = current[HEADER_COUNTS + plan.index] ?? 0
    source.fill(-1, 0, count)
    const known = baseline?.[HEADER_COUNTS + plan.index] ?? 0
    if (baseline === undefined || known === 0) return
    let kept = 0
    let at = 0
    for (let row = 0; row < count; row++) {
      const id = current[plan.ids + row] ?? 0
      while (at < known && (baseline[plan.ids + at] ?? 0) < id) at++
      if (at >= known || baseline[plan.ids + at] !== id) continue
      source[row] = at++
      kept++
    }
    sink.encodeBit(table, age + plan.anyRemoved, kept < known ? 1 : 0)
    if (kept === known) return
    let removed = 0
    let row = 0
    for (at = 0; at < known; at++) {
      while (row < count && (source[row] ?? -1) < at) row++
      const before = removed
      removed = row < count && source[row] === at ? 0 : 1
      sink.encodeBit(table, age + plan.removed + before, removed)
    }
  }

  private writeIds(sink: BitSink, age: number, plan: TypePlan, current: Int32Array, count: number, tick: number): void {
    const scope = this.scopes[plan.index]
    let entered = 0
    for (let row = 0; row < count; row++) if ((this.source[row] ?? -1) < 0) entered++
    encodeResidual(sink, this.table, age + plan.entered, entered)
    let before = 0
    for (let row = 0; row < count && scope !== undefined; row++) {
      if ((this.source[row] ?? -1) >= 0) continue
      const id = current[plan.ids + row] ?? 0
      encodeKey(sink, this.table, scope, id, before, tick)
      if (id < FIRST_KEYED_ID) before = id
    }
  }

  /** Chooses for each field the mode that costs least over all rows. */
  private writeModes(sink: BitSink, age: number, plan: TypePlan, input: BodyInput, count: number): void {
    const { trend } = this
    const { baseline, earlier, current } = input
    if (baseline === undefined || earlier === undefined) return
    trend.begin(plan, baseline, earlier, this.timeline.steps, this.trendSpan)
    const expectation = this.expected
    const byMotion = this.expectation.byMotion[plan.index] === 1
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field === undefined || !Trend.has(field, byMotion)) continue
      let best = 0
      let bestBits = this.costOf(field, expectation, current, count, 0)
      for (let mode = 1; mode < TREND_MODES && bestBits > 0; mode++) {
        const bits = this.costOf(field, expectation, current, count, mode)
        if (bits >= bestBits) continue
        best = mode
        bestBits = bits
      }
      encodeSymbol(sink, this.table, age + field.trend, TREND_BITS, best)
      trend.applyAll(field, expectation, best)
    }
  }

  /** About how many bits a field's residuals take. Only whole numbers and angles have trends. */
  private costOf(field: FieldPlan, expectation: Int32Array, current: Int32Array, count: number, mode: number): number {
    const { source, trend } = this
    const { offset, shift } = field
    let bits = 0
    for (let row = 0; row < count; row++) {
      const from = source[row] ?? -1
      if (from < 0) continue
      let expected = expectation[offset + from] ?? 0
      if (mode > 0) expected = trend.apply(field, from, expected, mode)
      const residual = (((current[offset + row] ?? 0) - expected) << shift) >> shift
      bits += 32 - Math.clz32(residual < 0 ? -residual : residual)
    }
    return bits
  }

  private writeFresh(sink: BitSink, plan: TypePlan, current: Int32Array, row: number, previousOwner: number): void {
    const { table } = this
    const owner = current[plan.owners + row] ?? 0
    const expected = seatOfKey(current[plan.ids + row] ?? 0)
    sink.encodeBit(table, plan.unowned, owner === 0 ? 1 : 0)
    if (owner !== 0) encodeResidual(sink, table, plan.owner, owner - (expected === 0 ? previousOwner + 1 : expected))
    encodeSymbol(sink, table, plan.freshFlags, 3, packFlags(current[plan.flags + row] ?? 0))
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field !== undefined)
        encodeValue(sink, table, field, field.fresh, current[field.offset + row] ?? 0, field.initial)
    }
  }

  /** Gives 1 if the row differs from what was expected. */
  private writeRow(
    sink: BitSink,
    age: number,
    plan: TypePlan,
    baseline: Int32Array,
    from: number,
    current: Int32Array,
    row: number,
    previousDiffers: number,
  ): number {
    const { table, residuals, mostRows } = this
    const { fields } = plan
    const owner = baseline[plan.owners + from] ?? 0
    const ownerMove = (current[plan.owners + row] ?? 0) - owner
    const flagsMove = packFlags(current[plan.flags + row] ?? 0) ^ packFlags(baseline[plan.flags + from] ?? 0)
    const meta = ownerMove !== 0 || flagsMove !== 0 ? 1 : 0
    let differs = meta
    for (let i = 0; i < fields.length && differs === 0; i++) if (residuals[i * mostRows + row] !== 0) differs = 1
    const stirred = (this.timeline.stirred[owner] ?? 0) * 2
    sink.encodeBit(table, age + plan.differs + stirred + previousDiffers, differs)
    if (differs === 0) return 0
    sink.encodeBit(table, age + plan.meta, meta)
    if (meta === 1) {
      sink.encodeBit(table, age + plan.ownerChanged, ownerMove === 0 ? 0 : 1)
      if (ownerMove !== 0) encodeNonZero(sink, table, age + plan.ownerMoved, ownerMove)
      encodeSymbol(sink, table, age + plan.flagsMoved, 3, flagsMove)
    }
    let previous = 0
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      if (field === undefined) continue
      const residual = residuals[i * mostRows + row] ?? 0
      const nonZero = residual === 0 ? 0 : 1
      sink.encodeBit(table, age + field.zero + stirred + previous, nonZero)
      if (nonZero === 1) encodeDifference(sink, table, field, age + field.moved, residual)
      previous = nonZero
    }
    return 1
  }

  /** Fills `residuals`, column by column, for the rows that were in the baseline. */
  private formResiduals(plan: TypePlan, baseline: Int32Array, current: Int32Array, count: number): void {
    const { residuals, source, mostRows } = this
    const { expected } = this
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field === undefined) continue
      if (field.velocity >= 0 && this.expectation.byMotion[plan.index] === 1) {
        this.formBent(plan, field, i, baseline, current, count)
        continue
      }
      const { offset, coding, shift } = field
      const to = i * mostRows
      const xor = coding === CODING_XOR || coding === CODING_TOGGLE
      for (let row = 0; row < count; row++) {
        const from = source[row] ?? -1
        if (from < 0) continue
        const value = current[offset + row] ?? 0
        const old = expected[offset + from] ?? 0
        residuals[to + row] = xor ? value ^ old : ((value - old) << shift) >> shift
      }
    }
  }

  /** The same for a linear motion's position, whose velocity may have changed. */
  private formBent(
    plan: TypePlan,
    field: FieldPlan,
    i: number,
    baseline: Int32Array,
    current: Int32Array,
    count: number,
  ): void {
    const velocity = plan.fields[field.velocity]
    if (velocity === undefined) return
    const { source, timeline } = this
    const dt = 1 / this.layout.game.tickRate
    for (let row = 0; row < count; row++) {
      const from = source[row] ?? -1
      if (from < 0) continue
      const before = baseline[velocity.offset + from] ?? 0
      const speed = current[velocity.offset + row] ?? 0
      let expected = this.expected[field.offset + from] ?? 0
      if (speed !== before) {
        const start = baseline[field.offset + from] ?? 0
        expected = bentPosition(field, velocity, start, before, speed, timeline.steps, dt)
      }
      this.residuals[i * this.mostRows + row] = residualOf(field, current[field.offset + row] ?? 0, expected)
    }
  }
}

function checkWindow(windowTicks: number, least: number): void {
  if (Number.isInteger(windowTicks) && windowTicks >= least && windowTicks <= MAX_WINDOW_TICKS) return
  throw new NetError(
    'BAD_ARGUMENT',
    `a body was to cover ${windowTicks} ticks; ${least} to ${MAX_WINDOW_TICKS} are possible.`,
    'Send a full frame: no baseline, and baselineTick = tick.',
  )
}
