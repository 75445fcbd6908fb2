/**
 * Rows of a settled table in a world's memory: finding and copying them. For whatever works on memories rather than on worlds:
 * tables, interpolation, screens, smoothing and the codec (hot).
 */
import { COLUMN_ID, type CompiledEntity } from '../game/compiled.ts'

/** Among the first `count` rows, which are in order of their ids, the one of entity `id`; or -1. */
export function findRow(type: CompiledEntity, ints: Int32Array, count: number, id: number): number {
  const ids = type.base + COLUMN_ID * type.rows
  let low = 0
  let high = count - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = ints[ids + middle] ?? 0
    if (found === id) return middle
    if (found < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Copies a row of one memory to a row of another (or the same). */
export function copyRow(type: CompiledEntity, from: Int32Array, row: number, out: Int32Array, to: number): void {
  for (let column = 0; column < type.columns; column++) {
    const at = type.base + column * type.rows
    out[at + to] = from[at + row] ?? 0
  }
}
