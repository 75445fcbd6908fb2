/**
 * The real clock and timers of a relay, as a scheduler that starts at zero. One for each relay; `stop` takes back all that waits.
 */
import type { Cancel, Scheduler } from '@tickmesh/shared'

export class RelayClock implements Scheduler {
  readonly #startMs = performance.now()
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  now(): number {
    return performance.now() - this.#startMs
  }

  /** Timers count whole milliseconds: later rather than earlier. */
  at(timeMs: number, run: () => void): Cancel {
    if (this.#stopped) return () => {}
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        run()
      },
      Math.max(0, Math.ceil(timeMs - this.now())),
    )
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
