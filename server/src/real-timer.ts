/**
 * The real clock of a tick loop, and an alarm that is good to a tenth of a millisecond on an idle core.
 * Made by the composition root. `setTimeout` alone is up to 1.5 ms late, so it is set early, and the rest is passed in short naps, between which
 * sockets are served: some 20 microseconds of work per nap, where a busy loop would burn a core. With many rooms the next tick is always near and
 * naps would never end, so they get a bounded share of the core; beyond it `setTimeout` has to do, for a while at least.
 * Never blocks longer than one nap.
 */
import type { TickTimer } from './tick/tick-timer.ts'

export interface RealTickTimerOptions {
  /** How long before the moment `setTimeout` ends and napping begins; 1.2 by default. 0: `setTimeout` alone. */
  readonly precisionMs?: number
  /** The share of the core that napping may cost; 0.03 by default, about what five rooms at 60 ticks per second take: what strangers open must not cost the others their precision. */
  readonly maxShare?: number
}

const NAP_MS = 0.3
/** A nap takes this much longer than asked for (timer slack of Linux), so the last one asks for less. */
const NAP_OVERSLEEP_MS = 0.055
/** What one nap with the turn of the event loop after it costs, measured. */
const NAP_COST_MS = 0.02
/** Unused share is kept up to this. */
const MAX_CREDIT_MS = 10
/** When the share is used up there are no naps for so long: a few of many ticks being punctual would help nobody. */
const PAUSE_MS = 5_000

export class RealTickTimer implements TickTimer {
  readonly #precisionMs: number
  readonly #maxShare: number
  readonly #nap = new Int32Array(new SharedArrayBuffer(4))
  #creditMs = MAX_CREDIT_MS
  #creditedMs = performance.now()
  #pausedUntilMs = 0

  constructor(options: RealTickTimerOptions = {}) {
    this.#precisionMs = options.precisionMs ?? 1.2
    this.#maxShare = options.maxShare ?? 0.03
  }

  nowMs(): number {
    return performance.now()
  }

  wakeAt(timeMs: number, run: () => void): () => void {
    const wake: Wake = { timer: this, timeMs, run, timeout: undefined, immediate: undefined }
    const nowMs = performance.now()
    const leftMs = timeMs - nowMs
    // Without naps the whole way: to wake early and set another alarm would cost as much again.
    const asleepMs = this.#mayNap(nowMs) ? Math.floor(leftMs - this.#precisionMs) : Math.ceil(leftMs)
    if (asleepMs < 1) wake.immediate = setImmediate(approach, wake)
    else wake.timeout = setTimeout(approach, asleepMs, wake)
    return () => {
      clearTimeout(wake.timeout)
      clearImmediate(wake.immediate)
    }
  }

  /** One nap towards a moment that is `leftMs` away. False: naps have had their share. */
  nap(leftMs: number, nowMs: number): boolean {
    if (!this.#mayNap(nowMs)) return false
    this.#creditMs -= NAP_COST_MS
    if (this.#creditMs <= 0) this.#pausedUntilMs = nowMs + PAUSE_MS
    const napMs = Math.min(NAP_MS, leftMs - NAP_OVERSLEEP_MS)
    if (napMs > 0) Atomics.wait(this.#nap, 0, 0, napMs)
    return true
  }

  /** Is there credit for a nap? */
  #mayNap(nowMs: number): boolean {
    if (this.#precisionMs === 0 || nowMs < this.#pausedUntilMs) return false
    this.#creditMs = Math.min(MAX_CREDIT_MS, this.#creditMs + (nowMs - this.#creditedMs) * this.#maxShare)
    this.#creditedMs = nowMs
    return this.#creditMs > 0
  }
}

/** One alarm on its way. Passed along as an argument: a closure for each step of each alarm would show. */
interface Wake {
  readonly timer: RealTickTimer
  readonly timeMs: number
  readonly run: () => void
  timeout: NodeJS.Timeout | undefined
  immediate: NodeJS.Immediate | undefined
}

function approach(wake: Wake): void {
  const nowMs = performance.now()
  const leftMs = wake.timeMs - nowMs
  // Sockets first: what came while this process was busy or stood still is then in time for the ticks that it missed.
  if (leftMs <= 0) wake.immediate = setImmediate(wake.run)
  else if (wake.timer.nap(leftMs, nowMs)) wake.immediate = setImmediate(approach, wake)
  else wake.timeout = setTimeout(approach, Math.ceil(leftMs), wake)
}
