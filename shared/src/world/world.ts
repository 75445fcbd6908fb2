/**
 * A world: all state of one room at one tick, in one ArrayBuffer, with a table of views per entity type.
 * Rows of a table are sorted by id, so that every side steps them in the same order; rows keep their place within a tick and are
 * put in order by `settle` at its end. Saving or restoring is one copy. Used by the simulation, the codec and the client's screens.
 */
import { NetError } from '../error.ts'
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  type CompiledGame,
  FLAG_DEAD,
  HEADER_COUNTS,
  HEADER_NEXT_ID,
  HEADER_SEED,
  HEADER_TICK,
} from '../game/compiled.ts'
import { hashInts } from '../wire/hash.ts'
import { type SeatView, type SeatViewClass, makeHeldClass, makeInputClass } from './input-view.ts'
import { type RowView, UNLOCKED, type ViewClass, type ViewHost, makeViewClass } from './row-view.ts'

export type View = InstanceType<ViewClass>
type Values = Readonly<Record<string, unknown>>

/** Ids below this are counted; ids from here on are made of what spawned the entity (see spawn-key.ts). */
export const FIRST_KEYED_ID = 2 ** 30

export interface WorldOptions {
  /** Development: what is out of range or not allowed throws. */
  readonly strict?: boolean
  /** A client's world, which has no server-only fields. */
  readonly hidesServerFields?: boolean
  /** How its views are locked (row-view.ts); unlocked by default. */
  readonly viewsLocked?: number
}

interface ViewClasses {
  readonly entities: readonly ViewClass[]
  readonly input: SeatViewClass
  readonly held: SeatViewClass
}

/** View classes are made once per definition. */
const classesOf = new WeakMap<CompiledGame, ViewClasses>()
function viewClasses(game: CompiledGame): ViewClasses {
  let classes = classesOf.get(game)
  if (classes === undefined) {
    classes = { entities: game.entities.map(makeViewClass), input: makeInputClass(game), held: makeHeldClass(game) }
    classesOf.set(game, classes)
  }
  return classes
}

/** The entities of one type. Iterating allocates nothing that outlives it; entities spawned meanwhile are not visited. */
export class Table implements Iterable<View> {
  readonly type: CompiledEntity
  readonly views: View[] = []
  private readonly world: World
  private readonly viewClass: ViewClass

  constructor(world: World, type: CompiledEntity, viewClass: ViewClass) {
    this.world = world
    this.type = type
    this.viewClass = viewClass
  }

  /** Rows in use, those spawned or despawned in this tick included. */
  get count(): number {
    return this.world.ints[HEADER_COUNTS + this.type.index] ?? 0
  }

  at(index: number): View {
    if (!(index >= 0 && index < this.count)) {
      throw new NetError('BAD_ARGUMENT', `${this.type.name}.at(${index}), but there are ${this.count}.`, 'Stay below `count`.')
    }
    return this.viewAt(index)
  }

  /** The view of a row, in use or not. */
  viewAt(row: number): View {
    const known = this.views[row]
    if (known !== undefined) return known
    for (let next = this.views.length; next <= row; next++) {
      const view = new this.viewClass(this.world, next)
      view.locked = this.world.viewsLocked
      this.views.push(view)
    }
    return this.viewAt(row)
  }

  get(id: number): View | undefined {
    const row = this.rowOf(id)
    if (row < 0) return undefined
    const view = this.viewAt(row)
    return view.alive ? view : undefined
  }

  /** Row of an entity, or -1. */
  rowOf(id: number): number {
    const { ints } = this.world
    const base = this.type.base + COLUMN_ID * this.type.rows
    const count = this.count
    let low = 0
    let high = this.world.settledCount(this.type.index) - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = ints[base + middle] ?? 0
      if (found === id) return middle
      if (found < id) low = middle + 1
      else high = middle - 1
    }
    for (let row = this.world.settledCount(this.type.index); row < count; row++) if (ints[base + row] === id) return row
    return -1
  }

  [Symbol.iterator](): Iterator<View> {
    return new TableIterator(this)
  }
}

/** Its own result object, so that a loop makes one small object at most. */
class TableIterator implements Iterator<View> {
  done = false
  value: View
  private row = 0
  private readonly table: Table
  private readonly count: number

