/**
 * Lead: how far ahead of the server's clock a client simulates, so that its inputs arrive just before their tick.
 * Controlled by the margins that the server reports, and changed by rate, never by jumps. Pure.
 *
 * The lead that was in force less the margin is the path's lateness, which does not depend on the lead. A report tells the worst of some inputs: with
 * a lead L less than that lateness at least one of them had been late; and where a burst of losses delayed them all until the next message that came
 * through, each was late by a tick less than the one before it, so (lateness - L) / tick of them. The lead aimed at is the least with
 * which all late ones of the last seconds together are at most the chosen share.
 */
import { WindowedQuantile } from '@tickmesh/shared'

export interface LeadOptions {
  /** Share of inputs that may be late. */
  readonly lateShare: number
  /** How much earlier than needed inputs shall be, in ms. */
  readonly safetyMs: number
  /** Bounds of the lead, in ms. */
  readonly minMs: number
  readonly maxMs: number
  /** Keeping to `limitTo` may make so many times more inputs late; if it would be more, that limit is out of reach. */
  readonly limitCost: number
}

export const DEFAULT_LEAD: LeadOptions = { lateShare: 0.006, safetyMs: 2, minMs: 2, maxMs: 1000, limitCost: 1.6 }

/** Over an ordered stream a loss is a stall: a lead that covers stalls is so long that no shot would be judged as seen. Rather late for that moment. */
export const ORDERED_LEAD: LeadOptions = { ...DEFAULT_LEAD, limitCost: 15 }

/** How much faster or slower than real time the lead may change. */
const RISE_RATE = 0.05
const FALL_RATE = 0.03
/** Reports that are remembered: sixty a second at most. */
const REPORTS = 2048
const WINDOW_MS = 30_000
/** In the beginning the share is of the inputs of so much time, so that one burst of losses does not decide. */
const FIRST_WINDOW_MS = 15_000
/** What most inputs need is never refused, however few there were. */
const USUAL_QUANTILE = 0.9
/** A burst of losses, or a stall, counts for so many late inputs at most: a rare long one says little of what is to come. */
const MAX_LATE_AT_ONCE = 8
/** To so much of a millisecond the lead is sought. */
const PRECISION_MS = 0.5

export class LeadController {
  #options: LeadOptions
  readonly #lateness = new WindowedQuantile(REPORTS, WINDOW_MS)
  #current: number
  #wanted: number
  #limit = Number.POSITIVE_INFINITY
  #most: number
  #updatedMs = Number.NaN
  readonly #tickMs: number
  /** How many inputs a report is about, on average. */
  #inputsEach = 1

  /** Starts at `initialMs`, a guess such as half the round trip and some. */
  constructor(initialMs: number, tickMs: number, options: LeadOptions = DEFAULT_LEAD) {
    this.#options = options
    this.#tickMs = tickMs
    this.#most = options.maxMs
    this.#current = this.#bounded(initialMs)
    this.#wanted = this.#current
  }

  #bounded(ms: number): number {
    return Math.max(this.#options.minMs, Math.min(this.#most, ms))
  }

  /** The lead now, in ms. */
  get leadMs(): number {
    return this.#current
  }

  /** The lead that it moves towards. */
  get targetMs(): number {
    return this.#wanted
  }

  /**
   * Takes in the least margin of the `inputs` inputs that came since the last report, and the lead that was in force when those were made;
   * NaN: it says nothing of the path.
   */
  onMargin(nowMs: number, marginMs: number, leadThenMs: number, inputs: number): void {
    if (Number.isNaN(leadThenMs - marginMs)) return
    this.#lateness.add(nowMs, leadThenMs - marginMs)
    this.#inputsEach += (inputs - this.#inputsEach) / 16
    const { lateShare, safetyMs, limitCost } = this.#options
    const usualMs = this.#lateness.quantile(USUAL_QUANTILE)
    const wishedMs = Math.max(usualMs, this.#leastLead(lateShare)) + safetyMs
    const isLimited = wishedMs > this.#limit && this.#leastLead(limitCost * lateShare) + safetyMs <= this.#limit
    this.#wanted = this.#bounded(isLimited ? this.#limit : wishedMs)
  }

  /** Beyond this lead the server would not believe what was on the screen any more: rather be late a little more often, if that is enough. */
  limitTo(leadMs: number): void {
    this.#limit = leadMs
  }

  /** Beyond this lead nothing can be predicted: it is never aimed at, however many inputs are late. */
  boundTo(leadMs: number): void {
    this.#most = Math.min(this.#options.maxMs, leadMs)
    this.#wanted = this.#bounded(this.#wanted)
  }

  #leastLead(share: number): number {
    const lateness = this.#lateness
    const inputs = Math.max(this.#inputsEach * lateness.count, FIRST_WINDOW_MS / this.#tickMs)
    const allowed = share * inputs
    let high = lateness.max()
    let low = lateness.min()
    while (high - low > PRECISION_MS) {
      const middle = (low + high) / 2
      if (this.#lateWith(middle, allowed) > allowed) low = middle
      else high = middle
    }
    return high
  }

  /** How many of the remembered inputs a constant lead would have made late; no further than above `enough`. */
  #lateWith(leadMs: number, enough: number): number {
    let late = 0
    for (let rank = 0; late <= enough; rank++) {
      const excess = this.#lateness.fromTop(rank) - leadMs
      if (!(excess > 0)) break
      late += Math.min(MAX_LATE_AT_ONCE, Math.max(1, excess / this.#tickMs))
    }
    return late
  }

  /** Moves the lead on to `nowMs`, and gives it. */
  advance(nowMs: number): number {
    const elapsed = Number.isNaN(this.#updatedMs) ? 0 : Math.max(0, nowMs - this.#updatedMs)
    this.#updatedMs = nowMs
    const gap = this.#wanted - this.#current
    const most = elapsed * (gap > 0 ? RISE_RATE : FALL_RATE)
    this.#current += Math.min(most, Math.max(-most, gap))
    return this.#current
  }

  /** The link is of another kind: what is aimed at follows with the next reports, by rate as ever. */
  follow(options: LeadOptions): void {
    this.#options = options
  }

  /** After a stall: takes the wanted lead at once. */
  jump(): void {
    this.#current = this.#wanted
  }
}
