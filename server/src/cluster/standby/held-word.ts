/**
 * Up to where a room is said to be held. Part of `ProtectedRoom`, for each room that runs here.
 * As long as somebody is to hold the room, and nobody does yet or any more, the word stands still: whoever was sent a keyframe, or held the room for its owner before, could be
 * the one who goes on with it, from there. Only where nobody is to hold it all of it is final at once.
 */
import type { HolderView, StandbyRules } from './standby-rules.ts'

export class HeldWord {
  /** Below 0: nothing yet. Infinity: nobody is to hold it. */
  tick = -1

  /** Hot. `newest`: the room's newest tick. True: the word is another. */
  update(rules: StandbyRules, required: readonly HolderView[], newest: number, isWanted: () => boolean): boolean {
    let tick = rules.heldTick(required)
    if (required.length === 0 && isWanted()) tick = Math.min(this.tick, newest)
    if (tick === this.tick) return false
    this.tick = tick
    return true
  }
}
