/**
 * What a spectator has in place of prediction: it counts ticks, so that its messages carry acknowledgements, and computes nothing. Everything is drawn in
 * the past, as others are; the present is an empty world. Handed in by `spectate`, so that who only plays does not load it.
 */
import type { CompiledGame, SnapshotSource } from '@tickmesh/shared'
import type { InputLatch } from './input-latch.ts'
import { Prediction, type PredictionOptions } from './prediction.ts'

export class Watching extends Prediction {
  readonly #nothing: Int32Array
  #heardTick = -1

  constructor(game: CompiledGame, seat: number, frames: SnapshotSource, options: PredictionOptions) {
    super(game, seat, frames, { ...options, inputDelayTicks: 0, repeatTicks: 0 })
    this.#nothing = new Int32Array(game.worldInts)
  }

  override get present(): Int32Array {
    return this.#nothing
  }

  override get blocked(): boolean {
    return this.#heardTick < 0 || this.tick - this.#heardTick >= this.maxAheadTicks
  }

  override predicts(): boolean {
    return false
  }

  /** The tick gets a neutral input: its message must hold one. */
  override advance(latch: InputLatch): void {
    this.skipTo(this.tick + 1)
    this.inputs.rows.set(latch.levels, this.inputs.rowOffset(this.inputs.slotFor(this.tick)))
    latch.clearPresses()
  }

  override tentative(): Int32Array {
    return this.#nothing
  }

  override onSnapshot(tick: number): void {
    this.#heardTick = tick
    if (tick > this.tick) this.skipTo(tick)
  }

  override skipTo(tick: number): void {
    this.tick = tick
    this.inputTick = tick
    this.firstInputTick = tick + 1
  }
}
