/**
 * The world between two snapshots, as a screen shows it. The server rewinds with this same function,
 * so that what was drawn and what a shot is judged against are equal integers.
 * Pure; hot on clients (once per display frame) and on the server (once per judged press).
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  type CompiledEntity,
  type CompiledField,
  type CompiledGame,
  HEADER_COUNTS,
  TELEPORT_MASK,
} from '../game/compiled.ts'
import { floatBits, floatOfBits } from '../game/quantize.ts'
import { copyRow } from './rows.ts'
import type { World } from './world.ts'

/** Parts between two snapshots. */
export const FRACTION_ONE = 256
/** After every id. */
const NO_MORE = 0x7fffffff

function mixFloat(a: number, b: number, fraction: number): number {
  const from = floatOfBits(a)
  return floatBits(from + ((floatOfBits(b) - from) * fraction) / FRACTION_ONE)
}

/** Raw value `fraction`/256 of the way from `a` to `b`; angles go the shorter way round. */
function mixRaw(compiled: CompiledField, a: number, b: number, fraction: number): number {
  const { field } = compiled
  // Not only for speed: -0 plus nothing is 0.
  if (a === b || fraction === 0) return a
  if (field.kind === 'float32') return mixFloat(a, b, fraction)
  if (field.kind === 'angle') {
    const span = field.rawMax - field.rawMin + 1
    let turn = b - a
    if (turn > field.rawMax) turn -= span
    else if (turn < field.rawMin) turn += span
    let raw = a + Math.floor((turn * fraction) / FRACTION_ONE + 0.5)
    if (raw > field.rawMax) raw -= span
    else if (raw < field.rawMin) raw += span
    return raw
  }
  return a + Math.floor(((b - a) * fraction) / FRACTION_ONE + 0.5)
}

function mixRow(
  type: CompiledEntity,
  a: Int32Array,
  rowA: number,
  b: Int32Array,
  rowB: number,
  fraction: number,
  out: Int32Array,
  to: number,
): void {
  copyRow(type, a, rowA, out, to)
  const flags = type.base + COLUMN_FLAGS * type.rows
  if ((((a[flags + rowA] ?? 0) ^ (b[flags + rowB] ?? 0)) & TELEPORT_MASK) !== 0) return
  for (let i = 0; i < type.fields.length; i++) {
    const compiled = type.fields[i]
    if (compiled === undefined || !compiled.field.smooth) continue
    const { offset } = compiled
    out[offset + to] = mixRaw(compiled, a[offset + rowA] ?? 0, b[offset + rowB] ?? 0, fraction)
  }
}

/** Merges two tables sorted by id. Gives the number of rows. */
function mergeTable(type: CompiledEntity, a: Int32Array, b: Int32Array, fraction: number, out: Int32Array): number {
  const ids = type.base + COLUMN_ID * type.rows
  const countA = a[HEADER_COUNTS + type.index] ?? 0
  const countB = b[HEADER_COUNTS + type.index] ?? 0
  let rowA = 0
  let rowB = 0
  let to = 0
  while ((rowA < countA || rowB < countB) && to < type.max) {
    const idA = rowA < countA ? (a[ids + rowA] ?? 0) : NO_MORE
    const idB = rowB < countB ? (b[ids + rowB] ?? 0) : NO_MORE
    if (idA === idB) mixRow(type, a, rowA++, b, rowB++, fraction, out, to++)
    else if (idA < idB) copyRow(type, a, rowA++, out, to++)
    else copyRow(type, b, rowB++, out, to++)
  }
  return to
}

/** Rows that `out` had before and has no more become 0, so that equal moments are equal memories. */
function clearRows(type: CompiledEntity, out: Int32Array, from: number, to: number): void {
  for (let column = 0; column < type.columns; column++) {
    const at = type.base + column * type.rows
    for (let row = from; row < to; row++) out[at + row] = 0
  }
}

/**
 * Fills `out` with the world `fraction`/256 (0 to 255) of the way from snapshot `a` to the later snapshot `b`. All but the entities is `a`'s.
 * An entity that is in only one of the two stands where that one has it; a teleport is not a slide: it stands at its old place until `b`
 * is reached (the flags count teleports modulo 4).
 */
export function interpolate(game: CompiledGame, a: Int32Array, b: Int32Array, fraction: number, out: World): void {
  const { ints } = out
  for (let at = 0; at < HEADER_COUNTS; at++) ints[at] = a[at] ?? 0
  const tables = game.entities[0]?.base ?? game.worldInts
  for (let at = game.seatBase; at < tables; at++) ints[at] = a[at] ?? 0
  for (let index = 0; index < game.entities.length; index++) {
    const type = game.entities[index]
    if (type === undefined) continue
    const before = ints[HEADER_COUNTS + index] ?? 0
    const rows = mergeTable(type, a, b, fraction, ints)
    ints[HEADER_COUNTS + index] = rows
    clearRows(type, ints, rows, before)
  }
  out.adopt()
}
