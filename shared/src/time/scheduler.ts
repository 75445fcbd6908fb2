/**
 * The outside world's clock and alarm, as simulations and shells see it.
 * Implemented by VirtualScheduler (tests, simulation) and by each package's shell over real timers.
 * Algorithms do not take this: they take the time as a number and return when to call again.
 */

/** Takes the call back. Harmless after it ran, and the second time. */
export type Cancel = () => void

export interface Scheduler {
  /** Milliseconds on a clock that never steps; fractional. */
  now(): number
  /** Calls `run` once, at `timeMs` or as soon after it as possible; never from inside this call. A time that is past means: as soon as possible. */
  at(timeMs: number, run: () => void): Cancel
}
