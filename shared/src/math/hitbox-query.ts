/**
 * Rays and overlaps against declared hitboxes: one switch on the kind per question. Called by raycasts over live and rewound entities.
 * The caller has read the hitbox's fields and passes the centre and the angle (0 where the hitbox names no angle field).
 * Equal bits in every engine; hot; never allocates, never throws; NaN gives no hit.
 */
import type { Hitbox2, Hitbox3 } from './hitbox.ts'
import { circleTouchesBox, circleTouchesCapsule, circleTouchesCircle, circleTouchesOrientedBox } from './overlap2d.ts'
import { sphereTouchesBox3, sphereTouchesCapsule3, sphereTouchesSphere, sphereTouchesYawBox3 } from './overlap3d.ts'
import { rayBox, rayCapsule, rayCircle, rayOrientedBox } from './rays2d.ts'
import { rayBox3, rayCapsule3, raySphere, rayYawBox3 } from './rays3d.ts'

/** Distance from (ox, oy) along the unit vector (dx, dy) to the hitbox, in [0, maxDistance]; 0 from inside, -1 for no hit. */
export function rayHit2(
  hitbox: Hitbox2,
  cx: number,
  cy: number,
  angle: number,
  ox: number,
  oy: number,
  dx: number,
  dy: number,
  maxDistance: number,
): number {
  switch (hitbox.kind) {
    case 'circle':
      return rayCircle(ox, oy, dx, dy, maxDistance, cx, cy, hitbox.radius)
    case 'box':
      if (angle === 0) return rayBox(ox, oy, dx, dy, maxDistance, cx, cy, hitbox.width / 2, hitbox.height / 2)
      return rayOrientedBox(ox, oy, dx, dy, maxDistance, cx, cy, hitbox.width / 2, hitbox.height / 2, angle)
    case 'capsule':
      return rayCapsule(ox, oy, dx, dy, maxDistance, cx, cy, hitbox.length / 2 - hitbox.radius, hitbox.radius, angle)
  }
}

/** Distance from (ox, oy, oz) along the unit vector (dx, dy, dz) to the hitbox, in [0, maxDistance]; 0 from inside, -1 for no hit. */
export function rayHit3(
  hitbox: Hitbox3,
  cx: number,
  cy: number,
  cz: number,
  yaw: number,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  maxDistance: number,
): number {
  switch (hitbox.kind) {
    case 'sphere':
      return raySphere(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, hitbox.radius)
    case 'box3': {
      const { width, height, depth } = hitbox
      if (yaw === 0) return rayBox3(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, width / 2, height / 2, depth / 2)
      return rayYawBox3(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, width / 2, height / 2, depth / 2, yaw)
    }
    case 'capsule3':
      return rayCapsule3(
        ox,
        oy,
        oz,
        dx,
        dy,
        dz,
        maxDistance,
        cx,
        cy,
        cz,
        hitbox.height / 2 - hitbox.radius,
        hitbox.radius,
      )
  }
}

/** Does the circle of `radius` around (x, y) overlap the hitbox? A radius of 0 asks about the point. */
export function overlap2(
  hitbox: Hitbox2,
  cx: number,
  cy: number,
  angle: number,
  x: number,
  y: number,
  radius: number,
): boolean {
  switch (hitbox.kind) {
    case 'circle':
      return circleTouchesCircle(x, y, radius, cx, cy, hitbox.radius)
    case 'box':
      if (angle === 0) return circleTouchesBox(x, y, radius, cx, cy, hitbox.width / 2, hitbox.height / 2)
      return circleTouchesOrientedBox(x, y, radius, cx, cy, hitbox.width / 2, hitbox.height / 2, angle)
    case 'capsule':
      return circleTouchesCapsule(x, y, radius, cx, cy, hitbox.length / 2 - hitbox.radius, hitbox.radius, angle)
  }
}

/** Does the sphere of `radius` around (x, y, z) overlap the hitbox? A radius of 0 asks about the point. */
export function overlap3(
  hitbox: Hitbox3,
  cx: number,
  cy: number,
  cz: number,
  yaw: number,
  x: number,
  y: number,
  z: number,
  radius: number,
): boolean {
  switch (hitbox.kind) {
    case 'sphere':
      return sphereTouchesSphere(x, y, z, radius, cx, cy, cz, hitbox.radius)
    case 'box3': {
      const { width, height, depth } = hitbox
      if (yaw === 0) return sphereTouchesBox3(x, y, z, radius, cx, cy, cz, width / 2, height / 2, depth / 2)
      return sphereTouchesYawBox3(x, y, z, radius, cx, cy, cz, width / 2, height / 2, depth / 2, yaw)
    }
    case 'capsule3':
      return sphereTouchesCapsule3(x, y, z, radius, cx, cy, cz, hitbox.height / 2 - hitbox.radius, hitbox.radius)
  }
}
