/**
 * One field's value against what is expected of it: how the difference is formed, coded and undone. Used by all parts of the snapshot codec; hot.
 * Any int32 may be undone: the result wraps to int32, and `inRange` says whether it is a value of the field.
 */
import { ROUNDING } from '../game/quantize.ts'
import type { BitSink, ModelTable } from './bit-model.ts'
import type { RangeDecoder } from './range-coder.ts'
import { decodeNonZero, encodeNonZero } from './residual-coder.ts'
import {
  CODING_FLOAT,
  CODING_PLAIN,
  CODING_TOGGLE,
  CODING_WRAP,
  CODING_XOR,
  type FieldPlan,
  type ValuePlan,
} from './snapshot-layout.ts'

const FLOAT_EXPONENT = 0x7f80_0000

/** 0 if `value` is as expected. */
export function residualOf(plan: ValuePlan, value: number, expected: number): number {
  const { coding } = plan
  if (coding === CODING_WRAP) return ((value - expected) << plan.shift) >> plan.shift
  if (coding === CODING_XOR || coding === CODING_TOGGLE) return value ^ expected
  return (value - expected) | 0
}

/** The mirror of `residualOf`. */
export function applyResidual(plan: ValuePlan, expected: number, residual: number): number {
  const { coding } = plan
  if (coding === CODING_WRAP) return ((expected + residual) << plan.shift) >> plan.shift
  if (coding === CODING_XOR || coding === CODING_TOGGLE) return expected ^ residual
  return (expected + residual) | 0
}

export function inRange(plan: ValuePlan, value: number): boolean {
  if (plan.coding === CODING_FLOAT) return (value & FLOAT_EXPONENT) !== FLOAT_EXPONENT
  return value >= plan.rawMin && value <= plan.rawMax
}

/** The difference of two whole numbers may need 33 bits; it wraps to 32, and back. A toggle that is not 0 is 1 and costs nothing more. */
export function encodeDifference(
  sink: BitSink,
  models: ModelTable,
  plan: ValuePlan,
  base: number,
  residual: number,
): void {
  if (plan.coding !== CODING_TOGGLE) encodeNonZero(sink, models, base, residual)
}

/** The mirror of `encodeDifference`. */
export function decodeDifference(decoder: RangeDecoder, models: ModelTable, plan: ValuePlan, base: number): number {
  return plan.coding === CODING_TOGGLE ? 1 : decodeNonZero(decoder, models, base)
}

/** A value against an expectation in the residual models from `base` on, zero flag included. */
export function encodeValue(
  sink: BitSink,
  models: ModelTable,
  plan: ValuePlan,
  base: number,
  value: number,
  expected: number,
): void {
  const residual = residualOf(plan, value, expected)
  sink.encodeBit(models, base, residual === 0 ? 0 : 1)
  if (residual !== 0) encodeDifference(sink, models, plan, base, residual)
}

/** The mirror of `encodeValue`. The result may be out of range. */
export function decodeValue(
  decoder: RangeDecoder,
  models: ModelTable,
  plan: ValuePlan,
  base: number,
  expected: number,
): number {
  if (decoder.decodeBit(models, base) === 0) return expected
  return applyResidual(plan, expected, decodeDifference(decoder, models, plan, base))
}

/** One tick of a linear motion: the new raw position. Equal to what the ready-made motion does through its views. */
export function linearTick(position: FieldPlan, velocity: FieldPlan, at: number, speed: number, dt: number): number {
  const raw = (at * position.step + speed * velocity.step * dt) / position.step + ROUNDING - ROUNDING
  if (position.coding !== CODING_PLAIN) return (raw << position.shift) >> position.shift
  if (raw < position.rawMin) return position.rawMin
  return raw > position.rawMax ? position.rawMax : raw
}

/** Where a position is expected whose velocity went from one value to another, evenly, in `ticks` ticks. */
export function bentPosition(
  position: FieldPlan,
  velocity: FieldPlan,
  start: number,
  from: number,
  to: number,
  ticks: number,
  dt: number,
): number {
  let at = start
  for (let n = 1; n <= ticks; n++) at = linearTick(position, velocity, at, from + ((to - from) * n) / ticks, dt)
  return at
}
