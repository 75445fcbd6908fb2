/**
 * A token bucket: an average rate and a burst. Pure; hot: twice per message.
 */
export class TokenBucket {
  private tokens: number
  private readonly perMs: number
  private readonly burst: number
  private lastMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.perMs = perSecond / 1000
    this.burst = burst
    this.tokens = burst
    this.lastMs = nowMs
  }

  /** False, and nothing taken, if there are not enough. */
  take(amount: number, nowMs: number): boolean {
    const filled = this.tokens + (nowMs - this.lastMs) * this.perMs
    this.tokens = filled < this.burst ? filled : this.burst
    this.lastMs = nowMs
    if (this.tokens < amount) return false
    this.tokens -= amount
    return true
  }
}
