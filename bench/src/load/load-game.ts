/**
 * The game of the load bench: 16 players who drive about. Both servers compute the same motion for the same inputs.
 */
import { angle, axis2, button, defineGame, fixed, int, press } from '@tickmesh/shared'

export const PLAYERS_PER_ROOM = 16
export const FIELD_SIZE = 2048
const ACCELERATION = 900
const DRAG = 3

export interface Mover {
  x: number
  y: number
  vx: number
  vy: number
}

/** One tick: accelerate where the keys point, lose speed by drag, move, stay on the field. */
export function drive(p: Mover, mx: number, my: number, dt: number): void {
  const length = Math.sqrt(mx * mx + my * my)
  const scale = length > 1 ? ACCELERATION / length : ACCELERATION
  let vx = p.vx + (mx * scale - p.vx * DRAG) * dt
  let vy = p.vy + (my * scale - p.vy * DRAG) * dt
  if (length === 0 && vx * vx + vy * vy < 1) {
    vx = 0
    vy = 0
  }
  p.vx = vx
  p.vy = vy
  const x = p.x + p.vx * dt
  const y = p.y + p.vy * dt
  p.x = x < 0 ? 0 : x > FIELD_SIZE ? FIELD_SIZE : x
  p.y = y < 0 ? 0 : y > FIELD_SIZE ? FIELD_SIZE : y
}

export function makeLoadGame(hz: number, players: number) {
  return defineGame({
    id: 'bench-load',
    tickRate: hz,
    snapshotRate: hz,
    maxPlayers: players,
    input: { move: axis2(), aim: angle(10), fire: button(), dash: press() },
    entities: {
      player: {
        max: players,
        fields: {
          x: fixed(0, FIELD_SIZE, 1 / 64),
          y: fixed(0, FIELD_SIZE, 1 / 64),
          vx: fixed(-512, 512, 1 / 16),
          vy: fixed(-512, 512, 1 / 16),
          aim: angle(10),
          hp: int(0, 100, { initial: 100 }),
          dashes: int(0, 1_000_000),
        },
        motion(p, held, dt) {
          drive(p, held.move.x, held.move.y, dt)
        },
        step(p, input, ctx) {
          drive(p, input.move.x, input.move.y, ctx.dt)
          p.aim = input.aim
          if (input.fire && p.hp > 0) p.hp = p.hp === 1 ? 100 : p.hp - 1
          if (input.dash > 0) p.dashes += input.dash
        },
      },
    },
  })
}
