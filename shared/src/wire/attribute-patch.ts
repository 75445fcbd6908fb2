/**
 * Patches of attributes: what changed from one plain object to another. Made by the server when a room's or player's attributes were set, applied by
 * clients (cold). Objects within are patched three levels down, arrays and what lies deeper are replaced whole. A patch that is refused alters nothing.
 */

import { NetError } from '../error.ts'
import type { Plain } from '../game/shape.ts'
import {
  assertPlain,
  type Budget,
  copyPlain,
  equalPlain,
  isObject,
  isPlainKey,
  keysOf,
  MAX_PLAIN_DEPTH,
  MAX_PLAIN_VALUES,
  type PlainObject,
  plainProblem,
} from './plain-data.ts'

/** Applied in this order; no key is in two of them. */
export interface AttributePatch {
  readonly unset?: readonly string[]
  readonly set?: Readonly<Record<string, Plain>>
  /** Patches of objects that are there and stay. */
  readonly in?: Readonly<Record<string, AttributePatch>>
}

/** Levels of `in` within a patch. */
const MAX_PATCH_NESTING = 3

/** Names to unset, names to set, and values: as many as two objects of the greatest size can need. */
const MAX_PATCH_VALUES = 3 * MAX_PLAIN_VALUES

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * The patch that turns `before` into `after`, or undefined if they are equal. Throws BAD_ARGUMENT if `after` is not plain data. `before` is one that
 * passed earlier. The patch shares no memory with either.
 */
export function diffAttributes(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): AttributePatch | undefined {
  if (!isObject(after))
    throw new NetError('BAD_ARGUMENT', 'attributes are not a plain object.', 'Set an object such as {score: 1}.')
  assertPlain(after, 'an attribute object')
  return diffLevel(before, after, MAX_PATCH_NESTING)
}

function diffLevel(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  nesting: number,
): AttributePatch | undefined {
  const set: Record<string, Plain> = {}
  const inside: Record<string, AttributePatch> = {}
  for (const key of keysOf(after)) {
    const now = after[key]
    const was = Object.hasOwn(before, key) ? before[key] : undefined
    if (nesting > 0 && isObject(was) && isObject(now)) {
      const patch = diffLevel(was, now, nesting - 1)
      if (patch !== undefined) inside[key] = patch
    } else if (was === undefined || !equalPlain(was, now)) set[key] = copyPlain(now)
  }
  const unset = keysOf(before).filter((key) => !Object.hasOwn(after, key) || after[key] === undefined)
  const patch: Mutable<AttributePatch> = {}
  if (unset.length > 0) patch.unset = unset
  if (Object.keys(set).length > 0) patch.set = set
  if (Object.keys(inside).length > 0) patch.in = inside
  return Object.keys(patch).length > 0 ? patch : undefined
}

/** Is it a patch within the limits? Never throws. */
export function isAttributePatch(value: unknown): value is AttributePatch {
  return isPatchLevel(value, MAX_PATCH_NESTING, { values: MAX_PATCH_VALUES })
}

function isPatchLevel(value: unknown, nesting: number, budget: Budget): boolean {
  if (!isObject(value)) return false
  const { unset = [], set = {}, in: inside = {} } = value
  if (!Array.isArray(unset) || !isObject(set) || !isObject(inside)) return false
  const seen = new Set<string>()
  const names: unknown[] = [...unset, ...keysOf(set), ...keysOf(inside)]
  budget.values -= names.length
  if (budget.values < 0) return false
  for (const name of names) {
    if (typeof name !== 'string' || !isPlainKey(name) || seen.has(name)) return false
    seen.add(name)
  }
  const depth = MAX_PLAIN_DEPTH - 1 - (MAX_PATCH_NESTING - nesting)
  for (const key of keysOf(set)) if (plainProblem(set[key], depth, budget) !== undefined) return false
  for (const key of keysOf(inside)) if (nesting <= 0 || !isPatchLevel(inside[key], nesting - 1, budget)) return false
  return true
}

/**
 * Applies a patch from the network. False: it is none, or patches an object that is not there; then `target` is as it was.
 * `target` then shares no memory with the patch.
 */
export function applyPatch(target: Record<string, unknown>, patch: unknown): boolean {
  if (!isAttributePatch(patch) || !fits(target, patch)) return false
  applyLevel(target, patch)
  return true
}

/** Do all objects exist that the patch goes into? */
function fits(target: Readonly<Record<string, unknown>>, patch: AttributePatch): boolean {
  return Object.entries(patch.in ?? {}).every(([key, inner]) => {
    const there = Object.hasOwn(target, key) ? target[key] : undefined
    return inner === undefined || (isObject(there) && fits(there, inner))
  })
}

function applyLevel(target: Record<string, unknown>, patch: AttributePatch): void {
  for (const key of patch.unset ?? []) delete target[key]
  const set: Readonly<PlainObject> = patch.set ?? {}
  for (const key of keysOf(set)) target[key] = copyPlain(set[key])
  for (const [key, inner] of Object.entries(patch.in ?? {})) {
    const there = target[key]
    if (inner !== undefined && isObject(there)) applyLevel(there, inner)
  }
}
