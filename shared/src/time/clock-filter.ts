/**
 * How far another clock is ahead of ours, from exchanges of four timestamps (NTP, RFC 5905 section 8).
 * Pure; fed by whoever exchanges frames with that clock: the client with its server, later shard with shard. Allocates nothing after construction.
 *
 * Nothing arrives before it was sent, so each exchange says between which two values the offset lies (Marzullo; Cristian). The least of each direction
 * and second is kept for ten seconds; the offset is the middle of what all of them allow. NTP keeps the exchange of least round trip, but the fastest way
 * there and the fastest way back are hardly ever in one exchange. Drift is the slope through ten-second stretches, for five minutes: over ten seconds noise would drown it.
 * One exchange that contradicts what is kept is left alone, three in a row that agree replace it. Never moves time itself: that is ClockDiscipline.
 * All of it, with sources and measured errors: docs/clock.md.
 */
import { LeastRing } from './least-ring.ts'

/** All in milliseconds, but for the drift. */
export interface ClockEstimate {
  /** The other clock minus ours, at the moment asked for. */
  readonly offsetMs: number
  /** The least round trip: the least way there and the least way back of the last ten seconds. */
  readonly delayMs: number
  /** Mean deviation of the round trip, smoothed (RTTVAR of RFC 6298). */
  readonly jitterMs: number
  /** How much faster the other clock runs, in parts per million; undefined until there is half a minute of samples. */
  readonly driftPpm: number | undefined
  /** What the offset may be off by: half the least round trip, if all its asymmetry is on one side. */
  readonly errorBoundMs: number
}

const SLOT_MS = 1_000
const SLOTS = 10
const LONG_SLOT_MS = 10_000
const LONG_SLOTS = 30
/** Drift is given from so many long slots on: half a minute. */
const DRIFT_MIN_SLOTS = 4
/** A larger drift is no crystal's: it is noise, or a step. */
const MAX_DRIFT = 500e-6
/** A pause of our own clock's reader above this means a hidden tab or a sleeping machine: what was known may be void. */
const GAP_MS = 250
/** What the measured drift may be wrong by, and so what a kept sample loses in trust while it ages: 200 ppm. */
const AGEING = 200e-6
/** In the fit of the drift, what the middle of a long slot may be off by at best: a drift of 200 ppm moves it by twice that in ten seconds. */
const FLOOR_MS = 1
/** One that may be off by more than this is no part of the fit: it is of another route, or of a bad time. */
const MAX_FIT_ERROR_MS = 10
/** Timestamps are rounded on the wire: a round trip may come out slightly negative on loopback. */
const NEGATIVE_DELAY_MS = -2
/** Exchanges may contradict each other by this: browsers that resist fingerprinting round their clock to 16.7 ms. */
const TOLERANCE_MS = 20
/** So many in a row are believed against all that is kept: the fewest of which a majority stands without any single one. */
const BELIEVED = 3

export class ClockFilter {
  /** Least times of the way there (other clock minus ours: the offset is at most this), and of the way back (it is at least minus this). */
  readonly #there = new LeastRing(SLOTS, SLOT_MS)
  readonly #back = new LeastRing(SLOTS, SLOT_MS)
  readonly #longThere = new LeastRing(LONG_SLOTS, LONG_SLOT_MS)
  readonly #longBack = new LeastRing(LONG_SLOTS, LONG_SLOT_MS)
  #ready = false
  #drift = Number.NaN
  #lastLocalMs = Number.NaN
  #meanDelayMs = Number.NaN
  #jitterMs = 0
  /** Exchanges in a row that contradict what is kept and agree with each other, and what they all allow. */
  #doubts = 0
  #doubtThereMs = 0
  #doubtBackMs = 0
  #refused = 0
  #resets = 0

  /** False until the first sample, and after a reset until the next one. */
  get ready(): boolean {
    return this.#ready
  }

  /** Samples that could not be true, or stood alone against all that are kept. */
  get refused(): number {
    return this.#refused
  }

  get resets(): number {
    return this.#resets
  }

  /** Call with the local time whenever it is looked at, at least some times a second. Returns true if a gap has reset the filter. */
  observeLocalTime(localMs: number): boolean {
    const gap = localMs - this.#lastLocalMs > GAP_MS || localMs < this.#lastLocalMs
    this.#lastLocalMs = localMs
    if (gap) this.reset()
    return gap
  }

