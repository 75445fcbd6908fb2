/**
 * The game of the interest bench: a wide field with ships that players steer, drones that fly by their motion until they turn, and crates that sleep.
 * Half of what no player steers is drones. The field grows with the number of entities, so that a view always holds about as many.
 */
import { angle, axis2, button, defineGame, fixed, int, press } from '@tickmesh/shared'

export const TICK_RATE = 60
export const SNAPSHOT_RATE = 20
/** How far a player sees, and how many entities are within on average: what is beyond the edges of the field is empty. */
export const VIEW_RADIUS = 600
export const AIMED_IN_VIEW = 60

export interface FieldPlan {
  /** In all, ships included. */
  readonly entities: number
  readonly players: number
}

/** The field's side, so that a circle of VIEW_RADIUS anywhere in it, cut by its edges, holds AIMED_IN_VIEW entities on average. */
export function fieldSize({ entities }: FieldPlan): number {
  let size = VIEW_RADIUS
  for (; size < 65_536; size += 32) {
    const r = VIEW_RADIUS / size
    // The expected share of a unit square that is within r of a point of it, both taken evenly.
    const share = Math.PI * r ** 2 - (8 / 3) * r ** 3 + r ** 4 / 2
    if (share * entities <= AIMED_IN_VIEW) break
  }
  return size
}

export function counts({ entities, players }: FieldPlan): { drones: number; crates: number } {
  const others = Math.max(0, entities - players)
  return { drones: Math.ceil(others / 2), crates: Math.floor(others / 2) }
}

interface Mover {
  x: number
  y: number
  vx: number
  vy: number
}

const ACCELERATION = 900
const DRAG = 3
/** A drone turns once in so many ticks. */
const TURN_TICKS = 120
const DRONE_SPEED = 120

/** One tick of a ship. At the edge it bounces off. */
function drive(p: Mover, mx: number, my: number, dt: number, size: number): void {
  const length = Math.sqrt(mx * mx + my * my)
  const scale = length > 1 ? ACCELERATION / length : ACCELERATION
  p.vx += (mx * scale - p.vx * DRAG) * dt
  p.vy += (my * scale - p.vy * DRAG) * dt
  if (length === 0 && p.vx * p.vx + p.vy * p.vy < 1) {
    p.vx = 0
    p.vy = 0
  }
  fly(p, dt, size)
}

function fly(p: Mover, dt: number, size: number): void {
  const x = p.x + p.vx * dt
  const y = p.y + p.vy * dt
  if (x < 0 || x > size) p.vx = -p.vx
  if (y < 0 || y > size) p.vy = -p.vy
  p.x = x < 0 ? -x : x > size ? 2 * size - x : x
  p.y = y < 0 ? -y : y > size ? 2 * size - y : y
}

export function makeInterestGame(plan: FieldPlan) {
  const size = fieldSize(plan)
  const { drones, crates } = counts(plan)
  const place = fixed(0, size, 1 / 64)
  const speed = fixed(-512, 512, 1 / 16)
  return defineGame({
    id: 'bench-interest',
    tickRate: TICK_RATE,
    snapshotRate: SNAPSHOT_RATE,
    maxPlayers: plan.players,
    input: { move: axis2(), aim: angle(10), fire: button(), dash: press() },
    entities: {
      ship: {
        max: plan.players,
        fields: {
          x: place,
          y: place,
          vx: speed,
          vy: speed,
          aim: angle(10),
          hp: int(0, 100, { initial: 100 }),
          dashes: int(0, 1_000_000),
        },
        motion(p, held, dt) {
          drive(p, held.move.x, held.move.y, dt, size)
        },
        step(p, input, ctx) {
          drive(p, input.move.x, input.move.y, ctx.dt, size)
          p.aim = input.aim
          if (input.fire && (ctx.tick & 7) === 0) p.hp = p.hp <= 1 ? 100 : p.hp - 1
          if (input.dash > 0) p.dashes += input.dash
        },
      },
      drone: {
        max: Math.max(1, drones),
        fields: { x: place, y: place, vx: speed, vy: speed, hp: int(0, 100, { initial: 100 }) },
        motion(p, _held, dt) {
          fly(p, dt, size)
        },
        step(p, _input, ctx) {
          ctx.move(p)
          if ((ctx.tick + p.id) % TURN_TICKS !== 0) return
          p.vx = DRONE_SPEED * (2 * ctx.random() - 1)
          p.vy = DRONE_SPEED * (2 * ctx.random() - 1)
        },
      },
      crate: {
        max: Math.max(1, crates),
        fields: { x: place, y: place, hp: int(0, 100, { initial: 100 }) },
      },
    },
  })
}

export type InterestGame = ReturnType<typeof makeInterestGame>
