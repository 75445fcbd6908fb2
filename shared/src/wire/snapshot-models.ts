/**
 * The bit models of a snapshot codec while it works: all sections in one table, each set back to the prior before a body or a tail.
 * Owned by encoder, decoder and trainer, one each.
 */
import type { ModelTable } from './bit-model.ts'
import { parsePrior } from './prior.ts'
import { AGE_CLASSES, type SnapshotLayout } from './snapshot-layout.ts'

export class SnapshotModels {
  readonly table: ModelTable
  /** Where the tail's section starts; the shared one starts at 0. */
  readonly tailBase: number
  readonly #ageBase: number
  readonly #ageModels: number
  readonly #prior: ModelTable
  readonly #sections: { readonly live: ModelTable; readonly start: ModelTable }[] = []

  /** Throws BAD_DEFINITION if the game's prior was trained for another layout. */
  constructor(layout: SnapshotLayout) {
    const { prior } = layout.game
    this.#prior = prior === '' ? layout.untrained : parsePrior(prior, layout.modelCount).models
    this.table = new Uint32Array(layout.modelCount)
    this.tailBase = layout.sharedModels
    this.#ageBase = layout.sharedModels + layout.tailModels
    this.#ageModels = layout.ageModels
    this.#addSection(0, layout.sharedModels)
    this.#addSection(this.tailBase, layout.tailModels)
    for (let age = 0; age < AGE_CLASSES; age++) this.#addSection(this.#ageBase + age * this.#ageModels, this.#ageModels)
  }

  #addSection(from: number, length: number): void {
    this.#sections.push({
      live: this.table.subarray(from, from + length),
      start: this.#prior.subarray(from, from + length),
    })
  }

  #reset(index: number): void {
    const section = this.#sections[index]
    if (section !== undefined) section.live.set(section.start)
  }

  /** Before a body. Gives where the section of this age starts. */
  beginBody(age: number): number {
    this.#reset(0)
    this.#reset(2 + age)
    return this.#ageBase + age * this.#ageModels
  }

  /** Before a tail. */
  beginTail(): void {
    this.#reset(1)
  }
}
