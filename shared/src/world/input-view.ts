/**
 * Input views: a player's levels as steps (`InputView`) and motions (`HeldView`) read them, straight from the seat columns of a world.
 * Presses are read from the row of presses that this tick applies. Nobody writes through them.
 */
import { NetError } from '../error.ts'
import { type CompiledGame, type CompiledLevel, SEAT_LEVELS } from '../game/compiled.ts'
import { defineColumn } from './column.ts'
import { LOCKED_INPUT, type PartMaker, RowView, type ViewHost } from './row-view.ts'

/** A view of a seat. `_pressed` holds the presses that the current tick applies: seat s, press k at `s * presses + k`. */
export class SeatView extends RowView {
  _pressed: Int32Array = new Int32Array(0)
}

export type SeatViewClass = new (world: ViewHost, seat: number) => SeatView

/** Where the column of a level starts in a world's memory. */
export function levelOffset(game: CompiledGame, level: number): number {
  return game.seatBase + (SEAT_LEVELS + level) * game.seatRows
}

/** Where the column of a press counter starts in a world's memory. */
export function pressOffset(game: CompiledGame, press: number): number {
  return game.seatBase + (SEAT_LEVELS + game.levels.length + press) * game.seatRows
}

function defineLevels(proto: object, makers: PartMaker[], game: CompiledGame, levels: readonly CompiledLevel[]): void {
  for (const name of new Set(levels.map((level) => level.name))) {
    const parts = levels.filter((level) => level.name === name)
    const first = parts[0]
    if (first?.part === '') {
      defineColumn(proto, makers, name, `input.${name}`, first.field, levelOffset(game, first.index))
    } else {
      const part = makers.push(partsMaker(game, parts)) - 1
      Object.defineProperty(proto, name, {
        enumerable: true,
        get(this: RowView) {
          return this._parts[part]
        },
      })
    }
  }
}

/** A level of several parts is an object of its own per seat. */
function partsMaker(game: CompiledGame, parts: readonly CompiledLevel[]): PartMaker {
  const makers: PartMaker[] = []
  class Parts extends RowView {
    override locked: number = LOCKED_INPUT
    constructor(world: ViewHost, seat: number) {
      super(world, seat, makers)
    }
  }
  for (const { name, part, field, index } of parts) {
    defineColumn(Parts.prototype, makers, part, `input.${name}.${part}`, field, levelOffset(game, index))
  }
  return (view) => new Parts(view.world, view.row)
}

/** The class of what a step gets as `input`. */
export function makeInputClass(game: CompiledGame): SeatViewClass {
  const makers: PartMaker[] = []
  class Input extends SeatView {
    override locked: number = LOCKED_INPUT
    constructor(world: ViewHost, seat: number) {
      super(world, seat, makers)
    }
  }
  defineLevels(Input.prototype, makers, game, game.levels)
  const count = game.presses.length
  for (const { name, index } of game.presses) {
    Object.defineProperty(Input.prototype, name, {
      enumerable: true,
      get(this: SeatView) {
        return this._pressed[this.row * count + index]
      },
    })
  }
  return Input
}

/** A motion read a level that it did not read when `defineGame` tried it, so that others do not get it. */
function defineUnseen(proto: object, name: string): void {
  Object.defineProperty(proto, name, {
    get() {
      throw new NetError(
        'BAD_DEFINITION',
        `a motion read the input "${name}", but not when it was tried at definition time, so it is not sent to others.`,
        'Read every input that a motion may need at its top, before any condition.',
      )
    },
  })
}

/** The class of what a motion gets as `held`: only levels that everybody may know. */
export function makeHeldClass(game: CompiledGame): SeatViewClass {
  const makers: PartMaker[] = []
  class Held extends SeatView {
    override locked: number = LOCKED_INPUT
    constructor(world: ViewHost, seat: number) {
      super(world, seat, makers)
    }
  }
  const shared = game.levels.filter((level) => level.shared)
  defineLevels(Held.prototype, makers, game, shared)
  for (const name of new Set(game.levels.map((level) => level.name))) {
    if (!shared.some((level) => level.name === name)) defineUnseen(Held.prototype, name)
  }
  return Held
}
