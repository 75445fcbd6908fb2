/**
 * The one timer of a shard's node: set to when the node wants to be called next, and set forward when that comes nearer. Made by the shell.
 * Notices when it comes much too late: then the process, or its machine, stood still.
 */

/** A timer that comes so late is a stall. */
const STALL_MS = 500
/** It comes at least so often. */
const MAX_WAIT_MS = 1_000

export interface WakeTimerOptions {
  readonly nowMs: () => number
  readonly wake: (nowMs: number) => void
  readonly stalled: (lateMs: number) => void
}

export class WakeTimer {
  stalls = 0
  readonly #options: WakeTimerOptions
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY

  constructor(options: WakeTimerOptions) {
    this.#options = options
  }

  /** It comes at `nextMs` at the latest. Too early is no harm: whoever is woken arms it again. */
  arm(nextMs: number): void {
    const nowMs = this.#options.nowMs()
    // What should have been long ago is due now: nobody was late.
    const dueMs = Math.max(nowMs, Math.min(nextMs, nowMs + MAX_WAIT_MS))
    if (this.#timer !== undefined && dueMs >= this.#dueMs) return
    clearTimeout(this.#timer)
    this.#dueMs = dueMs
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(dueMs - nowMs))
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #fire(): void {
    const nowMs = this.#options.nowMs()
    const lateMs = nowMs - this.#dueMs
    this.#timer = undefined
    if (lateMs > STALL_MS) {
      this.stalls++
      this.#options.stalled(lateMs)
    }
    this.#options.wake(nowMs)
  }
}
