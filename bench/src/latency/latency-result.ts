/**
 * What the latency bench measures: the JSON that it prints, that the HTML report draws and that `--compare` reads. Types only. Milliseconds everywhere.
 * A press is followed from its key event to (own) the first frame that shows its effect on the own screen, (server) the computation of its tick on the
 * server, (other) the first frame that shows it on another player's screen.
 */
import type { LinkKind } from '../quality/quality-result.ts'

/** Percentiles from an HDR histogram, and the histogram itself as (upper edge, count) steps. */
export interface LatencyDistribution {
  readonly count: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly steps: readonly (readonly [upToMs: number, count: number])[]
}

/** Where the time from the press to another's screen went, in order. Their means add up to the mean of `other`. */
export type LatencyStageName =
  | 'sampling' // from the key event to the tick that takes it up, and its sending
  | 'uplink' // network to the server
  | 'serverWait' // arrived, until its tick is computed
  | 'snapshotWait' // computed, until a snapshot carries it
  | 'downlink' // network to the other player
  | 'interpolation' // arrived, until the view time reaches it
  | 'display' // until the display frame that shows it

export interface LatencyStage {
  readonly name: LatencyStageName
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface LatencyCell {
  readonly rttMs: number
  readonly jitterMs: number
  readonly lossPct: number
  readonly link: LinkKind
  /** `virtual`: simulated time; `real`: real sockets through the relay. */
  readonly where: 'virtual' | 'real'
  readonly own: LatencyDistribution
  /** Display frames from a press to the first that shows it on the own screen: 1 is the very next one. */
  readonly ownFramesP99: number
  readonly server: LatencyDistribution
  readonly other: LatencyDistribution
  readonly stages: readonly LatencyStage[]
  /** Presses that never showed: refused or lost. */
  readonly pressesLost: number
}

export interface LatencyResult {
  readonly kind: 'latency'
  readonly version: 1
  readonly seed: number
  readonly secondsPerCell: number
  readonly tickRate: number
  readonly snapshotRate: number
  readonly displayHz: number
  readonly networkModel: readonly string[]
  /** How late the timers of this machine were during the real cells: what is above 2 ms is no figure of Tickmesh. Left out without real cells. */
  readonly realTimersLateP99Ms?: number
  readonly cells: readonly LatencyCell[]
}
