/**
 * The game of the proof tests and of the quality bench: players that steer, shoot rays and rockets, and do not collide.
 * Small on purpose, but with every mechanism: motion with held inputs, presses, predicted spawns and events, rewinding, commands.
 */
import type { Rules } from '@tickmesh/server'
import {
  angle,
  axis2,
  circle,
  clamp,
  cos,
  defineGame,
  type EntityBase,
  entityRef,
  int,
  ownerOnly,
  press,
  type ShapeOf,
  sin,
} from '@tickmesh/shared'
import { place, rocketFields, rocketMotion, speed, steer } from './steering.ts'

const SIZE = 2048
const STEERING = { size: SIZE, push: 900, drag: 3, top: 600 }

/** Somebody on the screen of a shooter. */
export interface SeenPlayer {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly aim: number
}

/** Hears of each shot, on either side, with everybody whom the shooter saw. */
export type ShotWitness = (shooter: EntityBase, predicting: boolean, seen: Iterable<SeenPlayer>, hit: number) => void

export function makeDuel(onShot: ShotWitness = () => {}) {
  return defineGame({
    id: 'duel',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 16,
    input: { move: axis2(), aim: angle(12), fire: press(), rocket: press() },
    events: {
      shot: { by: entityRef(), x: place(SIZE), y: place(SIZE) },
      launched: { by: entityRef() },
      exploded: { rocket: entityRef(), x: place(SIZE), y: place(SIZE) },
    },
    commands: { damage: { target: entityRef(), by: entityRef(), amount: int(0, 100) } },
    attributes: { player: { name: '', hits: 0 } },
    entities: {
      player: {
        max: 16,
        fields: {
          x: place(SIZE),
          y: place(SIZE),
          vx: speed(),
          vy: speed(),
          aim: angle(12),
          hp: int(0, 100, { initial: 100 }),
          ammo: ownerOnly(int(0, 5000, { initial: 5000 })),
        },
        hitbox: circle(24),
        motion(p, held, dt) {
          steer(p, held.move, dt, STEERING)
        },
        step(p, input, ctx) {
          p.aim = input.aim
          ctx.move(p)
          if (input.fire > 0 && p.ammo > 0) {
            p.ammo -= 1
            const seen = ctx.seenBy(p)
            const hit = seen.raycast(p, p.aim, { maxDistance: 1500 })
            onShot(p, ctx.predicting, seen.world.player, hit?.id ?? 0)
            const reach = hit?.distance ?? 1500
            ctx.emit('shot', {
              by: p.id,
              x: clamp(p.x + cos(p.aim) * reach, 0, SIZE),
              y: clamp(p.y + sin(p.aim) * reach, 0, SIZE),
            })
            if (hit) ctx.command('damage', { target: hit.id, by: p.id, amount: 10 })
          }
          if (input.rocket > 0) {
            ctx.spawn('rocket', { x: p.x, y: p.y, vx: cos(p.aim) * 400, vy: sin(p.aim) * 400, fuse: 90 })
            ctx.emit('launched', { by: p.id })
          }
        },
      },
      rocket: {
        max: 128,
        fields: rocketFields(SIZE),
        motion: rocketMotion(),
        step(r, _input, ctx) {
          ctx.move(r)
          r.fuse -= 1
          if (r.fuse > 0) return
          ctx.emit('exploded', { rocket: r.id, x: r.x, y: r.y })
          ctx.despawn(r)
        },
      },
    },
  })
}

/** The game without a witness. */
export const duel = makeDuel()

export type Duel = ShapeOf<typeof duel>

export const duelRules: Rules<Duel> = {
  onJoin(room, player) {
    room.spawn('player', { owner: player.seat, x: 512 + 128 * player.seat, y: 1024 })
  },
  commands: {
    damage(room, { target, by, amount }) {
      const victim = room.world.player.get(target)
      const shooter = room.world.player.get(by)
      if (victim === undefined) return
      victim.hp = victim.hp > amount ? victim.hp - amount : 100
      const player = shooter === undefined ? undefined : room.players.get(shooter.owner)
      player?.setAttributes({ hits: player.attributes.hits + 1 })
    },
  },
}
