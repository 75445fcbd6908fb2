/**
 * The client's idea of the server's clock: samples of four timestamps through the clock filter, and a disciplined clock that follows it.
 * Pure. Everything on a client that must agree with the server in time asks `serverNow`. It never runs backwards, except in a step (`steps` counts them).
 * What one message alone says against all others never moves it; three in a row that agree do, and so does a gap in local time (docs/clock.md).
 */
import { ClockDiscipline, ClockFilter } from '@tickmesh/shared'

/** A message sent later than this in the future cannot be: our clock stood still. The lateness of timers and a bad first estimate stay below. */
const IMPOSSIBLE_MS = 250
/** So many messages in a row from the future are believed, as the clock filter believes so many exchanges. */
const BELIEVED = 3
/** What was held up by a gap, or is to be caught up after a step, is done with this long after it. */
const SETTLING_MS = 100

export class ClockSync {
  readonly #filter = new ClockFilter()
  #discipline = new ClockDiscipline()
  /** True if the clock was set by a bound only: the next exchange sets it, whatever the difference. */
  #coarse = false
  #delay = 0
  #jitter = 0
  #lastMs = Number.NaN
  /** When local time last went on after a gap; by the server's clock too. */
  #gapEndMs = Number.NEGATIVE_INFINITY
  #gapEndServerMs = Number.NEGATIVE_INFINITY
  #unsettledMs = Number.NEGATIVE_INFINITY
  /** Messages in a row that came from the future, and by how much all of them say the server is ahead. */
  #impossible = 0
  #aheadMs = 0
  #stepCount = 0

  /** One exchange: sent and received by our clock, received and answered by the server's. */
  onSample(sentMs: number, serverReceivedMs: number, serverSentMs: number, receivedMs: number): void {
    this.observe(receivedMs)
    // Nobody looked during the gap: when the answer really came is not known.
    if (sentMs < this.#gapEndMs) return
    if (!this.#filter.addSample(sentMs, serverReceivedMs, serverSentMs, receivedMs)) return
    const estimate = this.#filter.estimate(receivedMs)
    if (estimate === undefined) return
    this.#delay = estimate.delayMs
    this.#jitter = estimate.jitterMs
    if (this.#coarse) this.#discipline = new ClockDiscipline()
    this.#coarse = false
    const stepped = this.#discipline.update(receivedMs, estimate.offsetMs, estimate.driftPpm) === 'stepped'
    if (stepped) this.#stepCount++
    if (stepped || this.#unsettledMs === Number.POSITIVE_INFINITY) this.#unsettledMs = receivedMs + SETTLING_MS
  }

  /** A message came that the server sent at `serverMs` of its clock: it is at least that late there. Local time may have stood still, as in sleep. */
  onServerTime(serverMs: number, nowMs: number): void {
    this.observe(nowMs)
    if (!(serverMs - this.serverNow(nowMs) > IMPOSSIBLE_MS)) {
      this.#impossible = 0
      return
    }
    // The least that they say: it holds whichever of them is wrong.
    this.#aheadMs = Math.min(serverMs - nowMs, this.#impossible > 0 ? this.#aheadMs : Number.POSITIVE_INFINITY)
    if (++this.#impossible < BELIEVED) return
    this.#impossible = 0
    this.#filter.reset()
    this.#discipline.update(nowMs, this.#aheadMs)
    this.#stepCount++
    this.#coarse = true
    this.#endGap(nowMs)
  }

  /** Call whenever local time is looked at. True if a gap in it made all samples void. */
  observe(nowMs: number): boolean {
    const gap = this.#filter.observeLocalTime(nowMs)
    if (nowMs < this.#lastMs) this.#discipline.onLocalStep(this.#lastMs, nowMs)
    this.#lastMs = nowMs
    if (gap) this.#endGap(nowMs)
    return gap
  }

  /** What was done is void until an exchange has told where the clock stands. */
  #endGap(nowMs: number): void {
    this.#gapEndMs = nowMs
    this.#gapEndServerMs = this.serverNow(nowMs)
    this.#unsettledMs = Number.POSITIVE_INFINITY
  }

  /** False if what was done at our time `localMs` was done by a clock that was wrong, or while catching up after a gap. */
  isSettled(localMs: number): boolean {
    return localMs > this.#unsettledMs
  }

  /** True if it is not known when what the server sent at `serverMs` came: it may have lain about in a gap of our time, or our time is doubted. */
  fellIntoGap(serverMs: number): boolean {
    return this.#impossible > 0 || serverMs <= this.#gapEndServerMs
  }

  get ready(): boolean {
    return this.#discipline.ready
  }

  /** How often the clock was set instead of slewed, the first setting included. */
  get steps(): number {
    return this.#stepCount
  }

  /** The server's time at our time `nowMs`. */
  serverNow(nowMs: number): number {
    return this.#discipline.serverNow(nowMs)
  }

  /** Least round trip of the last ten seconds. */
  get delayMs(): number {
    return this.#delay
  }

  get jitterMs(): number {
    return this.#jitter
  }

  /** What asymmetry of the path may make the clock wrong by. */
  get errorBoundMs(): number {
    return this.#delay / 2
  }
}
