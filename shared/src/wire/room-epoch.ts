/**
 * Which of a room's owners speaks: (generation, view, k) in a cluster of shards, with a new k at every change of owner. A welcome announces it, every frame
 * carries one byte of it, and whoever learned of a greater one takes nothing from a lower. Rooms of a server by itself have none. Pure.
 */
import { hashFinish, hashStep } from './hash.ts'

export type EpochTriple = readonly [generation: number, view: number, k: number]

/** No frame of this link has a tag. */
export const NO_TAG = -1

/** Whole numbers from 0 on, within what a double counts. */
export function isEpochTriple(value: unknown): value is EpochTriple {
  return Array.isArray(value) && value.length === 3 && value.every((part) => Number.isSafeInteger(part) && part >= 0)
}

/** True if `epoch` is of an owner before the one of `known`. Who knows of none takes any; none is lower than any. */
export function isStaleEpoch(epoch: EpochTriple | undefined, known: EpochTriple | undefined): boolean {
  if (known === undefined) return false
  if (epoch === undefined) return true
  const differs = epoch.findIndex((part, i) => part !== known[i])
  return differs >= 0 && (epoch[differs] ?? 0) < (known[differs] ?? 0)
}

/** The byte of an epoch that its frames carry, 0 to 255; NO_TAG without one. */
export function epochTag(epoch: EpochTriple | undefined): number {
  if (epoch === undefined) return NO_TAG
  let hash = 0
  for (const part of epoch) hash = hashStep(hashStep(hash, part | 0), Math.floor(part / 2 ** 32))
  return hashFinish(hash, 24) & 255
}
