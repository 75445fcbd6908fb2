/**
 * Lag compensation: the world that a player's screen showed, and what a ray or a shape touches in it.
 * The snapshots are those that the client had; the mixing is the one with which it drew. Never alters the present.
 * Used by the step context on both sides (`ctx.seenBy`), and by hosts that draw rewound hitboxes.
 */
import { COLUMN_ID, type CompiledEntity, type CompiledField, type CompiledGame } from '../game/compiled.ts'
import type { Hitbox } from '../math/hitbox.ts'
import { advanceByMotion } from '../world/advance.ts'
import type { View } from '../world/entity-view.ts'
import { interpolate } from '../world/interpolate.ts'
import { LOCKED_PAST } from '../world/row-view.ts'
import { World } from '../world/world.ts'

/** Where past snapshots are found: the server's history, or the frames that a client got. */
export interface SnapshotSource {
  find(tick: number): Int32Array | undefined
}

/** The snapshots as each seat's client had them, where a client gets only a part of the world. */
export interface SeatViews {
  /** What it gives is borrowed until the next call. */
  of(seat: number): SnapshotSource
}

/** Most ticks that a screen is extrapolated beyond its newest snapshot. */
export const MAX_EXTRAPOLATED_TICKS = 64

export interface RayQuery {
  readonly maxDistance?: number
  readonly types?: readonly string[]
  readonly origin?: { readonly x: number; readonly y: number; readonly z?: number }
}

const ANY_RAY: RayQuery = Object.freeze({})

export interface Hit {
  id: number
  type: string
  distance: number
  x: number
  y: number
  z: number
}

/**
 * Makes `out` the world at a stamp: `fraction`/256 between two snapshots, or, with equal ticks, `fraction` ticks of motion beyond one.
 * False if a snapshot is not kept any more; `out` is then unchanged.
 */
export function worldAtStamp(
  source: SnapshotSource,
  older: number,
  newer: number,
  fraction: number,
  out: World,
): boolean {
  const a = source.find(older)
  const b = source.find(newer)
  if (a === undefined || b === undefined) return false
  if (older !== newer) {
    interpolate(out.game, a, b, fraction, out)
    return true
  }
  out.load(a)
  const ticks = Math.min(fraction, MAX_EXTRAPOLATED_TICKS)
  for (let tick = 0; tick < ticks; tick++) advanceByMotion(out, 1 / out.game.tickRate)
  return true
}

/** A world for the past: nothing in it can be written by game code. */
export function makePastWorld(game: CompiledGame, strict: boolean, hidesServerFields: boolean): World {
  return new World(game, { strict, hidesServerFields, viewsLocked: LOCKED_PAST })
}

/** An entity type that can be hit, with the fields that place it. */
interface Target {
  readonly type: CompiledEntity
  readonly hitbox: Hitbox
  /** No point of the hitbox is further from its centre. */
  readonly radius: number
  readonly x: CompiledField | undefined
  readonly y: CompiledField | undefined
  readonly z: CompiledField | undefined
  readonly angle: CompiledField | undefined
}

function targetsOf(game: CompiledGame): Target[] {
  const targets: Target[] = []
  for (const type of game.entities) {
    const { hitbox } = type
    if (hitbox === undefined) continue
    const fieldOf = (name: string | undefined) => type.fields.find((field) => field.name === name)
    const z = hitbox.dimensions === 3 ? fieldOf(hitbox.z) : undefined
    const [x, y, angle] = [fieldOf(hitbox.x), fieldOf(hitbox.y), fieldOf(hitbox.angle)]
    targets.push({ type, hitbox, radius: hitbox.reach(), x, y, z, angle })
  }
  return targets
}

/** The value of a numeric field in a row, without a view; 0 if there is no such field. */
function numberAt(world: World, compiled: CompiledField | undefined, row: number): number {
  if (compiled === undefined) return 0
  const { field, offset } = compiled
  if (field.kind === 'float32') return world.floats[offset + row] ?? 0
  return (world.ints[offset + row] ?? 0) * field.step
}

/** The moment that it shows can change with each `seenBy`; a hit is borrowed until the next ray. */
export class SeenWorld {
  world: Readonly<Record<string, unknown>>
  private moment: World
  private readonly targets: readonly Target[]
  private readonly hit: Hit = { id: 0, type: '', distance: 0, x: 0, y: 0, z: 0 }

