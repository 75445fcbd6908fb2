/**
 * What all players do in one tick, resolved: the presses that it applies and the moment that each player saw.
 * Levels are in the seat columns of the world. Written by the room (server) or the prediction (client), read by the simulation;
 * a journal of these and of the seat columns replays a match.
 */
import type { CompiledGame } from '../game/compiled.ts'

/** Numbers of a view stamp: older snapshot's tick, newer one's, 1/256 between; equal ticks: ticks beyond. Older -1: the present. */
export const STAMP_WIDTH = 3

export class TickInputs {
  /** Presses applied: seat s, press k at `s * presses + k`. */
  readonly pressed: Int32Array
  /** Total of a seat's presses ever applied, this tick's included. */
  readonly pressTotals: Int32Array
  /** Resolved view stamps: seat s at `s * STAMP_WIDTH`. */
  readonly stamps: Int32Array
  private readonly presses: number

  constructor(game: CompiledGame) {
    this.presses = game.presses.length
    this.pressed = new Int32Array(game.seatRows * this.presses)
    this.pressTotals = new Int32Array(game.seatRows)
    this.stamps = new Int32Array(game.seatRows * STAMP_WIDTH).fill(-1)
  }

  /** No presses, and everybody sees the present. */
  clear(): void {
    this.pressed.fill(0)
    this.stamps.fill(-1)
  }

  setStamp(seat: number, older: number, newer: number, fraction: number): void {
    const at = seat * STAMP_WIDTH
    this.stamps[at] = older
    this.stamps[at + 1] = newer
    this.stamps[at + 2] = fraction
  }

  /** True if a press of this seat is applied in this tick. */
  hasPress(seat: number): boolean {
    for (let press = 0; press < this.presses; press++)
      if ((this.pressed[seat * this.presses + press] ?? 0) !== 0) return true
    return false
  }
}
