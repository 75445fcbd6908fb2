/**
 * A shard's lease: it asks all voters of its view again and again, and holds the lease until a majority's grants have run out, each counted from before its
 * request left. Pure; `Views` feeds it. It never counts an answer that names another view, or an ask that it has no note of.
 */
import type { Life } from '../life.ts'
import { idOf, type View, type ViewId } from './view.ts'
import type { AskMessage } from './view-messages.ts'
import type { LeaseTimes, ViewRules } from './view-rules.ts'

/** Asks whose moments are kept: at ten a second more than six seconds, far beyond any lease. */
const KEPT = 64

export class LeaseHolder {
  readonly #rules: ViewRules
  readonly #times: LeaseTimes
  #view: ViewId = { generation: 0, number: 0 }
  #voters: readonly Life[] = []
  /** By the voters' order: the newest answer, and when the newest grant runs out. */
  #gotSeqs: number[] = []
  #ends: number[] = []
  readonly #sentMs = new Float64Array(KEPT)
  #seq = -1
  #carriedMs = Number.NEGATIVE_INFINITY
  #endMs = Number.NEGATIVE_INFINITY
  #released = false

  constructor(rules: ViewRules, times: LeaseTimes) {
    this.#rules = rules
    this.#times = times
  }

  get endMs(): number {
    return this.#endMs
  }

  /**
   * Grants of the view before go on to count until they run out: what is removed later waits for them, too (`newestGrantMs`). New ones have to name this view.
   */
  installed(view: View): void {
    const before = new Map(this.#voters.map((life, index) => [life, this.#gotSeqs[index] ?? -1]))
    this.#view = idOf(view)
    this.#voters = view.voters
    this.#gotSeqs = view.voters.map((life) => before.get(life) ?? -1)
    this.#ends = view.voters.map(() => Number.NEGATIVE_INFINITY)
    this.#carriedMs = this.#endMs
  }

  /** Given up for good: no grant counts any more. */
  release(): void {
    this.#released = true
    this.#endMs = Number.NEGATIVE_INFINITY
  }

  /** Starts a round of asks: notes the time. */
  startRound(nowMs: number): void {
    this.#seq++
    this.#sentMs[this.#seq % KEPT] = nowMs
  }

  ask(voter: number, leaselessMs: number): AskMessage {
    return { kind: 'ask', view: this.#view, seq: this.#seq, gotSeq: this.#gotSeqs[voter] ?? -1, leaselessMs }
  }

  get seq(): number {
    return this.#seq
  }

  answered(from: Life, view: ViewId, seq: number, granted: boolean, nowMs: number): void {
    const voter = this.#voters.indexOf(from)
    if (voter === -1 || seq > this.#seq || seq <= this.#seq - KEPT) return
    if (seq > (this.#gotSeqs[voter] ?? -1)) this.#gotSeqs[voter] = seq
    if (!granted || this.#released || !this.#rules.grantCounts(this.#view, view)) return
    const endMs = this.#rules.grantEndMs(this.#sentMs[seq % KEPT] ?? 0, nowMs, this.#times)
    if (endMs <= (this.#ends[voter] ?? 0)) return
    this.#ends[voter] = endMs
    this.#endMs = Math.max(this.#carriedMs, this.#rules.leaseEndMs(this.#ends, this.#voters.length))
  }
}
