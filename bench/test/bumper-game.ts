/**
 * A game of contact: round players that push each other apart, and a ball that nobody owns. Each pushes itself away from all whom it overlaps, so a step writes
 * only its own entity, and the order (by type and id) is the same on every side. For the tests of prediction under interference.
 */
import type { Rules } from '@tickmesh/server'
import { axis2, clamp, defineGame, entityRef, fixed, int, press, type ShapeOf } from '@tickmesh/shared'

export const ARENA = 900
const RADIUS = 20
export const TOP_SPEED = 420
const DRIVE = 1400
const FRICTION = 3
const BOUNCE = 0.5

const place = () => fixed(0, ARENA, 1 / 256)
const speed = () => fixed(-1024, 1024, 1 / 1024)

interface Body {
  readonly id: number
  x: number
  y: number
  vx: number
  vy: number
}

/** Pushes `body` out of `other` by its half of the overlap, and takes its half of the meeting speed. True if they touch. */
function pushApart(body: Body, other: Readonly<Body>): boolean {
  const dx = body.x - other.x
  const dy = body.y - other.y
  const distance = Math.sqrt(dx * dx + dy * dy)
  if (distance >= 2 * RADIUS) return false
  // Who stands exactly on another leaves by its id's side.
  const nx = distance > 0 ? dx / distance : body.id < other.id ? -1 : 1
  const ny = distance > 0 ? dy / distance : 0
  const half = (2 * RADIUS - distance) / 2
  body.x = clamp(body.x + nx * half, 0, ARENA)
  body.y = clamp(body.y + ny * half, 0, ARENA)
  const meeting = (body.vx - other.vx) * nx + (body.vy - other.vy) * ny
  if (meeting >= 0) return true
  body.vx = clamp(body.vx - nx * meeting * (0.5 + BOUNCE / 2), -TOP_SPEED, TOP_SPEED)
  body.vy = clamp(body.vy - ny * meeting * (0.5 + BOUNCE / 2), -TOP_SPEED, TOP_SPEED)
  return true
}

interface Placed {
  readonly type: string
  readonly owner: number
  readonly x: number
  readonly y: number
}

/** What the rule below looks at. */
export type PredictNearby = (entity: Placed, seat: number, world: { readonly player: Iterable<Placed> }) => boolean

/** Own players, the ball, and whoever is within 300 units of an own player. */
export const nearby: PredictNearby = (entity, seat, world) => {
  if (entity.owner === seat || entity.type === 'ball') return true
  for (const own of world.player) {
    if (own.owner !== seat) continue
    const dx = own.x - entity.x
    const dy = own.y - entity.y
    if (dx * dx + dy * dy < 300 * 300) return true
  }
  return false
}

export function makeBumper(
  predict: 'own' | 'all' | PredictNearby,
  options: { inputDelayTicks?: number; collide?: boolean } = {},
) {
  const { inputDelayTicks = 0, collide = true } = options
  return defineGame({
    id: 'bumper',
    tickRate: 60,
    snapshotRate: 20,
    maxPlayers: 8,
    inputDelayTicks,
    predict,
    input: { move: axis2(), dash: press() },
    events: { dashed: { by: entityRef(), count: int(0, 100_000) }, bumped: { a: entityRef(), b: entityRef() } },
    entities: {
      player: {
        max: 8,
        fields: { x: place(), y: place(), vx: speed(), vy: speed(), bumps: int(0, 1_000_000), dashes: int(0, 100_000) },
        motion(p, held, dt) {
          p.vx = clamp(p.vx + (held.move.x * DRIVE - p.vx * FRICTION) * dt, -TOP_SPEED, TOP_SPEED)
          p.vy = clamp(p.vy + (held.move.y * DRIVE - p.vy * FRICTION) * dt, -TOP_SPEED, TOP_SPEED)
          p.x = clamp(p.x + p.vx * dt, 0, ARENA)
          p.y = clamp(p.y + p.vy * dt, 0, ARENA)
        },
        step(p, input, ctx) {
          if (input.dash > 0) {
            p.dashes += input.dash
            p.vx = clamp(p.vx * 2, -TOP_SPEED, TOP_SPEED)
            ctx.emit('dashed', { by: p.id, count: p.dashes })
          }
          ctx.move(p)
          if (!collide) return
          for (const other of ctx.world.player) {
            if (other.id !== p.id && pushApart(p, other)) {
              p.bumps += 1
              ctx.emit('bumped', { a: p.id, b: other.id })
            }
          }
          for (const ball of ctx.world.ball) pushApart(p, ball)
        },
      },
      ball: {
        max: 2,
        fields: { x: place(), y: place(), vx: speed(), vy: speed() },
        motion(b, _held, dt) {
          b.vx -= b.vx * dt
          b.vy -= b.vy * dt
          b.x = clamp(b.x + b.vx * dt, 0, ARENA)
          b.y = clamp(b.y + b.vy * dt, 0, ARENA)
        },
        step(b, _input, ctx) {
          ctx.move(b)
          if (collide) for (const player of ctx.world.player) pushApart(b, player)
        },
      },
    },
  })
}

export type Bumper = ShapeOf<ReturnType<typeof makeBumper>>

export const bumperRules: Rules<Bumper> = {
  onCreate(room) {
    room.spawn('ball', { x: ARENA / 2, y: ARENA / 2 })
  },
  onJoin(room, player) {
    room.spawn('player', { owner: player.seat, x: 150 * player.seat, y: ARENA / 2 + 30 * (player.seat % 2) })
  },
}
