/**
 * Randomness that is the same on every machine: a hash of where and when, and a seeded sequence.
 * `hashRandom` is called by `ctx.random` (partial simulations draw the same numbers); `SeededRandom` by tests, the link model and the bench.
 * Neither is fit for secrets. Never reads a clock or the engine's own randomness.
 */
import { NetError } from '../error.ts'

const TWO_32 = 4294967296

/**
 * 32 mixed bits of four 32-bit words, as an unsigned integer. Arguments are taken modulo 2^32 (fractions are cut off). Hot.
 * Source: Austin Appleby's MurmurHash3_x86_32 over the 16 bytes of the words, little-endian, with seed 0.
 */
export function hash32(a: number, b: number, c: number, d: number): number {
  let h = mixWord(0, a)
  h = mixWord(h, b)
  h = mixWord(h, c)
  h = mixWord(h, d)
  h ^= 16
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function mixWord(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/**
 * A number in [0, 1), a multiple of 2^-32, that depends on nothing but its arguments: the public seed, the tick, the entity that draws,
 * and how many it has drawn in that tick. Hot.
 */
export function hashRandom(seed: number, tick: number, entity: number, count: number): number {
  return hash32(seed, tick, entity, count) / TWO_32
}

/** What `SeededRandom` goes on from: four 32-bit words. */
export type RandomState = readonly [number, number, number, number]

/**
 * A sequence of numbers from a seed. Source: Chris Doty-Humphrey's sfc32 (PractRand), seeded by `hash32`; its counter makes every period at least 2^32.
 */
export class SeededRandom {
  #a = 0
  #b = 0
  #c = 0
  #counter = 1

  /** `seed` is taken modulo 2^32. */
  constructor(seed: number) {
    this.#a = hash32(seed, 0, 0, 0) | 0
    this.#b = hash32(seed, 1, 0, 0) | 0
    this.#c = hash32(seed, 2, 0, 0) | 0
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** The next whole number in 0..2^32-1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** The next number in [0, 1), a multiple of 2^-32. */
  next(): number {
    return this.uint32() / TWO_32
  }

  /** The next whole number from `min` to `max`, both included. No value is more than range / 2^32 likelier than another. */
  int(min: number, max: number): number {
    const range = max - min + 1
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range < 1 || range > TWO_32) {
      throw new NetError(
        'BAD_ARGUMENT',
        `int(${min}, ${max}) has no whole numbers to choose from, or more than 2^32.`,
        'Pass whole numbers with min <= max.',
      )
    }
    return min + Math.floor(this.next() * range)
  }

  /** Where the sequence stands: pass it to `restore` to draw the same numbers again. */
  state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter]
  }

  restore(state: RandomState): void {
    this.#a = state[0] | 0
    this.#b = state[1] | 0
    this.#c = state[2] | 0
    this.#counter = state[3] | 0
  }
}
