/**
 * The least value of each stretch of time, for the newest few stretches: the lower edge of a noisy series.
 * Pure; hot: allocates nothing after construction. The clock filter keeps one for each direction of a path.
 */

export class LeastRing {
  readonly #timesMs: Float64Array
  readonly #values: Float64Array
  /** Which stretch of time each slot holds. */
  readonly #stretches: Float64Array
  readonly #stretchMs: number
  #newest = Number.NEGATIVE_INFINITY

  constructor(slots: number, stretchMs: number) {
    this.#timesMs = new Float64Array(slots)
    this.#values = new Float64Array(slots)
    this.#stretches = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY)
    this.#stretchMs = stretchMs
  }

  add(timeMs: number, value: number): void {
    const stretch = Math.floor(timeMs / this.#stretchMs)
    const slots = this.#stretches.length
    const slot = ((stretch % slots) + slots) % slots
    if (this.#stretches[slot] === stretch && value > (this.#values[slot] ?? 0)) return
    this.#stretches[slot] = stretch
    this.#timesMs[slot] = timeMs
    this.#values[slot] = value
    this.#newest = stretch
  }

  /** Whether the slot has a value, and that of one of the newest stretches. Those end with the last value, not now: what is known of a silent path stays. */
  holds(slot: number): boolean {
    return (this.#stretches[slot] ?? 0) > this.#newest - this.#stretches.length
  }

  timeMs(slot: number): number {
    return this.#timesMs[slot] ?? 0
  }

  value(slot: number): number {
    return this.#values[slot] ?? 0
  }

  /** The least, if each has grown by `growth` a millisecond since it was measured. Infinity if there is none. */
  least(nowMs: number, growth: number): number {
    let least = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < this.#stretches.length; slot++) {
      if (this.holds(slot)) least = Math.min(least, this.value(slot) + (nowMs - this.timeMs(slot)) * growth)
    }
    return least
  }

  clear(): void {
    this.#stretches.fill(Number.NEGATIVE_INFINITY)
    this.#newest = Number.NEGATIVE_INFINITY
  }
}
