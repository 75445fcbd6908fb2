/**
 * Reading worlds as the interest bench does: entities by id, their fields compared. Pure.
 */
import {
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  type CompiledGame,
  findRow,
  HEADER_COUNTS,
} from '@tickmesh/shared'

export function rowCount(type: CompiledEntity, world: Int32Array): number {
  return world[HEADER_COUNTS + type.index] ?? 0
}

export function entityCount(game: CompiledGame, world: Int32Array): number {
  let sum = 0
  for (const type of game.entities) sum += rowCount(type, world)
  return sum
}

export function idAt(type: CompiledEntity, world: Int32Array, row: number): number {
  return world[type.base + COLUMN_ID * type.rows + row] ?? 0
}

/** The row of an entity, or -1. */
export function rowOf(type: CompiledEntity, world: Int32Array, id: number): number {
  return findRow(type, world, rowCount(type, world), id)
}

/** The row of the first entity that a seat owns, or -1. */
export function rowOfOwner(type: CompiledEntity, world: Int32Array, seat: number): number {
  const owners = type.base + COLUMN_OWNER * type.rows
  const count = rowCount(type, world)
  for (let row = 0; row < count; row++) if (world[owners + row] === seat) return row
  return -1
}

/** True if all fields that everybody may see are equal. */
export function sameFields(type: CompiledEntity, a: Int32Array, rowA: number, b: Int32Array, rowB: number): boolean {
  for (const { field, offset } of type.fields) {
    if (field.visibility === 'public' && a[offset + rowA] !== b[offset + rowB]) return false
  }
  return true
}

/** The offsets of the columns `x` and `y`, whose steps are equal, and that step. */
export function placeOf(type: CompiledEntity): { readonly x: number; readonly y: number; readonly step: number } {
  const x = type.fields.find(({ name }) => name === 'x')
  const y = type.fields.find(({ name }) => name === 'y')
  if (x === undefined || y === undefined) throw new Error(`${type.name} has no place`)
  return { x: x.offset, y: y.offset, step: x.field.step }
}
