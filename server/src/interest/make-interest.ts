/**
 * Puts a rule of interest into a room: what replication asks, and what the simulation rewinds by. Called by the room core.
 */
import { type CompiledGame, NetError, type Simulation, type SnapshotEncoder, type SnapshotRing } from '@tickmesh/shared'
import { Interest } from './interest.ts'
import { DEFAULT_STALENESS_MS, makeInterestGame } from './interest-game.ts'
import type { UntypedInterest } from './interest-rule.ts'

/** For so many ticks longer snapshots are needed than where everybody has all of the newest ones. */
export function staleTicksOf(game: CompiledGame, rule: UntypedInterest): number {
  const ticks = Math.ceil(((rule.maxStalenessMs ?? DEFAULT_STALENESS_MS) * game.tickRate) / 1000)
  return Math.max(game.ticksPerSnapshot, ticks) + 1
}

/** Throws BAD_ARGUMENT for a rule that does not fit the game, or the server's options. */
export function checkInterest(
  tools: { readonly encoder: SnapshotEncoder },
  rule: UntypedInterest,
  records: boolean,
): void {
  makeInterestGame(tools.encoder.layout, rule)
  if (!records) return
  const problem =
    'rules.interest and `record` do not go together: shots are judged by what each client was sent, which no journal holds.'
  throw new NetError('BAD_ARGUMENT', problem, 'Leave out one of them.')
}

export function makeInterest(
  tools: { readonly encoder: SnapshotEncoder },
  rule: UntypedInterest,
  history: SnapshotRing,
  sim: Simulation,
  room: () => object,
): Interest {
  const { events, world } = sim
  const interest = new Interest(tools.encoder.layout, rule, { history, events, world, room })
  sim.context.views = interest
  return interest
}