  constructor(table: Table) {
    this.table = table
    this.count = table.count
    this.value = table.viewAt(0)
  }

  next(): IteratorResult<View> {
    while (this.row < this.count) {
      this.value = this.table.viewAt(this.row++)
      if (this.value.alive) return this as IteratorResult<View>
    }
    this.done = true
    return this as IteratorResult<View>
  }
}

export class World implements ViewHost {
  readonly game: CompiledGame
  readonly ints: Int32Array
  readonly floats: Float32Array
  readonly tables: readonly Table[]
  /** The tables by entity name, as game code reads them. */
  readonly byName: Readonly<Record<string, Table>>
  strict: boolean
  readonly hidesServerFields: boolean
  readonly viewsLocked: number
  /** How often an entity did not fit into its table. */
  overflows = 0
  private readonly settled: Int32Array
  private readonly dirty: Uint8Array
  private readonly inputViews: SeatView[] = []
  private readonly heldViews: SeatView[] = []

  constructor(game: CompiledGame, options: WorldOptions = {}) {
    this.game = game
    const buffer = new ArrayBuffer(game.worldInts * 4)
    this.ints = new Int32Array(buffer)
    this.floats = new Float32Array(buffer)
    this.strict = options.strict ?? false
    this.hidesServerFields = options.hidesServerFields ?? false
    this.viewsLocked = options.viewsLocked ?? UNLOCKED
    this.settled = new Int32Array(game.entities.length)
    this.dirty = new Uint8Array(game.entities.length)
    const classes = viewClasses(game)
    this.tables = game.entities.map((entity, index) => new Table(this, entity, classes.entities[index] as ViewClass))
    this.byName = Object.fromEntries(this.tables.map((table) => [table.type.name, table]))
    for (let seat = 0; seat <= game.maxPlayers; seat++) {
      this.inputViews.push(new classes.input(this, seat))
      this.heldViews.push(new classes.held(this, seat))
    }
    this.ints[HEADER_NEXT_ID] = 1
  }

  get tick(): number {
    return this.ints[HEADER_TICK] ?? 0
  }
  set tick(tick: number) {
    this.ints[HEADER_TICK] = tick
  }

  /** The seed that everybody knows. */
  get seed(): number {
    return this.ints[HEADER_SEED] ?? 0
  }

  table(index: number): Table {
    const table = this.tables[index]
    if (table === undefined) throw new NetError('BAD_ARGUMENT', `there is no entity type ${index}.`, 'Use an index of game.entities.')
    return table
  }

  /** What a step reads as `input`; `pressed` is shared by all seats. */
  inputView(seat: number): SeatView {
    return this.inputViews[seat] ?? (this.inputViews[0] as SeatView)
  }
  heldView(seat: number): SeatView {
    return this.heldViews[seat] ?? (this.heldViews[0] as SeatView)
  }
  usePressed(pressed: Int32Array): void {
    for (const view of this.inputViews) view.pressed = pressed
  }

  /** Rows of a table that are in order; later ones were spawned since the last `settle`. */
  settledCount(typeIndex: number): number {
    return this.settled[typeIndex] ?? 0
  }

  touch(typeIndex: number): void {
    this.dirty[typeIndex] = 1
  }

  /** The next counted id. */
  takeId(): number {
    for (;;) {
      const id = this.ints[HEADER_NEXT_ID] ?? 1
      this.ints[HEADER_NEXT_ID] = id + 1 >= FIRST_KEYED_ID ? 1 : id + 1
      if (!this.has(id)) return id
    }
  }

  has(id: number): boolean {
    for (const table of this.tables) if (table.rowOf(id) >= 0) return true
    return false
  }

  /** The living entity with this id, of whatever type. */
  find(id: number): View | undefined {
    if (id === 0) return undefined
    for (const table of this.tables) {
      const view = table.get(id)
      if (view !== undefined) return view
    }
    return undefined
  }

