/**
 * When inputs were sent, and with which lead: what the server's echoes and margins are about. Filled and asked by the room client, once per
 * tick and frame; allocates nothing after construction. Remembers the newest 256 ticks.
 */
import type { ClockSync } from './clock-sync.ts'

const KEPT = 256
/** Inputs that one margin is taken to tell of, at most. */
const MAX_TOLD = 32

export class SentInputs {
  readonly #ticks = new Float64Array(KEPT).fill(-1)
  readonly #timesMs = new Float64Array(KEPT).fill(Number.NaN)
  readonly #leadsMs = new Float64Array(KEPT)
  /** The newest input of which a margin was told. */
  #toldTick = -1
  /** How many inputs the last answer of `leadUpTo` was about. */
  toldInputs = 0

  /** The input of `tick` leaves at `nowMs`. */
  add(tick: number, nowMs: number, leadMs: number): void {
    const slot = tick & (KEPT - 1)
    this.#ticks[slot] = tick
    this.#timesMs[slot] = nowMs
    this.#leadsMs[slot] = leadMs
  }

  /** What was sent says nothing any more: neither of round trips nor of margins. */
  forget(): void {
    this.#timesMs.fill(Number.NaN)
  }

  /** When the newest input left whose tick has these low 8 bits; NaN: there was none. */
  sentAt(echo: number): number {
    return this.#timesMs[echo & (KEPT - 1)] ?? Number.NaN
  }

  /**
   * The least lead with which those inputs were made that the server tells of for the first time: its margin is the least of theirs.
   * NaN if the page was out of step then, so that the margin says nothing of the path.
   */
  leadUpTo(newestTick: number, clock: ClockSync): number {
    let least = Number.POSITIVE_INFINITY
    this.toldInputs = 0
    for (let tick = Math.max(this.#toldTick + 1, newestTick - MAX_TOLD); tick <= newestTick; tick++) {
      const slot = tick & (KEPT - 1)
      if (this.#ticks[slot] !== tick) continue
      const leadMs = clock.isSettled(this.#timesMs[slot] ?? 0) ? (this.#leadsMs[slot] ?? 0) : Number.NaN
      least = Math.min(least, leadMs)
      this.toldInputs++
    }
    if (newestTick > this.#toldTick) this.#toldTick = newestTick
    return Number.isFinite(least) ? least : Number.NaN
  }
}
