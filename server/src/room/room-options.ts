/**
 * What a room is made with, by the room host.
 */
import type { CloseReason, EpochTriple } from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { TickTimer } from '../tick/tick-timer.ts'
import type { SpectatorLimits } from './spectator-limits.ts'
import type { StandbyLine } from './standby-line.ts'

export interface RoomOptions {
  readonly id: string
  /** Public: known to clients. Secret: never. */
  readonly publicSeed: number
  readonly secretSeed: number
  readonly development: boolean
  /** Each tick is computed twice and compared. */
  readonly syncTest: boolean
  readonly maxRewindMs: number
  readonly stuckMs: number
  readonly fullFramesPerSecond: number
  readonly log: Log
  readonly clock: { nowMs(): number }
  /** A room that is empty for so long ends. */
  readonly idleMs: number
  /** A player whose link was lost keeps its seat for so long; 0: it leaves at once. */
  readonly graceMs: number
  /** Who may watch; undefined: nobody. */
  readonly spectators: SpectatorLimits | undefined
  /** Of a room of a cluster. Another after a move that failed. */
  epoch?: EpochTriple | undefined
  /** What whoever created the room asked for. */
  readonly created?: Readonly<Record<string, unknown>> | undefined
  /** Looked at before frames leave: false while this shard has no lease. Left out: they always may. Hot. */
  readonly mayAct?: (() => boolean) | undefined
  /** Cluster time is this clock's time and so many ms: what clients and journals are told. Left out: none. */
  readonly clusterOffsetMs?: number | undefined
  /** Of a protected room: where its records go. */
  readonly standby?: StandbyLine | undefined
  /** Of the game's code: told to those who stand by. */
  readonly build?: string | undefined
  /** Wakes up for effects that are still to be carried out after the room ended. Left out: those are tried once more, and that is all. */
  readonly timer?: TickTimer | undefined
  /** The room ended, and all its effects are done, or are given up: nobody needs to stand by any more. Called once, in or after `shutDown`. */
  readonly onEffectsDone?: (() => void) | undefined
  /** The room is to end: called at the end of a tick, or when that is held. */
  readonly onEnd: (reason: CloseReason) => void
}
