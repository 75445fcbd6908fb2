/**
 * A clock that follows an estimate of the other side's clock without ever jumping for a small error: it runs a little faster or slower instead.
 * Pure. The client's play loop reads `serverNow` for everything that must agree with the server in time, and feeds `update` with the clock filter's offset.
 * Never goes backwards, except in a step; a step happens only above the threshold, and `update` says so. Constants and their sources: docs/clock.md.
 */

/**
 * How much faster or slower than real time the clock may run: 2 %. At 60 ticks per second that is 0.33 ms in a tick, well under what is visible as a change of
 * speed (about 5 %), and it removes the 10 ms by which a first burst of samples may be wrong in half a second.
 */
export const MAX_SLEW = 0.02
/** The error is slewed away with this time constant: short enough for a drift of 200 ppm to leave 0.2 ms, long enough not to follow the filter's noise. */
const SLEW_TIME_MS = 1_000
/** NTP steps at 128 ms; slewing that takes over six seconds, in which a player is worse off than by one jump. */
export const STEP_MS = 128

export type ClockAdjustment = 'slewed' | 'stepped'

export class ClockDiscipline {
  readonly #maxSlew: number
  readonly #slewTimeMs: number
  /** From this moment of both clocks on time runs at the rate of the other clock, and an error is worked off. */
  #localMs = Number.NaN
  #serverMs = Number.NaN
  #rate = 1
  #slew = 0
  #errorMs = 0
  #steps = 0

  /** The greatest change of speed, and the time constant with which a smaller one works an error off. */
  constructor(maxSlew = MAX_SLEW, slewTimeMs = SLEW_TIME_MS) {
    this.#maxSlew = maxSlew
    this.#slewTimeMs = slewTimeMs
  }

  /** False before the first update: then there is no time. */
  get ready(): boolean {
    return !Number.isNaN(this.#serverMs)
  }

  /** How often the clock was stepped, the first setting not counted. */
  get steps(): number {
    return this.#steps
  }

  /** The change of speed that works the error off, from -maxSlew to maxSlew. */
  get slew(): number {
    return this.#slew
  }

  /** The server's time at our time `localMs`; NaN before the first update. Times before the last update are answered as of that. */
  serverNow(localMs: number): number {
    const passedMs = Math.max(0, localMs - this.#localMs)
    return this.#serverMs + passedMs * this.#rate + this.#slewedMs(passedMs)
  }

  /** What the clock filter now thinks: the offset, and how much faster the other clock runs. Call it a few times a second; between calls the clock goes on by itself. */
  update(localMs: number, offsetMs: number, driftPpm = 0): ClockAdjustment {
    const truthMs = localMs + offsetMs
    if (Number.isNaN(truthMs)) return 'slewed'
    const nowMs = this.serverNow(localMs)
    const errorMs = truthMs - nowMs
    // Before the first update the error is no number.
    const slews = Math.abs(errorMs) <= STEP_MS
    if (!slews && this.ready) this.#steps++
    this.#localMs = localMs
    this.#serverMs = slews ? nowMs : truthMs
    this.#rate = 1 + driftPpm * 1e-6
    this.#errorMs = slews ? errorMs : 0
    this.#slew = Math.max(-this.#maxSlew, Math.min(this.#maxSlew, this.#errorMs / this.#slewTimeMs))
    return slews ? 'slewed' : 'stepped'
  }

  /** Our own clock was set from one value to another: time goes on from where it was. */
  onLocalStep(fromMs: number, toMs: number): void {
    const passedMs = Math.max(0, fromMs - this.#localMs)
    this.#serverMs = this.serverNow(fromMs)
    this.#errorMs -= this.#slewedMs(passedMs)
    this.#localMs = toMs
  }

  /** How much of the error is worked off after so long: no more than all, as samples may stay out for seconds. */
  #slewedMs(passedMs: number): number {
    const slewedMs = passedMs * this.#slew
    return Math.abs(slewedMs) < Math.abs(this.#errorMs) ? slewedMs : this.#errorMs
  }
}
