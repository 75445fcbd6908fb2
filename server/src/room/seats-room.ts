/** A room as its seats (seats.ts) see it: RoomCore is one. Types only. */
import type { CompiledGame, PlainObject, Simulation } from '@tickmesh/shared'
import type { PlayCounts } from '../ops/play-counts.ts'
import type { AttributeBroadcast } from './attribute-broadcast.ts'
import type { OutputCommit } from './output-commit.ts'
import type { RoomOptions } from './room-options.ts'
import type { UntypedRules } from './rules.ts'
import type { ViewWindow } from './view-stamp.ts'

export interface SeatsRoom {
  readonly id: string
  readonly game: CompiledGame
  readonly sim: Simulation
  readonly rules: UntypedRules
  readonly options: RoomOptions
  readonly facade: object
  readonly broadcast: AttributeBroadcast
  readonly window: ViewWindow
  readonly attributes: { readonly known: Readonly<PlainObject> }
  /** Cluster time. */
  readonly epochMs: number
  /** Where those who stand by are found. */
  readonly standbyUrls: readonly string[]
  /** Where the room is about to move; empty: nowhere. */
  readonly movesTo: string
  readonly output: { readonly commit: OutputCommit | undefined }
  readonly tickNumber: number
  readonly closed: boolean
  /** While it is halted, nobody leaves it: players are on their way to where it goes on, or back here. */
  readonly pause: { readonly isHalted: boolean } | undefined
  /** Each tick is wanted when it is due, again. */
  rouse(): void
  /** Of players who left. */
  readonly past: PlayCounts
  /** Somebody who was expected is here, or speaks. */
  someArrived(): void
}
