/**
 * Rays and overlaps against declared hitboxes: what each kind of hitbox brings along, so that a game loads the geometry of the kinds it declares
 * and no other. Called by the constructors in `hitbox.ts`. The asker has read the hitbox's fields and passes the centre and the angle (0 where the
 * hitbox names no angle field). Equal bits in every engine; hot; never allocates, never throws; NaN gives no hit.
 */
import { circleTouchesBox, circleTouchesCapsule, circleTouchesCircle, circleTouchesOrientedBox } from './overlap2d.ts'
import { sphereTouchesBox3, sphereTouchesCapsule3, sphereTouchesSphere, sphereTouchesYawBox3 } from './overlap3d.ts'
import { rayBox, rayCapsule, rayCircle, rayOrientedBox } from './rays2d.ts'
import { rayBox3, rayCapsule3, raySphere, rayYawBox3 } from './rays3d.ts'
import { cos, sin } from './trig.ts'

export interface Queries {
  /** No point of the hitbox is further from its centre. */
  reach(): number
  /** Of the asker's direction. They come with the hitboxes, because nothing else in the simulation needs them. */
  cos(angle: number): number
  sin(angle: number): number
}

export interface Queries2 extends Queries {
  /** Distance from (ox, oy) along the unit vector (dx, dy) to the hitbox, in [0, maxDistance]; 0 from inside, -1 for no hit. */
  ray(
    cx: number,
    cy: number,
    angle: number,
    ox: number,
    oy: number,
    dx: number,
    dy: number,
    maxDistance: number,
  ): number
  /** Does the circle of `radius` around (x, y) overlap the hitbox? A radius of 0 asks about the point. */
  touches(cx: number, cy: number, angle: number, x: number, y: number, radius: number): boolean
}

export interface Queries3 extends Queries {
  /** Distance from (ox, oy, oz) along the unit vector (dx, dy, dz) to the hitbox, in [0, maxDistance]; 0 from inside, -1 for no hit. */
  ray(
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
  ): number
  /** Does the sphere of `radius` around (x, y, z) overlap the hitbox? A radius of 0 asks about the point. */
  touches(cx: number, cy: number, cz: number, yaw: number, x: number, y: number, z: number, radius: number): boolean
}

/** What they ask about: a hitbox of these sizes (`hitbox.ts` declares them, and must not be imported from here). */
type Sized<Names extends string> = ThisType<{ readonly [Name in Names]: number }>

function halfDiagonal(width: number, height: number, depth: number): number {
  return Math.sqrt(width * width + height * height + depth * depth) / 2
}

export const circleQueries: Queries2 & Sized<'radius'> = {
  cos,
  sin,
  reach() {
    return this.radius
  },
  ray(cx, cy, _angle, ox, oy, dx, dy, maxDistance) {
    return rayCircle(ox, oy, dx, dy, maxDistance, cx, cy, this.radius)
  },
  touches(cx, cy, _angle, x, y, radius) {
    return circleTouchesCircle(x, y, radius, cx, cy, this.radius)
  },
}

export const boxQueries: Queries2 & Sized<'width' | 'height'> = {
  cos,
  sin,
  reach() {
    return halfDiagonal(this.width, this.height, 0)
  },
  ray(cx, cy, angle, ox, oy, dx, dy, maxDistance) {
    if (angle === 0) return rayBox(ox, oy, dx, dy, maxDistance, cx, cy, this.width / 2, this.height / 2)
    return rayOrientedBox(ox, oy, dx, dy, maxDistance, cx, cy, this.width / 2, this.height / 2, angle)
  },
  touches(cx, cy, angle, x, y, radius) {
    if (angle === 0) return circleTouchesBox(x, y, radius, cx, cy, this.width / 2, this.height / 2)
    return circleTouchesOrientedBox(x, y, radius, cx, cy, this.width / 2, this.height / 2, angle)
  },
}

export const capsuleQueries: Queries2 & Sized<'length' | 'radius'> = {
  cos,
  sin,
  reach() {
    return this.length / 2
  },
  ray(cx, cy, angle, ox, oy, dx, dy, maxDistance) {
    return rayCapsule(ox, oy, dx, dy, maxDistance, cx, cy, this.length / 2 - this.radius, this.radius, angle)
  },
  touches(cx, cy, angle, x, y, radius) {
    return circleTouchesCapsule(x, y, radius, cx, cy, this.length / 2 - this.radius, this.radius, angle)
  },
}

export const sphereQueries: Queries3 & Sized<'radius'> = {
  cos,
  sin,
  reach() {
    return this.radius
  },
  ray(cx, cy, cz, _yaw, ox, oy, oz, dx, dy, dz, maxDistance) {
    return raySphere(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, this.radius)
  },
  touches(cx, cy, cz, _yaw, x, y, z, radius) {
    return sphereTouchesSphere(x, y, z, radius, cx, cy, cz, this.radius)
  },
}

export const box3Queries: Queries3 & Sized<'width' | 'height' | 'depth'> = {
  cos,
  sin,
  reach() {
    return halfDiagonal(this.width, this.height, this.depth)
  },
  ray(cx, cy, cz, yaw, ox, oy, oz, dx, dy, dz, maxDistance) {
    const { width, height, depth } = this
    if (yaw === 0) return rayBox3(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, width / 2, height / 2, depth / 2)
    return rayYawBox3(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, width / 2, height / 2, depth / 2, yaw)
  },
  touches(cx, cy, cz, yaw, x, y, z, radius) {
    const { width, height, depth } = this
    if (yaw === 0) return sphereTouchesBox3(x, y, z, radius, cx, cy, cz, width / 2, height / 2, depth / 2)
    return sphereTouchesYawBox3(x, y, z, radius, cx, cy, cz, width / 2, height / 2, depth / 2, yaw)
  },
}

export const capsule3Queries: Queries3 & Sized<'height' | 'radius'> = {
  cos,
  sin,
  reach() {
    return this.height / 2
  },
  ray(cx, cy, cz, _yaw, ox, oy, oz, dx, dy, dz, maxDistance) {
    const half = this.height / 2 - this.radius
    return rayCapsule3(ox, oy, oz, dx, dy, dz, maxDistance, cx, cy, cz, half, this.radius)
  },
  touches(cx, cy, cz, _yaw, x, y, z, radius) {
    return sphereTouchesCapsule3(x, y, z, radius, cx, cy, cz, this.height / 2 - this.radius, this.radius)
  },
}
