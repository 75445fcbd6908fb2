/**
 * Timers of a process on a simulated machine, by the machine's clock: late, never early; they pile up while the machine stands still, and are gone with the process.
 */
import type { TickTimer } from '@tickmesh/server'
import type { ProcessHome } from '../surroundings.ts'

/** Timers are late by this much. */
const LATE_MS = 0.15

export class MachineTimer implements TickTimer {
  readonly #machine: ProcessHome
  readonly #boot: number

  constructor(machine: ProcessHome) {
    this.#machine = machine
    this.#boot = machine.boot
  }

  nowMs(): number {
    return this.#machine.localMs
  }

  wakeAt(timeMs: number, run: () => void): () => void {
    const machine = this.#machine
    const { time } = machine.around
    let wanted = true
    const cancel = time.at(Math.max(time.now(), machine.clock.trueAt(timeMs)) + LATE_MS, () => {
      if (machine.boot !== this.#boot) return
      machine.accept(() => {
        if (wanted) run()
      })
    })
    return () => {
      wanted = false
      cancel()
    }
  }
}
