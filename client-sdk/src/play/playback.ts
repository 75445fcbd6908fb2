/**
 * Playback: at which moment in the past a client draws what it does not predict. Pure; the moment never runs backwards.
 *
 * The moment before a snapshot comes is the worst: then the newest one before it is oldest. How old it is by then is that snapshot's *need*: how late it
 * came, and the time since the one before. With a delay D, frames are starved for (need - D) before each snapshot whose need is greater. So the delay
 * aimed at is the least with which these sum up to less than the chosen share of the last seconds. It is changed by rate, not by jumps.
 */
import { FRACTION_ONE, WindowedQuantile } from '@tickmesh/shared'

/** Two snapshots and how far between them, in 1/256; equal ticks: how many ticks beyond. What a screen showed, exactly. */
export interface ViewStamp {
  older: number
  newer: number
  fraction: number
}

/** How much slower than real time playback may run while the delay grows, and faster while it falls: a growing need hurts at once. */
const RISE_RATE = 0.1
const FALL_RATE = 0.05
/** Arrivals that are remembered: sixty a second at most. */
const ARRIVALS = 2048
const WINDOW_MS = 30_000
/** In the beginning the share is of so much time, so that one late snapshot does not decide. */
const FIRST_WINDOW_MS = 15_000
/** What most snapshots need is never refused, however few there were. */
const USUAL_QUANTILE = 0.9
/** What comes right after joining is not typical: full frames, a burst of messages. */
const SETTLING_MS = 1_000
/** A need so far above the least one is all that is believed: more is a stall, against which no delay is to be built up. */
const MAX_EXCESS_MS = 200
/** Share of the time for which others may be drawn beyond the newest snapshot. */
const STARVED_SHARE = 0.003
/** Kept above what is needed, in ms. */
const SAFETY_MS = 2
/** Keeping to the limit may cost so much more starvation; if it would cost more, the limit is out of reach. */
const LIMIT_COST = 1.8
/** Longest that motion is followed beyond the newest snapshot; then it holds. */
const MAX_EXTRAPOLATION_MS = 150
/** Ticks of snapshots that are remembered. */
const KNOWN = 64

export class Playback {
  readonly stamp: ViewStamp = { older: -1, newer: -1, fraction: 0 }
  /** True if the last moment lay beyond the newest snapshot. */
  starved = false
  readonly #tickMs: number
  readonly #intervalMs: number
  readonly #needs = new WindowedQuantile(ARRIVALS, WINDOW_MS)
  readonly #ticks: number[] = []
  #delay: number
  #wanted: number
  #limit = Number.POSITIVE_INFINITY
  #updatedMs = Number.NaN
  #firstMs = Number.NaN
  #moment = -1

  constructor(tickRate: number, snapshotRate: number) {
    this.#tickMs = 1000 / tickRate
    this.#intervalMs = 1000 / snapshotRate
    this.#delay = this.#intervalMs * 2
    this.#wanted = this.#delay
  }

  /** How far in the past others are drawn, in ms of server time. */
  get delayMs(): number {
    return this.#delay
  }

  /** The moment that was drawn last, in ticks. */
  get viewTick(): number {
    return this.#moment
  }

  get newestTick(): number {
    return this.#ticks[this.#ticks.length - 1] ?? -1
  }

  /** A snapshot was decoded. `latenessMs` is how long after the end of its tick, by the server's clock; NaN: not known. */
  onSnapshot(tick: number, latenessMs: number, nowMs: number): void {
    if (this.#ticks.length === 0 && latenessMs > 0) this.#delay = latenessMs + this.#intervalMs + SAFETY_MS
    if (tick <= this.newestTick) return
    const gapMs = this.#ticks.length === 0 ? this.#intervalMs : (tick - this.newestTick) * this.#tickMs
    this.#ticks.push(tick)
    if (this.#ticks.length > KNOWN) this.#ticks.shift()
    if (Number.isNaN(this.#firstMs)) this.#firstMs = nowMs
    // Nothing comes before its time, but to a clock that is wrong; such a least need would stay, and bound all others.
    const needMs = Math.max(0, latenessMs) + gapMs
    if (nowMs - this.#firstMs < SETTLING_MS) return
    this.#needs.add(nowMs, Math.min(needMs, this.#needs.min(needMs) + MAX_EXCESS_MS))
    const budgetMs = STARVED_SHARE * Math.min(WINDOW_MS, Math.max(FIRST_WINDOW_MS, nowMs - this.#firstMs))
    const wishedMs = Math.max(this.#needs.quantile(USUAL_QUANTILE), this.#leastDelay(budgetMs))
    const isLimited = wishedMs > this.#limit && this.#leastDelay(LIMIT_COST * budgetMs) <= this.#limit
    this.#wanted = (isLimited ? this.#limit : wishedMs) + SAFETY_MS
  }

  /** The snapshots after `tick` are void. */
  forgetAfter(tick: number): void {
    while (this.newestTick > tick) this.#ticks.pop()
  }

  /** Beyond this delay the server would not believe what was on the screen any more: rather starve a little more, if that is enough. */
  limitTo(delayMs: number): void {
    this.#limit = delayMs
  }

  /** The least delay with which the needs of the window exceed it by no more than `budgetMs` in all. */
  #leastDelay(budgetMs: number): number {
    let sum = 0
    for (let rank = 0; ; rank++) {
      const need = this.#needs.fromTop(rank)
      // With the delay at the next smaller need, all larger ones exceed it.
      const next = this.#needs.fromTop(rank + 1)
      if (Number.isNaN(need)) return this.#delay
      sum += need
      if (Number.isNaN(next) || sum - (rank + 1) * next > budgetMs) return Math.max(0, (sum - budgetMs) / (rank + 1))
    }
  }

  /**
   * Moves on to `serverTick` (the server's present in ticks, fractional, at local time `nowMs`), and sets `stamp`.
   * False as long as no snapshot is known.
   */
  advance(serverTick: number, nowMs: number): boolean {
    const elapsed = Number.isNaN(this.#updatedMs) ? 0 : Math.max(0, nowMs - this.#updatedMs)
    this.#updatedMs = nowMs
    this.#delay += Math.min(elapsed * RISE_RATE, Math.max(-elapsed * FALL_RATE, this.#wanted - this.#delay))
    if (this.#ticks.length === 0) return false
    this.#moment = Math.max(this.#moment, serverTick - this.#delay / this.#tickMs)
    this.#quantise()
    return true
  }

  #quantise(): void {
    const { stamp } = this
    const ticks = this.#ticks
    const moment = this.#moment
    const newest = this.newestTick
    this.starved = moment >= newest
    if (this.starved) {
      const beyond = Math.floor(moment - newest)
      stamp.older = newest
      stamp.newer = newest
      stamp.fraction = Math.min(beyond, Math.floor(MAX_EXTRAPOLATION_MS / this.#tickMs))
      return
    }
    let at = ticks.length - 1
    while (at > 0 && (ticks[at - 1] ?? 0) > moment) at--
    const newer = ticks[at] ?? newest
    const older = at > 0 ? (ticks[at - 1] ?? newer) : newer
    stamp.older = older
    stamp.newer = newer
    stamp.fraction = older === newer ? 0 : Math.floor(((moment - older) / (newer - older)) * FRACTION_ONE)
  }
}
