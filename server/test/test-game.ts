/** A small game for tests of the server: walkers on a line, with presses that leave traces. */
import { axis, defineGame, entityRef, fixed, int, ownerOnly, press, text } from '@tickmesh/shared'
import type { Rules } from '../src/index.ts'

/** What the steps saw, for tests to look at. */
export interface Trace {
  readonly presses: { tick: number; owner: number; count: number; seen: number }[]
  throwAt: number
}

export function makeWalkers(trace: Trace = { presses: [], throwAt: -1 }, rates = { tickRate: 60, snapshotRate: 20 }) {
  return defineGame({
    id: 'walkers',
    ...rates,
    maxPlayers: 4,
    input: { move: axis(), fire: press() },
    events: { shot: { by: entityRef() } },
    commands: { score: { by: entityRef(), points: int(0, 100) } },
    messages: {
      toServer: { say: { text: text(40), n: int(0, 100) } },
      toClient: { said: { text: text(40), seat: int(0, 16) } },
    },
    attributes: { room: { map: 'plain', round: 0 }, player: { name: '', points: 0 } },
    entities: {
      walker: {
        max: 16,
        fields: {
          x: fixed(-10_000, 10_000, 1 / 256),
          shots: int(0, 100_000),
          ammo: ownerOnly(int(0, 100, { initial: 50 })),
        },
        motion(w, held, dt) {
          w.x += held.move * 60 * dt
        },
        step(w, input, ctx) {
          if (ctx.tick === trace.throwAt) throw new Error('the game is broken')
          ctx.move(w)
          if (input.fire === 0) return
          w.shots += input.fire
          w.ammo = Math.max(0, w.ammo - input.fire)
          const seen = ctx.seenBy(w).world.walker.get(w.id)
          trace.presses.push({ tick: ctx.tick, owner: w.owner, count: input.fire, seen: seen?.x ?? Number.NaN })
          ctx.emit('shot', { by: w.id })
          ctx.command('score', { by: w.id, points: 5 })
        },
      },
    },
  })
}

export const walkers = makeWalkers()
export type Walkers = typeof walkers extends { readonly shape?: infer S } ? Exclude<S, undefined> : never

export const walkerRules: Rules<Walkers> = {
  onJoin(room, player) {
    room.spawn('walker', { owner: player.seat, x: 0 })
  },
  commands: {
    score(room, { by, points }) {
      const owner = room.find(by)?.owner ?? 0
      const player = room.players.get(owner)
      player?.setAttributes({ points: player.attributes.points + points })
    },
  },
}
