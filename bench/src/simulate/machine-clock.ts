/**
 * The clocks of one simulated machine: the one that timers run by, at a rate of its own and never set; and the wall clock, which is set by whoever likes.
 * True time is the simulation's.
 */
export class MachineClock {
  #rate: number
  #trueMs = 0
  #localMs: number
  #wallAheadMs: number

  constructor(localAtZeroMs: number, rate: number, wallAheadMs: number) {
    this.#localMs = localAtZeroMs
    this.#rate = rate
    this.#wallAheadMs = wallAheadMs
  }

  get rate(): number {
    return this.#rate
  }

  localAt(trueMs: number): number {
    return this.#localMs + (trueMs - this.#trueMs) * this.#rate
  }

  /** When the local clock shows this, if its rate stays what it is. */
  trueAt(localMs: number): number {
    return this.#trueMs + (localMs - this.#localMs) / this.#rate
  }

  wallAt(trueMs: number): number {
    return this.localAt(trueMs) + this.#wallAheadMs
  }

  setRate(rate: number, trueMs: number): void {
    this.#localMs = this.localAt(trueMs)
    this.#trueMs = trueMs
    this.#rate = rate
  }

  stepWall(byMs: number): void {
    this.#wallAheadMs += byMs
  }
}
