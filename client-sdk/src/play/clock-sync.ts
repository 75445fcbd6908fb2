/**
 * The client's idea of the server's clock: samples of four timestamps through the clock filter, and a disciplined clock that follows it.
 * Pure. Everything on a client that must agree with the server in time asks `serverNow`.
 */
import { ClockDiscipline, ClockFilter } from '@tickmesh/shared'

/** Two exchanges whose possible offsets are further apart than this cannot both be true: a clock was stopped or set. */
const CONTRADICTION_MS = 250
/** What was held up by a gap, or is to be caught up after a step, is done with this long after it. */
const SETTLING_MS = 100

export class ClockSync {
  private readonly filter = new ClockFilter()
  private discipline = new ClockDiscipline()
  /** True if the clock was set by a bound only: the next exchange sets it, whatever the difference. */
  private coarse = false
  private delay = 0
  private jitter = 0
  /** When local time last went on after a gap; by the server's clock too. */
  private gapEndMs = Number.NEGATIVE_INFINITY
  private gapEndServerMs = Number.NEGATIVE_INFINITY
  private unsettledMs = Number.NEGATIVE_INFINITY

  /** One exchange: sent and received by our clock, received and answered by the server's. */
  onSample(sentMs: number, serverReceivedMs: number, serverSentMs: number, receivedMs: number): void {
    this.observe(receivedMs)
    // Nobody looked during the gap: when the answer really came is not known.
    if (sentMs < this.gapEndMs) return
    if (this.contradicts(sentMs, serverReceivedMs, serverSentMs, receivedMs)) this.filter.reset()
    if (!this.filter.addSample(sentMs, serverReceivedMs, serverSentMs, receivedMs)) return
    const estimate = this.filter.estimate(receivedMs)
    if (estimate === undefined) return
    this.delay = estimate.delayMs
    this.jitter = estimate.jitterMs
    if (this.coarse) this.discipline = new ClockDiscipline()
    this.coarse = false
    if (this.discipline.update(receivedMs, estimate.offsetMs) === 'stepped') this.unsettledMs = receivedMs + SETTLING_MS
  }

  private contradicts(sentMs: number, serverReceivedMs: number, serverSentMs: number, receivedMs: number): boolean {
    if (!this.filter.ready) return false
    const delayMs = receivedMs - sentMs - (serverSentMs - serverReceivedMs)
    const offsetMs = (serverReceivedMs - sentMs + (serverSentMs - receivedMs)) / 2
    return (
      Math.abs(offsetMs - this.filter.offsetAt(receivedMs)) > (Math.abs(delayMs) + this.delay) / 2 + CONTRADICTION_MS
    )
  }

  /** A message came that the server sent at `serverMs` of its clock: it is at least that late there. Local time may have stood still, as in sleep. */
  onServerTime(serverMs: number, nowMs: number): void {
    if (!(serverMs - this.serverNow(nowMs) > CONTRADICTION_MS)) return
    this.filter.reset()
    this.discipline.update(nowMs, serverMs - nowMs)
    this.coarse = true
    this.endGap(nowMs)
  }

  /** Call whenever local time is looked at. True if a gap in it made all samples void. */
  observe(nowMs: number): boolean {
    const gap = this.filter.observeLocalTime(nowMs)
    if (gap) this.endGap(nowMs)
    return gap
  }

  private endGap(nowMs: number): void {
    this.gapEndMs = nowMs
    this.gapEndServerMs = this.serverNow(nowMs)
    this.unsettledMs = nowMs + SETTLING_MS
  }

  /** False if what was done at our time `localMs` was done by a clock that was wrong, or while catching up after a gap. */
  isSettled(localMs: number): boolean {
    return localMs > this.unsettledMs
  }

  /** True if what the server sent at `serverMs` may have lain about in a gap of our time: when it came is not known. */
  fellIntoGap(serverMs: number): boolean {
    return serverMs <= this.gapEndServerMs
  }

  get ready(): boolean {
    return this.discipline.ready
  }

  /** The server's time at our time `nowMs`. */
  serverNow(nowMs: number): number {
    return this.discipline.serverNow(nowMs)
  }

  /** Least round trip of the last ten seconds. */
  get delayMs(): number {
    return this.delay
  }

  get jitterMs(): number {
    return this.jitter
  }

  /** What asymmetry of the path may make the clock wrong by. */
  get errorBoundMs(): number {
    return this.delay / 2
  }
}
