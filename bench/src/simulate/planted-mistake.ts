/** A deliberate mistake, and how it is looked for. See planted.ts. */
import type { FaultName } from './fault-names.ts'
import type { SimRules } from './sim-rules.ts'

export interface PlantedMistake {
  readonly name: string
  /** Why it is one. */
  readonly what: string
  readonly rules: SimRules
  /** Seeds within which it has to be found. */
  readonly withinSeeds: number
  /** Those under which it shows soonest; all, if left out. */
  readonly faults?: readonly FaultName[]
  readonly shards?: number
  /** How many others stand by for each room; by the seed, if left out. */
  readonly holders?: number
  readonly firstSeed?: number
}
