/**
 * One sync test: a match of random players over bad links on virtual time. The server computes every tick twice; every client computes its newest ticks again
 * after each one, as a rollback does, and the server's snapshots make it roll back in earnest. Ends at the first difference.
 */
import type { Room } from '@tickmesh/client'
import { NetError, type Shape } from '@tickmesh/shared'
import { Lab, type Path } from '../lab/lab.ts'
import type { PlayedGame } from './games.ts'
import { randomPlayer } from './random-player.ts'

export interface SyncRunOptions {
  readonly seconds: number
  readonly seed: number
  readonly players?: number
  /** Ticks that a client computes again after each of its own. */
  readonly repeatTicks?: number
  readonly onProgress?: (seconds: number) => void
}

export interface SyncRunResult {
  readonly seconds: number
  /** Ticks that the server computed twice, and that clients computed again. */
  readonly serverTicks: number
  readonly repeatedTicks: number
  /** Snapshots at which a client had predicted something else. */
  readonly rollbacks: number
  /** What differed and where, or undefined: nothing did. */
  readonly difference: string | undefined
}

/** Jitter, loss and reordering, so that inputs come late and predictions fail. */
const PATHS: readonly Path[] = [
  { rttMs: 100, jitterMs: 60, loss: 0.03, ordered: false },
  { rttMs: 60, jitterMs: 30, loss: 0.01 },
  { rttMs: 20, jitterMs: 5 },
  { rttMs: 200, jitterMs: 80, ordered: false },
]
const DEFAULT_PLAYERS = 4
const DEFAULT_REPEAT_TICKS = 8
const PROGRESS_MS = 1_000

/** Plays `seconds` of a match. Errors of the game's code that are no difference pass. */
export async function runSyncTest({ game, rules }: PlayedGame, options: SyncRunOptions): Promise<SyncRunResult> {
  const { seconds, seed, players = DEFAULT_PLAYERS, repeatTicks = DEFAULT_REPEAT_TICKS, onProgress } = options
  let serverDifference: string | undefined
  const lab = new Lab<Shape>({
    game,
    rules,
    seed,
    development: true,
    syncTest: true,
    log: ({ message }) => {
      if (message.includes('NON_DETERMINISTIC')) serverDifference ??= message
    },
  })
  const rooms: Room<Shape>[] = []
  let clientDifference: string | undefined
  let played = 0
  try {
    for (let n = 0; n < Math.min(players, game.maxPlayers); n++) {
      const path = PATHS[n % PATHS.length] ?? { rttMs: 50 }
      const sample = randomPlayer(game, seed * 100 + n) as () => Record<string, never>
      rooms.push(await lab.join({ path, sample, options: { name: `player ${n}` }, syncTestTicks: repeatTicks }))
      if (serverDifference !== undefined) break
    }
    for (; played < seconds && serverDifference === undefined; played++) {
      await lab.run(PROGRESS_MS)
      onProgress?.(played + 1)
    }
  } catch (error) {
    // A server that found a difference lets nobody in any more.
    if (error instanceof NetError && error.code === 'NON_DETERMINISTIC') clientDifference = error.text
    else if (serverDifference === undefined) throw error
  }
  const ticks = rooms.map((room) => Math.max(0, room.tick))
  return {
    seconds: played,
    serverTicks: [...lab.host.rooms.values()][0]?.tick ?? Math.max(0, ...ticks),
    repeatedTicks: ticks.reduce((sum, tick) => sum + tick, 0) * repeatTicks,
    rollbacks: rooms.reduce((sum, room) => sum + room.stats.rollbacks, 0),
    difference: serverDifference ?? clientDifference,
  }
}
