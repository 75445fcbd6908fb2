/**
 * The asker's side of `ClusterRooms`: questions to homes, asked again until they are answered, the view changes (then at the new home) or the time is over. Each
 * `done` is called exactly once. Remembers for a moment where rooms are, so that a room that many want is not asked for each time.
 */
import type { Life } from '../life.ts'
import { postpone } from '../retry.ts'
import { memberOf } from '../view/view.ts'
import { drawPlacedId } from './placement.ts'
import type { Attributes, HomeAnswer } from './room-messages.ts'
import type { RoomOwner } from './room-owner.ts'
import type { LocateAnswer, RoomPlace } from './rooms-api.ts'
import { type Installed, MAX_RETRY_MS, RETRY_MS, type RoomsContext } from './rooms-context.ts'

/** What is not known by then is answered with `unknown`. */
const LOCATE_MS = 3_000
const CREATE_MS = 5_000
/** A home that says nothing for so long is avoided, where ids are drawn. */
const HOME_SILENT_MS = 2_000
/** How long to wait before a home is asked again that said `unknown`. */
const AGAIN_MS = 100
const MAX_ASKED = 10_000
const PLACE_LIFE_MS = 1_000
const MAX_PLACES = 10_000

interface Question {
  readonly kind: 'find' | 'make'
  readonly attributes: Attributes
  /** Its id was drawn, and may be drawn again. */
  readonly isDrawn: boolean
  readonly done: (answer: LocateAnswer) => void
  readonly endMs: number
  readonly silent: Set<Life>
  id: string
  request: number
  why: string
  /** When the present home was first asked, or last said `unknown`; undefined: it was not asked. */
  askedMs: number | undefined
  dueMs: number
  retryMs: number
}

interface Remembered {
  readonly place: RoomPlace
  readonly untilMs: number
}

export class RoomAsker {
  readonly #context: RoomsContext
  readonly #owner: RoomOwner
  #installed: Installed | undefined
  #lastRequest = 0
  /** By request; in ascending order. */
  readonly #questions = new Map<number, Question>()
  readonly #places = new Map<string, Remembered>()

  constructor(context: RoomsContext, owner: RoomOwner) {
    this.#context = context
    this.#owner = owner
  }

