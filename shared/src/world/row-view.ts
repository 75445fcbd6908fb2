/**
 * A row view: an object through which a game's code reads and writes one row of integer columns.
 * A view class is made once per definition, a view once per row and world; after that nothing is allocated.
 * What its columns do is in column.ts, what an entity's view has besides in entity-view.ts.
 */
import { NetError } from '../error.ts'

/** Why a row may not be written. UNLOCKED is 0, so that a setter can ask `!view.locked`. */
export const UNLOCKED = 0
export const LOCKED_NOT_PREDICTED = 1
export const LOCKED_PAST = 2
export const LOCKED_INPUT = 3

const REASONS: Readonly<Record<number, readonly [why: string, remedy: string]>> = {
  [LOCKED_NOT_PREDICTED]: [
    'this entity is not predicted here, so it is read-only',
    'Use ctx.command(...) for what one entity does to another.',
  ],
  [LOCKED_PAST]: ['the past cannot be changed', 'Find the living entity by its id, or use ctx.command(...).'],
  [LOCKED_INPUT]: ['inputs belong to the players', 'Copy the value to change it.'],
}

/** What a view needs to know of the world it belongs to. */
export interface ViewHost {
  readonly ints: Int32Array
  readonly floats: Float32Array
  /** True in development: what is out of range or not allowed throws. */
  readonly strict: boolean
  /** True while a motion runs: what leaves a field's range stays at its edge, in development too. */
  readonly clamping: boolean
  /** True where server-only fields are unknown. */
  readonly hidesServerFields: boolean
  /** The last seat that an owner can have. */
  readonly lastSeat: number
}

/** Makes an object that belongs to a view, such as its flag sets. */
export type PartMaker = (view: RowView) => object

/** Games cannot name anything with a `_`, so `_parts` takes no name away from them. */
export class RowView {
  readonly ints: Int32Array
  readonly floats: Float32Array
  readonly row: number
  /** UNLOCKED, or why it may not be written. */
  locked: number = UNLOCKED
  readonly world: ViewHost
  readonly _parts: readonly object[]

  constructor(world: ViewHost, row: number, makers: readonly PartMaker[]) {
    this.ints = world.ints
    this.floats = world.floats
    this.row = row
    this.world = world
    this._parts = makers.map((make) => make(this))
  }
}

/** A locked row was touched: throws READ_ONLY in development, else does nothing. `what` is like `player.x was written`. */
export function refuse(view: RowView, what: string): void {
  if (!view.world.strict) return
  const [why, remedy] = REASONS[view.locked] ?? ['it is locked', '']
  throw new NetError('READ_ONLY', `${what}, but ${why}.`, remedy)
}
