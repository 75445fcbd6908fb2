/**
 * Rays against shapes in the plane. Called through `rayHit2` by lag-compensated raycasts, and by games for walls.
 * Every function takes the ray first: origin (ox, oy), direction (dx, dy) of length 1, and how far it reaches. It returns the distance to
 * the first point of the shape, in [0, maxDistance]; 0 if the origin is in or on the shape; -1 if there is no such point.
 * A test of a segment is a ray whose reach is the segment's length. Equal bits in every engine; never allocates, never throws; NaN gives -1.
 */
import { slabEntry, slabExit } from './slab.ts'
import { cos, sin } from './trig.ts'

/** Against the circle around (cx, cy). Source: Ericson, Real-Time Collision Detection, 5.3.2, with the distance across for less cancellation. */
export function rayCircle(
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
  cx: number,
  cy: number,
  radius: number,
): number {
  const mx = ox - cx
  const my = oy - cy
  if (mx * mx + my * my <= radius * radius) return 0
  const along = mx * dx + my * dy
  if (!(along < 0)) return -1
  const across = mx * dy - my * dx
  const square = radius * radius - across * across
  if (!(square >= 0)) return -1
  const distance = -along - Math.sqrt(square)
  if (!(distance <= maxDistance)) return -1
  return Math.max(distance, 0)
}

/** Against the axis-aligned box around (cx, cy). */
export function rayBox(
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
  cx: number,
  cy: number,
  halfWidth: number,
  halfHeight: number,
): number {
  const mx = ox - cx
  const my = oy - cy
  const enterX = slabEntry(mx, dx, halfWidth)
  const enterY = slabEntry(my, dy, halfHeight)
  const exitX = slabExit(mx, dx, halfWidth)
  const exitY = slabExit(my, dy, halfHeight)
  const enter = Math.max(enterX, enterY)
  const exit = Math.min(exitX, exitY)
  if (!(enter <= exit && exit >= 0)) return -1
  if (enter <= 0) return 0
  return enter <= maxDistance ? enter : -1
}

/** Against the box around (cx, cy) that is turned by `angle` radians (from +x towards +y). */
export function rayOrientedBox(
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
  cx: number,
  cy: number,
  halfWidth: number,
  halfHeight: number,
  angle: number,
): number {
  const c = cos(angle)
  const s = sin(angle)
  const mx = ox - cx
  const my = oy - cy
  return rayBox(
    c * mx + s * my,
    c * my - s * mx,
    c * dx + s * dy,
    c * dy - s * dx,
    maxDistance,
    0,
    0,
    halfWidth,
    halfHeight,
  )
}

/**
 * Against the capsule around (cx, cy): all points within `radius` of a segment of `halfCore` to either side, along `angle` radians (from +x towards +y).
 * A ray from outside the capsule's band meets the straight side, or else the cap at the end where it entered the band.
 */
export function rayCapsule(
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
  cx: number,
  cy: number,
  halfCore: number,
  radius: number,
  angle: number,
): number {
  const c = cos(angle)
  const s = sin(angle)
  const x = c * (ox - cx) + s * (oy - cy)
  const y = c * (oy - cy) - s * (ox - cx)
  const ux = c * dx + s * dy
  const uy = c * dy - s * dx
  const nearest = Math.min(Math.max(x, -halfCore), halfCore)
  if ((x - nearest) * (x - nearest) + y * y <= radius * radius) return 0
  let entryX = x
  if (Math.abs(y) > radius) {
    if (!(y * uy < 0)) return -1
    const distance = (Math.abs(y) - radius) / Math.abs(uy)
    entryX = x + ux * distance
    if (Math.abs(entryX) <= halfCore) return distance <= maxDistance ? distance : -1
  }
  return rayCircle(x, y, ux, uy, maxDistance, entryX > 0 ? halfCore : -halfCore, 0, radius)
}

/** Against the thin wall from (ax, ay) to (bx, by). A ray along the wall meets it only if it starts on it: seen edge-on a wall has no width. */
export function raySegment(
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): number {
  const wx = bx - ax
  const wy = by - ay
  const mx = ax - ox
  const my = ay - oy
  const cross = dx * wy - dy * wx
  if (cross === 0) {
    const on = mx * wy - my * wx === 0 && mx * (mx + wx) + my * (my + wy) <= 0
    return on ? 0 : -1
  }
  const distance = (mx * wy - my * wx) / cross
  const part = (mx * dy - my * dx) / cross
  if (!(distance >= 0 && distance <= maxDistance && part >= 0 && part <= 1)) return -1
  return Math.max(distance, 0)
}
