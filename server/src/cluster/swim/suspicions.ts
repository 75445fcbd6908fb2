/**
 * Which members are suspected, by whom, and when each is declared dead: Lifeguard's timeout, which shrinks as others confirm. Called by swim.ts.
 */

import type { SwimTimes } from './swim-api.ts'
import { expectedConfirmations, suspicionMinMs, suspicionTimeoutMs } from './swim-scaling.ts'

interface Suspicion {
  startMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly expected: number
  /** The first accuser, and those who confirmed; at most `expected + 1`. */
  readonly accusers: string[]
  deadlineMs: number
}

export class Suspicions {
  readonly #times: SwimTimes
  readonly #dynamic: boolean
  readonly #byName = new Map<string, Suspicion>()
  #nextMs = Number.POSITIVE_INFINITY

  /** `dynamic` off: every suspicion lasts the shortest time, as in plain SWIM. */
  constructor(times: SwimTimes, dynamic: boolean) {
    this.#times = times
    this.#dynamic = dynamic
  }

  get size(): number {
    return this.#byName.size
  }

  /** Not later than the next deadline. */
  get nextMs(): number {
    return this.#nextMs
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  start(name: string, from: string, members: number, nowMs: number): void {
    const minMs = suspicionMinMs(this.#times, members)
    const maxMs = this.#dynamic ? minMs * this.#times.suspicionMaxTimeoutMult : minMs
    const expected = this.#dynamic ? expectedConfirmations(this.#times.suspicionMult, members) : 0
    const deadlineMs = nowMs + suspicionTimeoutMs(minMs, maxMs, expected, 0)
    this.#byName.set(name, { startMs: nowMs, minMs, maxMs, expected, accusers: [from], deadlineMs })
    this.#nextMs = Math.min(this.#nextMs, deadlineMs)
  }

  /** Whether `from` is one more who suspects it, and counts. */
  confirm(name: string, from: string): boolean {
    const suspicion = this.#byName.get(name)
    if (suspicion === undefined) return false
    const { accusers, expected, startMs, minMs, maxMs } = suspicion
    if (accusers.length > expected || accusers.includes(from)) return false
    accusers.push(from)
    suspicion.deadlineMs = startMs + suspicionTimeoutMs(minMs, maxMs, expected, accusers.length - 1)
    this.#nextMs = Math.min(this.#nextMs, suspicion.deadlineMs)
    return true
  }

  end(name: string): void {
    this.#byName.delete(name)
    if (this.#byName.size === 0) this.#nextMs = Number.POSITIVE_INFINITY
  }

  /** So much more time for all: nobody was there to hear them. */
  delay(ms: number): void {
    for (const suspicion of this.#byName.values()) {
      suspicion.startMs += ms
      suspicion.deadlineMs += ms
    }
    this.#nextMs += ms
  }

  /** Those whose time is over; they stay until `end`. */
  due(nowMs: number): string[] {
    if (nowMs < this.#nextMs) return []
    const names: string[] = []
    this.#nextMs = Number.POSITIVE_INFINITY
    for (const [name, { deadlineMs }] of this.#byName) {
      if (deadlineMs <= nowMs) names.push(name)
      else this.#nextMs = Math.min(this.#nextMs, deadlineMs)
    }
    return names
  }
}
