/**
 * Asks homes for the epochs under which rooms are to be owned next: by an owner that moves a room, or goes on with it after a move that failed. Asked again until it is
 * answered, the time is over, or the view changes: what an older view's home gave is void. Each `done` is called once. Part of `ClusterRooms`.
 */
import type { Life } from '../life.ts'
import { postpone } from '../retry.ts'
import type { RoomEpoch } from '../view/view.ts'
import { type Installed, MAX_RETRY_MS, RETRY_MS, type RoomsContext } from './rooms-context.ts'

const RENAME_MS = 2_000
const MAX_ASKED = 10_000

interface Question {
  readonly id: string
  readonly from: RoomEpoch
  readonly to: Life
  readonly done: (epoch: RoomEpoch | undefined) => void
  readonly endMs: number
  dueMs: number
  retryMs: number
}

export class RenameAsker {
  readonly #context: RoomsContext
  #installed: Installed | undefined
  #lastRequest = 0
  readonly #questions = new Map<number, Question>()

  constructor(context: RoomsContext) {
    this.#context = context
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
    this.stop()
  }

  ask(asked: Pick<Question, 'id' | 'from' | 'to' | 'done'>, nowMs: number): void {
    if (this.#installed === undefined || this.#questions.size >= MAX_ASKED) return asked.done(undefined)
    const request = ++this.#lastRequest
    const question = { ...asked, endMs: nowMs + RENAME_MS, dueMs: nowMs, retryMs: RETRY_MS }
    this.#questions.set(request, question)
    this.#ask(request, question, nowMs)
  }

  renamed(from: Life, request: number, epoch: RoomEpoch | undefined): void {
    const question = this.#questions.get(request)
    if (question === undefined || this.#installed?.ring.homeOf(question.id) !== from) return
    this.#questions.delete(request)
    question.done(epoch)
  }

  tick(nowMs: number): void {
    for (const [request, question] of [...this.#questions]) {
      if (nowMs >= question.endMs) {
        this.#questions.delete(request)
        question.done(undefined)
      } else if (nowMs >= question.dueMs) this.#ask(request, question, nowMs)
    }
  }

  /** All that is open gets no epoch. */
  stop(): void {
    const questions = [...this.#questions.values()]
    this.#questions.clear()
    for (const { done } of questions) done(undefined)
  }

  #ask(request: number, question: Question, nowMs: number): void {
    const { id, from, to } = question
    postpone(question, MAX_RETRY_MS, nowMs)
    const home = this.#installed?.ring.homeOf(id)
    if (home !== undefined) this.#context.say(home, { t: 'rename', request, id, epoch: from, to }, nowMs)
  }
}
