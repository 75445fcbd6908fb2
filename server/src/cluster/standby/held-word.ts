/**
 * Up to where a room is said to be held. Part of `ProtectedRoom`, for each room that runs here.
 * As long as somebody is to hold the room, and nobody does yet or any more, the word stands still: whoever was sent a keyframe, or held the room for its owner before, could be
 * the one who goes on with it, from there. So could, after a change of owner, whoever held it in an epoch before, until it has answered that it does not any more. Only where nobody is to hold it all of it is final at once.
 */
import type { HolderView, StandbyRules } from './standby-rules.ts'

interface Held {
  readonly required: readonly HolderView[]
  /** The room's newest tick. */
  readonly newest: number
}

/** What the word asks of its room. */
export interface WordRoom {
  /** Whether anybody is to hold it. */
  isWanted(): boolean
  /** Has all others let go of what they hold of it in earlier epochs; `done` when they have. */
  fence(done: () => void): void
}

export class HeldWord {
  /** Below 0: nothing yet. Infinity: nobody is to hold it. */
  tick = -1
  /** Whether others may still hold it in an earlier epoch: they let go of it once somebody holds it in this one. */
  #fence: 'wanted' | 'out' | 'done'

  /** `isContinued`: the room ran before, in an earlier epoch. */
  constructor(isContinued: boolean) {
    this.#fence = isContinued ? 'wanted' : 'done'
  }

  /** Its fence is said, and not answered by all. */
  get isFencing(): boolean {
    return this.#fence === 'out'
  }

  /** Hot. True: the word is another. */
  update(rules: StandbyRules, { required, newest }: Held, room: WordRoom): boolean {
    if (this.#fence === 'wanted' && required.length > 0) this.#sayFence(room)
    let tick = rules.heldTick(required)
    if (!rules.maySayHeld(required, this.#fence === 'done') && room.isWanted()) tick = Math.min(this.tick, newest)
    if (tick === this.tick) return false
    this.tick = tick
    return true
  }

  #sayFence(room: WordRoom): void {
    this.#fence = 'out'
    room.fence(() => {
      this.#fence = 'done'
    })
  }
}
