/**
 * Deals out the bit models of one section of a snapshot layout, and says what each of them holds where nothing was trained.
 * Used by snapshot-layout.ts only; cold.
 */
import { modelWord } from './bit-model.ts'
import { RESIDUAL_CONTEXTS, symbolContexts } from './residual-coder.ts'

/** How many observations an untrained guess is worth. */
const GUESS_SEEN = 2

export class ContextList {
  /** The start value of each model. */
  readonly words: number[] = []

  get length(): number {
    return this.words.length
  }

  /** One flag that is 1 with about this probability. */
  flag(probability: number): number {
    return this.flags(1, probability)
  }

  /** `count` flags side by side. */
  flags(count: number, probability: number): number {
    const first = this.words.length
    const word = modelWord(Math.min(0.99, probability), GUESS_SEEN)
    for (let n = 0; n < count; n++) this.words.push(word)
    return first
  }

  /** The models of a residual (see residual-coder.ts) that is not 0 with about this probability. */
  residual(probability: number): number {
    const first = this.flag(probability)
    this.flags(RESIDUAL_CONTEXTS - 1, 0.5)
    return first
  }

  /** The models of a symbol of `bits` bits. */
  symbol(bits: number): number {
    return this.flags(symbolContexts(bits), 0.5)
  }
}
