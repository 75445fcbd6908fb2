/**
 * Rays against shapes in space, y up. Called through `rayHit3` by lag-compensated raycasts, and by games for walls.
 * Every function takes the ray first: origin (ox, oy, oz), direction (dx, dy, dz) of length 1, and how far it reaches. It returns the distance
 * to the first point of the shape, in [0, maxDistance]; 0 if the origin is in or on the shape; -1 if there is no such point.
 * A test of a segment is a ray whose reach is the segment's length. Equal bits in every engine; never allocates, never throws; NaN gives -1.
 */
import { slabEntry, slabExit } from './slab.ts'
import { cos, sin } from './trig.ts'

/** Against the sphere around (cx, cy, cz). Source: Ericson, Real-Time Collision Detection, 5.3.2, with the distance across for less cancellation. */
export function raySphere(
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  maxDistance: number,
  cx: number,
  cy: number,
  cz: number,
  radius: number,
): number {
  const mx = ox - cx
  const my = oy - cy
  const mz = oz - cz
  if (mx * mx + my * my + mz * mz <= radius * radius) return 0
  const along = mx * dx + my * dy + mz * dz
  if (!(along < 0)) return -1
  const px = mx - along * dx
  const py = my - along * dy
  const pz = mz - along * dz
  const square = radius * radius - (px * px + py * py + pz * pz)
  if (!(square >= 0)) return -1
  const distance = -along - Math.sqrt(square)
  if (!(distance <= maxDistance)) return -1
  return Math.max(distance, 0)
}

/** Against the axis-aligned box around (cx, cy, cz). */
export function rayBox3(
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  maxDistance: number,
  cx: number,
  cy: number,
  cz: number,
  halfWidth: number,
  halfHeight: number,
  halfDepth: number,
): number {
  const enterX = slabEntry(ox - cx, dx, halfWidth)
  const enterY = slabEntry(oy - cy, dy, halfHeight)
  const enterZ = slabEntry(oz - cz, dz, halfDepth)
  const exitX = slabExit(ox - cx, dx, halfWidth)
  const exitY = slabExit(oy - cy, dy, halfHeight)
  const exitZ = slabExit(oz - cz, dz, halfDepth)
  const enter = Math.max(enterX, enterY, enterZ)
  const exit = Math.min(exitX, exitY, exitZ)
  if (!(enter <= exit && exit >= 0)) return -1
  if (enter <= 0) return 0
  return enter <= maxDistance ? enter : -1
}

/** Against the box around (cx, cy, cz) that is turned by `yaw` radians about the y axis (right-handed: from +z towards +x, as three.js turns). */
export function rayYawBox3(
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  maxDistance: number,
  cx: number,
  cy: number,
  cz: number,
  halfWidth: number,
  halfHeight: number,
  halfDepth: number,
  yaw: number,
): number {
  const c = cos(yaw)
  const s = sin(yaw)
  const mx = ox - cx
  const mz = oz - cz
  return rayBox3(
    c * mx - s * mz,
    oy - cy,
    s * mx + c * mz,
    c * dx - s * dz,
    dy,
    s * dx + c * dz,
    maxDistance,
    0,
    0,
    0,
    halfWidth,
    halfHeight,
    halfDepth,
  )
}

/**
 * Against the upright capsule around (cx, cy, cz): all points within `radius` of a vertical segment of `halfCore` up and down.
 * A ray from outside the capsule's endless cylinder meets its side, or else the cap at the end where it entered the cylinder.
 */
export function rayCapsule3(
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  maxDistance: number,
  cx: number,
  cy: number,
  cz: number,
  halfCore: number,
  radius: number,
): number {
  const x = ox - cx
  const y = oy - cy
  const z = oz - cz
  const nearest = Math.min(Math.max(y, -halfCore), halfCore)
  const flat = x * x + z * z
  if (flat + (y - nearest) * (y - nearest) <= radius * radius) return 0
  let entryY = y
  if (flat > radius * radius) {
    const along = x * dx + z * dz
    if (!(along < 0)) return -1
    const speed = dx * dx + dz * dz
    const across = x * dz - z * dx
    const square = radius * radius * speed - across * across
    if (!(square >= 0)) return -1
    const distance = (-along - Math.sqrt(square)) / speed
    entryY = y + dy * distance
    if (Math.abs(entryY) <= halfCore) {
      if (!(distance <= maxDistance)) return -1
      return Math.max(distance, 0)
    }
  }
  return raySphere(x, y, z, dx, dy, dz, maxDistance, 0, entryY > 0 ? halfCore : -halfCore, 0, radius)
}
