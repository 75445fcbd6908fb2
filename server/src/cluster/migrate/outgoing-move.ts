/**
 * The owner's side of moves: step by step until the word is out, each step with a time limit, each free to be aborted; after it, until it is known who goes on. Part of
 * `Migrations`, which says how many run at a time.
 * An owner that has stopped a room goes on only after the target's word that it will not open, and under a new epoch; or as its home says in a new view.
 */
import type { Life } from '../life.ts'
import { firstDue } from '../retry.ts'
import type { LocateAnswer } from '../ring/rooms-api.ts'
import { compareEpochs, isSameEpoch, memberOf, type RoomEpoch } from '../view/view.ts'
import type { MoveOutcome } from './migrate-api.ts'
import type { InLine, MoveContext, Outgoing, Stranded } from './move-memory.ts'
import type { MoveMessage } from './move-messages.ts'

/** A home's answers that a room is nowhere, one after another, until it is believed. */
const NOWHERE_ANSWERS = 3

type Of<Type> = Extract<MoveMessage, { readonly t: Type }>

export class OutgoingMoves {
  readonly #context: MoveContext
  /** A move is over; its `done` is called after all is in order. */
  readonly #ended: (move: Outgoing, outcome: MoveOutcome) => void

  constructor(context: MoveContext, ended: (move: Outgoing, outcome: MoveOutcome) => void) {
    this.#context = context
    this.#ended = ended
  }

  get nextMs(): number {
    const { outgoing, stranded } = this.#context.memory
    return Math.min(firstDue(outgoing.values()), firstDue(stranded.values()))
  }

  /** False: it cannot be moved there. */
  begin({ room, to, done }: InLine, nowMs: number): boolean {
    const { memory, parts, times, life } = this.#context
    const epoch = parts.rooms.owned.get(room)
    const url = memory.view && memberOf(memory.view, to)?.url
    if (epoch === undefined || url === undefined || to === life || memory.outgoing.has(room)) return false
    memory.outgoing.set(room, {
      ...{ room, to, url, epoch, done },
      step: 'holding',
      sinceMs: nowMs,
      limitMs: nowMs + times.holdingMs,
      dueMs: nowMs + times.lookMs,
      saidMs: Number.NEGATIVE_INFINITY,
      retryMs: times.retryMs,
      given: undefined,
      next: undefined,
      question: 0,
      haltByMs: Number.POSITIVE_INFINITY,
      halt: undefined,
      arrived: 0,
      announced: false,
      heardMs: Number.NEGATIVE_INFINITY,
      answer: undefined,
    })
    parts.standby.addHolder(room, to, nowMs)
    return true
  }

  /** Moves whose word is out are for the homes of the new view to decide; all others are off. */
  viewInstalled(nowMs: number): void {
    const { memory } = this.#context
    for (const move of [...memory.outgoing.values()]) {
      if (!isOut(move)) {
        this.#abort(move, nowMs)
        continue
      }
      this.#strand(move, nowMs)
      this.#end(move, 'unknown')
    }
    for (const stranded of memory.stranded.values()) stranded.question = 0
  }

  abort(room: string, nowMs: number): void {
    const move = this.#context.memory.outgoing.get(room)
    if (move !== undefined && !isOut(move)) this.#abort(move, nowMs)
  }

  arrived(from: Life, { room, next, players }: Of<'arrived'>, nowMs: number): void {
    const move = this.#moveOf(from, room, next)
    if (move?.step !== 'gathering') return
    move.heardMs = nowMs
    move.arrived = players
    // Now it expects them: before, it would turn them away.
    if (!move.announced && move.step === 'gathering') {
      move.announced = true
      this.#context.keeper.announce(room, move.url)
    }
    this.#step(move, nowMs)
  }

  answered(from: Life, { room, next, answer, isHeld }: Of<'answer'>, nowMs: number): void {
    const move = this.#moveOf(from, room, next)
    if (move === undefined || !isOut(move)) return
    if (answer === 'opened') this.#opened(move, isHeld, nowMs)
    else if (move.step === 'halted' && move.answer === undefined) {
      move.answer = answer
      move.saidMs = Number.NEGATIVE_INFINITY
      move.retryMs = this.#context.times.retryMs
      this.#step(move, nowMs)
    }
  }

  tick(nowMs: number): void {
    const { memory } = this.#context
    for (const move of [...memory.outgoing.values()]) if (nowMs >= move.dueMs) this.#step(move, nowMs)
    for (const [room, stranded] of [...memory.stranded])
      if (nowMs >= stranded.dueMs) this.#lookFor(room, stranded, nowMs)
  }

  /** This life is over: its keeper closes what there is. */
  stop(): void {
    const { outgoing, stranded } = this.#context.memory
    for (const move of [...outgoing.values()]) this.#end(move, isOut(move) ? 'unknown' : 'aborted')
    stranded.clear()
  }

