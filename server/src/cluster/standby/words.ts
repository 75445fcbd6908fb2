/**
 * Words that are said until they are answered: `drop` after a room's end, `fence` once a room has a holder in a new epoch. Held by `Standby`; independent of the rooms that they are about, which
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
  /** All have answered, or are gone. */
  readonly done: (() => void) | undefined
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

  /** `done` is called once all have answered, or are gone; at once if there is nobody. A word that somebody waits for is said as long as it takes. */
  say(message: StandbyMessage, to: Iterable<Life>, nowMs: number, done?: () => void): void {
    const lives = new Set(to)
    if (lives.size === 0) return done?.()
    // The oldest has been said for long.
    const [oldest] = this.#words.keys()
    if (this.#words.size >= MAX_WORDS && oldest !== undefined) this.#words.delete(oldest)
    const untilMs = done === undefined ? nowMs + PATIENCE_MS : Number.POSITIVE_INFINITY
    const word: Word = { message, to: lives, done, untilMs, dueMs: nowMs, retryMs: RETRY_MS / 2 }
    this.#words.set(keyOf(message), word)
    this.#say(word, nowMs)
    this.nextMs = Math.min(this.nextMs, word.dueMs)
  }

  /** `message` as it was said, or as an answer names it. */
  answered(from: Life, message: StandbyMessage): void {
    const key = keyOf(message)
    const word = this.#words.get(key)
    if (word === undefined || !word.to.delete(from)) return
    this.#endIfDone(key, word)
  }

  viewInstalled(): void {
    for (const [key, word] of [...this.#words]) {
      for (const life of word.to) if (!this.#context.isMember(life)) word.to.delete(life)
      this.#endIfDone(key, word)
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

  /** Nobody waits for it any more. */
  forget(message: StandbyMessage): void {
    this.#words.delete(keyOf(message))
  }

  clear(): void {
    this.#words.clear()
    this.nextMs = Number.POSITIVE_INFINITY
  }

  #endIfDone(key: string, word: Word): void {
    if (word.to.size > 0) return
    this.#words.delete(key)
    word.done?.()
  }

  #say(word: Word, nowMs: number): void {
    word.retryMs = Math.min(word.retryMs * 2, MAX_RETRY_MS)
    word.dueMs = nowMs + word.retryMs
    for (const life of word.to) this.#context.send(life, word.message, 'stream')
  }
}

/** `drop` and `dropped` have one, and so have `fence` and `fenced`. */
function keyOf(message: StandbyMessage): string {
  const { room, epoch } = message
  const kind = 'drops' in message ? (message.drops ? 'fence, drops' : 'fence') : 'drop'
  return `${kind} ${room} ${epoch.generation}.${epoch.view}.${epoch.k}`
}
