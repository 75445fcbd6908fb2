/**
 * The arena's ground plan: walls, spawn places and pickup places, and the two questions asked of walls: where does a circle end up, and how
 * far does a ray get. Static and deterministic, so server, prediction and bots agree. Used by game.ts, rules.ts, the bots and the page.
 */
import { rayBox } from '@tickmesh/shared'

/** In world units; x grows to the right, y downwards. */
export const WORLD_WIDTH = 2400
export const WORLD_HEIGHT = 1600
/** The walls around the world lie inside it. */
export const BORDER = 40

/** An axis-aligned box. */
export interface Wall {
  readonly x: number
  readonly y: number
  readonly halfWidth: number
  readonly halfHeight: number
}

export interface Place {
  readonly x: number
  readonly y: number
}

/** What moves and can meet a wall. */
export interface Body {
  x: number
  y: number
  vx: number
  vy: number
}

/** [left, top, width, height] of the walls of one half; the other half is the same, turned by half a turn. */
const HALF: readonly (readonly [number, number, number, number])[] = [
  [300, 260, 260, 60],
  [300, 320, 60, 180],
  [300, 1100, 60, 180],
  [300, 1280, 260, 60],
  [560, 690, 70, 220],
  [760, 150, 60, 240],
  [820, 560, 60, 200],
  [880, 560, 120, 60],
  [1000, 980, 60, 60],
  [1040, 280, 200, 60],
  [140, 760, 90, 80],
]

function wall(left: number, top: number, width: number, height: number): Wall {
  return { x: left + width / 2, y: top + height / 2, halfWidth: width / 2, halfHeight: height / 2 }
}

export const borderWalls: readonly Wall[] = [
  wall(0, 0, WORLD_WIDTH, BORDER),
  wall(0, WORLD_HEIGHT - BORDER, WORLD_WIDTH, BORDER),
  wall(0, 0, BORDER, WORLD_HEIGHT),
  wall(WORLD_WIDTH - BORDER, 0, BORDER, WORLD_HEIGHT),
]

export const innerWalls: readonly Wall[] = HALF.flatMap(([left, top, width, height]) => [
  wall(left, top, width, height),
  wall(WORLD_WIDTH - left - width, WORLD_HEIGHT - top - height, width, height),
])

const walls: readonly Wall[] = [...borderWalls, ...innerWalls]

export const spawnPlaces: readonly Place[] = [
  { x: 130, y: 130 },
  { x: 2270, y: 1470 },
  { x: 130, y: 1470 },
  { x: 2270, y: 130 },
  { x: 440, y: 420 },
  { x: 1960, y: 1180 },
  { x: 440, y: 1180 },
  { x: 1960, y: 420 },
  { x: 930, y: 180 },
  { x: 1470, y: 1420 },
  { x: 720, y: 800 },
  { x: 1680, y: 800 },
]

/** Two places in the middle court that see each other: for tests and for showing a duel. */
export const duelPlaces: readonly Place[] = [
  { x: 1030, y: 800 },
  { x: 1370, y: 800 },
]

export const pickupPlaces: readonly Place[] = [
  { x: 1200, y: 700 },
  { x: 1200, y: 900 },
  { x: 430, y: 800 },
  { x: 1970, y: 800 },
  { x: 1140, y: 160 },
  { x: 1260, y: 1440 },
]

/** Pushes a circle out of every wall that it is in, and takes away the part of its velocity that went into the wall. */
export function keepOutOfWalls(body: Body, radius: number): void {
  for (let i = 0; i < walls.length; i++) {
    const { x, y, halfWidth, halfHeight } = walls[i] as Wall
    const mx = body.x - x
    const my = body.y - y
    const overX = Math.abs(mx) - halfWidth
    const overY = Math.abs(my) - halfHeight
    if (overX >= radius || overY >= radius) continue
    const sideX = mx < 0 ? -1 : 1
    const sideY = my < 0 ? -1 : 1
    if (overX > 0 && overY > 0) {
      const distance = Math.sqrt(overX * overX + overY * overY)
      if (distance >= radius) continue
      push(body, (sideX * overX) / distance, (sideY * overY) / distance, radius - distance)
    } else if (overX > overY) push(body, sideX, 0, radius - overX)
    else push(body, 0, sideY, radius - overY)
  }
}

function push(body: Body, nx: number, ny: number, depth: number): void {
  body.x += nx * depth
  body.y += ny * depth
  const into = body.vx * nx + body.vy * ny
  if (into >= 0) return
  body.vx -= into * nx
  body.vy -= into * ny
}

/** How far a ray gets from (x, y) along the unit vector (dx, dy) before a wall, at most `maxDistance`. */
export function distanceToWall(x: number, y: number, dx: number, dy: number, maxDistance: number): number {
  let nearest = maxDistance
  for (let i = 0; i < walls.length; i++) {
    const box = walls[i] as Wall
    const distance = rayBox(x, y, dx, dy, nearest, box.x, box.y, box.halfWidth, box.halfHeight)
    if (distance >= 0 && distance < nearest) nearest = distance
  }
  return nearest
}

/** Whether a circle touches a wall. */
export function touchesWall(x: number, y: number, radius: number): boolean {
  for (let i = 0; i < walls.length; i++) {
    const box = walls[i] as Wall
    const overX = Math.max(0, Math.abs(x - box.x) - box.halfWidth)
    const overY = Math.max(0, Math.abs(y - box.y) - box.halfHeight)
    if (overX * overX + overY * overY < radius * radius) return true
  }
  return false
}

/** Whether nothing stands between two places. */
export function seesPlace(fromX: number, fromY: number, toX: number, toY: number): boolean {
  const dx = toX - fromX
  const dy = toY - fromY
  const distance = Math.sqrt(dx * dx + dy * dy)
  return distance === 0 || distanceToWall(fromX, fromY, dx / distance, dy / distance, distance) >= distance
}