  #step(move: Outgoing, nowMs: number): void {
    const { parts, times } = this.#context
    move.dueMs = nowMs + times.lookMs
    if (!isOut(move)) {
      const owned = parts.rooms.owned.get(move.room)
      const isOurs = owned !== undefined && isSameEpoch(owned, move.epoch)
      if (!isOurs || nowMs >= move.limitMs) {
        if (isOurs && move.step === 'gathering' && this.#isHeard(move, nowMs)) this.#halt(move, nowMs)
        else this.#abort(move, nowMs)
        return
      }
    }
    if (move.step === 'holding') this.#hold(move, nowMs)
    else if (move.step === 'naming') this.#name(move, nowMs)
    else if (move.step === 'gathering') this.#gather(move, nowMs)
    else if (move.step === 'halted') this.#press(move, nowMs)
    else this.#settle(move, nowMs)
  }

  #hold(move: Outgoing, nowMs: number): void {
    const { parts, times } = this.#context
    if (!parts.standby.isHolding(move.room, move.to)) return
    this.#enter(move, 'naming', nowMs + times.namingMs, nowMs)
    this.#name(move, nowMs)
  }

  #name(move: Outgoing, nowMs: number): void {
    const { times } = this.#context
    const next = this.#epochFor(move, move.to, nowMs)
    if (next === undefined || compareEpochs(next, move.epoch) <= 0) return
    move.next = next
    this.#enter(move, 'gathering', nowMs + times.gatheringMs, nowMs)
    this.#gather(move, nowMs)
  }

  #gather(move: Outgoing, nowMs: number): void {
    const { keeper, say } = this.#context
    const { room, next, epoch } = move
    if (next === undefined) return
    if (this.#isHeard(move, nowMs) && move.arrived >= keeper.connected(room)) return this.#halt(move, nowMs)
    if (this.#again(move, nowMs)) say(move.to, { t: 'prepare', room, next, epoch })
  }

  #waitsToHalt(move: Outgoing, nowMs: number): boolean {
    const { keeper, times } = this.#context
    const bestMs = keeper.bestHaltMs(move.room)
    if (nowMs >= bestMs) return false
    move.haltByMs = Math.min(move.haltByMs, nowMs + times.haltingMs)
    move.dueMs = Math.min(move.dueMs, bestMs, move.haltByMs)
    return nowMs < move.haltByMs
  }

  /** From here on the room runs no tick in its epoch, whatever happens. */
  #halt(move: Outgoing, nowMs: number): void {
    const { keeper, parts, times } = this.#context
    if (this.#waitsToHalt(move, nowMs)) return
    const mayHalt = parts.mayAct(nowMs) && parts.standby.isHolding(move.room, move.to)
    const halt = mayHalt ? keeper.halt(move.room) : undefined
    if (halt === undefined) return this.#abort(move, nowMs)
    move.halt = halt
    parts.rooms.halted(move.room, nowMs)
    this.#enter(move, 'halted', nowMs + times.answerMs, nowMs)
    if (this.#again(move, nowMs)) this.#sayWord(move)
  }

  /** The word is out. */
  #press(move: Outgoing, nowMs: number): void {
    const { rules, life, parts, say } = this.#context
    const { room, next, to } = move
    if (next === undefined) return
    if (rules.mayGoOn(move.answer, parts.mayAct(nowMs))) {
      const given = this.#epochFor(move, life, nowMs)
      if (given !== undefined) this.#goOn(move, given, nowMs)
      return
    }
    // With a refusal nothing is left to say.
    if (move.answer !== undefined || !this.#again(move, nowMs)) return
    if (nowMs >= move.limitMs) say(to, { t: 'cancel', room, next })
    else this.#sayWord(move)
  }

  #sayWord({ room, to, next, epoch, halt }: Outgoing): void {
    if (next !== undefined && halt !== undefined) this.#context.say(to, { t: 'word', room, next, epoch, ...halt })
  }

  #opened(move: Outgoing, isHeld: boolean, nowMs: number): void {
    const { rules, times } = this.#context
    if (move.step === 'halted') this.#enter(move, 'opened', nowMs + times.openedMs, nowMs)
    if (rules.mayForget(isHeld)) this.#moved(move, nowMs)
  }

  /** Until somebody holds it for its new owner the old one could still go on with it. */
  #settle(move: Outgoing, nowMs: number): void {
    const { room, next, to } = move
    if (next === undefined || nowMs >= move.limitMs) this.#moved(move, nowMs)
    else if (this.#again(move, nowMs)) this.#context.say(to, { t: 'ask', room, next })
  }

  #moved(move: Outgoing, nowMs: number): void {
    const { room, to, url, next, epoch } = move
    this.#handOver(room, { owner: to, url, epoch: next ?? epoch }, nowMs)
    this.#end(move, 'moved')
  }

  #handOver(
    room: string,
    at: { readonly owner: Life; readonly url: string; readonly epoch: RoomEpoch },
    nowMs: number,
  ) {
    this.#context.parts.rooms.gave(room, at.epoch, nowMs)
    this.#context.keeper.handedOver(room, at.owner, at.url, at.epoch)
  }

  /** Before the word: for the target. After it: for this shard itself. True: the home has named one, which is then used up. */
  #epochFor(move: Outgoing, to: Life, nowMs: number): RoomEpoch | undefined {
    const { memory, parts } = this.#context
    const { room, epoch, given } = move
    move.given = undefined
    if (given !== undefined || move.question !== 0 || !this.#again(move, nowMs)) return given
    memory.questions++
    const question = memory.questions
    move.question = question
    parts.rooms.nextEpoch(room, epoch, to, nowMs, (named) => this.#named(room, question, named))
    return undefined
  }

  #named(room: string, question: number, named: RoomEpoch | undefined): void {
    const move = this.#context.memory.outgoing.get(room)
    if (move?.question !== question) return
    move.question = 0
    move.given = named
    // It is looked at next, at the time that it is then.
    if (named !== undefined) move.dueMs = Number.NEGATIVE_INFINITY
  }

  #goOn(move: Outgoing, given: RoomEpoch, nowMs: number): void {
    const { rules, parts, keeper } = this.#context
    const { room, epoch, next, to } = move
    const under = next && rules.epochToGoOn({ epoch, next }, given)
    if (under === undefined) return
    keeper.goOn(room, under)
    parts.rooms.runs(room, under, nowMs)
    parts.standby.releaseHolder(room, to, nowMs)
    this.#end(move, 'refused')
  }

  #abort(move: Outgoing, nowMs: number): void {
    const { keeper, parts, say } = this.#context
    const { room, to, next } = move
    if (next !== undefined) {
      say(to, { t: 'off', room, next })
      keeper.calledOff(room)
    }
    parts.standby.releaseHolder(room, to, nowMs)
    this.#end(move, 'aborted')
  }

  #end(move: Outgoing, outcome: MoveOutcome): void {
    this.#context.memory.outgoing.delete(move.room)
    this.#ended(move, outcome)
  }

  #strand({ room, epoch }: Outgoing, nowMs: number): void {
    const dueMs = nowMs + this.#context.times.askMs
    this.#context.memory.stranded.set(room, { epoch, dueMs, question: 0, nowhere: 0 })
  }

  /** A room that stopped here: it goes on here by its home's word, or elsewhere, or it is over. */
  #lookFor(room: string, stranded: Stranded, nowMs: number): void {
    const { memory, parts, times } = this.#context
    if (parts.rooms.owned.has(room)) {
      memory.stranded.delete(room)
      return
    }
    stranded.dueMs = nowMs + times.askMs
    if (stranded.question !== 0) return
    memory.questions++
    const question = memory.questions
    stranded.question = question
    parts.rooms.locate(room, nowMs, (answer) => this.#located(room, question, answer, nowMs))
  }

  #located(room: string, question: number, answer: LocateAnswer, nowMs: number): void {
    const { memory, life, keeper, parts } = this.#context
    const stranded = memory.stranded.get(room)
    if (stranded?.question !== question) return
    stranded.question = 0
    const isNowhere = answer.kind === 'none' || answer.kind === 'lost'
    stranded.nowhere = isNowhere ? stranded.nowhere + 1 : 0
    if (answer.kind === 'there' && answer.place.owner !== life) {
      if (compareEpochs(answer.place.epoch, stranded.epoch) <= 0) return
      memory.stranded.delete(room)
      this.#handOver(room, answer.place, nowMs)
    } else if (stranded.nowhere >= NOWHERE_ANSWERS) {
      memory.stranded.delete(room)
      parts.rooms.gave(room, stranded.epoch, nowMs)
      keeper.close(room, 'lost-ownership')
    }
  }

  #enter(move: Outgoing, step: Outgoing['step'], limitMs: number, nowMs: number): void {
    const { retryMs, lookMs } = this.#context.times
    Object.assign(move, {
      step,
      limitMs,
      retryMs,
      sinceMs: nowMs,
      saidMs: Number.NEGATIVE_INFINITY,
      dueMs: nowMs + lookMs,
    })
  }

  /** Whether it is time to say it again; if so, it is said now. */
  #again(move: Outgoing, nowMs: number): boolean {
    const isTime = nowMs >= move.saidMs + move.retryMs
    if (isTime) {
      const wasSaid = Number.isFinite(move.saidMs)
      if (wasSaid) move.retryMs = Math.min(2 * move.retryMs, this.#context.times.maxRetryMs)
      move.saidMs = nowMs
    }
    return isTime
  }

  #isHeard({ heardMs }: Outgoing, nowMs: number): boolean {
    return nowMs - heardMs <= 2 * this.#context.times.maxRetryMs
  }

  #moveOf(from: Life, room: string, next: RoomEpoch): Outgoing | undefined {
    const move = this.#context.memory.outgoing.get(room)
    if (move?.next === undefined || move.to !== from || !isSameEpoch(move.next, next)) return undefined
    return move
  }
}

/** From then on an owner cannot call it off by itself. */
function isOut({ step }: Outgoing): boolean {
  return step === 'halted' || step === 'opened'
}
