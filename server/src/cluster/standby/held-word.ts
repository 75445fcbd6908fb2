/**
 * Up to where a room is said to be held. Part of `ProtectedRoom`, for each room that runs here.
 * While nobody is required to hold it, all of it is final at once. Not so where others could go on from an earlier tick: where the room came from, until it has a holder here;
 * and from when a holder is about to be required: what was final until then it has to have, too. Then the word stands still, as long as somebody is to hold the room.
 */
import type { HolderView, StandbyRules } from './standby-rules.ts'

const NOBODY = Number.POSITIVE_INFINITY

export class HeldWord {
  /** Infinity: nobody is to hold it. */
  tick: number
  #floorTick: number

  /** `from`: the tick after which the room goes on here; Infinity: it begins here. */
  constructor(from: number) {
    this.tick = from
    this.#floorTick = from
  }

  /** Somebody is about to be required, who has to have all that was final, and that is up to `newest`. Gives what it has to have. */
  stop(newest: number): number {
    if (this.tick !== NOBODY) return this.tick
    if (this.#floorTick === NOBODY) this.#floorTick = newest
    return this.#floorTick
  }

  /** Hot. True: the word is another. */
  update(rules: StandbyRules, required: readonly HolderView[], isWanted: () => boolean): boolean {
    let tick = rules.heldTick(required)
    if (required.length === 0 && this.#floorTick !== NOBODY && isWanted()) tick = this.#floorTick
    else this.#floorTick = NOBODY
    if (tick === this.tick) return false
    this.tick = tick
    return true
  }
}
