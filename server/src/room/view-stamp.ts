/**
 * View stamps: what a player says was on its screen, believed as far as it is possible. Called by the room for each input, outside the simulation, which gets
 * only what the stamp was resolved to. Pure; hot.
 * Never resolves to a snapshot that was not sent to this client or is not kept any more, to a moment before the window, or to one before the player's last.
 *
 * The expectation is made of ticks, not of arrivals, so that a stalled link does not make liars of honest players. The client made the input of tick T
 * `margin + uplink` before T was due, and drew others `delay` behind the server's clock:
 *
 *     expected view of T = due(T) - margin - rtt / 2 - delay
 *
 * An uplink that is slower than the downlink errs by the same amount in the client's clock, so it cancels out.
 */
import { FRACTION_ONE, MAX_EXTRAPOLATED_TICKS } from '@tickmesh/shared'
import type { SentTicks } from './sent-ticks.ts'

/** What the server measured of one client. */
export interface ViewTiming {
  /** How early its inputs usually come. */
  marginMs: number
  rttMs: number
  /** At most MAX_TRUSTED_JITTER_MS: a client could feign more. */
  jitterMs: number
  /** How far behind the server's clock it says that it draws others. */
  delayMs: number
}

/** How far back a stamp may reach in the tick that is being computed. One per room. */
export interface ViewWindow {
  /** The oldest moment that may be judged. */
  oldestView: number
  /** The oldest snapshot that is kept. */
  oldestKept: number
}

/** Jitter beyond this does not widen what is believed. */
export const MAX_TRUSTED_JITTER_MS = 50
/** A stamp is always believed within this of the expectation, however good the link measures: clocks and rates are estimates too. */
const LEAST_TOLERANCE_MS = 25
/** A press is made up to a tick before the one that carries it, and looks at the frame drawn last: this much older, at 30 frames a second. */
const DISPLAY_FRAME_MS = 34
/** What a client may claim to draw behind besides half a round trip, three snapshot intervals and three times the jitter. */
const MAX_EXTRA_DELAY_MS = 150

/** Outside of these the usual margin tells of stalls: an honest client makes inputs so early, or so late, only after some. */
const LEAST_STEADY_MARGIN_MS = -50
const MOST_STEADY_MARGIN_MS = 150

/** How far the views of a player's inputs and presses went, and in which tick. */
export type StampOrder = readonly [lastView: number, lastTick: number, lastPressView: number]

export class ViewStamps {
  /** The stamp that the last call resolved to: older tick, newer tick, fraction. */
  older = -1
  newer = -1
  fraction = 0
  /**
   * How far the last stamp that was not believed was from what is possible, in whole milliseconds, at least 1. 0: it was possible, but older than may be
   * judged, as on a long way; or the link stalls so much that the expectation says little.
   */
  beyondMs = 0
  private readonly sent: SentTicks
  private readonly window: ViewWindow
  private readonly tickMs: number
  private readonly snapshotMs: number
  /** The newest moment seen, in ticks, and the input tick in which it was. */
  private lastView = -1
  private lastTick = -1
  /** The newest moment of a press: it was made before its tick, and may come late, so presses have an order of their own. */
  private lastPressView = -1
  /** Stamps of inputs up to this tick were made while another shard ran the room, which knew the link: nothing is expected of them. */
  private untimedTo = -1
  /** Whether the last view was what a client said, is not known: its next stamp may be before it. */
  private isGuessed = false

  constructor(sent: SentTicks, window: ViewWindow, tickMs: number, snapshotMs: number) {
    this.sent = sent
    this.window = window
    this.tickMs = tickMs
    this.snapshotMs = snapshotMs
  }

  /** Bounds the delay that a client claims by what is possible. Gives by how many whole milliseconds it claims too much. */
  boundDelay(timing: ViewTiming): number {
    const most = timing.rttMs / 2 + 3 * this.snapshotMs + 3 * timing.jitterMs + MAX_EXTRA_DELAY_MS
    if (!(timing.delayMs > 0)) timing.delayMs = 0
    if (timing.delayMs <= most) return 0
    const over = Math.ceil(timing.delayMs - most)
    timing.delayMs = most
    return over
  }

