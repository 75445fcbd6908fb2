/**
 * Everything that is noted of one player while a cell is played. Filled by cell.ts, read by measure.ts. Ticks are the server's.
 */
import type { CompiledGame } from '@tickmesh/shared'
import { InputTrace } from './input-trace.ts'

export interface CorrectionNote {
  readonly atMs: number
  /** The snapshots before and after it: what explains it happened between them. */
  readonly sinceTick: number
  readonly tick: number
  /** In units; 0: nothing that is drawn smoothly moved. */
  readonly size: number
}

export interface ShotNote {
  readonly tick: number
  readonly hit: number
  /** True if the press was made on a frame that lay beyond the newest snapshot. */
  readonly starved: boolean
  /** The newest snapshot that its client knew. */
  readonly knownTick: number
}

export interface SnapshotNote {
  readonly atMs: number
  readonly tick: number
}

export class PlayerTrace {
  readonly inputs: InputTrace
  readonly corrections: CorrectionNote[] = []
  /** By tick: what the client computed, and what the server did. */
  readonly shots = new Map<number, ShotNote>()
  readonly judged = new Map<number, number>()
  /** Ticks in which somebody hurt this player, in which somebody pushed it, and in which a stamp of its was not believed. */
  readonly hurtTicks = new Set<number>()
  readonly pushedTicks = new Set<number>()
  readonly clampedTicks: number[] = []
  readonly snapshots: SnapshotNote[] = []
  readonly clockErrorsMs: number[] = []
  readonly leadsMs: number[] = []
  readonly delaysMs: number[] = []
  readonly framesAtMs: number[] = []
  readonly pressFrames: number[] = []
  bytesIn = 0
  bytesOut = 0
  starvedFrames = 0
  drawnFrames = 0
  stalls = 0
  refusedPresses = 0

  constructor(game: CompiledGame) {
    this.inputs = new InputTrace(game)
  }
}
