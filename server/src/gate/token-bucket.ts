/**
 * A token bucket: an average rate and a burst. Pure; hot: twice per message.
 * Counts thousandths of tokens and whole milliseconds, so that what it keeps is mostly small integers, which stand in the object itself.
 */

export class TokenBucket {
  private thousandths: number
  private readonly perMs: number
  private readonly full: number
  private lastMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    // Thousandths in a millisecond are tokens in a second.
    this.perMs = perSecond
    this.full = burst * 1000
    this.thousandths = this.full
    this.lastMs = Math.floor(nowMs)
  }

  /** False, and nothing taken, if there are not enough. */
  take(amount: number, nowMs: number): boolean {
    this.fill(nowMs)
    const left = this.thousandths - amount * 1000
    if (left < 0) return false
    this.thousandths = left
    return true
  }

  /** Nothing that was taken is missing any more. */
  isFull(nowMs: number): boolean {
    this.fill(nowMs)
    return this.thousandths === this.full
  }

  private fill(nowMs: number): void {
    const now = Math.floor(nowMs)
    const elapsedMs = now - this.lastMs
    if (elapsedMs <= 0) return
    this.lastMs = now
    const filled = this.thousandths + elapsedMs * this.perMs
    this.thousandths = filled < this.full ? filled : this.full
  }
}
