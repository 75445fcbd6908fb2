/**
 * Values to raw integers and back. Here stand the rules of rounding and wrapping, once; the columns of views use them too. `toRaw` and `fromRaw`
 * are for everything that is not a view's column: event fields, commands, input samples and messages.
 * Uses nothing that the guard of development forbids inside steps.
 */
import { NetError } from '../error.ts'
import type { AnyField } from './field.ts'

const scratch = new Float32Array(1)
const scratchBits = new Int32Array(scratch.buffer)

/** Adding and subtracting this rounds a double below 2^51 to a whole number, half to even. */
export const ROUNDING = 6755399441055744

/** The bits of a number rounded to a 32-bit float. */
export function floatBits(value: number): number {
  scratch[0] = value
  return scratchBits[0] ?? 0
}

/** The 32-bit float that has these bits. */
export function floatOfBits(bits: number): number {
  scratchBits[0] = bits
  return scratch[0] ?? 0
}

/** How far to shift a whole raw angle left, then right again, to wrap it into its field's range. */
export function angleShift(field: AnyField): number {
  return Math.clz32(field.rawMax) - 1
}

/** True if a 32-bit float can hold it. */
export function fitsFloat(value: number): boolean {
  return Number.isFinite(Math.fround(value))
}

function flagBits(field: AnyField, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const flags = value as Readonly<Record<string, unknown>>
  let raw = 0
  for (let bit = 0; bit < field.names.length; bit++) if (flags[field.names[bit] ?? ''] === true) raw |= 1 << bit
  return raw
}

function enumerationIndex(field: AnyField, value: unknown, strict: boolean, place: string): number {
  const raw = field.names.indexOf(String(value))
  if (raw >= 0) return raw
  if (!strict) return field.initial
  throw new NetError('OUT_OF_RANGE', `${place} is "${String(value)}".`, `It is one of: ${field.names.join(', ')}.`)
}

/** OUT_OF_RANGE for a value that a field cannot hold. `verb` is `is` or `was set to`. */
export function rangeError(field: AnyField, place: string, verb: string, value: unknown): NetError {
  const open = field.kind === 'angle' || field.kind === 'float32'
  const range = open ? 'the finite numbers' : `${field.rawMin * field.step} to ${field.rawMax * field.step}`
  return new NetError(
    'OUT_OF_RANGE',
    `${place} ${verb} ${String(value)}, outside ${range}.`,
    'Clamp it, or widen the field.',
  )
}

/**
 * The raw value of `value` on the field's grid, clamped to its range. What is not a number gives the field's initial value.
 * With `strict`, what is out of range or of the wrong type throws OUT_OF_RANGE naming `place`.
 */
export function toRaw(field: AnyField, value: unknown, strict: boolean, place: string): number {
  if (field.kind === 'bool') return value ? 1 : 0
  if (field.kind === 'flags') return flagBits(field, value)
  if (field.kind === 'enumeration') return enumerationIndex(field, value, strict, place)
  const number = typeof value === 'number' ? value : Number.NaN
  if (field.kind === 'float32') {
    if (fitsFloat(number)) return floatBits(number)
    if (strict) throw rangeError(field, place, 'is', value)
    return field.initial
  }
  const raw = number / field.step + ROUNDING - ROUNDING
  if (field.kind === 'angle' && Number.isFinite(raw)) {
    const shift = angleShift(field)
    return (raw << shift) >> shift
  }
  if (raw >= field.rawMin && raw <= field.rawMax) return raw
  if (strict) throw rangeError(field, place, 'is', value)
  if (Number.isNaN(raw) || field.kind === 'angle') return field.initial
  return raw < field.rawMin ? field.rawMin : field.rawMax
}

/** The value that code sees for a raw integer. */
export function fromRaw(field: AnyField, raw: number): unknown {
  if (field.kind === 'bool') return raw === 1
  if (field.kind === 'enumeration') return field.names[raw]
  if (field.kind === 'flags')
    return Object.fromEntries(field.names.map((name, bit) => [name, ((raw >> bit) & 1) === 1]))
  if (field.kind === 'float32') return floatOfBits(raw)
  return raw * field.step
}
