/**
 * Many seeds, in as many processes as there are processors. What comes out does not depend on who played what: the common hash is folded in the order of the seeds.
 */
import { availableParallelism } from 'node:os'
import { Child } from '../child.ts'
import type { RunResult, RunSettings } from './run.ts'
import type { PlaySeed, SeedPlayed } from './worker.ts'

const WORKER = new URL('./worker.ts', import.meta.url)
/** For one seed: far above what one takes. */
const SEED_TIMEOUT_MS = 300_000
const MAX_PROCESSES = 16

export interface Played {
  readonly settings: RunSettings
  readonly result: RunResult
}

/** In the order of `all`. */
export async function playSeeds(
  all: readonly RunSettings[],
  onPlayed: (played: Played, done: number) => void,
): Promise<Played[]> {
  const played: Played[] = []
  let next = 0
  let done = 0
  const playInOne = async (name: string): Promise<void> => {
    const child = new Child<PlaySeed | { readonly order: 'end' }, SeedPlayed>(name, WORKER, {})
    try {
      for (let at = next++; at < all.length; at = next++) {
        const settings = all[at]
        if (settings === undefined) break
        const { result } = await child.ask('played', { order: 'play', settings }, SEED_TIMEOUT_MS)
        played[at] = { settings, result }
        onPlayed({ settings, result }, ++done)
      }
    } finally {
      await child.stop({ order: 'end' })
    }
  }
  const processes = Math.min(MAX_PROCESSES, availableParallelism(), all.length)
  await Promise.all(Array.from({ length: processes }, (_, index) => playInOne(`simulation ${index + 1}`)))
  return played
}

/** One hash of all hashes. */
export function foldHashes(hashes: readonly string[]): string {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (const hash of hashes) {
    for (let at = 0; at < hash.length; at++) {
      low = Math.imul(low ^ hash.charCodeAt(at), 0x01000193)
      high = Math.imul(high ^ low, 0x85ebca6b)
    }
  }
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
