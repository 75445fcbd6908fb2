/**
 * Words that are said until they are answered: `drop` after a room's end, `fence` after a takeover. Held by `Standby`; independent of the rooms that they are about, which
 * may be gone. Bounded in number and time.
 */
import type { Life } from '../life.ts'
import { RETRY_MS, type StandbyContext } from './standby-context.ts'
import type { StandbyMessage } from './standby-messages.ts'

const MAX_WORDS = 20_000
const MAX_RETRY_MS = 2_000
const PATIENCE_MS = 60_000

interface Word {
  readonly message: StandbyMessage
  readonly to: Set<Life>
  readonly untilMs: number
  dueMs: number
  retryMs: number
}

export class Words {
  readonly #words = new Map<string, Word>()
  readonly #context: StandbyContext
  nextMs = Number.POSITIVE_INFINITY

  constructor(context: StandbyContext) {
    this.#context = context
  }

  say(message: StandbyMessage, to: Iterable<Life>, nowMs: number): void {
    const lives = new Set(to)
    if (lives.size === 0) return
    // The oldest has been said for long.
    const [oldest] = this.#words.keys()
    if (this.#words.size >= MAX_WORDS && oldest !== undefined) this.#words.delete(oldest)
    const word: Word = { message, to: lives, untilMs: nowMs + PATIENCE_MS, dueMs: nowMs, retryMs: RETRY_MS / 2 }
    this.#words.set(keyOf(message), word)
    this.#say(word, nowMs)
    this.nextMs = Math.min(this.nextMs, word.dueMs)
  }

  /** `message` as it was said, or as an answer names it. */
  answered(from: Life, message: StandbyMessage): void {
    const key = keyOf(message)
    const word = this.#words.get(key)
    if (word === undefined || !word.to.delete(from)) return
    if (word.to.size === 0) this.#words.delete(key)
  }

  viewInstalled(): void {
    for (const [key, { to }] of this.#words) {
      for (const life of to) if (!this.#context.isMember(life)) to.delete(life)
      if (to.size === 0) this.#words.delete(key)
    }
  }

  tick(nowMs: number): void {
    if (nowMs < this.nextMs) return
    this.nextMs = Number.POSITIVE_INFINITY
    for (const [key, word] of this.#words) {
      if (nowMs >= word.untilMs) this.#words.delete(key)
      else {
        if (nowMs >= word.dueMs) this.#say(word, nowMs)
        this.nextMs = Math.min(this.nextMs, word.dueMs)
      }
    }
  }

  clear(): void {
    this.#words.clear()
    this.nextMs = Number.POSITIVE_INFINITY
  }

  #say(word: Word, nowMs: number): void {
    word.retryMs = Math.min(word.retryMs * 2, MAX_RETRY_MS)
    word.dueMs = nowMs + word.retryMs
    for (const life of word.to) this.#context.send(life, word.message, 'stream')
  }
}

/** `drop` and `dropped` have one, and so have `fence` and `fenced`. */
function keyOf({ t, room, epoch }: StandbyMessage): string {
  const kind = t === 'drop' || t === 'dropped' ? 'drop' : 'fence'
  return `${kind} ${room} ${epoch.generation}.${epoch.view}.${epoch.k}`
}
