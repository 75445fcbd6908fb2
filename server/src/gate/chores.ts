/**
 * Work that a stranger can cause and that takes long at once, such as making a WebRTC peer: done between ticks, where there is time for it. Owned by the room host; asked by whoever is to do such work.
 * Pure: the clock is passed in. At most one chore between two looks at the clock; in all and per address only so many wait, and addresses take turns. On a server whose ticks leave no gap a
 * chore is done every `patienceMs`.
 */
import type { TickTimer } from '../tick/tick-timer.ts'

export interface ChoreOptions {
  /** What a chore may take, at its worst; 4 by default. */
  readonly gapMs?: number
  /** How long a server without gaps lets chores wait for one; 100 by default. */
  readonly patienceMs?: number
  /** Of one address; 8 by default. */
  readonly maxPerAddress?: number
}

/** Between two looks where there is no gap. */
const PAUSE_MS = 10
const MAX_WAITING = 256

interface Waiting {
  readonly address: string
  readonly sinceMs: number
  readonly go: () => void
}

export class Chores {
  readonly #timer: TickTimer
  readonly #nextTickMs: () => number
  readonly #gapMs: number
  readonly #patienceMs: number
  readonly #maxPerAddress: number
  /** In the order in which they are done. */
  readonly #waiting: Waiting[] = []
  #busyUntilMs = Number.NEGATIVE_INFINITY
  #doneMs = Number.NEGATIVE_INFINITY
  #planned = false

  /** `nextTickMs` says when the next tick of any room is due. */
  constructor(timer: TickTimer, nextTickMs: () => number, options: ChoreOptions = {}) {
    this.#timer = timer
    this.#gapMs = options.gapMs ?? 4
    this.#patienceMs = options.patienceMs ?? 100
    this.#maxPerAddress = options.maxPerAddress ?? 8
    this.#nextTickMs = nextTickMs
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Calls `go` when there is time: at once, if there is now and nobody waits. False: too many wait, and it is never called. */
  when(address: string, go: () => void): boolean {
    const nowMs = this.#timer.nowMs()
    if (this.#waiting.length === 0 && this.#hasTime(nowMs)) {
      this.#do(go, nowMs)
      return true
    }
    let same = 0
    for (const waiting of this.#waiting) if (waiting.address === address) same++
    if (same >= this.#maxPerAddress || this.#waiting.length >= MAX_WAITING) return false
    this.#waiting.splice(this.#placeOf(same), 0, { address, sinceMs: nowMs, go })
    this.#plan(nowMs)
    return true
  }

  /** After the last of those whose address has as many before them: each address's first, then each one's second. */
  #placeOf(round: number): number {
    const rounds = new Map<string, number>()
    for (const [at, { address }] of this.#waiting.entries()) {
      const before = rounds.get(address) ?? 0
      if (before > round) return at
      rounds.set(address, before + 1)
    }
    return this.#waiting.length
  }

  #hasTime(nowMs: number): boolean {
    return nowMs >= this.#busyUntilMs && this.#nextTickMs() - nowMs >= this.#gapMs
  }

  #do(go: () => void, nowMs: number): void {
    // Until the clock has moved on: others may have work, too.
    this.#busyUntilMs = nowMs + 1
    this.#doneMs = nowMs
    go()
  }

  #plan(nowMs: number): void {
    if (this.#planned) return
    this.#planned = true
    // Right after the tick that is due next, when the next one's time is known; or, where there is a gap, in a moment.
    const nextMs = this.#nextTickMs()
    const lookMs = nextMs - nowMs >= this.#gapMs ? nowMs + 1 : Math.max(nowMs, Math.min(nextMs, nowMs + PAUSE_MS)) + 0.5
    this.#timer.wakeAt(Math.max(lookMs, this.#busyUntilMs), () => this.#look())
  }

  #look(): void {
    this.#planned = false
    const nowMs = this.#timer.nowMs()
    const first = this.#waiting[0]
    if (first === undefined) return
    const isLong = nowMs - Math.max(first.sinceMs, this.#doneMs) >= this.#patienceMs && nowMs >= this.#busyUntilMs
    try {
      if (!this.#hasTime(nowMs) && !isLong) return
      this.#waiting.shift()
      this.#do(first.go, nowMs)
    } finally {
      // Also when a game's page threw.
      if (this.#waiting.length > 0) this.#plan(this.#timer.nowMs())
    }
  }
}
