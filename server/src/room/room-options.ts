/**
 * What a room is made with, by the room host.
 */
import type { CloseReason, EpochTriple } from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { SpectatorLimits } from './spectator-limits.ts'

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
  /** Of a room of a cluster. */
  readonly epoch?: EpochTriple | undefined
  /** What whoever created the room asked for. */
  readonly created?: Readonly<Record<string, unknown>> | undefined
  /** Looked at before frames leave: false while this shard has no lease. Left out: they always may. Hot. */
  readonly mayAct?: (() => boolean) | undefined
  /** The room is to end: called at the end of a tick. */
  readonly onEnd: (reason: CloseReason) => void
}