  /**
   * Resolves the stamp of the input of `inputTick`; an `older` below 0 says nothing, and gets the expected moment. False if it had to be clamped.
   * `ofPress`: of a press, made during that tick or before it, on time or late.
   */
  resolve(
    older: number,
    newer: number,
    fraction: number,
    inputTick: number,
    ofPress: boolean,
    timing: ViewTiming,
  ): boolean {
    const { tickMs, window } = this
    const expected = inputTick - (timing.marginMs + timing.rttMs / 2 + timing.delayMs) / tickMs
    const tolerance = Math.max(LEAST_TOLERANCE_MS, tickMs + 3 * timing.jitterMs) / tickMs
    const untimed = inputTick <= this.untimedTo
    const earliest = untimed ? 0 : expected - tolerance - (ofPress ? 1 + DISPLAY_FRAME_MS / tickMs : 0)
    const low = Math.max(
      earliest,
      window.oldestView,
      ofPress ? this.lastPressView : this.isGuessed ? -1 : this.lastView,
    )
    const latest = untimed ? inputTick : expected + tolerance
    let high = latest
    if (ofPress && inputTick <= this.lastTick && high > this.lastView) high = this.lastView
    if (high < low) high = low
    const silent = older < 0
    const claimed = silent ? expected : viewOf(older, newer, fraction)
    const view = claimed < low ? low : claimed > high ? high : claimed
    const believed = !silent && view === claimed && this.isKnown(older, newer)
    if (believed) this.keep(older, newer, fraction)
    else this.nearest(view)
    if (!believed && !silent) this.measure(claimed, earliest, latest, older, newer, timing)
    if (!silent) this.remember(inputTick, ofPress)
    return believed || silent
  }

  /** The player goes on from a tick that another shard computed, in which it saw this moment (older below 0: none). Inputs up to `untimedTo` may have been made before. */
  restore(tick: number, older: number, newer: number, fraction: number, untimedTo: number): void {
    this.untimedTo = untimedTo
    if (older < 0) return
    this.lastTick = tick
    this.lastView = viewOf(older, newer, fraction)
    this.isGuessed = true
  }

  /** For who goes on with this player elsewhere. */
  get order(): StampOrder {
    return [this.lastView, this.lastTick, this.lastPressView]
  }

  set order([lastView, lastTick, lastPressView]: StampOrder) {
    this.lastView = lastView
    this.lastTick = lastTick
    this.lastPressView = lastPressView
    this.isGuessed = false
  }

  /** The player looks at nothing: the present. */
  showPresent(): void {
    this.keep(-1, -1, 0)
  }

  /** The stamp for a tick whose input is missing: the screen went on meanwhile. */
  carryOn(tick: number): void {
    if (this.lastTick < 0) this.keep(-1, -1, 0)
    else this.nearest(Math.max(this.lastView + (tick - this.lastTick), this.window.oldestView))
  }

  /** By the expectation alone: after a view that was clamped to the window, honest ones seem to go back. */
  private measure(
    claimed: number,
    earliest: number,
    latest: number,
    older: number,
    newer: number,
    timing: ViewTiming,
  ): void {
    this.beyondMs = 0
    if (!isSteady(timing)) return
    const beyond = claimed < earliest ? earliest - claimed : claimed > latest ? claimed - latest : 0
    if (beyond > 0) this.beyondMs = Math.ceil(beyond * this.tickMs)
    else this.beyondMs = newer < older || this.sent.isInvented(older) || this.sent.isInvented(newer) ? 1 : 0
  }

  private isKnown(older: number, newer: number): boolean {
    const { sent } = this
    return newer >= older && older >= this.window.oldestKept && sent.has(older) && (newer === older || sent.has(newer))
  }

  private keep(older: number, newer: number, fraction: number): void {
    this.older = older
    this.newer = newer
    this.fraction = fraction
  }

  private remember(inputTick: number, ofPress: boolean): void {
    if (this.older < 0) return
    const view = viewOf(this.older, this.newer, this.fraction)
    if (ofPress) {
      if (view > this.lastPressView) this.lastPressView = view
    } else {
      this.lastView = view
      this.lastTick = inputTick
      this.isGuessed = false
    }
  }

  /** The stamp, made of snapshots that this client was sent, that is nearest to a moment, and not before it. The present if there is none. */
  private nearest(view: number): void {
    const { sent } = this
    const before = sent.atOrBefore(view)
    const after = sent.after(view)
    if (before < this.window.oldestKept) {
      if (after < 0) this.keep(-1, -1, 0)
      else this.keep(after, after, 0)
    } else if (after < 0) {
      this.keep(before, before, Math.min(MAX_EXTRAPOLATED_TICKS, Math.ceil(view - before)))
    } else {
      const fraction = Math.ceil(((view - before) * FRACTION_ONE) / (after - before))
      if (fraction < FRACTION_ONE) this.keep(before, after, fraction)
      else this.keep(after, after, 0)
    }
  }
}

/**
 * Can one tell by the measures of this link who lies? Not while it stalls. To feign that costs its player latency, and gains nothing: stamps are
 * clamped all the same.
 */
function isSteady({ marginMs, jitterMs }: ViewTiming): boolean {
  return jitterMs < MAX_TRUSTED_JITTER_MS && marginMs >= LEAST_STEADY_MARGIN_MS && marginMs <= MOST_STEADY_MARGIN_MS
}

/** The moment that a stamp means, in ticks. */
function viewOf(older: number, newer: number, fraction: number): number {
  return newer === older ? older + fraction : older + ((newer - older) * fraction) / FRACTION_ONE
}
