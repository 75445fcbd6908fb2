/**
 * A clock that follows an estimate of the other side's clock without ever jumping for a small error: it runs a little faster or slower instead.
 * Pure. The client's play loop reads `serverNow` for everything that must agree with the server in time, and feeds `update` with the clock filter's offset.
 * Never goes backwards, except in a step; a step happens only above the threshold, and `update` says so.
 */

/**
 * How much faster or slower than real time the clock may run: 2 %. At 60 ticks per second that is 0.33 ms in a tick, well under what is visible as a change of
 * speed (about 5 %), and it removes the 10 ms by which a first burst of samples may be wrong in half a second.
 */
export const MAX_SLEW = 0.02
/** The error is slewed away with this time constant: short enough for a drift of 200 ppm to leave 0.2 ms, long enough not to follow the filter's noise. */
const SLEW_TIME_MS = 1_000
/** NTP steps at 128 ms; slewing that takes over six seconds, in which a player is worse off than by one jump. */
const STEP_MS = 128

export type ClockAdjustment = 'slewed' | 'stepped'

export class ClockDiscipline {
  /** From this moment of both clocks on time runs at `1 + #slew`. */
  #localMs = Number.NaN
  #serverMs = Number.NaN
  #slew = 0
  #steps = 0

  /** False before the first update: then there is no time. */
  get ready(): boolean {
    return !Number.isNaN(this.#serverMs)
  }

  /** How often the clock was stepped, the first setting not counted. */
  get steps(): number {
    return this.#steps
  }

  /** The present change of speed, from -MAX_SLEW to MAX_SLEW. */
  get slew(): number {
    return this.#slew
  }

  /** The server's time at our time `localMs`; NaN before the first update. Times before the last update are answered as of that. */
  serverNow(localMs: number): number {
    const passedMs = localMs - this.#localMs
    return this.#serverMs + (passedMs > 0 ? passedMs * (1 + this.#slew) : 0)
  }

  /** What the clock filter now thinks. Call it a few times a second; between calls the clock goes on at its rate, so a late call may overshoot by 2 % of the delay. */
  update(localMs: number, offsetMs: number): ClockAdjustment {
    const truthMs = localMs + offsetMs
    if (Number.isNaN(truthMs)) return 'slewed'
    if (!this.ready) {
      this.#set(localMs, truthMs)
      return 'stepped'
    }
    const nowMs = this.serverNow(localMs)
    const errorMs = truthMs - nowMs
    if (Math.abs(errorMs) > STEP_MS) {
      this.#steps++
      this.#set(localMs, truthMs)
      return 'stepped'
    }
    this.#localMs = Math.max(localMs, this.#localMs)
    this.#serverMs = nowMs
    this.#slew = Math.max(-MAX_SLEW, Math.min(MAX_SLEW, errorMs / SLEW_TIME_MS))
    return 'slewed'
  }

  #set(localMs: number, serverMs: number): void {
    this.#localMs = localMs
    this.#serverMs = serverMs
    this.#slew = 0
  }
}
