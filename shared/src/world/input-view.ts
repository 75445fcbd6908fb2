/**
 * Input views: a player's levels as steps (`InputView`) and motions (`HeldView`) read them, straight from the seat columns of a world.
 * Presses are read from the row of presses that this tick applies.
 */
import { type CompiledGame, type CompiledLevel, SEAT_LEVELS } from '../game/compiled.ts'
import { RowView, type ViewHost, defineColumn } from './row-view.ts'

/** A view of a seat. `pressed` holds the presses that the current tick applies: seat s, press k at `s * presses + k`. */
export class SeatView extends RowView {
  pressed: Int32Array = new Int32Array(0)
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

function defineLevels(proto: object, game: CompiledGame, levels: readonly CompiledLevel[]): void {
  const names = [...new Set(levels.map((level) => level.name))]
  for (const name of names) {
    const parts = levels.filter((level) => level.name === name)
    const first = parts[0]
    if (first === undefined) continue
    if (first.part === '') defineColumn(proto, `input.${name}`, name, first.field, levelOffset(game, first.index))
    else definePair(proto, game, name, parts)
  }
}

/** A level of several parts is an object of its own per seat, made once. */
function definePair(proto: object, game: CompiledGame, name: string, parts: readonly CompiledLevel[]): void {
  class Parts extends RowView {}
  for (const part of parts) defineColumn(Parts.prototype, `input.${name}.${part.part}`, part.part, part.field, levelOffset(game, part.index))
  const slot = `_${name}`
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView & Record<string, unknown>) {
      let made = this[slot]
      if (made === undefined) {
        made = new Parts(this.world, this.row)
        Object.defineProperty(this, slot, { value: made })
      }
      return made
    },
  })
}

/** The class of what a step gets as `input`. */
export function makeInputClass(game: CompiledGame): SeatViewClass {
  class Input extends SeatView {}
  defineLevels(Input.prototype, game, game.levels)
  const count = game.presses.length
  for (const { name, index } of game.presses) {
    Object.defineProperty(Input.prototype, name, {
      enumerable: true,
      get(this: SeatView) {
        return this.pressed[this.row * count + index]
      },
    })
  }
  return Input
}

/** The class of what a motion gets as `held`: only levels that everybody may know. */
export function makeHeldClass(game: CompiledGame): SeatViewClass {
  class Held extends SeatView {}
  defineLevels(
    Held.prototype,
    game,
    game.levels.filter((level) => level.shared),
  )
  return Held
}
