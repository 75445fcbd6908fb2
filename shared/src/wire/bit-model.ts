/**
 * Adaptive bit models: one 32-bit word for each context, with the probability of a 1 (high 22 bits) and how often the context was seen (low 10).
 * Used by the range coder and the prior trainer. A model learns with 1 / (seen + 1.5), so it is quick at first and steady later; a start value
 * with a high `seen` says "trust this prior". Never yields a probability of 0 or 1, whatever word it is given.
 */
import { NetError } from '../error.ts'

/** Models side by side; the owner of the table deals out the indices. Start every frame with `models.set(prior)`. */
export type ModelTable = Uint32Array

/** `seen` stops here: the slowest learning rate is 1 / 256.5. */
export const MAX_SEEN = 255

/** A model that knows nothing: an even chance, worth one observation (2.5 % better than none on frames of mostly zeros). */
export const FRESH_MODEL = 0x8000_0001

/** Learning rates in 1 / 32768, by `seen`. Longer than MAX_SEEN + 1, so that no word can index past it. */
export const LEARNING_RATES: Int32Array = learningRates()

function learningRates(): Int32Array {
  const rates = new Int32Array(1024)
  for (let seen = 0; seen < rates.length; seen++) rates[seen] = Math.round(32768 / (Math.min(seen, MAX_SEEN) + 1.5))
  return rates
}

/** The word of a model. `probability` is that of a 1; `seen` is how many observations it is worth, 0 to MAX_SEEN. */
export function modelWord(probability: number, seen: number): number {
  if (!(probability > 0 && probability < 1) || !Number.isInteger(seen) || seen < 0 || seen > MAX_SEEN) {
    throw new NetError(
      'OUT_OF_RANGE',
      `a model of probability ${probability}, seen ${seen} times, cannot be.`,
      `Give a probability between 0 and 1 (neither of them) and a whole number from 0 to ${MAX_SEEN}.`,
    )
  }
  const scaled = Math.min(0x3f_ffff, Math.max(1, Math.floor(probability * 0x40_0000)))
  return scaled * 1024 + seen
}

/** The probability of a 1 that a word stands for. */
export function modelProbability(word: number): number {
  return (word >>> 10) / 0x40_0000
}

/** A table of models that know nothing. */
export function freshModels(count: number): ModelTable {
  return new Uint32Array(count).fill(FRESH_MODEL)
}

/** What can take coded bits: the range encoder, and the prior trainer that only watches. */
export interface BitSink {
  /** Codes one bit (0 or 1) in the context `index`, and lets that model learn. A 0 is coded a trace better: let it be the likelier one. */
  encodeBit(models: ModelTable, index: number, bit: number): void
  /** Codes the low `bitCount` bits (0 to 32) of `value`, each an even chance. */
  encodeDirect(value: number, bitCount: number): void
}
