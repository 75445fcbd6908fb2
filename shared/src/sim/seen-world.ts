/**
 * Lag compensation: the world that a player's screen showed, and what a ray or a shape touches in it.
 * The snapshots are those that the client had; the mixing is the one with which it drew. Never alters the present.
 * Used by the step context on both sides (`ctx.seenBy`), and by hosts that draw rewound hitboxes.
 */
import { type CompiledEntity, type CompiledGame, HEADER_COUNTS } from '../game/compiled.ts'
import type { Hitbox } from '../math/hitbox.ts'
import { overlap2, overlap3, rayHit2, rayHit3 } from '../math/hitbox-query.ts'
import { cos, sin } from '../math/trig.ts'
import { advanceByMotion } from '../world/advance.ts'
import { interpolate } from '../world/interpolate.ts'
import { LOCKED_PAST } from '../world/row-view.ts'
import { type View, World } from '../world/world.ts'

/** Where past snapshots are found: the server's history, or the frames that a client got. */
export interface SnapshotSource {
  find(tick: number): Int32Array | undefined
}

/** Most ticks that a screen is extrapolated beyond its newest snapshot. */
export const MAX_EXTRAPOLATED_TICKS = 64

export interface RayQuery {
  readonly maxDistance?: number
  readonly types?: readonly string[]
  readonly origin?: { readonly x: number; readonly y: number; readonly z?: number }
}

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
export function worldAtStamp(source: SnapshotSource, older: number, newer: number, fraction: number, out: World): boolean {
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

export class SeenWorld {
  world: Readonly<Record<string, unknown>>
  private moment: World
  private readonly hit: Hit = { id: 0, type: '', distance: 0, x: 0, y: 0, z: 0 }

  constructor(moment: World) {
    this.moment = moment
    this.world = moment.byName
  }

  /** Looks at another world from now on. */
  show(moment: World): void {
    this.moment = moment
    this.world = moment.byName
  }

  raycast(from: View, angle: number, query: RayQuery = {}): Hit | undefined {
    return this.cast(from, cos(angle), sin(angle), 0, 2, query)
  }

  raycast3(from: View, dx: number, dy: number, dz: number, query: RayQuery = {}): Hit | undefined {
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz)
    if (!(length > 0)) return undefined
    return this.cast(from, dx / length, dy / length, dz / length, 3, query)
  }

  private cast(from: View, dx: number, dy: number, dz: number, dimensions: 2 | 3, query: RayQuery): Hit | undefined {
    const origin = query.origin ?? (from as unknown as { x: number; y: number; z?: number })
    const { x: ox, y: oy } = origin
    const oz = origin.z ?? 0
    const { hit } = this
    let nearest = query.maxDistance ?? Infinity
    hit.id = 0
    for (const table of this.moment.tables) {
      const { type } = table
      const { hitbox } = type
      if (hitbox?.dimensions !== dimensions) continue
      if (query.types !== undefined && !query.types.includes(type.name)) continue
      for (let row = 0; row < table.count; row++) {
        const view = table.viewAt(row)
        if (view.id === from.id || !view.alive) continue
        const distance = rayAgainst(hitbox, view, ox, oy, oz, dx, dy, dz, nearest)
        if (distance < 0 || (distance >= nearest && hit.id !== 0)) continue
        nearest = distance
        hit.id = view.id
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
    for (const table of this.moment.tables) {
      const { type } = table
      const { hitbox } = type
      if (hitbox === undefined) continue
      for (let row = 0; row < table.count; row++) {
        const view = table.viewAt(row)
        if (view.alive && touches(hitbox, view, x, y, z, radius)) visit(view.id, type.name)
      }
    }
  }
}

/** Numbers of a view by field name: a hitbox names the fields that place it, and defineGame checked that they exist. */
function numberOf(view: View, name: string | undefined): number {
  return name === undefined ? 0 : ((view as unknown as Readonly<Record<string, number>>)[name] ?? 0)
}

function rayAgainst(hitbox: Hitbox, view: View, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, reach: number): number {
  const x = numberOf(view, hitbox.x)
  const y = numberOf(view, hitbox.y)
  const angle = numberOf(view, hitbox.angle)
  if (hitbox.dimensions === 2) return rayHit2(hitbox, x, y, angle, ox, oy, dx, dy, reach)
  return rayHit3(hitbox, x, y, numberOf(view, hitbox.z), angle, ox, oy, oz, dx, dy, dz, reach)
}

function touches(hitbox: Hitbox, view: View, x: number, y: number, z: number, radius: number): boolean {
  const cx = numberOf(view, hitbox.x)
  const cy = numberOf(view, hitbox.y)
  const angle = numberOf(view, hitbox.angle)
  if (hitbox.dimensions === 2) return overlap2(hitbox, cx, cy, angle, x, y, radius)
  return overlap3(hitbox, cx, cy, numberOf(view, hitbox.z), angle, x, y, z, radius)
}

/** Integers in one entity's row, for comparing what two sides saw. */
export function rowOf(type: CompiledEntity, ints: Int32Array, id: number): number {
  const count = ints[HEADER_COUNTS + type.index] ?? 0
  for (let row = 0; row < count; row++) if (ints[type.base + row] === id) return row
  return -1
}
