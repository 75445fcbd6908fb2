/**
 * One client's round trip, from what it acknowledges: mean, jitter, and how long an acknowledgement may take before something is wrong.
 * Pure; hot. Smoothed as TCP does it (RFC 6298).
 */

const MEAN_WEIGHT = 1 / 8
const JITTER_WEIGHT = 1 / 4
/** The 95th percentile lies about this many mean deviations above the mean. */
const P95_DEVIATIONS = 2.1
/** Before the first measurement. */
const UNKNOWN_MS = 100

export class RoundTrip {
  meanMs = UNKNOWN_MS
  jitterMs = 0
  samples = 0

  add(rttMs: number): void {
    const rtt = rttMs > 0 ? rttMs : 0
    if (this.samples++ === 0) {
      this.meanMs = rtt
      return
    }
    const deviation = Math.abs(rtt - this.meanMs)
    this.jitterMs += (deviation - this.jitterMs) * JITTER_WEIGHT
    this.meanMs += (rtt - this.meanMs) * MEAN_WEIGHT
  }

  /** What 95 of 100 round trips do not exceed, about. */
  get p95Ms(): number {
    return this.meanMs + P95_DEVIATIONS * this.jitterMs
  }
}
