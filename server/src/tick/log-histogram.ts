/**
 * Counts durations in buckets of equal ratio: quantiles good to 9 %, in 1 kB, for ever.
 * Used for lateness and duration of ticks; hot: `record` allocates nothing.
 */

/** 8 buckets to a doubling: each is 9 % wider than the one before. */
const PER_OCTAVE = 8
const BUCKETS = 224
/** What the first bucket holds: everything up to a microsecond. The last holds all above 262 s. */
const FIRST_MS = 0.001

export class LogHistogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** Of all values recorded, exactly. */
  get sum(): number {
    return this.#sum
  }

  /** The largest value recorded, exactly. */
  get max(): number {
    return this.#max
  }

  record(ms: number): void {
    const raw = ms > FIRST_MS ? Math.ceil(Math.log2(ms / FIRST_MS) * PER_OCTAVE) : 0
    const bucket = raw < BUCKETS ? raw : BUCKETS - 1
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
    this.#sum += ms
    if (ms > this.#max) this.#max = ms
  }

  /** A value that the share `q` of all recorded ones does not exceed: the upper edge of its bucket, or the exact maximum. 0 if there are none. */
  quantile(q: number): number {
    const wanted = q * this.#count
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= wanted && seen > 0) return Math.min(FIRST_MS * 2 ** (bucket / PER_OCTAVE), this.#max)
    }
    return this.#max
  }

  /** How many were at most `2 ** octave` microseconds: exact, as these are edges of buckets. */
  countUpTo(octave: number): number {
    let count = 0
    for (let bucket = 0; bucket <= octave * PER_OCTAVE; bucket++) count += this.#counts[bucket] ?? 0
    return count
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#max = 0
  }
}
