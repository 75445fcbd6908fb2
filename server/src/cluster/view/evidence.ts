/**
 * What a voter saw itself of each member, and whom it would vote out for it. Pure; one per voter, fed with asks as they come: O(1) for each.
 *
 * Silence is counted in time during which this voter was awake and held a lease itself. One that stalled, or is cut off from the other voters, has only itself
 * to blame; and when a whole network comes back nobody accuses anybody of what it did to all.
 * Silence that was seen is forgotten only when round trips work well again (`RECOVERED`), so that the voters, who see the gaps of a bad link at different
 * moments, agree on it; a link that loses a third keeps far from both.
 */
import type { Life } from '../life.ts'
import type { View } from './view.ts'
import type { AskMessage } from './view-messages.ts'
import type { Evidence } from './views-api.ts'

/** The share of asks that complete a round trip from which on a member that was silent is well again, and over how many times `evidenceMs` it is measured. */
const RECOVERED = 1 / 3
const MEASURED = 2.5
/** After so long without a round trip a connection is tried: a refusal shows a process that ended. */
const LOOK_AFTER_MS = 400
const LOOK_EVERY_MS = 1_000

interface Seen {
  /** On the evidence clock. */
  heardMs: number
  /** Exponential mean of completed round trips per expected one, as of `measuredMs`. */
  quality: number
  measuredMs: number
  /** The newest answer that it said it got; the newest that we sent. */
  gotSeq: number
  answeredSeq: number
  silent: boolean
  /** Refused, until an answer beyond this one has arrived there; -2: not refused. */
  refusedSeq: number
  leaselessMs: number
  leaving: boolean
  replaced: boolean
  proof: boolean
  /** On the local clock. */
  roundTripMs: number
  lookedMs: number
}

export interface EvidenceTimes {
  readonly evidenceMs: number
  readonly askEveryMs: number
}

export class EvidenceBook {
  readonly #self: Life
  readonly #times: EvidenceTimes
  readonly #seen = new Map<Life, Seen>()
  /** Runs while this voter is awake and holds a lease. */
  #clockMs = 0
  #heldMs = 0
  #version = 0

  constructor(self: Life, times: EvidenceTimes) {
    this.#self = self
    this.#times = times
  }

  /** Grows whenever there is new evidence. */
  get version(): number {
    return this.#version
  }

