/**
 * The game of the hostile and the soak bench: fighters who steer, shoot rays, launch rockets and talk, with seats left over for attackers.
 */
import type { Rules } from '@tickmesh/server'
import { angle, axis2, circle, cos, defineGame, entityRef, int, press, type ShapeOf, sin, text } from '@tickmesh/shared'
import { place, rocketFields, rocketMotion, speed, steer } from '../lab/steering.ts'

export const HONEST_PLAYERS = 20
/** Where the honest ones play. */
export const HONEST_ROOM = 'arena'
/** Where attackers play who find no seat there. */
export const OTHER_ROOM = 'courtyard'
const ARENA_SIZE = 2000
const STEERING = { size: ARENA_SIZE, push: 1500, drag: 4, top: 900 }
const MAX_PLAYERS = 32

export const siege = defineGame({
  id: 'bench-siege',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: MAX_PLAYERS,
  input: { move: axis2(), aim: angle(12), fire: press(), rocket: press() },
  messages: { toServer: { say: { text: text(120) } }, toClient: { said: { text: text(120) } } },
  commands: { damage: { target: entityRef(), amount: int(0, 100) } },
  entities: {
    fighter: {
      max: MAX_PLAYERS,
      fields: {
        x: place(ARENA_SIZE),
        y: place(ARENA_SIZE),
        vx: speed(),
        vy: speed(),
        aim: angle(12),
        hp: int(0, 100, { initial: 100 }),
      },
      hitbox: circle(20),
      motion(p, held, dt) {
        steer(p, held.move, dt, STEERING)
      },
      step(p, input, ctx) {
        p.aim = input.aim
        ctx.move(p)
        if (input.fire > 0) {
          const hit = ctx.seenBy(p).raycast(p, p.aim, { maxDistance: 1000 })
          if (hit) ctx.command('damage', { target: hit.id, amount: 10 })
        }
        if (input.rocket > 0)
          ctx.spawn('rocket', { x: p.x, y: p.y, vx: cos(p.aim) * 500, vy: sin(p.aim) * 500, fuse: 60 })
      },
    },
    rocket: {
      max: 128,
      fields: rocketFields(ARENA_SIZE),
      motion: rocketMotion(),
      step(r, _input, ctx) {
        ctx.move(r)
        r.fuse -= 1
        if (r.fuse <= 0) ctx.despawn(r)
      },
    },
  },
})

export type Siege = ShapeOf<typeof siege>

export const siegeRules: Rules<Siege> = {
  onJoin(room, { seat }) {
    room.spawn('fighter', { owner: seat, x: 100 + 57 * seat, y: 100 + ((seat * 211) % 1800) })
  },
  commands: {
    damage(room, { target, amount }) {
      const victim = room.world.fighter.get(target)
      if (victim !== undefined) victim.hp = victim.hp > amount ? victim.hp - amount : 100
    },
  },
  messages: {
    say(room, _player, values) {
      room.broadcast('said', { text: values.text })
    },
  },
}
