/**
 * Where entities are, for asking who is near: built once per snapshot by a counting sort over hashed cells, asked once per client. Hot; allocates nothing.
 * The world may be as large as it likes: cells far apart that share a bucket cost a look, no more.
 */
import { HEADER_COUNTS, type World } from '@tickmesh/shared'
import type { InterestGame, InterestTable } from './interest-game.ts'

export class SpatialGrid {
  /** By place in the list of all rows. */
  readonly x: Float64Array
  readonly y: Float64Array
  private readonly setup: InterestGame
  private readonly mask: number
  private readonly starts: Int32Array
  private readonly items: Int32Array
  private readonly buckets: Int32Array

  constructor(setup: InterestGame) {
    const { total } = setup
    this.setup = setup
    this.mask = 2 ** Math.ceil(Math.log2(total * 2)) - 1
    this.x = new Float64Array(total)
    this.y = new Float64Array(total)
    this.starts = new Int32Array(this.mask + 3)
    this.items = new Int32Array(total)
    this.buckets = new Int32Array(total)
  }

  build(world: World): void {
    const { tables } = this.setup
    const { starts, buckets, items, mask } = this
    starts.fill(0)
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table !== undefined) this.place(table, world)
    }
    for (let bucket = 1; bucket <= mask + 1; bucket++)
      starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0)
    starts[mask + 2] = starts[mask + 1] ?? 0
    // Filling each bucket from its end leaves its start where its first item is.
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table?.x === undefined || table.y === undefined || table.always) continue
      const end = table.first + (world.ints[HEADER_COUNTS + index] ?? 0)
      for (let at = table.first; at < end; at++) {
        const bucket = (buckets[at] ?? 0) + 1
        const to = (starts[bucket] ?? 0) - 1
        starts[bucket] = to
        items[to] = at
      }
    }
  }

  /** Notes the positions of a type's rows, and counts its buckets: for bucket b at `starts[b + 1]`. */
  private place(table: InterestTable, world: World): void {
    const { x, y, first } = table
    if (x === undefined || y === undefined) return
    const { starts, buckets } = this
    const { cell } = this.setup
    const end = first + (world.ints[HEADER_COUNTS + table.index] ?? 0)
    readColumn(world, x.offset, x.field.kind === 'float32' ? 0 : x.field.step, this.x, first, end)
    readColumn(world, y.offset, y.field.kind === 'float32' ? 0 : y.field.step, this.y, first, end)
    if (table.always) return
    for (let at = first; at < end; at++) {
      const bucket = this.bucketOf(Math.floor((this.x[at] ?? 0) / cell), Math.floor((this.y[at] ?? 0) / cell))
      buckets[at] = bucket
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1
    }
  }

  private bucketOf(cellX: number, cellY: number): number {
    const hash = Math.imul(cellX, 0x9e37_79b1) ^ Math.imul(cellY, 0x85eb_ca77)
    return (hash ^ (hash >>> 15)) & this.mask
  }

  /** Sets the bits of all rows within the radius of centre `n` in `near`, and of those within the wider one in `around`. */
  mark(centreX: Float64Array, centreY: Float64Array, n: number, near: Int32Array, around: Int32Array): void {
    const x = centreX[n] ?? 0
    const y = centreY[n] ?? 0
    const { cell, leaveRadius, radius } = this.setup
    const { starts, items } = this
    const nearSquared = radius * radius
    const aroundSquared = leaveRadius * leaveRadius
    const lastX = Math.floor((x + leaveRadius) / cell)
    const lastY = Math.floor((y + leaveRadius) / cell)
    for (let cellY = Math.floor((y - leaveRadius) / cell); cellY <= lastY; cellY++) {
      for (let cellX = Math.floor((x - leaveRadius) / cell); cellX <= lastX; cellX++) {
        const bucket = this.bucketOf(cellX, cellY)
        const end = starts[bucket + 2] ?? 0
        for (let item = starts[bucket + 1] ?? 0; item < end; item++) {
          const at = items[item] ?? 0
          const dx = (this.x[at] ?? 0) - x
          const dy = (this.y[at] ?? 0) - y
          const squared = dx * dx + dy * dy
          if (squared > aroundSquared) continue
          const set = squared <= nearSquared ? near : around
          set[at >> 5] = (set[at >> 5] ?? 0) | (1 << (at & 31))
        }
      }
    }
  }
}

/** A `step` of 0: floats. */
function readColumn(world: World, offset: number, step: number, out: Float64Array, first: number, end: number): void {
  const { ints, floats } = world
  const from = offset - first
  if (step === 0) for (let at = first; at < end; at++) out[at] = floats[from + at] ?? 0
  else for (let at = first; at < end; at++) out[at] = (ints[from + at] ?? 0) * step
}