  /** Keeps what it knows of those who stay. */
  follow(view: View, nowMs: number): void {
    const members = new Set(view.members.map(({ life }) => life))
    for (const life of this.#seen.keys()) if (!members.has(life)) this.#seen.delete(life)
    for (const life of members) if (!this.#seen.has(life)) this.#seen.set(life, this.#fresh(nowMs))
  }

  asked(life: Life, ask: AskMessage, nowMs: number): void {
    const seen = this.#seen.get(life)
    if (seen === undefined) return
    seen.leaselessMs = ask.leaselessMs
    // A number that we never sent came of an earlier life of ours, or is made up.
    if (ask.gotSeq <= seen.gotSeq || ask.gotSeq > seen.answeredSeq) return
    seen.gotSeq = ask.gotSeq
    seen.heardMs = this.#clockMs
    seen.roundTripMs = nowMs
    const measuredMs = MEASURED * this.#times.evidenceMs
    const kept = Math.exp((seen.measuredMs - this.#clockMs) / measuredMs)
    seen.quality = Math.min(1, seen.quality * kept + this.#times.askEveryMs / measuredMs)
    seen.measuredMs = this.#clockMs
    if (seen.silent && seen.quality >= RECOVERED) seen.silent = false
    if (ask.gotSeq > seen.refusedSeq) seen.refusedSeq = -2
    seen.replaced = false
  }

  /** An answer leaves. */
  answers(life: Life, seq: number): void {
    const seen = this.#seen.get(life)
    if (seen !== undefined && seq > seen.answeredSeq) seen.answeredSeq = seq
  }

  /** `awakeMs`: since the last call, as far as this shard was awake; `held`: whether it has a lease. */
  passed(awakeMs: number, held: boolean): void {
    this.#heldMs = held ? this.#heldMs + awakeMs : 0
    if (held) this.#clockMs += awakeMs
    for (const [life, seen] of this.#seen) {
      if (seen.silent || life === this.#self || this.#clockMs - seen.heardMs < this.#times.evidenceMs) continue
      seen.silent = true
      seen.quality = 0
      seen.measuredMs = this.#clockMs
      this.#version++
    }
  }

  refused(life: Life): void {
    const seen = this.#seen.get(life)
    if (seen === undefined || life === this.#self) return
    if (seen.refusedSeq === -2) this.#version++
    seen.refusedSeq = seen.answeredSeq
  }

  /** Another life asks to join under its name: it counts if nothing has been heard of this one for some asks. */
  replaced(life: Life): void {
    const seen = this.#seen.get(life)
    if (seen === undefined || seen.replaced || life === this.#self) return
    if (this.#clockMs - seen.heardMs < 4 * this.#times.askEveryMs) return
    seen.replaced = true
    this.#version++
  }

  leaving(life: Life): void {
    const seen = this.#seen.get(life)
    if (seen === undefined || seen.leaving) return
    seen.leaving = true
    this.#version++
  }

  proven(life: Life): void {
    const seen = this.#seen.get(life)
    if (seen === undefined || seen.proof || life === this.#self) return
    seen.proof = true
    this.#version++
  }

  of(life: Life): Evidence | undefined {
    const seen = this.#seen.get(life)
    return seen === undefined ? undefined : this.#judge(life, seen)
  }

  /** Whom this voter would vote out. */
  backs(): Life[] {
    const backs: Life[] = []
    for (const [life, seen] of this.#seen) if (this.#judge(life, seen) !== undefined) backs.push(life)
    return backs
  }

  /** Some member may soon be silent: waiting a moment could make one change of two. */
  unclear(): boolean {
    const half = this.#times.evidenceMs / 2
    for (const [life, seen] of this.#seen) {
      if (life === this.#self || this.#clockMs - seen.heardMs < half) continue
      if (this.#judge(life, seen) === undefined) return true
    }
    return false
  }

  /** On the local clock; undefined: not a member, or never. */
  roundTripMs(life: Life): number | undefined {
    return this.#seen.get(life)?.roundTripMs
  }

  /** Whom to open a connection to, because it is silent for a while. */
  toLookAt(nowMs: number): Life[] {
    const lives: Life[] = []
    for (const [life, seen] of this.#seen) {
      if (life === this.#self || this.#clockMs - seen.heardMs < LOOK_AFTER_MS) continue
      if (nowMs - seen.lookedMs < LOOK_EVERY_MS) continue
      seen.lookedMs = nowMs
      lives.push(life)
    }
    return lives
  }

  #judge(life: Life, seen: Seen): Evidence | undefined {
    if (seen.proof) return 'proof'
    if (seen.leaving) return 'leaving'
    if (life === this.#self) return undefined
    if (seen.replaced) return 'replaced'
    if (seen.refusedSeq !== -2) return 'refused'
    if (seen.silent) return 'silent'
    const { evidenceMs } = this.#times
    return seen.leaselessMs >= evidenceMs && this.#heldMs >= evidenceMs ? 'leaseless' : undefined
  }

  #fresh(nowMs: number): Seen {
    return {
      heardMs: this.#clockMs,
      quality: 1,
      measuredMs: this.#clockMs,
      gotSeq: -1,
      answeredSeq: -1,
      silent: false,
      refusedSeq: -2,
      leaselessMs: 0,
      leaving: false,
      replaced: false,
      proof: false,
      roundTripMs: nowMs,
      lookedMs: Number.NEGATIVE_INFINITY,
    }
  }
}
