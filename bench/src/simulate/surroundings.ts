/** What simulated machines share, and what a process sees of the machine that it runs on. */
import type { ClusterNode, View, ViewMemory } from '@tickmesh/server/cluster'
import type { VirtualScheduler } from '@tickmesh/shared'
import type { Judge } from './judge.ts'
import type { MachineClock } from './machine-clock.ts'
import type { Network } from './network.ts'
import type { PlayGround } from './play/play-ground.ts'
import type { SimRules } from './sim-rules.ts'
import type { StepFaults } from './step-faults.ts'
import type { Trace } from './trace.ts'

/** What all machines of a run share. */
export interface Surroundings {
  readonly time: VirtualScheduler
  readonly network: Network
  readonly judge: Judge
  readonly trace: Trace
  readonly rules: SimRules
  readonly cluster: string
  readonly foundingNames: readonly string[]
  readonly byAddress: ReadonlyMap<string, ProcessHome>
  readonly seeds: readonly string[]
  /** Hears of all messages between shards. */
  readonly steps: StepFaults
  /** How many others stand by for each room that is played. */
  readonly holders: number
  /** What is played; there once all machines are. */
  play(): PlayGround
  /** A shard installed it. */
  onView(view: View): void
}

/** A machine, from the inside and from others. */
export interface ProcessHome {
  readonly index: number
  readonly name: string
  readonly address: string
  readonly url: string
  readonly clock: MachineClock
  readonly around: Surroundings
  /** Which start of the process this is. */
  readonly boot: number
  /** Rooms do not end by themselves any more. */
  readonly calm: boolean
  readonly hung: boolean
  readonly localMs: number
  disk: ViewMemory | undefined
  /** Something for the process that runs there: now, or when it goes on. */
  accept(what: (process: { readonly node: ClusterNode }, nowMs: number) => void): void
  /** Rooms have ticks from now on. */
  startTicking(): void
}
