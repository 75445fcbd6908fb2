/**
 * Which rows a client is to see: its own, those of types that everybody sees, those near its centres, or whatever the game's rule says. What is shown already
 * stays until it is beyond the wider radius, so that nobody flickers at the edge. Called once per client and snapshot (hot).
 */
import { HEADER_COUNTS, type World } from '@tickmesh/shared'
import type { InterestGame } from './interest-game.ts'
import { OwnerIndex } from './owner-index.ts'
import { SpatialGrid } from './spatial-grid.ts'
import type { Viewer } from './viewer.ts'

/** Of so many centres the distance is taken, where a weight by distance is asked for. */
const MOST_CENTRES = 64

export class ViewFinder {
  /** A bit for each row that the client in hand sees, by place in the list of all rows; and for those that it keeps if it has them. */
  readonly seen: Int32Array
  private readonly around: Int32Array
  readonly owned: OwnerIndex
  readonly grid: SpatialGrid
  private readonly setup: InterestGame
  private readonly world: World
  private readonly room: () => object
  private readonly everybodySees: Int32Array
  private readonly centreX = new Float64Array(MOST_CENTRES)
  private readonly centreY = new Float64Array(MOST_CENTRES)
  private centres = 0
  /** Numbers on their way: as arguments they would be boxed. */
  readonly point = new Float64Array(2)
  readonly squared = new Float64Array(1)

  constructor(setup: InterestGame, world: World, room: () => object) {
    const words = (setup.total + 31) >> 5
    this.setup = setup
    this.world = world
    this.room = room
    this.seen = new Int32Array(words)
    this.around = new Int32Array(words)
    this.everybodySees = new Int32Array(words)
    this.owned = new OwnerIndex(setup)
    this.grid = new SpatialGrid(setup)
  }

  /** The world is at the tick whose snapshot is about to be sent. */
  begin(): void {
    const { tables, rule } = this.setup
    const { everybodySees, world } = this
    this.owned.build(world.ints)
    if (rule.grid !== undefined) this.grid.build(world)
    everybodySees.fill(0)
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table?.always !== true) continue
      const end = table.first + (world.ints[HEADER_COUNTS + index] ?? 0)
      for (let at = table.first; at < end; at++)
        everybodySees[at >> 5] = (everybodySees[at >> 5] ?? 0) | (1 << (at & 31))
    }
  }

  /** Fills `seen` for a client. `map` is where the rows of its newest snapshot are now. */
  find(viewer: Viewer, map: Int32Array | undefined): void {
    const { seen, around, setup, everybodySees } = this
    const { rule } = setup
    if (rule.grid === undefined) this.takeAll()
    else {
      seen.fill(0)
      around.fill(0)
      this.findCentres(viewer)
      for (let n = 0; n < this.centres; n++) this.grid.mark(this.centreX, this.centreY, n, seen, around)
      if (map !== undefined) this.keep(viewer, map)
    }
    if (rule.visible !== undefined) this.ask(viewer)
    for (let word = 0; word < seen.length; word++) seen[word] = (seen[word] ?? 0) | (everybodySees[word] ?? 0)
    const { starts, rows } = this.owned
    const end = starts[viewer.seat + 1] ?? 0
    for (let n = starts[viewer.seat] ?? 0; n < end; n++) {
      const at = rows[n] ?? 0
      seen[at >> 5] = (seen[at >> 5] ?? 0) | (1 << (at & 31))
    }
  }

  /** What rules get as `room`. */
  get roomFacade(): object {
    return this.room()
  }

  /** What rules get as an entity, in the tick that is being sent. */
  viewAt(type: number, row: number): object {
    return this.world.table(type).viewAt(row)
  }

  /** Sets `squared` to the square of the distance between a row and the nearest centre of the client in hand. */
  measure(at: number): void {
    this.point[0] = this.grid.x[at] ?? 0
    this.point[1] = this.grid.y[at] ?? 0
    this.measurePoint()
  }

  /** The same for `point`. */
  measurePoint(): void {
    const { point, squared } = this
    let least = Number.POSITIVE_INFINITY
    for (let n = 0; n < this.centres; n++) {
      const dx = (this.centreX[n] ?? 0) - (point[0] ?? 0)
      const dy = (this.centreY[n] ?? 0) - (point[1] ?? 0)
      const distance = dx * dx + dy * dy
      if (distance < least) least = distance
    }
    squared[0] = least
  }

  private findCentres(viewer: Viewer): void {
    const { rule } = this.setup
    this.centres = 0
    if (rule.center !== undefined) {
      const centre = rule.center(this.room(), viewer.facade)
      if (centre === undefined || !Number.isFinite(centre.x) || !Number.isFinite(centre.y)) return
      this.centreX[0] = centre.x
      this.centreY[0] = centre.y
      this.centres = 1
      return
    }
    const { starts, rows } = this.owned
    const end = starts[viewer.seat + 1] ?? 0
    for (let n = starts[viewer.seat] ?? 0; n < end && this.centres < MOST_CENTRES; n++) {
      const at = rows[n] ?? 0
      if (!this.hasPlace(at)) continue
      this.centreX[this.centres] = this.grid.x[at] ?? 0
      this.centreY[this.centres] = this.grid.y[at] ?? 0
      this.centres++
    }
  }

  /** True if a row is of a type that has a position. */
  private hasPlace(at: number): boolean {
    const { tables } = this.setup
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table !== undefined && at < table.first + table.max) return table.x !== undefined && table.y !== undefined
    }
    return false
  }

  private keep(viewer: Viewer, map: Int32Array): void {
    const { seen, around } = this
    const { sent } = viewer
    const record = sent.find(sent.newest)
    if (record < 0) return
    const start = sent.start(record)
    const end = start + sent.count(record)
    for (let n = start; n < end; n++) {
      const at = map[sent.rows[n] ?? 0] ?? -1
      if (at >= 0 && (((around[at >> 5] ?? 0) >> (at & 31)) & 1) === 1)
        seen[at >> 5] = (seen[at >> 5] ?? 0) | (1 << (at & 31))
    }
  }

  private takeAll(): void {
    const { seen, world } = this
    const { tables } = this.setup
    seen.fill(0)
    this.centres = 0
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined) continue
      const end = table.first + (world.ints[HEADER_COUNTS + index] ?? 0)
      for (let at = table.first; at < end; at++) seen[at >> 5] = (seen[at >> 5] ?? 0) | (1 << (at & 31))
    }
  }

  /** Lets the game's rule say which of those found so far are visible. */
  private ask(viewer: Viewer): void {
    const { seen, world, setup } = this
    const { rule, tables } = setup
    const room = this.room()
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index]
      if (table === undefined || table.always) continue
      const count = world.ints[HEADER_COUNTS + index] ?? 0
      for (let row = 0; row < count; row++) {
        const at = table.first + row
        const bit = 1 << (at & 31)
        if (((seen[at >> 5] ?? 0) & bit) === 0) continue
        if (world.ints[table.plan.owners + row] === viewer.seat) continue
        if (rule.visible?.(room, viewer.facade, world.table(index).viewAt(row)) !== true)
          seen[at >> 5] = (seen[at >> 5] ?? 0) & ~bit
      }
    }
  }
}
