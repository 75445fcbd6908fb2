/**
 * Hitboxes: the shape that an entity type declares in `defineGame`, and which of its fields place it. Called once per type, at definition.
 * Frozen objects, which inherit the queries of their kind from `hitbox-query.ts`. A wrong size throws BAD_DEFINITION.
 */
import { NetError } from '../error.ts'
import {
  box3Queries,
  boxQueries,
  capsule3Queries,
  capsuleQueries,
  circleQueries,
  type Queries2,
  type Queries3,
  sphereQueries,
} from './hitbox-query.ts'

/** Which fields place a hitbox in the plane. Defaults: 'x', 'y', and no angle (the shape does not turn). */
export interface Placement2 {
  readonly x?: string
  readonly y?: string
  /** Radians from +x towards +y. */
  readonly angle?: string
}

/** Which fields place a hitbox in space, y up. Defaults: 'x', 'y', 'z', and no angle (the shape does not turn). */
export interface Placement3 {
  readonly x?: string
  readonly y?: string
  readonly z?: string
  /** Yaw in radians about the y axis, right-handed (from +z towards +x). */
  readonly angle?: string
}

interface Placed2 extends Queries2 {
  readonly dimensions: 2
  /** Name of the field that holds the centre's x; `y` likewise. */
  readonly x: string
  readonly y: string
  /** Name of the field that holds the angle, or undefined if the shape does not turn. */
  readonly angle: string | undefined
}

interface Placed3 extends Queries3 {
  readonly dimensions: 3
  /** Name of the field that holds the centre's x; `y` and `z` likewise. */
  readonly x: string
  readonly y: string
  readonly z: string
  /** Name of the field that holds the yaw, or undefined if the shape does not turn. */
  readonly angle: string | undefined
}

export interface CircleHitbox extends Placed2 {
  readonly kind: 'circle'
  readonly radius: number
}

/** `width` along x and `height` along y while the angle is 0. */
export interface BoxHitbox extends Placed2 {
  readonly kind: 'box'
  readonly width: number
  readonly height: number
}

/** `length` from tip to tip, round ends included, along x while the angle is 0. */
export interface CapsuleHitbox extends Placed2 {
  readonly kind: 'capsule'
  readonly length: number
  readonly radius: number
}

export interface SphereHitbox extends Placed3 {
  readonly kind: 'sphere'
  readonly radius: number
}

/** `width` along x, `height` along y (up), `depth` along z while the angle is 0. */
export interface Box3Hitbox extends Placed3 {
  readonly kind: 'box3'
  readonly width: number
  readonly height: number
  readonly depth: number
}

/** Upright: `height` from tip to tip, round ends included, along y. */
export interface Capsule3Hitbox extends Placed3 {
  readonly kind: 'capsule3'
  readonly height: number
  readonly radius: number
}

export type Hitbox2 = CircleHitbox | BoxHitbox | CapsuleHitbox
export type Hitbox3 = SphereHitbox | Box3Hitbox | Capsule3Hitbox
export type Hitbox = Hitbox2 | Hitbox3

/** A circle of `radius` units around (x, y). */
export function circle(radius: number, placement: Placement2 = {}): CircleHitbox {
  size('circle', 'radius', radius)
  return placed2(circleQueries, { kind: 'circle', radius }, placement)
}

/** A box of `width` by `height` units with its middle at (x, y); it turns if `angle` names a field. */
export function box(width: number, height: number, placement: Placement2 = {}): BoxHitbox {
  size('box', 'width', width)
  size('box', 'height', height)
  return placed2(boxQueries, { kind: 'box', width, height }, placement)
}

/** A capsule of `length` units from tip to tip, with its middle at (x, y); it lies along x, and turns if `angle` names a field. */
export function capsule(length: number, radius: number, placement: Placement2 = {}): CapsuleHitbox {
  size('capsule', 'length', length)
  size('capsule', 'radius', radius)
  tipToTip('capsule', 'length', length, radius)
  return placed2(capsuleQueries, { kind: 'capsule', length, radius }, placement)
}

/** A sphere of `radius` units around (x, y, z). */
export function sphere(radius: number, placement: Placement3 = {}): SphereHitbox {
  size('sphere', 'radius', radius)
  return placed3(sphereQueries, { kind: 'sphere', radius }, placement)
}

/** A box of `width` by `height` (up) by `depth` units with its middle at (x, y, z); it turns about y if `angle` names a field. */
export function box3(width: number, height: number, depth: number, placement: Placement3 = {}): Box3Hitbox {
  size('box3', 'width', width)
  size('box3', 'height', height)
  size('box3', 'depth', depth)
  return placed3(box3Queries, { kind: 'box3', width, height, depth }, placement)
}

/** An upright capsule of `height` units from tip to tip, with its middle at (x, y, z). */
export function capsule3(height: number, radius: number, placement: Placement3 = {}): Capsule3Hitbox {
  size('capsule3', 'height', height)
  size('capsule3', 'radius', radius)
  tipToTip('capsule3', 'height', height, radius)
  return placed3(capsule3Queries, { kind: 'capsule3', height, radius }, placement)
}

/** What a constructor says itself. */
type Sizes<H extends Hitbox> = Omit<H, keyof Placed3>

function placed2<H extends Hitbox2>(queries: Queries2, sizes: Sizes<H>, placement: Placement2): H {
  const { x = 'x', y = 'y', angle } = placement
  return placed<H>(queries, { ...sizes, dimensions: 2, x, y, angle })
}

function placed3<H extends Hitbox3>(queries: Queries3, sizes: Sizes<H>, placement: Placement3): H {
  const { x = 'x', y = 'y', z = 'z', angle } = placement
  return placed<H>(queries, { ...sizes, dimensions: 3, x, y, z, angle })
}

function placed<H extends Hitbox>(queries: Queries2 | Queries3, own: Readonly<Record<string, unknown>>): H {
  for (const name of ['x', 'y', 'z', 'angle']) if (own[name] !== undefined) field(String(own.kind), name, own[name])
  return Object.freeze(Object.assign(Object.create(queries) as H, own))
}

/** Squares of sizes must neither vanish nor overflow, so that a ray test never divides nothing by nothing. */
const SMALLEST_SIZE = 1e-9
const LARGEST_SIZE = 1e9

function size(shape: string, name: string, value: number): void {
  if (typeof value === 'number' && value >= SMALLEST_SIZE && value <= LARGEST_SIZE) return
  throw new NetError(
    'BAD_DEFINITION',
    `hitbox ${shape}: ${name} is ${String(value)}.`,
    `Give a ${name} between ${SMALLEST_SIZE} and ${LARGEST_SIZE}, in the units of the position fields.`,
  )
}

function tipToTip(shape: string, name: string, whole: number, radius: number): void {
  if (whole >= 2 * radius) return
  throw new NetError(
    'BAD_DEFINITION',
    `hitbox ${shape}: ${name} is ${whole}, less than its two round ends of radius ${radius}.`,
    `The ${name} counts from tip to tip: give at least ${2 * radius}, or a smaller radius.`,
  )
}

function field(shape: string, name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return
  throw new NetError(
    'BAD_DEFINITION',
    `hitbox ${shape}: ${name} names no field.`,
    `Give the name of a field of the entity type as '${name}', or leave it out.`,
  )
}
