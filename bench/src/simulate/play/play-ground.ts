/** What the played rooms of all processes of a run share, as a process sees it; `Play` (play.ts) is one. */
import type { TickTimer } from '@tickmesh/server'
import type { Game } from '@tickmesh/shared'
import type { Matches } from './matches.ts'
import type { Tally, TallyEffect } from './tally-game.ts'

export interface PlayGround {
  readonly game: Game<Tally>
  readonly matches: Matches
  readonly lines: { processDied(machine: number): void }
  /** Whether a room of this id is played. */
  isPlayed(room: string): boolean
  /** An effect is to be carried out by whoever has this timer. */
  effect(effect: TallyEffect, timer: TickTimer): Promise<void>
}
