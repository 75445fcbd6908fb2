/**
 * A game of effects: every press is numbered, so that each effect can be followed on all screens. For the tests of events, spawned entities and presses on bad
 * networks. `told` hears of what happened in truth.
 */
import type { Rules } from '@tickmesh/server'
import { axis2, clamp, defineGame, entityRef, fixed, int, linear, press, type ShapeOf } from '@tickmesh/shared'

export const ROCKET_SPEED = 300
const FUSE = 80
const place = () => fixed(-8192, 8192, 1 / 256)
const speed = () => fixed(-1024, 1024, 1 / 1024)
const count = () => int(0, 1_000_000)

export function makeBattery(told: (effect: string) => void = () => {}) {
  return defineGame({
    id: 'battery',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 4,
    input: { move: axis2(), fire: press(), rocket: press() },
    events: {
      shot: { seat: int(0, 4), number: count() },
      launched: { seat: int(0, 4), number: count() },
      exploded: { seat: int(0, 4), number: count() },
    },
    entities: {
      player: {
        max: 4,
        fields: {
          x: place(),
          y: place(),
          vx: speed(),
          vy: speed(),
          fires: count(),
          rockets: count(),
          presses: count(),
        },
        motion(p, held, dt) {
          p.vx = clamp((p.vx + held.move.x * 600 * dt) * (1 - 3 * dt), -400, 400)
          p.vy = clamp((p.vy + held.move.y * 600 * dt) * (1 - 3 * dt), -400, 400)
          p.x = clamp(p.x + p.vx * dt, -4000, 4000)
          p.y = clamp(p.y + p.vy * dt, -4000, 4000)
        },
        step(p, input, ctx) {
          ctx.move(p)
          p.presses += input.fire + input.rocket
          if (input.fire > 0) {
            p.fires += input.fire
            ctx.emit('shot', { seat: p.owner, number: p.fires })
            if (!ctx.predicting) told(`shot ${p.owner} ${p.fires}`)
          }
          if (input.rocket > 0) {
            p.rockets += input.rocket
            ctx.spawn('rocket', { x: p.x, y: p.y, vx: ROCKET_SPEED, fuse: FUSE, number: p.rockets })
            ctx.emit('launched', { seat: p.owner, number: p.rockets })
            if (!ctx.predicting) told(`launched ${p.owner} ${p.rockets}`)
          }
        },
      },
      rocket: {
        max: 64,
        fields: {
          x: place(),
          y: place(),
          vx: speed(),
          vy: speed(),
          fuse: int(0, FUSE),
          number: count(),
          by: entityRef(),
        },
        motion: linear(['x', 'vx'], ['y', 'vy']),
        step(r, _input, ctx) {
          ctx.move(r)
          r.fuse -= 1
          if (r.fuse > 0) return
          ctx.emit('exploded', { seat: r.owner, number: r.number })
          if (!ctx.predicting) told(`exploded ${r.owner} ${r.number}`)
          ctx.despawn(r)
        },
      },
    },
  })
}

export type Battery = ShapeOf<ReturnType<typeof makeBattery>>

export const batteryRules: Rules<Battery> = {
  onJoin(room, player) {
    room.spawn('player', { owner: player.seat, y: 100 * player.seat })
  },
}
