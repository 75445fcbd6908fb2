/**
 * When a silent link counts as lost. Every message counts as heard. Who slept looks first: after a gap in its own time (a hidden tab, a sleeping machine) the
 * link gets a moment to answer. Pure; asked some times a second.
 */
export const DEFAULT_SILENCE_MS = 4_000
/** Nobody looked for so long: the page stood still. Hidden tabs look once a second. */
const SLEPT_MS = 1_500
/** Time to answer after that. */
const WAKE_MS = 1_000

export class SilenceWatch {
  limitMs: number
  #heardMs: number
  #lookedMs: number
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(nowMs: number, limitMs = DEFAULT_SILENCE_MS) {
    this.limitMs = limitMs
    this.#heardMs = nowMs
    this.#lookedMs = nowMs
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs
  }

  /** `ask`: send a ping, and go on looking. */
  look(nowMs: number): 'fine' | 'ask' | 'lost' {
    const slept = nowMs - this.#lookedMs > SLEPT_MS
    this.#lookedMs = nowMs
    if (slept) this.#heardMs = Math.max(this.#heardMs, nowMs - this.limitMs + WAKE_MS)
    const silentMs = nowMs - this.#heardMs
    if (silentMs > this.limitMs) return 'lost'
    const asks = slept || (silentMs > this.limitMs / 2 && nowMs - this.#askedMs > this.limitMs / 2)
    if (asks) this.#askedMs = nowMs
    return asks ? 'ask' : 'fine'
  }
}
