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
import { checkedSeat, makeViewClass, type View, type ViewClass } from './entity-view.ts'
import { levelOffset, makeHeldClass, makeInputClass, type SeatView, type SeatViewClass } from './input-view.ts'
import { UNLOCKED } from './row-view.ts'
import { settleTable } from './settle.ts'
import { Table, type TableHost } from './table.ts'

export type { View } from './entity-view.ts'
export type { Table } from './table.ts'

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
    const entities = game.entities.map(makeViewClass)
    classes = { entities, input: makeInputClass(game), held: makeHeldClass(game) }
    classesOf.set(game, classes)
  }
  return classes
}

export class World implements TableHost {
  readonly game: CompiledGame
  readonly ints: Int32Array
  readonly floats: Float32Array
  readonly tables: readonly Table[]
  /** The tables by entity name, as game code reads them. */
  readonly byName: Readonly<Record<string, Table>>
  readonly strict: boolean
  readonly hidesServerFields: boolean
  readonly viewsLocked: number
  readonly lastSeat: number
  clamping = false
  /** How often an entity did not fit into its table. */
  overflows = 0
  readonly #settled: Int32Array
  readonly #dirty: Uint8Array
  readonly #inputViews: SeatView[] = []
  readonly #heldViews: SeatView[] = []

  constructor(game: CompiledGame, options: WorldOptions = {}) {
    this.game = game
    const buffer = new ArrayBuffer(game.worldInts * 4)
    this.ints = new Int32Array(buffer)
    this.floats = new Float32Array(buffer)
    this.strict = options.strict ?? false
    this.hidesServerFields = options.hidesServerFields ?? false
    this.viewsLocked = options.viewsLocked ?? UNLOCKED
    this.lastSeat = game.maxPlayers
    this.#settled = new Int32Array(game.entities.length)
    this.#dirty = new Uint8Array(game.entities.length)
    const classes = viewClasses(game)
    this.tables = game.entities.map((entity, index) => new Table(this, entity, classes.entities[index] as ViewClass))
    this.byName = Object.fromEntries(this.tables.map((table) => [table.type.name, table]))
    for (let seat = 0; seat <= game.maxPlayers; seat++) {
      this.#inputViews.push(new classes.input(this, seat))
      this.#heldViews.push(new classes.held(this, seat))
      this.setNeutral(seat)
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
    if (table === undefined) {
      throw new NetError('BAD_ARGUMENT', `there is no entity type ${index}.`, 'Use an index of game.entities.')
    }
    return table
  }

  /** What a step reads as `input`; `pressed` is shared by all seats. */
  inputView(seat: number): SeatView {
    return this.#inputViews[seat] ?? (this.#inputViews[0] as SeatView)
  }
  heldView(seat: number): SeatView {
    return this.#heldViews[seat] ?? (this.#heldViews[0] as SeatView)
  }
  usePressed(pressed: Int32Array): void {
    for (const view of this.#inputViews) view._pressed = pressed
  }

  /** Sets the levels of a seat to what they are when nobody touches anything. */
  setNeutral(seat: number): void {
    const { levels } = this.game
    for (let n = 0; n < levels.length; n++) this.ints[levelOffset(this.game, n) + seat] = levels[n]?.field.initial ?? 0
  }

  /** Rows of a table that are in order; later ones were spawned since the last `settle`. */
  settledCount(typeIndex: number): number {
    return this.#settled[typeIndex] ?? 0
  }

  /** The next counted id. */
  takeId(): number {
    for (;;) {
      const id = this.ints[HEADER_NEXT_ID] ?? 1
      this.ints[HEADER_NEXT_ID] = id + 1 >= FIRST_KEYED_ID ? 1 : id + 1
      if (!this.has(id)) return id
    }
  }

  /** True if a row has this id, the entity living or despawned in this tick. */
  has(id: number): boolean {
    for (let index = 0; index < this.tables.length; index++) {
      if ((this.tables[index] as Table).rowOf(id) >= 0) return true
    }
    return false
  }

  /** The living entity with this id, of whatever type. */
  find(id: number): View | undefined {
    if (id === 0) return undefined
    for (let index = 0; index < this.tables.length; index++) {
      const view = (this.tables[index] as Table).get(id)
      if (view !== undefined) return view
    }
    return undefined
  }

  /** Appends a row with the fields' initial values. A full table gives its spare row, which nobody sees, and is counted. */
  spawn(typeIndex: number, id: number, owner: number): View {
    const table = this.table(typeIndex)
    const { type } = table
    const seat = checkedSeat(this, owner, `${type.name}.owner`)
    let row = table.count
    if (row >= type.max) {
      this.overflows++
      row = type.max
    } else {
      this.ints[HEADER_COUNTS + typeIndex] = row + 1
    }
    this.#dirty[typeIndex] = 1
    this.#clearRow(type, row, id, seat)
    const view = table.viewAt(row)
    view.locked = UNLOCKED
    return view
  }

  #clearRow(type: CompiledEntity, row: number, id: number, owner: number): void {
    const { ints } = this
    ints[type.base + COLUMN_ID * type.rows + row] = id
    ints[type.base + COLUMN_OWNER * type.rows + row] = owner
    ints[type.base + COLUMN_FLAGS * type.rows + row] = 0
    for (let i = 0; i < type.fields.length; i++) {
      const compiled = type.fields[i]
      if (compiled !== undefined) ints[compiled.offset + row] = compiled.field.initial
    }
  }

  /** Sets fields by name. Names that the type does not have throw in development, and are left out in production. */
  assign(view: View, values: Values): void {
    const { type } = this.byName[view.type] as Table
    const target = view as unknown as Record<string, unknown>
    if (this.strict) checkNames(type, values)
    for (let i = 0; i < type.fields.length; i++) {
      const name = type.fields[i]?.name ?? ''
      const value = values[name]
      if (value !== undefined) target[name] = value
    }
  }

  /** Marks an entity dead; its row goes at the next `settle`. */
  despawn(view: View): void {
    const table = this.byName[view.type]
    if (table === undefined) return
    const at = table.type.base + COLUMN_FLAGS * table.type.rows + view.row
    this.ints[at] = (this.ints[at] ?? 0) | FLAG_DEAD
    this.#dirty[table.type.index] = 1
  }

  /** Ends a tick's changes: drops the dead, puts the new in order. */
  settle(): void {
    for (let index = 0; index < this.tables.length; index++) {
      if (this.#dirty[index] === 0) continue
      const { type } = this.table(index)
      settleTable(type, this.ints)
      this.#dirty[index] = 0
      this.#settled[index] = this.ints[HEADER_COUNTS + index] ?? 0
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
      this.#settled[index] = this.ints[HEADER_COUNTS + index] ?? 0
      this.#dirty[index] = 0
    }
  }

  /** 32-bit hash of all state. Two settled worlds with equal state have equal hashes. */
  hash(): number {
    return hashInts(this.ints, 0, this.ints.length, 0)
  }
}

function checkNames(type: CompiledEntity, values: Values): void {
  for (const name of Object.keys(values)) {
    if (name === 'owner' || type.fields.some((field) => field.name === name)) continue
    throw new NetError('BAD_ARGUMENT', `${type.name} has no field "${name}".`, 'Declare it, or leave it out.')
  }
}
