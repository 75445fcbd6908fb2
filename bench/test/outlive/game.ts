/** A small game whose rooms hold a bit of everything that must outlive a shard: presses, messages, named timers, effects. For tests of failover and restart. */
import type { Effect, Rules } from '@tickmesh/server'
import { axis, defineGame, fixed, int, press, type ShapeOf } from '@tickmesh/shared'

/** A game that is not deterministic: its steps depend on the process that computes them. */
export const chance = { on: false, drawn: 0 }

function draw(): number {
  chance.drawn++
  return chance.on ? (globalThis.process.pid + chance.drawn) % 1_000 : 0
}

export const relay = defineGame({
  id: 'relay',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 4,
  input: { move: axis(), fire: press() },
  commands: { shot: { seat: int(0, 4), number: int(0, 100_000) } },
  messages: { toServer: { say: { n: int(0, 100_000) } } },
  attributes: { room: { said: 0, rung: 0, restored: 0 } },
  entities: {
    walker: {
      max: 4,
      fields: { x: fixed(-10_000, 10_000, 1 / 256), y: int(0, 1), shots: int(0, 100_000), luck: int(0, 1_000) },
      motion(w, held, dt) {
        w.x += held.move * 60 * dt
      },
      step(w, input, ctx) {
        ctx.move(w)
        w.luck = draw()
        w.shots += input.fire
        if (input.fire > 0) ctx.command('shot', { seat: w.owner, number: w.shots })
      },
    },
  },
})
export type Relay = ShapeOf<typeof relay>

export interface RelayOptions {
  /** Each player sees what is near. */
  readonly interest?: boolean
  readonly effect?: (effect: Effect) => void
}

export function relayRules({ interest = false, effect = () => {} }: RelayOptions): Rules<Relay> {
  return {
    onCreate(room) {
      room.scheduleEvery('bell', 200)
    },
    onJoin(room, player) {
      room.spawn('walker', { owner: player.seat, x: 0 })
    },
    onRestore(room) {
      room.setAttributes({ restored: room.attributes.restored + 1 })
    },
    timers: {
      bell: (room) => room.setAttributes({ rung: room.attributes.rung + 1 }),
    },
    messages: {
      say: (room) => room.setAttributes({ said: room.attributes.said + 1 }),
    },
    commands: {
      shot: (room, { seat, number }) => room.effect('shot', { seat, number }),
    },
    effects: { shot: effect },
    ...(interest ? { interest: { grid: { x: 'x', y: 'y', radius: 500 } } } : {}),
  }
}
