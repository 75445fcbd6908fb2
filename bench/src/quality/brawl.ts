/**
 * The game of the quality bench: fighters that steer, shoot rays at each other, and launch rockets whose blast pushes whoever is near.
 * What a player does to itself is predicted exactly; hits and pushes come from others, through the server: they are the interference.
 */
import type { Rules } from '@tickmesh/server'
import {
  angle,
  axis2,
  circle,
  cos,
  defineGame,
  type EntityBase,
  entityRef,
  int,
  press,
  type ShapeOf,
  sin,
} from '@tickmesh/shared'
import { place, rocketFields, rocketMotion, speed, steer } from '../lab/steering.ts'

export const ARENA_SIZE = 1200
const BLAST_RADIUS = 160
const BLAST_SPEED = 240
const STEERING = { size: ARENA_SIZE, push: 1500, drag: 4, top: 900 }

/** Hears of each shot on either side: whom it hit (0: nobody), and the shooter's count of shots with this one. */
export type ShotWitness = (shooter: EntityBase, predicting: boolean, tick: number, hit: number) => void

/** Hears of what the server did, in which tick, and to whom. */
export interface BrawlWitness {
  onTick(tick: number): void
  onHurt(seat: number, tick: number): void
  onPushed(seat: number, tick: number): void
  onClamped(seat: number, tick: number): void
}

export function makeBrawl(onShot: ShotWitness) {
  return defineGame({
    id: 'brawl',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 16,
    input: { move: axis2(), aim: angle(12), fire: press(), rocket: press() },
    events: { exploded: { rocket: entityRef(), x: place(ARENA_SIZE), y: place(ARENA_SIZE) } },
    commands: {
      damage: { target: entityRef(), amount: int(0, 100) },
      blast: { x: place(ARENA_SIZE), y: place(ARENA_SIZE) },
    },
    entities: {
      fighter: {
        max: 16,
        fields: {
          x: place(ARENA_SIZE),
          y: place(ARENA_SIZE),
          vx: speed(),
          vy: speed(),
          aim: angle(12),
          hp: int(0, 100, { initial: 100 }),
          shots: int(0, 65_535),
        },
        hitbox: circle(20),
        motion(p, held, dt) {
          steer(p, held.move, dt, STEERING)
        },
        step(p, input, ctx) {
          p.aim = input.aim
          ctx.move(p)
          if (input.fire > 0) {
            p.shots = (p.shots + input.fire) % 65_536
            const hit = ctx.seenBy(p).raycast(p, p.aim, { maxDistance: 1000 })
            onShot(p, ctx.predicting, ctx.tick, hit?.id ?? 0)
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
          if (r.fuse > 0) return
          ctx.emit('exploded', { rocket: r.id, x: r.x, y: r.y })
          ctx.command('blast', { x: r.x, y: r.y })
          ctx.despawn(r)
        },
      },
    },
  })
}

export type Brawl = ShapeOf<ReturnType<typeof makeBrawl>>

export function brawlRules(witness: BrawlWitness): Rules<Brawl> {
  return {
    onJoin(room, { seat }) {
      room.spawn('fighter', { owner: seat, x: 150 + 120 * seat, y: 200 + 97 * ((seat * 5) % 8) })
    },
    onTick(room) {
      witness.onTick(room.tick)
    },
    onSuspicion(room, { seat }, { kind }) {
      if (kind === 'stamp-clamped') witness.onClamped(seat, room.tick)
    },
    commands: {
      damage(room, { target, amount }) {
        const victim = room.world.fighter.get(target)
        if (victim === undefined) return
        victim.hp = victim.hp > amount ? victim.hp - amount : 100
        witness.onHurt(victim.owner, room.tick)
      },
      blast(room, { x, y }) {
        for (const fighter of room.world.fighter) {
          const dx = fighter.x - x
          const dy = fighter.y - y
          const distance = Math.sqrt(dx * dx + dy * dy)
          if (distance > BLAST_RADIUS) continue
          const push = (BLAST_SPEED * (1 - distance / BLAST_RADIUS)) / Math.max(1, distance)
          fighter.vx += dx * push
          fighter.vy += dy * push
          witness.onPushed(fighter.owner, room.tick)
        }
      },
    },
  }
}
