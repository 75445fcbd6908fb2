/**
 * The target's side of moves: it expects players, opens rooms at their owners' words, and answers. It only ever answers; owners ask again. What it answered for a word it
 * answers again as long as the view lasts, and a word that it did not open it never opens. Part of `Migrations`.
 */
import type { Life } from '../life.ts'
import { firstDue } from '../retry.ts'
import { compareEpochs, isSameEpoch, type RoomEpoch } from '../view/view.ts'
import type { WordAnswer } from './migrate-rules.ts'
import type { MoveContext, Word } from './move-memory.ts'
import type { MoveMessage } from './move-messages.ts'

/** Rooms whose newest answer is kept; when there are more in one view, words for others are refused until the next. */
const MAX_ANSWERED = 20_000
/** Rooms that may come here at a time. */
const MAX_EXPECTED = 1_000
/** A look at a word that came before the records that it speaks of: each one delays the room's next tick. */
const EARLY_LOOK_MS = 4

type Of<Type> = Extract<MoveMessage, { readonly t: Type }>

export class IncomingMoves {
  readonly #context: MoveContext
  taken = 0

  constructor(context: MoveContext) {
    this.#context = context
  }

  get nextMs(): number {
    const { expected, early } = this.#context.memory
    let next = firstDue(early.values())
    for (const { limitMs } of expected.values()) next = Math.min(next, limitMs)
    return next
  }

  /** Words of the view before are void, and their owners know. */
  viewInstalled(): void {
    const { memory } = this.#context
    memory.answered.clear()
    memory.early.clear()
    for (const room of [...memory.expected.keys()]) this.#expectNobody(room)
  }

  prepare(from: Life, { room, next, epoch }: Of<'prepare'>, nowMs: number): void {
    const { memory, parts, keeper, times } = this.#context
    const held = parts.standby.held.get(room)
    if (this.#answerTo(room, next) !== undefined || !parts.mayAct(nowMs)) return
    if (held === undefined || !isSameEpoch(held.epoch, epoch)) return
    const known = memory.expected.get(room)
    if (known !== undefined && compareEpochs(next, known.next) < 0) return
    if (known === undefined && memory.expected.size >= MAX_EXPECTED) return
    // Each time: what it holds may have begun anew with another keyframe.
    keeper.expect(room, true)
    memory.expected.set(room, { from, next, limitMs: nowMs + times.expectMs })
    this.#context.say(from, { t: 'arrived', room, next, players: keeper.arrived(room) })
  }

  off({ room, next }: Of<'off'>): void {
    const known = this.#context.memory.expected.get(room)
    if (known !== undefined && compareEpochs(known.next, next) <= 0) this.#expectNobody(room)
  }

  word(from: Life, word: Word, nowMs: number): void {
    const { memory, times } = this.#context
    const { room } = word
    const early = memory.early.get(room)
    const limitMs = early !== undefined && isOf(early.word, word) ? early.limitMs : nowMs + times.waitMs
    if (!this.#weigh(from, word, nowMs >= limitMs, nowMs))
      memory.early.set(room, { from, word, limitMs, dueMs: Math.min(limitMs, nowMs + EARLY_LOOK_MS) })
  }

  cancel(from: Life, { room, next }: Of<'cancel'>): void {
    this.#settle(room, next, this.#context.rules.answerToCancel(this.#answerTo(room, next)))
    this.#tell(from, room, next)
  }

  ask(from: Life, { room, next }: Of<'ask'>): void {
    this.#tell(from, room, next)
  }

  tick(nowMs: number): void {
    const { memory } = this.#context
    for (const [room, { limitMs }] of [...memory.expected]) if (nowMs >= limitMs) this.#expectNobody(room)
    for (const early of [...memory.early.values()]) {
      if (nowMs < early.dueMs) continue
      early.dueMs = Math.min(early.limitMs, nowMs + EARLY_LOOK_MS)
      this.#weigh(early.from, early.word, nowMs >= early.limitMs, nowMs)
    }
  }

  stop(): void {
    for (const room of [...this.#context.memory.expected.keys()]) this.#expectNobody(room)
    this.#context.memory.early.clear()
  }

  /** Opens, refuses, or (false) lets the word wait. */
  #weigh(from: Life, word: Word, isLast: boolean, nowMs: number): boolean {
    const { memory, parts, rules } = this.#context
    const { room, next, epoch, tick } = word
    const answered = this.#answerTo(room, next)
    const held = parts.standby.held.get(room)
    const verdict = rules.mayOpen({ epoch, tick, held, answered, mayAct: parts.mayAct(nowMs) })
    if (verdict === 'wait' && !isLast) return false
    memory.early.delete(room)
    if (verdict === 'open') this.#settle(room, next, this.#open(word, nowMs) ? 'opened' : 'refused')
    else if (answered === undefined) this.#settle(room, next, 'refused')
    this.#tell(from, room, next)
    return true
  }

  #open({ room, next, tick, hash, late }: Word, nowMs: number): boolean {
    const { memory, keeper, parts } = this.#context
    if (memory.answered.size >= MAX_ANSWERED && !memory.answered.has(room)) return false
    if (!keeper.openAt(room, next, { tick, hash, late })) return false
    // Whoever came in advance is in the room by now.
    memory.expected.delete(room)
    parts.rooms.runs(room, next, nowMs)
    this.taken++
    return true
  }

  /** What was said to this word. One under a lower epoch than another is over: its owner had an answer, or there was another after it. */
  #answerTo(room: string, next: RoomEpoch): WordAnswer | undefined {
    const { answered } = this.#context.memory
    const newest = answered.get(room)
    if (newest === undefined) return answered.size >= MAX_ANSWERED ? 'refused' : undefined
    const order = compareEpochs(next, newest.next)
    if (order > 0) return undefined
    return order === 0 ? newest.answer : 'refused'
  }

  #settle(room: string, next: RoomEpoch, answer: WordAnswer): void {
    const { answered, expected, early } = this.#context.memory
    const newest = answered.get(room)
    const isKnown = newest !== undefined && compareEpochs(next, newest.next) < 0
    if (!isKnown && (newest !== undefined || answered.size < MAX_ANSWERED)) answered.set(room, { next, answer })
    const waits = early.get(room)
    if (waits !== undefined && compareEpochs(waits.word.next, next) <= 0) early.delete(room)
    const hoped = expected.get(room)
    if (answer !== 'opened' && hoped !== undefined && compareEpochs(hoped.next, next) <= 0) this.#expectNobody(room)
  }

  #tell(to: Life, room: string, next: RoomEpoch): void {
    const { parts, say } = this.#context
    const answer = this.#answerTo(room, next)
    if (answer === undefined) return
    const owned = parts.rooms.owned.get(room)
    // It may have gone on to another by now, or be over.
    const isGone = owned === undefined || !isSameEpoch(owned, next)
    const isHeld = answer === 'opened' && (isGone || parts.standby.isHeld(room))
    say(to, { t: 'answer', room, next, answer, isHeld })
  }

  #expectNobody(room: string): void {
    if (this.#context.memory.expected.delete(room)) this.#context.keeper.expect(room, false)
  }
}

function isOf(a: Word, b: Word): boolean {
  return isSameEpoch(a.next, b.next)
}
