/**
 * The game of the latency bench: each player has a counter that a press raises, and nothing else, so that the first frame with a new count is the first that
 * shows the press. The count is the number of the press, not the sum of what had an effect: a press that was refused leaves a gap, and no other takes its number.
 */
import type { Rules } from '@tickmesh/server'
import { defineGame, int, press, type ShapeOf } from '@tickmesh/shared'

export const TICK_RATE = 60
export const SNAPSHOT_RATE = 20

/** Hears, on the server, that a tick applies presses of a seat: `count` of them, of which `newest` is the last. */
export type PressWitness = (seat: number, newest: number, count: number, tick: number) => void

/** Where a key holds the press that made it (PROTOCOL.md, section 13). */
const PRESS_BITS_AT = 2 ** 4
const PRESSES_IN_KEY = 2 ** 14

/** Presses that one player may make before their numbers begin again. */
const MAX_PRESSES = PRESSES_IN_KEY - 1

export function makeLatencyGame(onPresses: PressWitness) {
  return defineGame({
    id: 'latency',
    tickRate: TICK_RATE,
    snapshotRate: SNAPSHOT_RATE,
    maxPlayers: 8,
    input: { fire: press() },
    entities: {
      player: {
        max: 8,
        fields: { shots: int(0, MAX_PRESSES) },
        step(player, input, ctx) {
          if (input.fire === 0) return
          // What a press spawns is named by its number.
          const mark = ctx.spawn('mark')
          player.shots = Math.floor(mark.id / PRESS_BITS_AT) % PRESSES_IN_KEY
          ctx.despawn(mark)
          if (!ctx.predicting) onPresses(player.owner, player.shots, input.fire, ctx.tick)
        },
      },
      mark: { max: 8, fields: {} },
    },
  })
}

export type LatencyGame = ReturnType<typeof makeLatencyGame>
export type LatencyShape = ShapeOf<LatencyGame>

export const latencyRules: Rules<LatencyShape> = {
  onJoin(room, player) {
    room.spawn('player', { owner: player.seat })
  },
}
