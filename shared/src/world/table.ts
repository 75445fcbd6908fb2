/**
 * The entities of one type in a world, in order of their ids, each with a view that is made when its row is first used.
 * Made by the world; read by steps, the codec and screens.
 */
import { NetError } from '../error.ts'
import { COLUMN_FLAGS, COLUMN_ID, type CompiledEntity, FLAG_DEAD, HEADER_COUNTS } from '../game/compiled.ts'
import type { View, ViewClass } from './entity-view.ts'
import type { ViewHost } from './row-view.ts'
import { findRow } from './rows.ts'

/** What a table needs to know of its world. */
export interface TableHost extends ViewHost {
  /** How new views are locked. */
  readonly viewsLocked: number
  /** Rows that are in order; later ones were spawned since the last `settle`. */
  settledCount(typeIndex: number): number
}

/** Iterating visits the living, makes one small object at most, and does not see what is spawned meanwhile. */
export class Table implements Iterable<View> {
  readonly type: CompiledEntity
  readonly views: View[] = []
  readonly #world: TableHost
  readonly #viewClass: ViewClass

  constructor(world: TableHost, type: CompiledEntity, viewClass: ViewClass) {
    this.#world = world
    this.type = type
    this.#viewClass = viewClass
  }

  /** Rows in use, those spawned or despawned in this tick included. */
  get count(): number {
    return this.#world.ints[HEADER_COUNTS + this.type.index] ?? 0
  }

  /** The entity in a row. Within a tick it may be dead already: ask `alive`. */
  at(index: number): View {
    if (!(Number.isInteger(index) && index >= 0 && index < this.count)) {
      const problem = `${this.type.name}.at(${index}), but there are ${this.count}.`
      throw new NetError('BAD_ARGUMENT', problem, 'Stay below `count`.')
    }
    return this.viewAt(index)
  }

  /** The view of a row, in use or not. */
  viewAt(row: number): View {
    return this.views[row] ?? this.#makeViews(row)
  }

  #makeViews(upTo: number): View {
    for (let row = this.views.length; row <= upTo; row++) {
      const view = new this.#viewClass(this.#world, row)
      view.locked = this.#world.viewsLocked
      this.views.push(view)
    }
    return this.views[upTo] as View
  }

  get(id: number): View | undefined {
    const row = this.rowOf(id)
    return row >= 0 && this.livesAt(row) ? this.viewAt(row) : undefined
  }

  /** True if the entity in a row was not despawned in this tick. */
  livesAt(row: number): boolean {
    return ((this.#world.ints[this.type.base + COLUMN_FLAGS * this.type.rows + row] ?? 0) & FLAG_DEAD) === 0
  }

  /** Row of an entity, or -1. */
  rowOf(id: number): number {
    const { type } = this
    const world = this.#world
    const settled = world.settledCount(type.index)
    const found = findRow(type, world.ints, settled, id)
    if (found >= 0) return found
    const ids = type.base + COLUMN_ID * type.rows
    const { count } = this
    for (let row = settled; row < count; row++) if (world.ints[ids + row] === id) return row
    return -1
  }

  [Symbol.iterator](): Iterator<View> {
    return new TableIterator(this)
  }
}

/** Its own result object. */
class TableIterator implements Iterator<View> {
  done = false
  value: View
  #row = 0
  readonly #table: Table
  readonly #count: number

  constructor(table: Table) {
    this.#table = table
    this.#count = table.count
    this.value = table.viewAt(0)
  }

  next(): IteratorResult<View> {
    while (this.#row < this.#count) {
      const row = this.#row++
      if (!this.#table.livesAt(row)) continue
      this.value = this.#table.viewAt(row)
      return this as IteratorResult<View>
    }
    this.done = true
    return this as IteratorResult<View>
  }
}
