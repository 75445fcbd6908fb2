/**
 * Asks other shards, and answers them: matchmaking, seats. A Part like the others: pure, over lanes that may lose, double and reorder. A question is repeated
 * until it is answered or its time is over, and carried out once: answers are remembered for as long as a repetition may come.
 */
import { isErrorCode, type NetErrorCode } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import type { CallMessage, CallsMessage, ReplyMessage } from './call-messages.ts'

export type Answer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly code: NetErrorCode; readonly message: string }

/** Calls `answer` once, at once or later. Believes nothing of `body`. */
export type CallHandler = (body: unknown, from: Life, nowMs: number, answer: (answer: Answer) => void) => void

export interface CallsOptions {
  readonly life: Life
  /** Gives 32 bits. */
  readonly random: () => number
}

const REPEAT_MS = 500
const DEFAULT_TIMEOUT_MS = 5_000
/** Longer than anybody repeats. */
const REMEMBER_MS = 30_000
const MAX_OPEN = 10_000
/** For each asker: one that asks without end keeps nobody else from being answered. */
const MAX_REMEMBERED = 2_000

interface Question {
  readonly to: Life
  readonly message: CallMessage
  readonly untilMs: number
  repeatMs: number
  readonly done: (answer: Answer) => void
}

interface Remembered {
  /** Undefined: it is being worked on. */
  reply: ReplyMessage | undefined
  readonly forgetMs: number
  readonly from: Life
}

export class PeerCalls implements Part<CallsMessage> {
  readonly life: Life
  private readonly host: PartHost<CallsMessage>
  private readonly handlers = new Map<string, CallHandler>()
  private readonly open = new Map<number, Question>()
  /** By asker and id, oldest first. */
  private readonly answered = new Map<string, Remembered>()
  /** How many of them each asker has. */
  private readonly answeredTo = new Map<Life, number>()
  private lastId: number
  /** As it was said last: for answers that come without. */
  private latestMs = 0

  constructor({ life, random }: CallsOptions, host: PartHost<CallsMessage>) {
    this.life = life
    this.host = host
    this.lastId = random() >>> 0
  }

  get nowMs(): number {
    return this.latestMs
  }

  /** Who answers this from now on. */
  handle(method: string, handler: CallHandler): void {
    this.handlers.set(method, handler)
  }

  /** `done` is called once: with the answer, or NOT_READY when the time is over. Asking oneself needs no network. */
  ask(
    to: Life,
    method: string,
    body: unknown,
    nowMs: number,
    done: (answer: Answer) => void,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): void {
    this.note(nowMs)
    if (to === this.life) return this.answer(method, body, to, nowMs, done)
    if (this.open.size >= MAX_OPEN) return done(late(method))
    const message: CallMessage = { k: 'call', id: ++this.lastId, method, body }
    const question = { to, message, untilMs: nowMs + timeoutMs, repeatMs: nowMs + REPEAT_MS, done }
    this.open.set(message.id, question)
    this.host.send(to, message, 'stream')
  }

  receive(from: Life, message: CallsMessage, nowMs: number): void {
    this.note(nowMs)
    if (message.k === 'call') this.onCall(from, message, nowMs)
    else this.onReply(from, message)
  }

  tick(nowMs: number): void {
    this.note(nowMs)
    for (const [id, question] of this.open) {
      if (nowMs >= question.untilMs) {
        this.open.delete(id)
        question.done(late(question.message.method))
      } else if (nowMs >= question.repeatMs) {
        question.repeatMs = nowMs + REPEAT_MS
        this.host.send(question.to, question.message, 'stream')
      }
    }
    for (const [key, { forgetMs, from }] of this.answered) {
      if (forgetMs > nowMs) break
      this.answered.delete(key)
      this.count(from, -1)
    }
  }

  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { untilMs, repeatMs } of this.open.values()) next = Math.min(next, untilMs, repeatMs)
    const [oldest] = this.answered.values()
    return oldest === undefined ? next : Math.min(next, oldest.forgetMs)
  }

  /** Nobody of them answers any more. */
  lifeRemoved(life: Life): void {
    for (const [id, question] of this.open) {
      if (question.to !== life) continue
      this.open.delete(id)
      question.done(late(question.message.method))
    }
  }

  private note(nowMs: number): void {
    this.latestMs = Math.max(this.latestMs, nowMs)
  }

  private onReply(from: Life, { id, code, body }: ReplyMessage): void {
    const question = this.open.get(id)
    if (question === undefined || question.to !== from) return
    this.open.delete(id)
    if (code === undefined) question.done({ ok: true, body })
    else {
      const message = typeof body === 'string' ? body.slice(0, 500) : ''
      question.done({ ok: false, code: isErrorCode(code) ? code : 'INTERNAL', message })
    }
  }

  private onCall(from: Life, { id, method, body }: CallMessage, nowMs: number): void {
    const key = `${from} ${id}`
    const known = this.answered.get(key)
    if (known !== undefined) {
      if (known.reply !== undefined) this.host.send(from, known.reply, 'stream')
      return
    }
    // Too many at once: the asker repeats.
    if ((this.answeredTo.get(from) ?? 0) >= MAX_REMEMBERED) return
    this.count(from, 1)
    const remembered: Remembered = { from, reply: undefined, forgetMs: nowMs + REMEMBER_MS }
    this.answered.set(key, remembered)
    this.answer(method, body, from, nowMs, (answer) => {
      const reply: ReplyMessage = answer.ok
        ? { k: 'reply', id, body: answer.body }
        : { k: 'reply', id, code: answer.code, body: answer.message }
      remembered.reply = reply
      this.host.send(from, reply, 'stream')
    })
  }

  private count(from: Life, change: number): void {
    const count = (this.answeredTo.get(from) ?? 0) + change
    if (count > 0) this.answeredTo.set(from, count)
    else this.answeredTo.delete(from)
  }

  private answer(method: string, body: unknown, from: Life, nowMs: number, done: (answer: Answer) => void): void {
    const handler = this.handlers.get(method)
    if (handler === undefined) done({ ok: false, code: 'BAD_ARGUMENT', message: `this shard knows no "${method}".` })
    else handler(body, from, nowMs, done)
  }
}

function late(method: string): Answer {
  return { ok: false, code: 'NOT_READY', message: `no shard answered to "${method}" in time. Try again in a while.` }
}
