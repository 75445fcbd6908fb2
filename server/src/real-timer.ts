/**
 * The real clock of a tick loop, and an alarm that is good to a tenth of a millisecond on an idle core.
 * Made by the composition root. `setTimeout` alone is up to 1.5 ms late, so it is set early, and the rest is passed in short naps, between which
 * sockets are served: some 20 microseconds of work per nap, where a busy loop would burn a core. With many rooms the next tick is always near and
 * naps would never end, so they get a bounded share of the core; beyond it `setTimeout` has to do.
 * Never blocks longer than one nap.
 */
import type { TickTimer } from './tick/tick-timer.ts'

export interface RealTickTimerOptions {
  /** How long before the moment `setTimeout` ends and napping begins; 1.2 by default. 0: `setTimeout` alone. */
  readonly precisionMs?: number
  /** The share of the core that napping may cost; 0.01 by default, about what one room at 60 ticks per second takes. */
  readonly maxShare?: number
}

const NAP_MS = 0.3
/** A nap takes this much longer than asked for (timer slack of Linux), so the last one asks for less. */
const NAP_OVERSLEEP_MS = 0.055
/** What one nap with the turn of the event loop after it costs, measured. */
const NAP_COST_MS = 0.02
/** Unused share is kept up to this. */
const MAX_CREDIT_MS = 10

export class RealTickTimer implements TickTimer {
  readonly #precisionMs: number
  readonly #maxShare: number
  readonly #nap = new Int32Array(new SharedArrayBuffer(4))
  #creditMs = MAX_CREDIT_MS
  #creditedMs = performance.now()

  constructor(options: RealTickTimerOptions = {}) {
    this.#precisionMs = options.precisionMs ?? 1.2
    this.#maxShare = options.maxShare ?? 0.012
  }

  nowMs(): number {
    return performance.now()
  }

  wakeAt(timeMs: number, run: () => void): () => void {
    let timeout: NodeJS.Timeout | undefined
    let immediate: NodeJS.Immediate | undefined
    const approach = (): void => {
      const nowMs = performance.now()
      const leftMs = timeMs - nowMs
      if (leftMs <= 0) {
        // Sockets first: what came while this process was busy or stood still is then in time for the ticks that it missed.
        immediate = setImmediate(run)
      } else if (this.#mayNap(nowMs)) {
        const napMs = Math.min(NAP_MS, leftMs - NAP_OVERSLEEP_MS)
        if (napMs > 0) Atomics.wait(this.#nap, 0, 0, napMs)
        immediate = setImmediate(approach)
      } else {
        timeout = setTimeout(approach, Math.ceil(leftMs))
      }
    }
    const leftMs = timeMs - performance.now()
    const early = this.#precisionMs > 0 && this.#creditMs > 0 ? this.#precisionMs : 0
    if (leftMs <= 0 || leftMs - early < 1) immediate = setImmediate(approach)
    else timeout = setTimeout(approach, Math.floor(leftMs - early))
    return () => {
      clearTimeout(timeout)
      clearImmediate(immediate)
    }
  }

  /** Takes the price of one nap from the credit, if there is any. */
  #mayNap(nowMs: number): boolean {
    this.#creditMs = Math.min(MAX_CREDIT_MS, this.#creditMs + (nowMs - this.#creditedMs) * this.#maxShare)
    this.#creditedMs = nowMs
    if (this.#precisionMs === 0 || this.#creditMs <= 0) return false
    this.#creditMs -= NAP_COST_MS
    return true
  }
}
