/**
 * The decisions on which it rests that what was called held is never lost with its owner, as pure functions of a few values. `Standby` takes them from here; proofs
 * replace one by a mistake, and must notice.
 */
import type { Life } from '../life.ts'
import { compareEpochs, isSameEpoch, type RoomEpoch } from '../view/view.ts'

/** What a holder has of a room. */
export interface Having {
  readonly owner: Life
  readonly epoch: RoomEpoch
  /** The newest keyframe of this owner that it began with. */
  readonly line: number
  readonly tick: number
}

/** A record, or a run of them that begins at `tick`. */
export interface Offered {
  readonly owner: Life
  readonly epoch: RoomEpoch
  readonly line: number
  readonly tick: number
}

/** A holder as its owner sees it. */
export interface HolderView {
  readonly state: 'joining' | 'holding' | 'leaving'
  /** It had all once, and was called a holder: it may have what nobody else has. */
  readonly wasRequired: boolean
  /** It knows that it is a holder, and would be named. */
  readonly isKnowing: boolean
  /** The newest tick that it acknowledged. */
  readonly tick: number
}

export interface StandbyRules {
  /** Is what an owner says in this epoch refused by who knows of `known` (from a fence, a takeover or a newer owner)? */
  isRefused(epoch: RoomEpoch, known: RoomEpoch | undefined): boolean
  /** What becomes of a record: `take` it, `have` it already, `gap`: one before it is missing, `refuse`: not from this room's owner, epoch and keyframe. */
  fits(have: Having, offered: Offered): 'take' | 'have' | 'gap' | 'refuse'
  /** Holder: may it forget a room because `owner` says so, about keyframes up to `line`? */
  mayDrop(have: Having, word: Omit<Offered, 'tick'>): boolean
  /** Holder: may it go on with its replica under this epoch? */
  mayTakeOver(have: Having, epoch: RoomEpoch): boolean
  /** Owner: does an answer about keyframe `line` count for a holder that was last sent `current`? */
  counts(line: number, current: number): boolean
  /** Owner: must this holder have a tick before the tick is held? */
  isRequired(holder: HolderView): boolean
  /** Owner: up to where a room is held; Infinity: nobody is required. */
  heldTick(required: readonly HolderView[]): number
  /** Owner: may more be called held than before? Somebody must be there who would go on with it. `isFenced`: all who might hold the room in an earlier epoch said that they do not. */
  maySayHeld(required: readonly HolderView[], isFenced: boolean): boolean
  /** Owner: may one that was brought up be called a holder? `heldTick`: what was called held so far, Infinity while nobody was required. */
  mayRequire(holder: {
    readonly tick: number
    readonly newest: number
    readonly heldTick: number
    readonly lagMs: number
  }): boolean
  /** Owner: may this holder be told to drop the room? `others`: that hold it beside this one, and stay. `unfit`: it said that it cannot read it any more. */
  mayLeave(holder: {
    readonly wasRequired: boolean
    readonly others: number
    readonly wanted: number
    readonly unfit: boolean
  }): boolean
}

/** How far behind somebody may be to be called a holder: what waits for it is what is under way. */
const CAUGHT_UP_MS = 100

export const STANDBY_RULES: StandbyRules = {
  isRefused: (epoch, known) => known !== undefined && compareEpochs(epoch, known) < 0,
  fits: (have, { owner, epoch, line, tick }) => {
    if (owner !== have.owner || !isSameEpoch(epoch, have.epoch) || line !== have.line) return 'refuse'
    if (tick === have.tick + 1) return 'take'
    return tick <= have.tick ? 'have' : 'gap'
  },
  mayDrop: (have, { owner, epoch, line }) =>
    owner === have.owner && isSameEpoch(epoch, have.epoch) && line >= have.line,
  mayTakeOver: (have, epoch) => compareEpochs(epoch, have.epoch) > 0,
  counts: (line, current) => line === current,
  // One that is to be out, and has not said so, could still be named the successor: with what it has.
  isRequired: ({ state, wasRequired }) => state === 'holding' || (state === 'leaving' && wasRequired),
  heldTick: (required) => {
    let least = Number.POSITIVE_INFINITY
    for (const { tick } of required) if (tick < least) least = tick
    return least
  },
  maySayHeld: (required, isFenced) => isFenced && required.some(({ isKnowing }) => isKnowing),
  mayRequire: ({ tick, newest, heldTick, lagMs }) => {
    if (heldTick !== Number.POSITIVE_INFINITY && tick < heldTick) return false
    return tick >= newest || lagMs < CAUGHT_UP_MS
  },
  mayLeave: ({ wasRequired, others, wanted, unfit }) => !wasRequired || unfit || others >= wanted,
}
