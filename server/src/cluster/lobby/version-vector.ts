/**
 * Version vectors: of each author the number up to which everything is known, and dots that name single events. Pure.
 */
import type { Life } from '../life.ts'

export type VersionVector = Map<Life, number>
export type ReadonlyVector = ReadonlyMap<Life, number>

/** One event: an author and its counter, from 1. */
export interface Dot {
  readonly life: Life
  readonly counter: number
}

export function dotKey(dot: Dot): string {
  return `${dot.life}:${dot.counter}`
}

export function covers(vector: ReadonlyVector, dot: Dot): boolean {
  return (vector.get(dot.life) ?? 0) >= dot.counter
}

/** Does `a` know all that `b` knows? */
export function dominates(a: ReadonlyVector, b: ReadonlyVector): boolean {
  for (const [life, counter] of b) if ((a.get(life) ?? 0) < counter) return false
  return true
}

export function sortedPairs(vector: ReadonlyVector): [Life, number][] {
  return [...vector].sort(([a], [b]) => (a < b ? -1 : 1))
}
