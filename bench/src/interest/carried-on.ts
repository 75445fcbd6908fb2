/**
 * What a client has of an entity that it hears nothing of: the truth of an earlier tick, carried on by the type's motion with what its owner held since.
 * Computes that from kept truth, one entity at a time. Pure.
 */
import { advanceByMotion, type CompiledEntity, type CompiledGame, HEADER_COUNTS, World } from '@tickmesh/shared'
import { rowOf } from './world-rows.ts'

/** Where the seats' columns begin; the tables come after them. */
function seatsOf(game: CompiledGame): { readonly from: number; readonly to: number } {
  return { from: HEADER_COUNTS + game.entities.length, to: Math.min(...game.entities.map(({ base }) => base)) }
}

export class CarriedOn {
  /** The entity is in row 0 of its type; of the rest only what the seats hold is of the tick. */
  readonly world: World
  private readonly game: CompiledGame
  private readonly seats: { readonly from: number; readonly to: number }

  constructor(game: CompiledGame) {
    this.game = game
    this.world = new World(game)
    this.seats = seatsOf(game)
  }

  /** Puts the entity as it was in `worlds[from]` into row 0, carried on to the tick of `worlds[to]`. False: it was not there. */
  carry(type: CompiledEntity, id: number, worlds: readonly Int32Array[], from: number, to: number): boolean {
    const { world, game, seats } = this
    const then = worlds[from]
    const row = then === undefined ? -1 : rowOf(type, then, id)
    if (then === undefined || row < 0) return false
    for (const { index } of game.entities) world.ints[HEADER_COUNTS + index] = index === type.index ? 1 : 0
    for (let column = 0; column < type.columns; column++) {
      const at = type.base + column * type.rows
      world.ints[at] = then[at + row] ?? 0
    }
    for (let at = from + 1; at <= to; at++) {
      const now = worlds[at]
      if (now === undefined) return false
      world.ints.set(now.subarray(seats.from, seats.to), seats.from)
      advanceByMotion(world, 1 / game.tickRate)
    }
    return true
  }
}