  constructor(moment: World) {
    this.moment = moment
    this.world = moment.byName
    this.targets = targetsOf(moment.game)
  }

  /** Looks at another world of the same game from now on. */
  show(moment: World): void {
    this.moment = moment
    this.world = moment.byName
  }

  raycast(from: View, angle: number, query: RayQuery = ANY_RAY): Hit | undefined {
    const hitbox = this.targets[0]?.hitbox
    return hitbox && this.cast(from, hitbox.cos(angle), hitbox.sin(angle), 0, 2, query)
  }

  raycast3(from: View, dx: number, dy: number, dz: number, query: RayQuery = ANY_RAY): Hit | undefined {
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz)
    if (!(length > 0)) return undefined
    return this.cast(from, dx / length, dy / length, dz / length, 3, query)
  }

  private cast(
    from: View,
    dx: number,
    dy: number,
    dz: number,
    dimensions: 2 | 3,
    { origin, types, maxDistance = Infinity }: RayQuery,
  ): Hit | undefined {
    const { hit, moment, targets } = this
    const { x: ox, y: oy, z: oz = 0 } = origin ?? (from as View & { x: number; y: number; z?: number })
    const self = from.id
    let nearest = maxDistance
    hit.id = 0
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index] as Target
      const { type, hitbox } = target
      if (hitbox.dimensions !== dimensions || (types !== undefined && !types.includes(type.name))) continue
      const table = moment.table(type.index)
      const { count } = table
      for (let row = 0; row < count; row++) {
        const id = moment.ints[type.base + COLUMN_ID * type.rows + row] ?? 0
        if (id === self || !table.livesAt(row)) continue
        const distance = rayAgainst(moment, target, row, ox, oy, oz, dx, dy, dz, nearest)
        if (distance < 0 || (distance >= nearest && hit.id !== 0)) continue
        nearest = distance
        hit.id = id
        hit.type = type.name
      }
    }
    if (hit.id === 0) return undefined
    hit.distance = nearest
    hit.x = ox + dx * nearest
    hit.y = oy + dy * nearest
    hit.z = oz + dz * nearest
    return hit
  }

  within(x: number, y: number, radius: number, visit: (id: number, type: string) => void, z = 0): void {
    const { moment, targets } = this
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index] as Target
      const { type } = target
      const table = moment.table(type.index)
      const { count } = table
      for (let row = 0; row < count; row++) {
        if (!table.livesAt(row) || !touches(moment, target, row, x, y, z, radius)) continue
        visit(moment.ints[type.base + COLUMN_ID * type.rows + row] ?? 0, type.name)
      }
    }
  }
}

/** Of what a ray may touch by its distance from the centre, a hundredth more, so that rounding never loses a hit. */
const SPARE = 1.01

function rayAgainst(
  world: World,
  target: Target,
  row: number,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  reach: number,
): number {
  const { hitbox, radius } = target
  const x = numberAt(world, target.x, row)
  const y = numberAt(world, target.y, row)
  const z = numberAt(world, target.z, row)
  const fromX = x - ox
  const fromY = y - oy
  const fromZ = hitbox.dimensions === 3 ? z - oz : 0
  const along = fromX * dx + fromY * dy + fromZ * dz
  const squared = fromX * fromX + fromY * fromY + fromZ * fromZ
  const wide = radius * SPARE
  if (along < -wide || along > reach + wide || squared * (1 - 1e-12) - along * along > wide * wide) return -1
  const angle = numberAt(world, target.angle, row)
  if (hitbox.dimensions === 2) return hitbox.ray(x, y, angle, ox, oy, dx, dy, reach)
  return hitbox.ray(x, y, z, angle, ox, oy, oz, dx, dy, dz, reach)
}

function touches(world: World, target: Target, row: number, x: number, y: number, z: number, radius: number): boolean {
  const { hitbox } = target
  const cx = numberAt(world, target.x, row)
  const cy = numberAt(world, target.y, row)
  const angle = numberAt(world, target.angle, row)
  if (hitbox.dimensions === 2) return hitbox.touches(cx, cy, angle, x, y, radius)
  return hitbox.touches(cx, cy, numberAt(world, target.z, row), angle, x, y, z, radius)
}
