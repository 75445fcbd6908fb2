/**
 * When a path stands still by itself: freezes of one length, exponentially far apart, as a pure function of seed and time.
 * Asked by the impairment model. It may be asked for any time, in any order and as often as one likes: the answer is always the same.
 */
import { hash32, SeededRandom } from '../math/random.ts'

/** The freezes of one stretch of time are drawn together, from a seed of its own: so no question costs more than one stretch. */
const FREEZES_PER_STRETCH = 256
/** Tells these draws from others of the same seed. */
const SALT = 0x66_72_7a_65

export class FreezePlan {
  readonly #seed: number
  #everyMs = Number.POSITIVE_INFINITY
  #lengthMs = 0
  #stretch = Number.NaN
  readonly #startsMs: number[] = []

  constructor(seed: number) {
    this.#seed = seed
  }

  /** From the end of a freeze to the start of the next `everyMs` in the mean; infinite: none. */
  set(everyMs: number, lengthMs: number): void {
    if (everyMs === this.#everyMs && lengthMs === this.#lengthMs) return
    this.#everyMs = everyMs
    this.#lengthMs = lengthMs
    this.#stretch = Number.NaN
  }

  /** The end of the freeze that `timeMs` falls into; outside of freezes `timeMs` itself. A freeze has its start and not its end. */
  endOf(timeMs: number): number {
    if (this.#everyMs === Number.POSITIVE_INFINITY) return timeMs
    const stretchMs = FREEZES_PER_STRETCH * (this.#everyMs + this.#lengthMs)
    const stretch = Math.floor(timeMs / stretchMs)
    if (stretch !== this.#stretch) this.#drawStretch(stretch, stretchMs)
    const startsMs = this.#startsMs
    let low = 0
    let high = startsMs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((startsMs[middle] ?? 0) <= timeMs) low = middle + 1
      else high = middle
    }
    const startMs = startsMs[low - 1]
    return startMs === undefined || timeMs >= startMs + this.#lengthMs ? timeMs : startMs + this.#lengthMs
  }

  /** A freeze that would reach into the next stretch is left out. */
  #drawStretch(stretch: number, stretchMs: number): void {
    this.#stretch = stretch
    this.#startsMs.length = 0
    const random = new SeededRandom(hash32(this.#seed, SALT, stretch, 0))
    const lastMs = (stretch + 1) * stretchMs - this.#lengthMs
    let timeMs = stretch * stretchMs
    for (;;) {
      timeMs += -Math.log(1 - random.next()) * this.#everyMs
      if (timeMs > lastMs) return
      this.#startsMs.push(timeMs)
      timeMs += this.#lengthMs
    }
  }
}
