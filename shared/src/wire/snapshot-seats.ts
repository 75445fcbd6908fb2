/**
 * The first part of a body: who sits where, and what the present seats changed of their shared levels, with the tick of each change.
 * Encoder and decoder side by side; hot. The decoder says false to anything that no encoder writes.
 */
import { SEAT_PRESENT } from '../game/compiled.ts'
import type { BitSink, ModelTable } from './bit-model.ts'
import type { RangeDecoder } from './range-coder.ts'
import { decodeNonZero, decodeSymbol, encodeSymbol } from './residual-coder.ts'
import { bitsFor, type LevelPlan, type SnapshotLayout } from './snapshot-layout.ts'
import type { HeldTimeline } from './snapshot-timeline.ts'
import { applyResidual, decodeDifference, encodeDifference, inRange, residualOf } from './snapshot-values.ts'

export function encodePresence(
  sink: BitSink,
  models: ModelTable,
  layout: SnapshotLayout,
  baseline: Int32Array | undefined,
  current: Int32Array,
): void {
  const { seatBase, seatRows } = layout.game
  const column = seatBase + SEAT_PRESENT * seatRows
  let any = 0
  for (let seat = 1; seat < seatRows; seat++) {
    const before = baseline !== undefined && baseline[column + seat] !== 0
    if ((current[column + seat] !== 0) !== before) any = 1
  }
  sink.encodeBit(models, layout.anyPresence, any)
  if (any === 0) return
  for (let seat = 1; seat < seatRows; seat++) {
    const before = baseline !== undefined && baseline[column + seat] !== 0 ? 1 : 0
    sink.encodeBit(models, layout.presence + before, current[column + seat] === 0 ? 0 : 1)
  }
}

/** The mirror of `encodePresence`, into the `present` column of `out`. */
export function decodePresence(
  decoder: RangeDecoder,
  models: ModelTable,
  layout: SnapshotLayout,
  baseline: Int32Array | undefined,
  out: Int32Array,
): void {
  const { seatBase, seatRows } = layout.game
  const column = seatBase + SEAT_PRESENT * seatRows
  const any = decoder.decodeBit(models, layout.anyPresence)
  out[column] = 0
  for (let seat = 1; seat < seatRows; seat++) {
    const before = baseline !== undefined && baseline[column + seat] !== 0 ? 1 : 0
    out[column + seat] = any === 0 ? before : decoder.decodeBit(models, layout.presence + before)
  }
}

/** Codes the changes in the timeline, and marks the seats that changed something as stirred. Seats that are 0 in `stage`, if it is given, changed nothing. */
export function encodeLevels(
  sink: BitSink,
  models: ModelTable,
  age: number,
  layout: SnapshotLayout,
  timeline: HeldTimeline,
  current: Int32Array,
  stage?: Uint8Array,
): void {
  const { seatBase, seatRows } = layout.game
  if (layout.levels.length === 0) return
  for (let seat = 1; seat < seatRows; seat++) {
    if (current[seatBase + SEAT_PRESENT * seatRows + seat] === 0) continue
    let step = stage !== undefined && stage[seat] === 0 ? -1 : timeline.nextChange(seat, -1)
    sink.encodeBit(models, age + layout.seatChanged, step < 0 ? 0 : 1)
    if (step < 0) continue
    timeline.stirred[seat] = 1
    let first = 0
    while (step >= 0) {
      const bits = bitsFor(timeline.steps - first)
      if (bits > 0) encodeSymbol(sink, models, age + (layout.changeTick[bits - 1] ?? 0), bits, step - first)
      encodeChange(sink, models, age, layout, timeline, seat, step)
      first = step + 1
      step = timeline.nextChange(seat, step)
      if (first < timeline.steps) sink.encodeBit(models, age + layout.moreChanges, step < 0 ? 0 : 1)
    }
  }
}

