/**
 * How far another clock is ahead of ours, from exchanges of four timestamps (NTP, RFC 5905 section 8).
 * Pure; fed by whoever exchanges frames with that clock: the client with its server, later shard with shard. Allocates nothing after construction.
 *
 * An exchange is off by at most half of what its round trip is above the least possible one, so of each second the sample of least delay is kept, for ten
 * seconds, and the kept ones are averaged with the inverse square of that possible error as weight. Eight raw samples, as NTP keeps them, span too little at 20 exchanges
 * per second. Drift is the slope through the best sample of each ten seconds, for five minutes: over ten seconds noise would drown it.
 * Never moves time itself: that is ClockDiscipline.
 */

/** All in milliseconds, but for the drift. */
export interface ClockEstimate {
  /** The other clock minus ours, at the moment asked for. */
  readonly offsetMs: number
  /** The least round trip of the last ten seconds. */
  readonly delayMs: number
  /** Mean deviation of the round trip, smoothed (RTTVAR of RFC 6298). */
  readonly jitterMs: number
  /** How much faster the other clock runs, in parts per million; undefined until there is a minute of samples. */
  readonly driftPpm: number | undefined
  /** Half of what the best kept sample may be off by asymmetry alone: half its round trip. */
  readonly errorBoundMs: number
}

const SLOT_MS = 1_000
const SLOTS = 10
const LONG_SLOT_MS = 10_000
const LONG_SLOTS = 30
/** Drift is given from so many long slots on. */
const DRIFT_MIN_SLOTS = 7
/** A larger drift is no crystal's: it is noise, or a step. */
const MAX_DRIFT_PPM = 500
/** A pause of our own clock's reader above this means a hidden tab or a sleeping machine: what was known may be void. */
const GAP_MS = 250
/** The possible error that even a perfect sample has, from timers and scheduling. */
const FLOOR_MS = 0.25
/** What a kept sample loses in trust while it ages, as drift may be anything up to this: 200 ppm. */
const AGEING = 200e-6
/** Timestamps are rounded on the wire: a round trip may come out slightly negative on loopback. */
const NEGATIVE_DELAY_MS = -2

export class ClockFilter {
  readonly #short = new SampleRing(SLOTS, SLOT_MS)
  readonly #long = new SampleRing(LONG_SLOTS, LONG_SLOT_MS)
  #lastLocalMs = Number.NaN
  #meanDelayMs = Number.NaN
  #jitterMs = 0
  #refused = 0
  #resets = 0

  /** False until the first sample, and after a reset until the next one. */
  get ready(): boolean {
    return this.#short.used
  }

