/**
 * Press order: which presses a tick applies that stand in the player's inputs and were not applied yet. The server's rule, so that a press
 * that came late is predicted in the tick in which the server applies it: of the ticks whose presses wait, the older half and at least one.
 * Called by the prediction for each tick that it computes (hot): without presses that wait it looks at one row.
 */
import { type CompiledGame, type InputRing, SEAT_LEVELS, TICK_STAMP } from '@tickmesh/shared'

export class PressOrder {
  private readonly game: CompiledGame
  private readonly inputs: InputRing
  private readonly seat: number

  constructor(game: CompiledGame, inputs: InputRing, seat: number) {
    this.game = game
    this.inputs = inputs
    this.seat = seat
  }

  /** The slot whose press counters `tick` applies to `world`, or -1 for none. */
  slotFor(tick: number, world: Int32Array): number {
    const { inputs } = this
    let first = -1
    for (let at = tick; at > tick - inputs.capacity && at >= 0; at--) {
      const slot = inputs.find(at)
      if (slot < 0) continue
      if (!this.grows(slot, -1, world)) break
      first = at
    }
    if (first < 0 || first === tick) return inputs.find(first)
    return this.waiting(first, tick, world, Math.ceil(this.countWaiting(first, tick, world) / 2))
  }

  private countWaiting(first: number, tick: number, world: Int32Array): number {
    let count = 0
    let before = -1
    for (let at = first; at <= tick; at++) {
      const slot = this.inputs.find(at)
      if (slot < 0 || !this.grows(slot, before, world)) continue
      count++
      before = slot
    }
    return count
  }

  /** The slot of the `nth` tick whose presses wait; 1 is the first. */
  private waiting(first: number, tick: number, world: Int32Array, nth: number): number {
    let before = -1
    let left = nth
    for (let at = first; at <= tick && left > 0; at++) {
      const slot = this.inputs.find(at)
      if (slot < 0 || !this.grows(slot, before, world)) continue
      left--
      before = slot
    }
    return before
  }

  /** True if a press counter of a slot is above that of the slot before; -1: above what is applied. */
  private grows(slot: number, before: number, world: Int32Array): boolean {
    const { rows, levels, presses, width } = this.inputs
    for (let press = 0; press < presses; press++) {
      const known = before < 0 ? this.applied(press, world) : (rows[before * width + levels + press] ?? 0)
      if ((rows[slot * width + levels + press] ?? 0) > known) return true
    }
    return false
  }

  private applied(press: number, world: Int32Array): number {
    const { game } = this
    return world[game.seatBase + (SEAT_LEVELS + game.levels.length + press) * game.seatRows + this.seat] ?? 0
  }

  /** Where the stamp of a slot's first press that is not applied in `world` is kept; the tick's own if it has none. */
  stampOf(slot: number, world: Int32Array): number {
    const { inputs } = this
    const row = inputs.rowOffset(slot) + inputs.levels
    for (let press = 0; press < inputs.presses; press++) {
      const at = inputs.stampOffset(slot, 1 + press)
      if ((inputs.rows[row + press] ?? 0) > this.applied(press, world) && (inputs.stamps[at] ?? -1) >= 0) return at
    }
    return inputs.stampOffset(slot, TICK_STAMP)
  }
}
