/**
 * Learns a game's prior from the frames of a training run: give it what an encoder would get, then commit `build()` as the game's `prior`.
 * Called by `npm run bench -- train`; cold.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { BodyInput } from './body-input.ts'
import { PriorTrainer } from './prior.ts'
import { makeLayout, type SnapshotLayout } from './snapshot-layout.ts'
import { encodeTailFields } from './snapshot-tail.ts'
import { SnapshotWriter } from './snapshot-writer.ts'

export class SnapshotTrainer {
  private readonly layout: SnapshotLayout
  private readonly writer: SnapshotWriter
  private readonly trainer: PriorTrainer

  /** The prior that the game has already is set aside. */
  constructor(game: CompiledGame) {
    this.layout = makeLayout({ ...game, prior: '' })
    this.writer = new SnapshotWriter(this.layout)
    this.trainer = new PriorTrainer(this.writer.models.table)
  }

  body(input: BodyInput): void {
    this.writer.writeBody(this.trainer, input)
    this.trainer.endFrame()
  }

  tail(seat: number, baseline: Int32Array | undefined, current: Int32Array): void {
    encodeTailFields(this.trainer, this.writer.models, this.layout, seat, baseline, current)
    this.trainer.endFrame()
  }

  /** The text to commit. */
  build(): string {
    return this.trainer.build().text
  }
}
