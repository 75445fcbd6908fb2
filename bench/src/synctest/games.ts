/**
 * The games that the sync test plays: some by name, any other by its file. Loaded when asked for, so the bench depends on no example.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Rules } from '@tickmesh/server'
import type { Game, Shape } from '@tickmesh/shared'
import { duel, duelRules } from '../lab/duel.ts'

export interface PlayedGame {
  readonly game: Game<Shape>
  readonly rules: Rules<Shape>
}

const ARENA = '../../../examples/arena/src'

const GAMES: Readonly<Record<string, () => Promise<PlayedGame>>> = {
  arena: async () => {
    const { arena } = await import(new URL(`${ARENA}/game.ts`, import.meta.url).href)
    const { arenaRules } = await import(new URL(`${ARENA}/rules.ts`, import.meta.url).href)
    return { game: arena, rules: arenaRules({ spawns: 'duel' }) }
  },
  duel: async () => ({ game: duel as unknown as Game<Shape>, rules: duelRules as unknown as Rules<Shape> }),
}

export const gameNames = Object.keys(GAMES)

/** A game by its name, or by a module (a path from the working directory) that exports `game` and `rules`. Undefined if there is no such game. */
export async function loadGame(name: string): Promise<PlayedGame | undefined> {
  if (Object.hasOwn(GAMES, name)) return GAMES[name]?.()
  if (!/\.[cm]?[jt]s$/.test(name)) return undefined
  const { game, rules } = await import(pathToFileURL(resolve(name)).href)
  return game === undefined || rules === undefined ? undefined : { game, rules }
}
