/**
 * Typed messages between server and client: a record of named values to and from the array that a control message carries (cold).
 * Numbers travel as raw integers on their field's grid. Encoding throws on what the sending code got wrong; decoding never throws.
 */
import { NetError } from '../error.ts'
import type { CompiledMessage } from '../game/compiled.ts'
import type { AnyField } from '../game/field.ts'
import type { Text } from '../game/message.ts'
import { fromRaw, toRaw } from '../game/quantize.ts'
import { isObject } from './plain-data.ts'

/**
 * The values in the order of the message's fields. Fields that are left out are as declared; texts empty.
 * Throws BAD_ARGUMENT for names that are not declared, OUT_OF_RANGE for values that do not fit.
 */
export function encodeMessage(
  compiled: CompiledMessage,
  record: Readonly<Record<string, unknown>>,
): (number | string)[] {
  for (const name of Object.keys(record)) {
    if (record[name] === undefined || compiled.fields.some((field) => field.name === name)) continue
    const names = compiled.fields.map((field) => field.name).join(', ')
    throw new NetError('BAD_ARGUMENT', `message ${compiled.name} has no field "${name}".`, `Its fields are: ${names}.`)
  }
  return compiled.fields.map(({ name, field }) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined
    const place = `message ${compiled.name}.${name}`
    return field.kind === 'text' ? encodeText(field, value, place) : encodeNumber(field, value, place)
  })
}

function encodeText(field: Text, value: unknown, place: string): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') throw new NetError('OUT_OF_RANGE', `${place} is not a string.`, 'Pass a string.')
  if (value.length > field.maxLength) {
    const problem = `${place} has ${value.length} UTF-16 code units, ${field.maxLength} are allowed.`
    throw new NetError('OUT_OF_RANGE', problem, 'Shorten it, or declare a longer text.')
  }
  // Half a character cannot be sent as UTF-8.
  return value.replace(/\p{Surrogate}/gu, '\ufffd')
}

function encodeNumber(field: AnyField, value: unknown, place: string): number {
  if (value === undefined) return field.initial
  if (!hasTypeOf(field, value)) {
    throw new NetError(
      'OUT_OF_RANGE',
      `${place} is no value of a field of kind ${field.kind}.`,
      'Pass what the field declares.',
    )
  }
  return toRaw(field, value, true, place)
}

function hasTypeOf(field: AnyField, value: unknown): boolean {
  switch (field.kind) {
    case 'bool':
      return typeof value === 'boolean'
    case 'flags':
      return isObject(value) && Object.keys(value).every((name) => field.names.includes(name))
    case 'enumeration':
      return typeof value === 'string'
    default:
      return Number.isFinite(value)
  }
}

/** The record, or undefined if `values` are not just what the message declares. Never throws. */
export function decodeMessage(compiled: CompiledMessage, values: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(values) || values.length !== compiled.fields.length) return undefined
  const record: Record<string, unknown> = {}
  for (let i = 0; i < compiled.fields.length; i++) {
    const declared = compiled.fields[i]
    const value: unknown = values[i]
    if (declared === undefined) return undefined
    const { name, field } = declared
    if (field.kind === 'text') {
      if (typeof value !== 'string' || value.length > field.maxLength) return undefined
      record[name] = value
    } else {
      if (!Number.isInteger(value)) return undefined
      // Adding 0 makes 0 of -0.
      const raw = Number(value) + 0
      if (raw < field.rawMin || raw > field.rawMax) return undefined
      const decoded = fromRaw(field, raw)
      if (field.kind === 'float32' && !Number.isFinite(decoded)) return undefined
      record[name] = decoded
    }
  }
  return record
}
