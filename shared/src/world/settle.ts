/**
 * Puts a table in order at the end of a tick: drops the dead, sorts the new ones in by id, and clears what lies behind them,
 * so that equal worlds are equal memories. Called by the world for the tables that changed.
 */
import { COLUMN_FLAGS, COLUMN_ID, type CompiledEntity, FLAG_DEAD, HEADER_COUNTS } from '../game/compiled.ts'

export function settleTable(type: CompiledEntity, ints: Int32Array): void {
  const kept = dropDead(type, ints, ints[HEADER_COUNTS + type.index] ?? 0)
  ints[HEADER_COUNTS + type.index] = kept
  const ids = type.base + COLUMN_ID * type.rows
  for (let row = 1; row < kept; row++) {
    const id = ints[ids + row] ?? 0
    if (id > (ints[ids + row - 1] ?? 0)) continue
    let to = row - 1
    while (to > 0 && (ints[ids + to - 1] ?? 0) > id) to--
    moveRow(type, ints, row, to)
  }
}

/** Gives the number of rows that are left. The spare row is cleared too. */
function dropDead(type: CompiledEntity, ints: Int32Array, count: number): number {
  const flags = type.base + COLUMN_FLAGS * type.rows
  let kept = 0
  for (let row = 0; row < count; row++) {
    if (((ints[flags + row] ?? 0) & FLAG_DEAD) !== 0) continue
    if (kept !== row) {
      for (let column = 0; column < type.columns; column++) {
        const at = type.base + column * type.rows
        ints[at + kept] = ints[at + row] ?? 0
      }
    }
    kept++
  }
  for (let column = 0; column < type.columns; column++) {
    const at = type.base + column * type.rows
    for (let row = kept; row < count; row++) ints[at + row] = 0
    ints[at + type.max] = 0
  }
  return kept
}

/** Moves a row up, those between one down. */
function moveRow(type: CompiledEntity, ints: Int32Array, from: number, to: number): void {
  for (let column = 0; column < type.columns; column++) {
    const at = type.base + column * type.rows
    const value = ints[at + from] ?? 0
    ints.copyWithin(at + to + 1, at + to, at + from)
    ints[at + to] = value
  }
}
