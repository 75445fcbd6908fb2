/**
 * All that a shard remembers of moves, as plain data; what its `Migrations` holds. Its two sides (outgoing-move.ts, incoming-move.ts) work on it, and proofs copy it to go
 * back in time. Besides it, what both sides share.
 */
import type { Life } from '../life.ts'
import type { RoomEpoch, View } from '../view/view.ts'
import type { Halt, MoveKeeper, MoveOutcome, MoveParts } from './migrate-api.ts'
import type { MoveRules, MoveTimes, WordAnswer } from './migrate-rules.ts'
import type { MoveMessage, MoveMessageBody } from './move-messages.ts'

/** A move that this shard began. */
export interface Outgoing {
  readonly room: string
  readonly to: Life
  /** Where clients find the target. */
  readonly url: string
  /** e: under which this shard owns it. */
  readonly epoch: RoomEpoch
  /** `holding`, `naming`, `gathering`: as ever. `halted`: the word is out. `opened`: the target has opened. */
  step: 'holding' | 'naming' | 'gathering' | 'halted' | 'opened'
  sinceMs: number
  /** The step is over then. */
  limitMs: number
  /** To be looked at. */
  dueMs: number
  /** When what waits for an answer was last said, and when to say it again. */
  saidMs: number
  retryMs: number
  /** e', once the home has named it. */
  next: RoomEpoch | undefined
  /** The question to the home that is not answered; 0: none. */
  question: number
  /** The home's answer, until it is used. */
  given: RoomEpoch | undefined
  /** All is ready: it is halted by then. */
  haltByMs: number
  halt: Halt | undefined
  /** What the target last said: players that came, and when; -Infinity: nothing yet. */
  arrived: number
  /** Players were told where it goes. */
  announced: boolean
  heardMs: number
  answer: WordAnswer | undefined
  readonly done: (outcome: MoveOutcome) => void
}

/** A room that stopped here for a word of an earlier view: who goes on with it is for its home to say. */
export interface Stranded {
  readonly epoch: RoomEpoch
  dueMs: number
  /** The question where it is that is not answered; 0: none. */
  question: number
  /** Answers in a row by which it is nowhere. */
  nowhere: number
}

/** A room that may come here. */
export interface Expected {
  readonly from: Life
  readonly next: RoomEpoch
  limitMs: number
}

/** The newest word for a room, and what was answered. */
export interface Answered {
  readonly next: RoomEpoch
  readonly answer: WordAnswer
}

export type Word = Extract<MoveMessage, { readonly t: 'word' }>

/** A word whose tick the replica has not. */
export interface Early {
  readonly from: Life
  readonly word: Word
  readonly limitMs: number
  dueMs: number
}

/** One that waits for others to be through. */
export interface InLine {
  readonly room: string
  readonly to: Life
  readonly done: (outcome: MoveOutcome) => void
}

export interface MoveMemory {
  view: View | undefined
  /** Questions to homes so far. */
  questions: number
  readonly outgoing: Map<string, Outgoing>
  readonly line: InLine[]
  readonly stranded: Map<string, Stranded>
  readonly expected: Map<string, Expected>
  /** Of this view: words of others are void. */
  readonly answered: Map<string, Answered>
  readonly early: Map<string, Early>
}

export function emptyMemory(): MoveMemory {
  return {
    view: undefined,
    questions: 0,
    outgoing: new Map(),
    line: [],
    stranded: new Map(),
    expected: new Map(),
    answered: new Map(),
    early: new Map(),
  }
}

/** What both sides work with. */
export interface MoveContext {
  readonly life: Life
  readonly memory: MoveMemory
  readonly keeper: MoveKeeper
  readonly parts: MoveParts
  readonly rules: MoveRules
  readonly times: MoveTimes
  /** In the installed view. */
  say(to: Life, body: MoveMessageBody): void
}
