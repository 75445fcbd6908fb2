/**
 * Lifeguard's local health: a score from 0 (healthy) to a bound, which rises when this member's own probes go unanswered in suspicious ways. A member with
 * a high score waits longer before it suspects others. Called by prober.ts and swim.ts.
 */
export class Awareness {
  #score = 0
  readonly #max: number
  readonly #on: boolean

  /** Scores go from 0 to `max - 1`. Switched off, it stays 0. */
  constructor(max: number, on: boolean) {
    this.#max = max
    this.#on = on
  }

  get score(): number {
    return this.#score
  }

  add(delta: number): void {
    if (this.#on) this.#score = Math.min(this.#max - 1, Math.max(0, this.#score + delta))
  }

  scale(ms: number): number {
    return ms * (this.#score + 1)
  }
}