  /** Samples that could not be true. */
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
   * Returns false for one that cannot be true. Hot.
   */
  addSample(sentMs: number, remoteReceivedMs: number, remoteSentMs: number, receivedMs: number): boolean {
    const delayMs = receivedMs - sentMs - (remoteSentMs - remoteReceivedMs)
    const offsetMs = (remoteReceivedMs - sentMs + (remoteSentMs - receivedMs)) / 2
    if (
      !(delayMs >= NEGATIVE_DELAY_MS && receivedMs >= sentMs && remoteSentMs >= remoteReceivedMs) ||
      !Number.isFinite(offsetMs)
    ) {
      this.#refused++
      return false
    }
    const delay = Math.max(0, delayMs)
    if (Number.isNaN(this.#meanDelayMs)) {
      this.#meanDelayMs = delay
      this.#jitterMs = 0
    } else {
      this.#jitterMs += (Math.abs(delay - this.#meanDelayMs) - this.#jitterMs) / 16
      this.#meanDelayMs += (delay - this.#meanDelayMs) / 16
    }
    this.#short.add(receivedMs, offsetMs, delay)
    this.#long.add(receivedMs, offsetMs, delay)
    return true
  }

  /** Cold: makes an object. Undefined while not `ready`. */
  estimate(localMs: number): ClockEstimate | undefined {
    if (!this.ready) return undefined
    const driftPpm = this.#driftPpm()
    const delayMs = this.#short.leastDelay(localMs)
    return { offsetMs: this.offsetAt(localMs), delayMs, jitterMs: this.#jitterMs, driftPpm, errorBoundMs: delayMs / 2 }
  }

  /** The other clock minus ours at `localMs`; NaN while not `ready`. */
  offsetAt(localMs: number): number {
    const ring = this.#short
    const drift = (this.#driftPpm() ?? 0) * 1e-6
    const leastMs = ring.leastDelay(localMs)
    let weights = 0
    let sum = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!ring.holds(slot, localMs)) continue
      const ageMs = localMs - (ring.timesMs[slot] ?? 0)
      const errorMs = FLOOR_MS + ((ring.delaysMs[slot] ?? 0) - leastMs) / 2 + ageMs * AGEING
      const weight = 1 / (errorMs * errorMs)
      weights += weight
      sum += weight * ((ring.offsetsMs[slot] ?? 0) + drift * ageMs)
    }
    return weights > 0 ? sum / weights : ring.lastOffset
  }

  reset(): void {
    if (this.#short.used) this.#resets++
    this.#short.clear()
    this.#long.clear()
    this.#meanDelayMs = Number.NaN
    this.#jitterMs = 0
  }

  /** Weighted least squares through the best sample of each ten seconds. */
  #driftPpm(): number | undefined {
    const ring = this.#long
    if (ring.count < DRIFT_MIN_SLOTS) return undefined
    const leastMs = ring.leastDelay(Number.NEGATIVE_INFINITY)
    const originMs = ring.lastTimeMs
    let w = 0
    let wx = 0
    let wy = 0
    let wxx = 0
    let wxy = 0
    for (let slot = 0; slot < LONG_SLOTS; slot++) {
      if (!ring.holds(slot, Number.NEGATIVE_INFINITY)) continue
      const errorMs = FLOOR_MS + ((ring.delaysMs[slot] ?? 0) - leastMs) / 2
      const weight = 1 / (errorMs * errorMs)
      const x = (ring.timesMs[slot] ?? 0) - originMs
      const y = (ring.offsetsMs[slot] ?? 0) - ring.lastOffset
      w += weight
      wx += weight * x
      wy += weight * y
      wxx += weight * x * x
      wxy += weight * x * y
    }
    const spread = w * wxx - wx * wx
    if (!(spread > 0)) return undefined
    const ppm = ((w * wxy - wx * wy) / spread) * 1e6
    return Math.max(-MAX_DRIFT_PPM, Math.min(MAX_DRIFT_PPM, ppm))
  }
}

/** The sample of least delay of each slot of time, for as many slots as it has. */
class SampleRing {
  readonly timesMs: Float64Array
  readonly offsetsMs: Float64Array
  readonly delaysMs: Float64Array
  /** Which stretch of time each slot holds; -1: none. */
  readonly #stretches: Float64Array
  readonly #slotMs: number
  lastOffset = Number.NaN
  lastTimeMs = 0
  used = false
  count = 0
  #lastStretch = 0

  constructor(slots: number, slotMs: number) {
    this.timesMs = new Float64Array(slots)
    this.offsetsMs = new Float64Array(slots)
    this.delaysMs = new Float64Array(slots)
    this.#stretches = new Float64Array(slots).fill(-1)
    this.#slotMs = slotMs
  }

  add(timeMs: number, offsetMs: number, delayMs: number): void {
    const stretch = Math.floor(timeMs / this.#slotMs)
    const slots = this.#stretches.length
    const slot = ((stretch % slots) + slots) % slots
    const isNew = this.#stretches[slot] !== stretch
    if (isNew && this.#stretches[slot] === -1) this.count++
    if (isNew || delayMs <= (this.delaysMs[slot] ?? 0)) {
      this.#stretches[slot] = stretch
      this.timesMs[slot] = timeMs
      this.offsetsMs[slot] = offsetMs
      this.delaysMs[slot] = delayMs
    }
    this.lastOffset = offsetMs
    this.lastTimeMs = timeMs
    this.#lastStretch = stretch
    this.used = true
  }

  /** Whether the slot has a sample that was not too old at `localMs`, and belongs to the last round of the ring. */
  holds(slot: number, localMs: number): boolean {
    const stretch = this.#stretches[slot] ?? -1
    const slots = this.#stretches.length
    return (
      stretch !== -1 &&
      stretch > this.#lastStretch - slots &&
      localMs - (this.timesMs[slot] ?? 0) <= slots * this.#slotMs
    )
  }

  leastDelay(localMs: number): number {
    let least = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < this.#stretches.length; slot++) {
      if (this.holds(slot, localMs)) least = Math.min(least, this.delaysMs[slot] ?? 0)
    }
    return least === Number.POSITIVE_INFINITY ? 0 : least
  }

  clear(): void {
    this.#stretches.fill(-1)
    this.used = false
    this.count = 0
    this.lastOffset = Number.NaN
  }
}