  /**
   * One exchange: our clock when the request left, the other clock when it came and when the answer left, our clock when that came.
   * Returns false for one that cannot be true, or is not believed yet. Hot.
   */
  addSample(sentMs: number, remoteReceivedMs: number, remoteSentMs: number, receivedMs: number): boolean {
    const thereMs = remoteReceivedMs - sentMs
    const backMs = receivedMs - remoteSentMs
    const delayMs = thereMs + backMs
    if (
      !(delayMs >= NEGATIVE_DELAY_MS && receivedMs >= sentMs && remoteSentMs >= remoteReceivedMs) ||
      !Number.isFinite(delayMs) ||
      this.#isDoubted(thereMs, backMs, receivedMs)
    ) {
      this.#refused++
      return false
    }
    this.#keep(thereMs, backMs, receivedMs)
    const delay = Math.max(0, delayMs)
    if (Number.isNaN(this.#meanDelayMs)) this.#meanDelayMs = delay
    this.#jitterMs += (Math.abs(delay - this.#meanDelayMs) - this.#jitterMs) / 16
    this.#meanDelayMs += (delay - this.#meanDelayMs) / 16
    return true
  }

  /** Cold: makes an object. Undefined while not `ready`. */
  estimate(localMs: number): ClockEstimate | undefined {
    if (!this.#ready) return undefined
    const driftPpm = Number.isNaN(this.#drift) ? undefined : this.#drift * 1e6
    const delayMs = Math.max(0, this.#mostAt(localMs) - this.#leastAt(localMs))
    return { offsetMs: this.offsetAt(localMs), delayMs, jitterMs: this.#jitterMs, driftPpm, errorBoundMs: delayMs / 2 }
  }

  /** The other clock minus ours at `localMs`; NaN while not `ready`. */
  offsetAt(localMs: number): number {
    return (this.#mostAt(localMs) + this.#leastAt(localMs)) / 2
  }

  reset(): void {
    if (this.#ready) this.#resets++
    this.#ready = false
    this.#doubts = 0
    this.#there.clear()
    this.#back.clear()
    this.#longThere.clear()
    this.#longBack.clear()
    this.#drift = Number.NaN
    this.#meanDelayMs = Number.NaN
    this.#jitterMs = 0
  }

  /** What the kept ways there allow the offset to be at most at `localMs`. */
  #mostAt(localMs: number): number {
    return this.#there.least(localMs, AGEING + (this.#drift || 0))
  }

  /** What the kept ways back say that the offset is at least. */
  #leastAt(localMs: number): number {
    return -this.#back.least(localMs, AGEING - (this.#drift || 0))
  }

  #keep(thereMs: number, backMs: number, receivedMs: number): void {
    this.#there.add(receivedMs, thereMs)
    this.#back.add(receivedMs, backMs)
    this.#longThere.add(receivedMs, thereMs)
    this.#longBack.add(receivedMs, backMs)
    this.#drift = this.#measureDrift()
    this.#ready = true
  }

  /** True if what this exchange allows and what all kept ones allow have nothing in common, and it is not yet one of enough that say so. */
  #isDoubted(thereMs: number, backMs: number, receivedMs: number): boolean {
    if (
      !this.#ready ||
      (thereMs - this.#leastAt(receivedMs) >= -TOLERANCE_MS && backMs + this.#mostAt(receivedMs) >= -TOLERANCE_MS)
    ) {
      this.#doubts = 0
      return false
    }
    const agrees =
      this.#doubts > 0 && thereMs + this.#doubtBackMs >= -TOLERANCE_MS && backMs + this.#doubtThereMs >= -TOLERANCE_MS
    this.#doubts = agrees ? this.#doubts + 1 : 1
    this.#doubtThereMs = agrees ? Math.min(thereMs, this.#doubtThereMs) : thereMs
    this.#doubtBackMs = agrees ? Math.min(backMs, this.#doubtBackMs) : backMs
    if (this.#doubts < BELIEVED) return true
    this.reset()
    this.#keep(this.#doubtThereMs, this.#doubtBackMs, receivedMs)
    return false
  }

  /** The slope of the middles of the long slots, by weighted least squares; NaN if they are too few. */
  #measureDrift(): number {
    const there = this.#longThere
    const back = this.#longBack
    let leastMs = Number.POSITIVE_INFINITY
    let origin = 0
    for (let slot = 0; slot < LONG_SLOTS; slot++) {
      if (!there.holds(slot)) continue
      leastMs = Math.min(leastMs, there.value(slot) + back.value(slot))
      origin = slot
    }
    let count = 0
    let w = 0
    let wx = 0
    let wy = 0
    let wxx = 0
    let wxy = 0
    for (let slot = 0; slot < LONG_SLOTS; slot++) {
      const errorMs = FLOOR_MS + (there.value(slot) + back.value(slot) - leastMs) / 2
      if (!there.holds(slot) || errorMs > MAX_FIT_ERROR_MS) continue
      count++
      const weight = 1 / (errorMs * errorMs)
      const x = (there.timeMs(slot) - there.timeMs(origin) + back.timeMs(slot) - back.timeMs(origin)) / 2
      const y = (there.value(slot) - there.value(origin) - back.value(slot) + back.value(origin)) / 2
      w += weight
      wx += weight * x
      wy += weight * y
      wxx += weight * x * x
      wxy += weight * x * y
    }
    const spread = w * wxx - wx * wx
    if (count < DRIFT_MIN_SLOTS || !(spread > 0)) return Number.NaN
    return Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, (w * wxy - wx * wy) / spread))
  }
}
