/**
 * The owner's tail of a frame: the owner-only fields of what a seat owns, and its press counters, against the baseline. Encoder and decoder side
 * by side; hot, once per client and frame. Nothing new takes no byte. What there is ends with 16 bits of check.
 */
import { HEADER_COUNTS } from '../game/compiled.ts'
import { findRow } from '../world/rows.ts'
import type { BitSink } from './bit-model.ts'
import { hashFinish, hashStep } from './hash.ts'
import type { RangeDecoder } from './range-coder.ts'
import { decodeResidual, encodeResidual } from './residual-coder.ts'
import type { SnapshotLayout, TypePlan } from './snapshot-layout.ts'
import type { SnapshotModels } from './snapshot-models.ts'
import { decodeValue, encodeValue, inRange } from './snapshot-values.ts'

const CHECK_BITS = 16
const CHECK_MASK = 0xffff

/** The baseline's row that an owned row is coded against, or -1 for the initial values. */
function knownRow(
  plan: TypePlan,
  baseline: Int32Array | undefined,
  current: Int32Array,
  row: number,
  seat: number,
): number {
  if (baseline === undefined) return -1
  const known = findRow(plan.type, baseline, baseline[HEADER_COUNTS + plan.index] ?? 0, current[plan.ids + row] ?? 0)
  return known >= 0 && baseline[plan.owners + known] === seat ? known : -1
}

/** True if something differs from what the seat knows already. If not, the tail is empty: its one bit takes no byte. */
export function hasNews(
  layout: SnapshotLayout,
  seat: number,
  baseline: Int32Array | undefined,
  current: Int32Array,
): boolean {
  for (let p = 0; p < layout.pressOffsets.length; p++) {
    const at = (layout.pressOffsets[p] ?? 0) + seat
    if ((current[at] ?? 0) !== (baseline?.[at] ?? 0)) return true
  }
  for (let index = 0; index < layout.types.length; index++) {
    const plan = layout.types[index]
    if (plan === undefined || plan.ownerFields.length === 0) continue
    const count = current[HEADER_COUNTS + index] ?? 0
    for (let row = 0; row < count; row++) {
      if (current[plan.owners + row] !== seat) continue
      const known = knownRow(plan, baseline, current, row, seat)
      for (let i = 0; i < plan.ownerFields.length; i++) {
        const field = plan.ownerFields[i]
        if (field === undefined) continue
        const expected = known >= 0 && baseline !== undefined ? baseline[field.offset + known] : field.initial
        if (current[field.offset + row] !== expected) return true
      }
    }
  }
  return false
}

export function encodeTailFields(
  sink: BitSink,
  models: SnapshotModels,
  layout: SnapshotLayout,
  seat: number,
  baseline: Int32Array | undefined,
  current: Int32Array,
): void {
  models.beginTail()
  const { table, tailBase } = models
  const any = hasNews(layout, seat, baseline, current)
  sink.encodeBit(table, tailBase + layout.tailAny, any ? 1 : 0)
  if (!any) return
  let hash = seat
  for (let p = 0; p < layout.pressOffsets.length; p++) {
    const at = (layout.pressOffsets[p] ?? 0) + seat
    const value = current[at] ?? 0
    encodeResidual(sink, table, tailBase + (layout.tailPresses[p] ?? 0), value - (baseline?.[at] ?? 0))
    hash = hashStep(hash, value)
  }
  for (let index = 0; index < layout.types.length; index++) {
    const plan = layout.types[index]
    if (plan === undefined || plan.ownerFields.length === 0) continue
    const count = current[HEADER_COUNTS + index] ?? 0
    for (let row = 0; row < count; row++) {
      if (current[plan.owners + row] !== seat) continue
      const known = knownRow(plan, baseline, current, row, seat)
      for (let i = 0; i < plan.ownerFields.length; i++) {
        const field = plan.ownerFields[i]
        if (field === undefined) continue
        const old = known >= 0 && baseline !== undefined
        const expected = old ? (baseline[field.offset + known] ?? 0) : field.initial
        const value = current[field.offset + row] ?? 0
        encodeValue(sink, table, field, tailBase + (old ? field.moved : field.fresh), value, expected)
        hash = hashStep(hash, value)
      }
    }
  }
  sink.encodeDirect(hashFinish(hash, 0) & CHECK_MASK, CHECK_BITS)
}

/** The mirror of `encodeTailFields`, into `out`, whose body is decoded. */
export function decodeTailFields(
  decoder: RangeDecoder,
  models: SnapshotModels,
  layout: SnapshotLayout,
  seat: number,
  baseline: Int32Array | undefined,
  out: Int32Array,
): 'ok' | 'malformed' | 'check-failed' {
  models.beginTail()
  const { table, tailBase } = models
  const any = decoder.decodeBit(table, tailBase + layout.tailAny) === 1
  let hash = seat
  for (let p = 0; p < layout.pressOffsets.length; p++) {
    const at = (layout.pressOffsets[p] ?? 0) + seat
    const change = any ? decodeResidual(decoder, table, tailBase + (layout.tailPresses[p] ?? 0)) : 0
    const value = ((baseline?.[at] ?? 0) + change) | 0
    out[at] = value
    hash = hashStep(hash, value)
  }
  for (let index = 0; index < layout.types.length; index++) {
    const plan = layout.types[index]
    if (plan === undefined || plan.ownerFields.length === 0) continue
    const count = out[HEADER_COUNTS + index] ?? 0
    for (let row = 0; row < count; row++) {
      if (out[plan.owners + row] !== seat) continue
      const known = knownRow(plan, baseline, out, row, seat)
      for (let i = 0; i < plan.ownerFields.length; i++) {
        const field = plan.ownerFields[i]
        if (field === undefined) continue
        const old = known >= 0 && baseline !== undefined
        const expected = old ? (baseline[field.offset + known] ?? 0) : field.initial
        const base = tailBase + (old ? field.moved : field.fresh)
        const value = any ? decodeValue(decoder, table, field, base, expected) : expected
        if (!inRange(field, value)) return 'malformed'
        out[field.offset + row] = value
        hash = hashStep(hash, value)
      }
    }
  }
  const wrong = any && decoder.decodeDirect(CHECK_BITS) !== (hashFinish(hash, 0) & CHECK_MASK)
  if (!decoder.exact) return 'malformed'
  return wrong ? 'check-failed' : 'ok'
}
