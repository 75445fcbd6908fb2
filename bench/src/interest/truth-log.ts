/**
 * Keeps what was true: the whole world at the end of each tick, in memory that was taken before measuring began. One copy of some ten kilobytes for each
 * tick, half a thousandth of a core, so that the server that is measured pays next to nothing for being compared.
 */
import type { CompiledGame } from '@tickmesh/shared'
import type { Truth } from './messages.ts'

export class TruthLog {
  private readonly worlds: Int32Array
  private readonly ticks: number[] = []
  private readonly game: CompiledGame
  private readonly most: number
  private keeping = false

  constructor(game: CompiledGame, seconds: number) {
    this.game = game
    this.most = Math.ceil(seconds * game.tickRate)
    // Written to, so that the pages are there before anything is measured.
    this.worlds = new Int32Array(this.most * game.worldInts).fill(-1)
  }

  start(): void {
    this.keeping = true
    this.ticks.length = 0
  }

  /** The rules' onTick of `tick`: `ints` is the world at the end of the tick before. */
  beforeTick(tick: number, ints: Int32Array): void {
    const ended = tick - 1
    if (!this.keeping || this.ticks.length === this.most) return
    this.worlds.set(ints, this.ticks.length * this.game.worldInts)
    this.ticks.push(ended)
  }

  get truth(): Truth {
    return { ticks: this.ticks, worlds: this.worlds.subarray(0, this.ticks.length * this.game.worldInts) }
  }
}
