/**
 * The client's idea of the server's clock: samples of four timestamps through the clock filter, and a disciplined clock that follows it.
 * Pure. Everything on a client that must agree with the server in time asks `serverNow`.
 */
import { ClockDiscipline, ClockFilter } from '@tickmesh/shared'

export class ClockSync {
  private readonly filter = new ClockFilter()
  private readonly discipline = new ClockDiscipline()
  private delay = 0
  private jitter = 0

  /** One exchange: sent and received by our clock, received and answered by the server's. */
  onSample(sentMs: number, serverReceivedMs: number, serverSentMs: number, receivedMs: number): void {
    this.filter.observeLocalTime(receivedMs)
    if (!this.filter.addSample(sentMs, serverReceivedMs, serverSentMs, receivedMs)) return
    const estimate = this.filter.estimate(receivedMs)
    if (estimate === undefined) return
    this.delay = estimate.delayMs
    this.jitter = estimate.jitterMs
    this.discipline.update(receivedMs, estimate.offsetMs)
  }

  /** Call whenever local time is looked at. True if a gap in it made all samples void. */
  observe(nowMs: number): boolean {
    return this.filter.observeLocalTime(nowMs)
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
