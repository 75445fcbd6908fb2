/** Which run a seed stands for, where nothing else is said: so many shards, so many minutes; and the command that plays it again. Pure. */
import type { FaultName } from './fault-names.ts'
import { FAULTS } from './fault-names.ts'
import type { RunSettings } from './run.ts'

export interface Choice {
  readonly shards: number | undefined
  readonly minutes: number | undefined
  readonly faults: readonly FaultName[]
}

const LEAST_SHARDS = 3
const SIZES = 5
const MINUTES = 0.65

/** Three to seven shards, by the seed. */
export function settingsOf(seed: number, { shards, minutes, faults }: Choice): RunSettings {
  return { seed, shards: shards ?? LEAST_SHARDS + (seed % SIZES), minutes: minutes ?? MINUTES, faults }
}

export function replayCommand({ seed, shards, minutes, faults }: RunSettings): string {
  const names = faults.length === FAULTS.length ? 'all' : faults.length === 0 ? 'none' : faults.join(',')
  return `npm run simulate -- --seed ${seed} --shards ${shards} --minutes ${minutes} --faults ${names}`
}