  /** Appends a row with the fields' initial values. A full table gives its spare row, which nobody sees, and is counted. */
  spawn(typeIndex: number, id: number, owner: number): View {
    const table = this.table(typeIndex)
    const { type } = table
    let row = table.count
    if (row >= type.max) {
      this.overflows++
      row = type.max
    } else {
      this.ints[HEADER_COUNTS + typeIndex] = row + 1
      this.dirty[typeIndex] = 1
    }
    const { ints } = this
    ints[type.base + COLUMN_ID * type.rows + row] = id
    ints[type.base + COLUMN_OWNER * type.rows + row] = owner
    ints[type.base + COLUMN_FLAGS * type.rows + row] = 0
    for (let i = 0; i < type.fields.length; i++) {
      const compiled = type.fields[i]
      if (compiled !== undefined) ints[compiled.offset + row] = compiled.field.initial
    }
    const view = table.viewAt(row)
    view.locked = UNLOCKED
    return view
  }

  /** Sets fields by name. Names that the type does not have throw in development. */
  assign(view: View, values: Values): void {
    const target = view as unknown as Record<string, unknown>
    for (const name in values) {
      if (this.strict && !(name in view)) throw new NetError('BAD_ARGUMENT', `${view.type} has no field "${name}".`, 'Declare it, or leave it out.')
      if (name !== 'owner' && values[name] !== undefined) target[name] = values[name]
    }
  }

  /** Marks an entity dead; its row goes at the next `settle`. */
  despawn(view: RowView & { readonly type: string }): void {
    const table = this.byName[view.type]
    if (table === undefined) return
    const at = table.type.base + COLUMN_FLAGS * table.type.rows + view.row
    this.ints[at] = (this.ints[at] ?? 0) | FLAG_DEAD
    this.dirty[table.type.index] = 1
  }

  /** Ends a tick's changes: drops the dead, puts the new in order. */
  settle(): void {
    for (let index = 0; index < this.tables.length; index++) {
      if (this.dirty[index] === 1) this.settleTable(index)
      this.settled[index] = this.ints[HEADER_COUNTS + index] ?? 0
    }
  }

  private settleTable(index: number): void {
    const { type } = this.table(index)
    this.dirty[index] = 0
    const kept = this.dropDead(type, this.ints[HEADER_COUNTS + index] ?? 0)
    this.ints[HEADER_COUNTS + index] = kept
    const ids = type.base + COLUMN_ID * type.rows
    for (let row = 1; row < kept; row++) {
      const id = this.ints[ids + row] ?? 0
      if (id > (this.ints[ids + row - 1] ?? 0)) continue
      let to = row - 1
      while (to > 0 && (this.ints[ids + to - 1] ?? 0) > id) to--
      this.moveRow(type, row, to)
    }
  }

  private dropDead(type: CompiledEntity, count: number): number {
    const { ints } = this
    const flags = type.base + COLUMN_FLAGS * type.rows
    let kept = 0
    for (let row = 0; row < count; row++) {
      if (((ints[flags + row] ?? 0) & FLAG_DEAD) !== 0) continue
      if (kept !== row) {
        for (let column = 0; column < type.columns; column++) {
          const at = type.base + column * type.rows
          ints[at + kept] = ints[at + row] ?? 0
        }
      }
      kept++
    }
    for (let column = 0; column < type.columns; column++) {
      const at = type.base + column * type.rows
      ints.fill(0, at + kept, at + count)
    }
    return kept
  }

  /** Moves a row up, those between one down. */
  private moveRow(type: CompiledEntity, from: number, to: number): void {
    for (let column = 0; column < type.columns; column++) {
      const at = type.base + column * type.rows
      const value = this.ints[at + from] ?? 0
      this.ints.copyWithin(at + to + 1, at + to, at + from)
      this.ints[at + to] = value
    }
  }

  /** Copies everything into a snapshot of `game.worldInts` integers. The world must be settled. */
  save(into: Int32Array): void {
    into.set(this.ints)
  }

  /** Becomes a snapshot, bit for bit. */
  load(snapshot: Int32Array): void {
    this.ints.set(snapshot)
    this.adopt()
  }

  /** Takes what was written straight into `ints` as settled. */
  adopt(): void {
    for (let index = 0; index < this.tables.length; index++) {
      this.settled[index] = this.ints[HEADER_COUNTS + index] ?? 0
      this.dirty[index] = 0
    }
  }

  /** 32-bit hash of all state. Two settled worlds with equal state have equal hashes. */
  hash(): number {
    return hashInts(this.ints, 0, this.ints.length, 0)
  }
}
