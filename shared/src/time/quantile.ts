/**
 * Quantiles of the values of a recent stretch of time, exactly.
 * Used for the lateness of snapshots, margins of inputs, and round trips. Pure; hot: `add` and `quantile` allocate nothing.
 * Never holds more than `capacity` values: when it is full the oldest goes, also before its time.
 */
import { NetError } from '../error.ts'

export class WindowedQuantile {
  readonly #windowMs: number
  /** Rings in order of arrival. */
  readonly #values: Float64Array
  readonly #timesMs: Float64Array
  /** The same values in order of size. */
  readonly #sorted: Float64Array
  #first = 0
  #count = 0

  constructor(capacity: number, windowMs: number) {
    if (!(capacity >= 1 && capacity <= 4096) || !(windowMs > 0)) {
      throw new NetError(
        'BAD_ARGUMENT',
        `a window of ${capacity} values and ${windowMs} ms is not possible.`,
        'Choose 1 to 4096 values and a time above 0.',
      )
    }
    this.#windowMs = windowMs
    this.#values = new Float64Array(capacity)
    this.#timesMs = new Float64Array(capacity)
    this.#sorted = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** `nowMs` must not go back. A value that is no number is ignored. */
  add(nowMs: number, value: number): void {
    if (Number.isNaN(value)) return
    this.expire(nowMs)
    const capacity = this.#values.length
    if (this.#count === capacity) this.#dropOldest()
    const at = (this.#first + this.#count) % capacity
    this.#values[at] = value
    this.#timesMs[at] = nowMs
    const place = this.#placeOf(value)
    this.#sorted.copyWithin(place + 1, place, this.#count)
    this.#sorted[place] = value
    this.#count++
  }

  /** Forgets what is older than the window. `add` does it by itself. */
  expire(nowMs: number): void {
    while (this.#count > 0 && (this.#timesMs[this.#first] ?? 0) < nowMs - this.#windowMs) this.#dropOldest()
  }

  /** The smallest value that at least the share `q` of the values does not exceed (nearest rank). `whenEmpty` if there are none. */
  quantile(q: number, whenEmpty = 0): number {
    if (this.#count === 0) return whenEmpty
    const rank = Math.ceil(q * this.#count) - 1
    return this.#sorted[rank < 0 ? 0 : rank >= this.#count ? this.#count - 1 : rank] ?? whenEmpty
  }

  min(whenEmpty = 0): number {
    return this.quantile(0, whenEmpty)
  }

  max(whenEmpty = 0): number {
    return this.quantile(1, whenEmpty)
  }

  /** The value that so many others exceed: 0 asks for the largest. NaN if there are not so many. */
  fromTop(rank: number): number {
    return rank < this.#count ? (this.#sorted[this.#count - 1 - rank] ?? Number.NaN) : Number.NaN
  }

  clear(): void {
    this.#count = 0
    this.#first = 0
  }

  #dropOldest(): void {
    const place = this.#placeOf(this.#values[this.#first] ?? 0)
    this.#sorted.copyWithin(place, place + 1, this.#count)
    this.#first = (this.#first + 1) % this.#values.length
    this.#count--
  }

  /** The first place in `#sorted` whose value is not below `value`. */
  #placeOf(value: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