/** The mirror of `encodeLevels`: fills the timeline, which begins at the baseline. */
export function decodeLevels(
  decoder: RangeDecoder,
  models: ModelTable,
  age: number,
  layout: SnapshotLayout,
  timeline: HeldTimeline,
  out: Int32Array,
): boolean {
  const { seatBase, seatRows } = layout.game
  for (let seat = 0; seat < seatRows; seat++) {
    const present = seat > 0 && out[seatBase + SEAT_PRESENT * seatRows + seat] !== 0
    let first = 0
    let more = present && layout.levels.length > 0 ? decoder.decodeBit(models, age + layout.seatChanged) : 0
    timeline.stirred[seat] = more
    while (more === 1) {
      const bits = bitsFor(timeline.steps - first)
      const skip = bits > 0 ? decodeSymbol(decoder, models, age + (layout.changeTick[bits - 1] ?? 0), bits) : 0
      const step = first + skip
      if (step >= timeline.steps) return false
      for (; first < step; first++) timeline.repeat(first, seat)
      if (!decodeChange(decoder, models, age, layout, timeline, seat, step)) return false
      first = step + 1
      more = first < timeline.steps ? decoder.decodeBit(models, age + layout.moreChanges) : 0
    }
    for (; first < timeline.steps; first++) timeline.repeat(first, seat)
  }
  return true
}

function encodeChange(
  sink: BitSink,
  models: ModelTable,
  age: number,
  layout: SnapshotLayout,
  timeline: HeldTimeline,
  seat: number,
  step: number,
): void {
  const { levels } = layout
  let earlier = 0
  for (let l = 0; l < levels.length; l++) {
    const level = levels[l]
    if (level === undefined) return
    const before = timeline.value(step - 1, l, seat)
    const now = timeline.value(step, l, seat)
    const context = age + level.changed + earlier * 2 + (before === level.initial ? 0 : 1)
    // Something changed: if nothing before it did, the last level must have.
    if (earlier === 1 || l < levels.length - 1) sink.encodeBit(models, context, before === now ? 0 : 1)
    if (before === now) continue
    earlier = 1
    encodeLevel(sink, models, level, before, now)
  }
}

function decodeChange(
  decoder: RangeDecoder,
  models: ModelTable,
  age: number,
  layout: SnapshotLayout,
  timeline: HeldTimeline,
  seat: number,
  step: number,
): boolean {
  const { levels } = layout
  let earlier = 0
  for (let l = 0; l < levels.length; l++) {
    const level = levels[l]
    if (level === undefined) return false
    const before = timeline.value(step - 1, l, seat)
    const context = age + level.changed + earlier * 2 + (before === level.initial ? 0 : 1)
    const changes = earlier === 1 || l < levels.length - 1 ? decoder.decodeBit(models, context) : 1
    const now = changes === 1 ? decodeLevel(decoder, models, level, before) : before
    if (!inRange(level, now)) return false
    earlier |= changes
    timeline.set(step, l, seat, now)
  }
  return true
}

/** 0 at the neutral value, 1 above, 2 below. */
function sideOf(level: LevelPlan, value: number): number {
  if (value === level.initial) return 0
  return value > level.initial ? 1 : 2
}

/** A level's new value, which differs from the old one. Axes mostly go to neutral or to an end. */
function encodeLevel(sink: BitSink, models: ModelTable, level: LevelPlan, before: number, now: number): void {
  if (level.axis) {
    const from = sideOf(level, before)
    const to = sideOf(level, now)
    if (from !== 0) sink.encodeBit(models, level.toNeutral + from - 1, to === 0 ? 1 : 0)
    if (to === 0) return
    sink.encodeBit(models, level.side + from, to - 1)
    const end = to === 1 ? level.rawMax : level.rawMin
    if (before !== end) sink.encodeBit(models, level.inner + from, now === end ? 0 : 1)
    if (now === end) return
  }
  encodeDifference(sink, models, level, level.moved, residualOf(level, now, before))
}

function decodeLevel(decoder: RangeDecoder, models: ModelTable, level: LevelPlan, before: number): number {
  if (!level.axis) return applyResidual(level, before, decodeDifference(decoder, models, level, level.moved))
  const from = sideOf(level, before)
  if (from !== 0 && decoder.decodeBit(models, level.toNeutral + from - 1) === 1) return level.initial
  const end = decoder.decodeBit(models, level.side + from) === 0 ? level.rawMax : level.rawMin
  if (before !== end && decoder.decodeBit(models, level.inner + from) === 0) return end
  return applyResidual(level, before, decodeNonZero(decoder, models, level.moved))
}
