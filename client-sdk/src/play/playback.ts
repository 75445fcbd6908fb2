/**
 * Playback: at which moment in the past a client draws what it does not predict. The delay is the snapshot interval plus a quantile of how
 * late snapshots come; it changes by rate, and the moment never runs backwards. Pure.
 */
import { FRACTION_ONE, WindowedQuantile } from '@tickmesh/shared'

/** Two snapshots and how far between them, in 1/256; equal ticks: how many ticks beyond. What a screen showed, exactly. */
export interface ViewStamp {
  older: number
  newer: number
  fraction: number
}

/** How much faster or slower than real time the delay may change. */
const DELAY_RATE = 0.05
/** Arrivals that are remembered: five seconds at 20 a second, and some. */
const ARRIVALS = 128
const WINDOW_MS = 5_000
/** A longer gap between snapshots than this is a stall, not thinning. */
const MAX_GAP_INTERVALS = 5
const LATENESS_QUANTILE = 0.98
/** Kept above the quantile, in ms. */
const SAFETY_MS = 2
/** Longest that motion is followed beyond the newest snapshot; then it holds. */
const MAX_EXTRAPOLATION_MS = 150
/** Ticks of snapshots that are remembered. */
const KNOWN = 64

export class Playback {
  readonly stamp: ViewStamp = { older: -1, newer: -1, fraction: 0 }
  /** True if the last moment lay beyond the newest snapshot. */
  starved = false
  private readonly tickMs: number
  private readonly intervalMs: number
  private readonly lateness = new WindowedQuantile(ARRIVALS, WINDOW_MS)
  private readonly ticks: number[] = []
  private delay: number
  private wanted: number
  private updatedMs = Number.NaN
  private moment = -1

  constructor(tickRate: number, snapshotRate: number) {
    this.tickMs = 1000 / tickRate
    this.intervalMs = 1000 / snapshotRate
    this.delay = this.intervalMs * 2
    this.wanted = this.delay
  }

  /** How far in the past others are drawn, in ms of server time. */
  get delayMs(): number {
    return this.delay
  }

  /** The moment that was drawn last, in ticks. */
  get viewTick(): number {
    return this.moment
  }

  get newestTick(): number {
    return this.ticks[this.ticks.length - 1] ?? -1
  }

  /**
   * A snapshot was decoded. One that comes after a longer gap than usual (the server thins them) counts as that much later: there was nothing to
   * draw towards meanwhile. `latenessMs` is how long after the end of its tick, by the server's clock; NaN: not known.
   */
  onSnapshot(tick: number, latenessMs: number, nowMs: number): void {
    if (this.ticks.length === 0 && latenessMs > 0) this.delay = latenessMs + this.intervalMs
    if (tick <= this.newestTick) return
    const gapMs = this.ticks.length === 0 ? this.intervalMs : (tick - this.newestTick) * this.tickMs
    this.ticks.push(tick)
    if (this.ticks.length > KNOWN) this.ticks.shift()
    this.lateness.add(nowMs, latenessMs + Math.min(gapMs, MAX_GAP_INTERVALS * this.intervalMs) - this.intervalMs)
    this.wanted = Math.max(0, this.lateness.quantile(LATENESS_QUANTILE)) + this.intervalMs + SAFETY_MS
  }

  /**
   * Moves on to `serverTick` (the server's present in ticks, fractional, at local time `nowMs`), and sets `stamp`.
   * False as long as no snapshot is known.
   */
  advance(serverTick: number, nowMs: number): boolean {
    const elapsed = Number.isNaN(this.updatedMs) ? 0 : Math.max(0, nowMs - this.updatedMs)
    this.updatedMs = nowMs
    const most = elapsed * DELAY_RATE
    this.delay += Math.min(most, Math.max(-most, this.wanted - this.delay))
    if (this.ticks.length === 0) return false
    this.moment = Math.max(this.moment, serverTick - this.delay / this.tickMs)
    this.quantise()
    return true
  }

  private quantise(): void {
    const { stamp, ticks, moment } = this
    const newest = this.newestTick
    this.starved = moment >= newest
    if (this.starved) {
      const beyond = Math.floor(moment - newest)
      stamp.older = newest
      stamp.newer = newest
      stamp.fraction = Math.min(beyond, Math.floor(MAX_EXTRAPOLATION_MS / this.tickMs))
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
