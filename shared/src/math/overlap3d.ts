/**
 * Does a sphere overlap a shape in space, y up? Called through `overlap3` by explosions, pickups and melee, and by games. Touching counts.
 * Equal bits in every engine; never allocates, never throws; NaN gives false.
 */
import { cos, sin } from './trig.ts'

export function sphereTouchesSphere(
  ax: number,
  ay: number,
  az: number,
  radiusA: number,
  bx: number,
  by: number,
  bz: number,
  radiusB: number,
): boolean {
  const reach = radiusA + radiusB
  return (ax - bx) * (ax - bx) + (ay - by) * (ay - by) + (az - bz) * (az - bz) <= reach * reach
}

/** The sphere around (x, y, z) and the axis-aligned box around (cx, cy, cz). */
export function sphereTouchesBox3(
  x: number,
  y: number,
  z: number,
  radius: number,
  cx: number,
  cy: number,
  cz: number,
  halfWidth: number,
  halfHeight: number,
  halfDepth: number,
): boolean {
  const beyondX = Math.abs(x - cx) - halfWidth
  const beyondY = Math.abs(y - cy) - halfHeight
  const beyondZ = Math.abs(z - cz) - halfDepth
  const gapX = Math.max(beyondX, 0)
  const gapY = Math.max(beyondY, 0)
  const gapZ = Math.max(beyondZ, 0)
  return gapX * gapX + gapY * gapY + gapZ * gapZ <= radius * radius
}

/** The sphere around (x, y, z) and the box around (cx, cy, cz) that is turned by `yaw` radians about the y axis (from +z towards +x). */
export function sphereTouchesYawBox3(
  x: number,
  y: number,
  z: number,
  radius: number,
  cx: number,
  cy: number,
  cz: number,
  halfWidth: number,
  halfHeight: number,
  halfDepth: number,
  yaw: number,
): boolean {
  const c = cos(yaw)
  const s = sin(yaw)
  return sphereTouchesBox3(
    c * (x - cx) - s * (z - cz),
    y - cy,
    s * (x - cx) + c * (z - cz),
    radius,
    0,
    0,
    0,
    halfWidth,
    halfHeight,
    halfDepth,
  )
}

/** The sphere around (x, y, z) and the upright capsule around (cx, cy, cz): all points within `radiusB` of a vertical segment of `halfCore` up and down. */
export function sphereTouchesCapsule3(
  x: number,
  y: number,
  z: number,
  radius: number,
  cx: number,
  cy: number,
  cz: number,
  halfCore: number,
  radiusB: number,
): boolean {
  // a capsule is a box without width and depth, grown by its radius
  return sphereTouchesBox3(x, y, z, radius + radiusB, cx, cy, cz, 0, halfCore, 0)
}
