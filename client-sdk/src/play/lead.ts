/**
 * Lead: how far ahead of the server's clock a client simulates, so that its inputs arrive just before their tick.
 * Controlled by the margins that the server reports, and changed by rate, never by jumps. Pure.
 *
 * What a margin plus the lead that was in force tells is how late the path made an input: that does not depend on the lead, so a high
 * quantile of it is the lead to aim at.
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
}

export const DEFAULT_LEAD: LeadOptions = { lateShare: 0.005, safetyMs: 3, minMs: 2, maxMs: 1000 }

/** How much faster or slower than real time the lead may change. */
const RISE_RATE = 0.05
const FALL_RATE = 0.02
/** Reports that are remembered: ten seconds at 20 a second, and some. */
const REPORTS = 256
const WINDOW_MS = 10_000

export class LeadController {
  private readonly options: LeadOptions
  private readonly lateness = new WindowedQuantile(REPORTS, WINDOW_MS)
  private current: number
  private wanted: number
  private updatedMs = Number.NaN

  /** Starts at `initialMs`, a guess such as half the round trip and some. */
  constructor(initialMs: number, options: LeadOptions = DEFAULT_LEAD) {
    this.options = options
    this.current = this.bounded(initialMs)
    this.wanted = this.current
  }

  private bounded(ms: number): number {
    return Math.min(this.options.maxMs, Math.max(this.options.minMs, ms))
  }

  /** The lead now, in ms. */
  get leadMs(): number {
    return this.current
  }

  /** The lead that it moves towards. */
  get targetMs(): number {
    return this.wanted
  }

  /** Takes in the least margin since the last report, and the lead that was in force when those inputs were made; NaN: it says nothing of the path. */
  onMargin(nowMs: number, marginMs: number, leadThenMs: number): void {
    if (Number.isNaN(leadThenMs - marginMs)) return
    this.lateness.add(nowMs, leadThenMs - marginMs)
    this.wanted = this.bounded(this.lateness.quantile(1 - this.options.lateShare) + this.options.safetyMs)
  }

  /** Moves the lead on to `nowMs`, and gives it. */
  advance(nowMs: number): number {
    const elapsed = Number.isNaN(this.updatedMs) ? 0 : Math.max(0, nowMs - this.updatedMs)
    this.updatedMs = nowMs
    const gap = this.wanted - this.current
    const most = elapsed * (gap > 0 ? RISE_RATE : FALL_RATE)
    this.current += Math.min(most, Math.max(-most, gap))
    return this.current
  }

  /** After a stall: takes the wanted lead at once. */
  jump(): void {
    this.current = this.wanted
  }
}
