/**
 * Stalls: says once that the play stands still, and once that it goes on. It stands still while nothing can be predicted, because the server has been silent for
 * longer than the client may roll back, and while nobody ran the page (a sleeping machine). Kept by the room client.
 */

/** What a page may want to show ("reconnecting..."), and when to stop showing it. */
export type Stall =
  | {
      /** The server is silent: nothing is predicted, no inputs are made. */
      readonly kind: 'waiting'
    }
  | {
      /** The play goes on from the server's state. */
      readonly kind: 'resynced'
      /** How long it waited; 0 if only local time had stood still. */
      readonly waitedMs: number
      /** Ticks for which this player made no input. */
      readonly skippedTicks: number
    }

/** Play must go on for so long before a wait counts as over: what was held up comes in bursts. */
const STEADY_MS = 200

const NOBODY = () => {}

export class StallWatch {
  readonly #tell: (stall: Stall) => void
  #sinceMs = Number.NaN
  #steadySinceMs = Number.NaN
  #skippedTicks = 0

  constructor(tell: (stall: Stall) => void = NOBODY) {
    this.#tell = tell
  }

  /** Nothing can be predicted at `nowMs`. */
  waits(nowMs: number): void {
    this.#steadySinceMs = Number.NaN
    if (!Number.isNaN(this.#sinceMs)) return
    this.#sinceMs = nowMs
    this.#tell({ kind: 'waiting' })
  }

  /** Play goes on at `nowMs`, after `skippedTicks` were jumped over. True if that ends a stall. */
  goesOn(nowMs: number, skippedTicks: number): boolean {
    const waited = !Number.isNaN(this.#sinceMs)
    if (!waited && skippedTicks <= 0) return false
    this.#skippedTicks += skippedTicks
    if (Number.isNaN(this.#steadySinceMs)) this.#steadySinceMs = nowMs
    if (waited && nowMs - this.#steadySinceMs < STEADY_MS) return false
    const stall: Stall = {
      kind: 'resynced',
      waitedMs: waited ? this.#steadySinceMs - this.#sinceMs : 0,
      skippedTicks: this.#skippedTicks,
    }
    this.#sinceMs = Number.NaN
    this.#steadySinceMs = Number.NaN
    this.#skippedTicks = 0
    this.#tell(stall)
    return true
  }
}
