/**
 * A tick timer on time that the bench moves by hand. Allocates nothing after construction, so that what is measured is the server's.
 */
import type { TickTimer } from '@tickmesh/server'

const SLOTS = 8

export class BenchTimer implements TickTimer {
  private timeMs = 0
  private readonly dueMs = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY)
  private readonly runs: (() => void)[] = []
  private readonly cancels: (() => void)[] = []

  constructor() {
    for (let slot = 0; slot < SLOTS; slot++) {
      this.runs.push(() => {})
      this.cancels.push(() => {
        this.dueMs[slot] = Number.POSITIVE_INFINITY
      })
    }
  }

  nowMs(): number {
    return this.timeMs
  }

  wakeAt(timeMs: number, run: () => void): () => void {
    const slot = this.dueMs.indexOf(Number.POSITIVE_INFINITY)
    const cancel = this.cancels[slot]
    if (cancel === undefined) throw new Error(`more than ${SLOTS} alarms are set.`)
    this.dueMs[slot] = timeMs
    this.runs[slot] = run
    return cancel
  }

  /** Runs the alarm that is due first and not after `untilMs`, at its time. False: there is none, and it is `untilMs` now. */
  runNext(untilMs: number): boolean {
    let next = 0
    for (let slot = 1; slot < SLOTS; slot++) if ((this.dueMs[slot] ?? 0) < (this.dueMs[next] ?? 0)) next = slot
    const dueMs = this.dueMs[next] ?? Number.POSITIVE_INFINITY
    if (dueMs > untilMs) {
      this.timeMs = untilMs
      return false
    }
    this.timeMs = Math.max(this.timeMs, dueMs)
    this.dueMs[next] = Number.POSITIVE_INFINITY
    this.runs[next]?.()
    return true
  }
}