  get waiting(): number {
    return this.#questions.size
  }

  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { dueMs, endMs } of this.#questions.values()) next = Math.min(next, dueMs, endMs)
    return next
  }

  install(installed: Installed): void {
    this.#installed = installed
    this.#places.clear()
  }

  /** Asks everything again, of the homes that the installed view names. */
  askAgain(nowMs: number): void {
    for (const question of [...this.#questions.values()]) {
      question.askedMs = undefined
      question.retryMs = RETRY_MS
      this.#ask(question, nowMs)
    }
  }

  locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void {
    const remembered = this.#places.get(id)
    if (remembered !== undefined && nowMs < remembered.untilMs) {
      done({ kind: 'there', place: remembered.place })
      return
    }
    this.#begin({ kind: 'find', id, attributes: {}, isDrawn: false, done, endMs: nowMs + LOCATE_MS }, nowMs)
  }

  /** Without an id one is drawn. */
  create(id: string | undefined, attributes: Attributes, nowMs: number, done: (answer: LocateAnswer) => void): void {
    const isDrawn = id === undefined
    this.#begin({ kind: 'make', id: id ?? '', attributes, isDrawn, done, endMs: nowMs + CREATE_MS }, nowMs)
  }

  /** What a home answers. */
  found(from: Life, request: number, answer: HomeAnswer, nowMs: number): void {
    const question = this.#questions.get(request)
    const installed = this.#installed
    if (question === undefined || installed === undefined || installed.ring.homeOf(question.id) !== from) return
    if (answer.kind === 'unknown') {
      question.why = answer.why
      question.askedMs = nowMs
      question.dueMs = nowMs + AGAIN_MS
      return
    }
    if (answer.kind !== 'at') return this.#finish(question, answer)
    const { owner, epoch } = answer
    const { id } = question
    const url = memberOf(installed.view, owner)?.url
    if (owner === this.#context.life) {
      const mine = this.#owner.owned.get(id)
      if (mine === undefined && this.#owner.isMoving(id, epoch)) {
        question.why = 'it is being moved'
        question.askedMs = nowMs
        question.dueMs = nowMs + AGAIN_MS
        return
      }
      // It has ended here, and the home does not know yet.
      if (mine === undefined) this.#owner.reportEnd(id, epoch, nowMs)
      this.#finish(question, mine === undefined ? { kind: 'none' } : { kind: 'here', id, epoch: mine })
    } else if (url !== undefined) {
      const place: RoomPlace = { id, owner, url, epoch }
      this.#remember(place, nowMs)
      this.#finish(question, { kind: 'there', place })
    }
  }

  tick(nowMs: number): void {
    for (const question of [...this.#questions.values()]) {
      if (nowMs >= question.endMs) this.#finish(question, { kind: 'unknown', why: question.why })
      else if (nowMs >= question.dueMs) this.#ask(question, nowMs)
    }
  }

  /** Answers all that is open. */
  stop(why: string): void {
    for (const question of [...this.#questions.values()]) this.#finish(question, { kind: 'unknown', why })
    this.#places.clear()
  }

  #begin(asked: Pick<Question, 'kind' | 'id' | 'attributes' | 'isDrawn' | 'done' | 'endMs'>, nowMs: number): void {
    if (this.#questions.size >= MAX_ASKED) {
      asked.done({ kind: 'unknown', why: 'too many questions are waiting' })
      return
    }
    const question: Question = {
      ...asked,
      silent: new Set(),
      request: ++this.#lastRequest,
      why: 'this shard is in no view',
      askedMs: undefined,
      dueMs: Number.POSITIVE_INFINITY,
      retryMs: RETRY_MS,
    }
    this.#questions.set(question.request, question)
    this.#ask(question, nowMs)
  }

  #ask(question: Question, nowMs: number): void {
    const installed = this.#installed
    if (installed === undefined) return
    if (question.id === '') question.id = this.#draw(question, installed)
    const home = installed.ring.homeOf(question.id)
    if (question.askedMs === undefined) {
      question.askedMs = nowMs
      question.why = 'its home does not answer'
    } else if (question.isDrawn && nowMs >= question.askedMs + HOME_SILENT_MS) {
      question.silent.add(home)
      return this.#askElsewhere(question, nowMs)
    }
    postpone(question, MAX_RETRY_MS, nowMs)
    const { kind, request, id, attributes } = question
    if (kind === 'find') this.#context.say(home, { t: 'find', request, id }, nowMs)
    else this.#context.say(home, { t: 'make', request, settled: this.#settled(), id, attributes }, nowMs)
  }

  /** With a new id, as a new request: the silent home may still answer the old one, by making a room that nobody waits for and that ends empty. */
  #askElsewhere(question: Question, nowMs: number): void {
    this.#questions.delete(question.request)
    question.request = ++this.#lastRequest
    question.id = ''
    question.askedMs = undefined
    question.retryMs = RETRY_MS
    this.#questions.set(question.request, question)
    this.#ask(question, nowMs)
  }

  #draw({ silent }: Question, { ring }: Installed): string {
    const { keeper, life, random } = this.#context
    const loadOf = (member: Life) => (member === life ? keeper.load() : keeper.loadOf(member))
    return drawPlacedId(ring, { random, loadOf }, silent)
  }

  /** No request below is waited for. */
  #settled(): number {
    for (const request of this.#questions.keys()) return request
    return this.#lastRequest + 1
  }

  #finish(question: Question, answer: LocateAnswer): void {
    if (this.#questions.delete(question.request)) question.done(answer)
  }

  #remember(place: RoomPlace, nowMs: number): void {
    this.#places.delete(place.id)
    this.#places.set(place.id, { place, untilMs: nowMs + PLACE_LIFE_MS })
    for (const [id, { untilMs }] of this.#places) {
      if (nowMs < untilMs && this.#places.size <= MAX_PLACES) break
      this.#places.delete(id)
    }
  }
}
