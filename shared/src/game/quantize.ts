/**
 * Values to raw integers and back, for everything that is not a view's column: event fields, commands, input samples and messages.
 */
import { NetError } from '../error.ts'
import type { AnyField } from './field.ts'

const bits = new ArrayBuffer(4)
const asFloat = new Float32Array(bits)
const asInt = new Int32Array(bits)
/** Adding and subtracting this rounds a double below 2^51 to a whole number, half to even. */
const ROUNDING = 6755399441055744

function flagBits(field: AnyField, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const flags = value as Readonly<Record<string, unknown>>
  let raw = 0
  for (let bit = 0; bit < field.names.length; bit++) if (flags[field.names[bit] ?? ''] === true) raw |= 1 << bit
  return raw
}

/**
 * The raw value of `value` on the field's grid, clamped to its range.
 * With `strict`, what is out of range or of the wrong type throws OUT_OF_RANGE naming `place`.
 */
export function toRaw(field: AnyField, value: unknown, strict: boolean, place: string): number {
  if (field.kind === 'bool') return value ? 1 : 0
  if (field.kind === 'flags') return flagBits(field, value)
  if (field.kind === 'enumeration') {
    const raw = field.names.indexOf(String(value))
    if (raw < 0 && strict) throw new NetError('OUT_OF_RANGE', `${place} is "${String(value)}".`, `It is one of: ${field.names.join(', ')}.`)
    return raw < 0 ? 0 : raw
  }
  const number = typeof value === 'number' ? value : Number.NaN
  if (field.kind === 'float32') {
    asFloat[0] = Number.isFinite(number) ? number : 0
    return asInt[0] ?? 0
  }
  let raw = number / field.step + ROUNDING - ROUNDING
  if (field.kind === 'angle' && raw >= -2147483648 && raw <= 2147483647) {
    const shift = 31 - Math.log2(field.rawMax + 1)
    raw = (raw << shift) >> shift
  }
  if (raw >= field.rawMin && raw <= field.rawMax) return raw
  if (strict) {
    const range = `${field.rawMin * field.step} to ${field.rawMax * field.step}`
    throw new NetError('OUT_OF_RANGE', `${place} is ${String(value)}, outside ${range}.`, 'Clamp it, or widen the field.')
  }
  if (Number.isNaN(raw)) return field.initial
  return raw < field.rawMin ? field.rawMin : field.rawMax
}

/** The value that code sees for a raw integer. */
export function fromRaw(field: AnyField, raw: number): unknown {
  if (field.kind === 'bool') return raw === 1
  if (field.kind === 'enumeration') return field.names[raw]
  if (field.kind === 'flags') return Object.fromEntries(field.names.map((name, bit) => [name, ((raw >> bit) & 1) === 1]))
  if (field.kind === 'float32') {
    asInt[0] = raw
    return asFloat[0]
  }
  return raw * field.step
}
