/**
 * Does a circle overlap a shape in the plane? Called through `overlap2` by explosions, pickups and melee, and by games. Touching counts.
 * Equal bits in every engine; never allocates, never throws; NaN gives false.
 */
import { cos, sin } from './trig.ts'

export function circleTouchesCircle(
  ax: number,
  ay: number,
  radiusA: number,
  bx: number,
  by: number,
  radiusB: number,
): boolean {
  const reach = radiusA + radiusB
  return (ax - bx) * (ax - bx) + (ay - by) * (ay - by) <= reach * reach
}

/** The circle around (x, y) and the axis-aligned box around (cx, cy). */
export function circleTouchesBox(
  x: number,
  y: number,
  radius: number,
  cx: number,
  cy: number,
  halfWidth: number,
  halfHeight: number,
): boolean {
  const beyondX = Math.abs(x - cx) - halfWidth
  const beyondY = Math.abs(y - cy) - halfHeight
  const gapX = Math.max(beyondX, 0)
  const gapY = Math.max(beyondY, 0)
  return gapX * gapX + gapY * gapY <= radius * radius
}

/** The circle around (x, y) and the box around (cx, cy) that is turned by `angle` radians (from +x towards +y). */
export function circleTouchesOrientedBox(
  x: number,
  y: number,
  radius: number,
  cx: number,
  cy: number,
  halfWidth: number,
  halfHeight: number,
  angle: number,
): boolean {
  const c = cos(angle)
  const s = sin(angle)
  return circleTouchesBox(c * (x - cx) + s * (y - cy), c * (y - cy) - s * (x - cx), radius, 0, 0, halfWidth, halfHeight)
}

/** The circle around (x, y) and the capsule around (cx, cy): all points within `radiusB` of a segment of `halfCore` to either side, along `angle`. */
export function circleTouchesCapsule(
  x: number,
  y: number,
  radius: number,
  cx: number,
  cy: number,
  halfCore: number,
  radiusB: number,
  angle: number,
): boolean {
  const c = cos(angle)
  const s = sin(angle)
  // a capsule is a box without height, grown by its radius
  return circleTouchesBox(c * (x - cx) + s * (y - cy), c * (y - cy) - s * (x - cx), radius + radiusB, 0, 0, halfCore, 0)
}
