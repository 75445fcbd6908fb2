/**
 * Press order: which presses a tick applies that stand in the player's inputs and were not applied yet. The server's rule, so that a press
 * that came late is predicted in the tick in which the server applies it: the oldest of those whose presses wait, one in each tick.
 * Called by the prediction for each tick that it computes (hot): without presses that wait it looks at one row.
 */
import { type CompiledGame, type InputRing, SEAT_LEVELS, TICK_STAMP } from '@tickmesh/shared'

export class PressOrder {
  readonly #game: CompiledGame
  readonly #inputs: InputRing
  readonly #seat: number

  constructor(game: CompiledGame, inputs: InputRing, seat: number) {
    this.#game = game
    this.#inputs = inputs
    this.#seat = seat
  }

  /** The slot whose press counters `tick` applies to `world`, or -1 for none. */
  slotFor(tick: number, world: Int32Array): number {
    const inputs = this.#inputs
    let first = -1
    for (let at = tick; at > tick - inputs.capacity && at >= 0; at--) {
      const slot = inputs.find(at)
      if (slot < 0) continue
      if (!this.#grows(slot, world)) break
      first = at
    }
    return inputs.find(first)
  }

  /** True if a press counter of a slot is above what is applied. */
  #grows(slot: number, world: Int32Array): boolean {
    const { rows, levels, presses, width } = this.#inputs
    for (let press = 0; press < presses; press++) {
      if ((rows[slot * width + levels + press] ?? 0) > this.#applied(press, world)) return true
    }
    return false
  }

  #applied(press: number, world: Int32Array): number {
    const game = this.#game
    return world[game.seatBase + (SEAT_LEVELS + game.levels.length + press) * game.seatRows + this.#seat] ?? 0
  }

  /** Where the stamp of a slot's first press that is not applied in `world` is kept; the tick's own if it has none. */
  stampOf(slot: number, world: Int32Array): number {
    const inputs = this.#inputs
    const row = inputs.rowOffset(slot) + inputs.levels
    for (let press = 0; press < inputs.presses; press++) {
      const at = inputs.stampOffset(slot, 1 + press)
      if ((inputs.rows[row + press] ?? 0) > this.#applied(press, world) && (inputs.stamps[at] ?? -1) >= 0) return at
    }
    return inputs.stampOffset(slot, TICK_STAMP)
  }
}
