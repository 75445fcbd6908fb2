/**
 * Plain data: what attributes, options and patches are made of, as msgpack carries it: null, booleans, finite numbers, strings, arrays, plain objects.
 * Called by the attribute patches and by the parsers of control messages (cold). Checks are bounded in depth and in size.
 * Properties that are undefined count as absent. Names that reach an object's prototype are refused.
 */
import { NetError } from '../error.ts'
import type { Plain } from '../game/shape.ts'

export type PlainObject = { [key: string]: Plain }

/** Arrays and objects within each other, the outermost included. With a patch around it, this stays within what a control message may nest. */
export const MAX_PLAIN_DEPTH = 8
/** Values of one piece of plain data, the outermost included. */
export const MAX_PLAIN_VALUES = 4000
const MAX_KEY_LENGTH = 128

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export function isPlainKey(key: string): boolean {
  return key.length <= MAX_KEY_LENGTH && !FORBIDDEN_KEYS.has(key)
}

/** An object made by `{}`, JSON or msgpack; its content is not looked at. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

/** Own names whose value is there. */
export function keysOf(object: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined)
}

/** Counts down over one walk. */
export interface Budget {
  values: number
}

/** What is wrong with `value`, or undefined. `depth`: how deep its containers may go. */
export function plainProblem(
  value: unknown,
  depth = MAX_PLAIN_DEPTH,
  budget: Budget = { values: MAX_PLAIN_VALUES },
): string | undefined {
  if (--budget.values < 0) return 'has too many values'
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `holds ${value}`
  if (!Array.isArray(value) && !isObject(value)) return `holds a ${typeof value} that is not plain data`
  if (depth <= 0) return 'is nested too deeply'
  if (Array.isArray(value)) {
    // Holes are visited too: they are undefined, and refused.
    for (let i = 0; i < value.length; i++) {
      const problem = plainProblem(value[i], depth - 1, budget)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  for (const key of keysOf(value)) {
    if (!isPlainKey(key)) return `has the key "${key.slice(0, 20)}"`
    const problem = plainProblem(value[key], depth - 1, budget)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A plain object within the limits. */
export function isPlainObject(value: unknown): value is PlainObject {
  return isObject(value) && plainProblem(value) === undefined
}

/** Throws BAD_ARGUMENT naming `place`. For what a game's own code passes. */
export function assertPlain(value: unknown, place: string, depth = MAX_PLAIN_DEPTH): asserts value is Plain {
  const problem = plainProblem(value, depth)
  if (problem === undefined) return
  const remedy = `Use finite numbers, strings, booleans, null, arrays and plain objects: at most ${MAX_PLAIN_VALUES} values, ${MAX_PLAIN_DEPTH} deep.`
  throw new NetError('BAD_ARGUMENT', `${place} ${problem}.`, remedy)
}

/** A deep copy of plain data that was checked. Absent properties are left out, -0 becomes 0, as on the wire. */
export function copyPlain(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(copyPlain)
  if (typeof value === 'number') return value + 0
  if (!isObject(value)) return value as Plain
  const copy: PlainObject = {}
  for (const key of keysOf(value)) copy[key] = copyPlain(value[key])
  return copy
}

/** Deep equality of plain data that was checked. */
export function equalPlain(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalPlain(item, b[index]))
  }
  if (!isObject(a)) return a === b
  if (!isObject(b)) return false
  const keys = keysOf(a)
  return keys.length === keysOf(b).length && keys.every((key) => Object.hasOwn(b, key) && equalPlain(a[key], b[key]))
}
