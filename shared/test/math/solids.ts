/**
 * What a hitbox is, said a second time for the tests: its signed distance at a point (negative inside), by formulas that share nothing with
 * the ray tests. Sources: Inigo Quilez, "2D distance functions" and "distance functions". Uses the engine's own Math on purpose.
 */
import type { Hitbox2, Hitbox3 } from '../../src/math/hitbox.ts'

function boxDistance(...beyond: readonly number[]): number {
  const outside = Math.hypot(...beyond.map((gap) => Math.max(gap, 0)))
  return outside + Math.min(Math.max(...beyond), 0)
}

export function distance2(hitbox: Hitbox2, cx: number, cy: number, angle: number, x: number, y: number): number {
  // polar: turn the point back by the angle
  const far = Math.hypot(x - cx, y - cy)
  const at = Math.atan2(y - cy, x - cx) - angle
  const px = far * Math.cos(at)
  const py = far * Math.sin(at)
  switch (hitbox.kind) {
    case 'circle':
      return far - hitbox.radius
    case 'box':
      return boxDistance(Math.abs(px) - hitbox.width / 2, Math.abs(py) - hitbox.height / 2)
    case 'capsule': {
      const core = hitbox.length / 2 - hitbox.radius
      return Math.hypot(px - Math.min(Math.max(px, -core), core), py) - hitbox.radius
    }
  }
}

export function distance3(
  hitbox: Hitbox3,
  cx: number,
  cy: number,
  cz: number,
  yaw: number,
  x: number,
  y: number,
  z: number,
): number {
  const flat = Math.hypot(x - cx, z - cz)
  // seen from above with z to the left of x, a right-handed yaw about y turns from z towards x
  const at = Math.atan2(x - cx, z - cz) - yaw
  const px = flat * Math.sin(at)
  const pz = flat * Math.cos(at)
  const py = y - cy
  switch (hitbox.kind) {
    case 'sphere':
      return Math.hypot(px, py, pz) - hitbox.radius
    case 'box3':
      return boxDistance(
        Math.abs(px) - hitbox.width / 2,
        Math.abs(py) - hitbox.height / 2,
        Math.abs(pz) - hitbox.depth / 2,
      )
    case 'capsule3': {
      const core = hitbox.height / 2 - hitbox.radius
      return Math.hypot(px, py - Math.min(Math.max(py, -core), core), pz) - hitbox.radius
    }
  }
}

/** Rounding of coordinates in the hundreds, after a rotation by the engine's Math. */
const SLACK = 1e-7
const SAMPLES = 300

/**
 * Holds the answer of a ray test against the signed distance along the ray, sampled. Returns what is wrong with it, or ''.
 * A ray that cuts less deep than the slack may be called either way.
 */
export function faultOfHit(hit: number, maxDistance: number, distanceAt: (along: number) => number): string {
  if (Number.isNaN(hit) || (hit < 0 && hit !== -1) || hit > maxDistance) return `${hit} is not a distance in reach`
  if (distanceAt(0) < -SLACK) return hit === 0 ? '' : `starts inside, but got ${hit}`
  if (hit >= 0 && Math.abs(distanceAt(hit)) > SLACK) return `at ${hit} the surface is ${distanceAt(hit)} away`
  const end = hit >= 0 ? hit : maxDistance
  for (let i = 0; i <= SAMPLES; i++) {
    const along = (end * i) / SAMPLES
    if (distanceAt(along) < -SLACK) return `got ${hit}, but is already inside at ${along}`
  }
  return ''
}
