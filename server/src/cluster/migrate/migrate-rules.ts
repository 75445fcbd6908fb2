/**
 * The decisions on which it rests that a room that is moved runs on one shard, and goes on with all that was held, as pure functions of a few values. `Migrations` takes
 * them from here; the proofs replace one by a mistake, and must notice.
 */
import { compareEpochs, compareViews, isSameEpoch, type RoomEpoch, type ViewId } from '../view/view.ts'

/** How a target answered for a word. Never another answer for the same one in the same view. */
export type WordAnswer = 'opened' | 'refused' | 'cancelled'

/** What a target knows when a word has come. */
export interface WordFacts {
  /** The owner's epoch, and the tick after which it stopped, as the word says. */
  readonly epoch: RoomEpoch
  readonly tick: number
  /** The target's own replica of the room. */
  readonly held: { readonly epoch: RoomEpoch; readonly tick: number } | undefined
  /** What it answered for this word, or for one under a higher epoch. */
  readonly answered: WordAnswer | undefined
  /** It holds a lease at this moment. */
  readonly mayAct: boolean
}

export interface MoveRules {
  /** Does a message count that was sent in view `sent`, for who has installed `installed`? */
  acceptsView(installed: ViewId, sent: ViewId): boolean
  /** May the target open? `wait`: its replica may still come to that tick. */
  mayOpen(word: WordFacts): 'open' | 'wait' | 'refuse'
  /** What the target answers who wants to call its word off. */
  answerToCancel(answered: WordAnswer | undefined): WordAnswer
  /** May an owner whose word is out ask for an epoch of its own, and go on under it? `mayAct`: it holds a lease at this moment. */
  mayGoOn(answer: WordAnswer | undefined, mayAct: boolean): boolean
  /** The epoch under which it goes on. `given`: what the home gave for that; `next`: what the word named. Undefined: it must not. */
  epochToGoOn(from: { readonly epoch: RoomEpoch; readonly next: RoomEpoch }, given: RoomEpoch): RoomEpoch | undefined
  /** The room runs at the target: may its old owner forget it? `isHeld`: others hold it for its new owner, or nobody is to hold it. */
  mayForget(isHeld: boolean): boolean
}

export const MOVE_RULES: MoveRules = {
  acceptsView: (installed, sent) => compareViews(installed, sent) === 0,
  mayOpen({ epoch, tick, held, answered, mayAct }) {
    if (answered !== undefined || !mayAct || held === undefined) return 'refuse'
    // The room of another epoch is another room.
    if (!isSameEpoch(held.epoch, epoch) || held.tick > tick) return 'refuse'
    return held.tick < tick ? 'wait' : 'open'
  },
  answerToCancel: (answered) => answered ?? 'cancelled',
  mayGoOn: (answer, mayAct) => mayAct && (answer === 'refused' || answer === 'cancelled'),
  epochToGoOn: ({ next }, given) => (compareEpochs(given, next) > 0 ? given : undefined),
  mayForget: (isHeld) => isHeld,
}

/** How long each step of a move may take, and how often it looks, in ms. */
export interface MoveTimes {
  /** The target becomes a holder. */
  readonly holdingMs: number
  /** The home names the next epoch. */
  readonly namingMs: number
  /** Players connect to the target in advance; who has not by then is sent there later. */
  readonly gatheringMs: number
  /** Once all is ready, the best moment to stop is waited for so long. */
  readonly haltingMs: number
  /** After so long without an answer to its word the owner calls it off. */
  readonly answerMs: number
  /** A target waits so long for records that the word overtook. */
  readonly waitMs: number
  /** The old owner keeps the room until others hold it for the new one, at most so long. */
  readonly openedMs: number
  /** A target that does not hear of a move expects nobody any more. */
  readonly expectMs: number
  /** A step that waits for something on this shard looks so often. */
  readonly lookMs: number
  /** What was not answered is said again, at first after so long, at last so often. */
  readonly retryMs: number
  readonly maxRetryMs: number
  /** What is not known of a room that stopped in an earlier view is asked so often. */
  readonly askMs: number
}

export const MOVE_TIMES: MoveTimes = {
  holdingMs: 10_000,
  namingMs: 3_000,
  gatheringMs: 1_500,
  haltingMs: 100,
  answerMs: 1_000,
  waitMs: 500,
  openedMs: 5_000,
  expectMs: 3_000,
  lookMs: 20,
  retryMs: 50,
  maxRetryMs: 400,
  askMs: 500,
}
