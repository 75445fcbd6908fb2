/**
 * One cluster time by strata, over `PeerClock`, so that a room's timeline means the same on every shard. The root is the view's oldest member; a new root goes
 * on from the time that it had. Everybody else follows up to four members that are older than itself (three that agree outvote one that is wrong), and younger
 * ones only while it hears of no older one. Leases never use this time.
 * Called by the node with each view, each clock message, and `tick`. Two shards never follow each other: who follows me is refused.
 */
import { ClockFilter, PeerClock } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import type { Member, View } from '../view/view.ts'
import { type ClockAnswer, type ClockMessage, MAX_FOLLOWED, UNSYNCHRONISED } from './clock-message.ts'

/** Between two rounds of questions; at first, and after each view, so many rounds are `QUICK_MS` apart. */
const ROUND_MS = 1_000
const QUICK_MS = 150
const QUICK_ROUNDS = 6
/** A peer not heard of for so long is not followed. */
const SILENT_MS = 15_000
/** An answer that took longer says too little. */
const ANSWER_MS = 1_000
/** What two clocks that were just compared may differ by all the same. */
const MIN_ERROR_MS = 1
/** What is told for an error that is not known: it cannot be followed. */
const NO_ERROR_MS = 1e9

/** What is measured against one other shard. */
interface Peer {
  readonly filter: ClockFilter
  /** By age in the view, 0 the root. */
  rank: number
  stratum: number
  rootErrorMs: number
  follows: readonly Life[]
  heardMs: number
}

interface Question {
  readonly to: Life
  readonly sentMs: number
}

/** What the clock of another shard differs by, as measured from here. */
export interface ClockPeer {
  readonly life: Life
  readonly offsetMs: number
  readonly errorMs: number
}

export interface ClusterClockOptions {
  readonly life: Life
  /** What the first root begins with: its machine's wall clock (ms since 1970) at `nowMs`. */
  readonly wallMs: number
  readonly nowMs: number
}

export class ClusterClock implements Part<ClockMessage> {
  readonly #life: Life
  readonly #host: PartHost<ClockMessage>
  /** From the local clock to one that begins as the wall clock, and is never set. */
  readonly #baseMs: number
  readonly #clock = new PeerClock(UNSYNCHRONISED)
  readonly #peers = new Map<Life, Peer>()
  readonly #questions = new Map<number, Question>()
  #follows: readonly Life[] = []
  #root: Life | undefined
  #rank = Number.POSITIVE_INFINITY
  #members: readonly Life[] = []
  #round = 0
  #quickLeft = 0
  #questionId = 0
  #nextMs = Number.POSITIVE_INFINITY

  constructor({ life, wallMs, nowMs }: ClusterClockOptions, host: PartHost<ClockMessage>) {
    this.#life = life
    this.#host = host
    this.#baseMs = wallMs - nowMs
  }

  get nextMs(): number {
    return this.#nextMs
  }

  /** 1: the root. `UNSYNCHRONISED`: nobody is followed. */
  get stratum(): number {
    return this.#clock.stratum
  }

  get steps(): number {
    return this.#clock.steps
  }

  get follows(): readonly Life[] {
    return this.#follows
  }

  /** Cluster time, in ms since 1970 as the first root saw it. */
  now(nowMs: number): number {
    return this.#clock.now(nowMs + this.#baseMs)
  }

  /** Cluster time minus this machine's own idea of the time. */
  offsetMs(nowMs: number): number {
    return this.now(nowMs) - nowMs - this.#baseMs
  }

  /** What it may be off by, against the root's. */
  errorMs(nowMs: number): number {
    return this.#clock.rootErrorMs(nowMs + this.#baseMs)
  }

  /** Each other shard's cluster time minus ours. */
  peers(nowMs: number): ClockPeer[] {
    const found: ClockPeer[] = []
    for (const [life, { filter, heardMs }] of this.#peers) {
      const estimate = nowMs - heardMs > 2 * SILENT_MS ? undefined : filter.estimate(nowMs + this.#baseMs)
      if (estimate === undefined) continue
      const offsetMs = estimate.offsetMs + nowMs + this.#baseMs - this.now(nowMs)
      found.push({ life, offsetMs, errorMs: estimate.errorBoundMs + MIN_ERROR_MS })
    }
    return found
  }

  viewInstalled(view: View, nowMs: number): void {
    const byAge = [...view.members].sort(olderFirst)
    this.#root = byAge[0]?.life
    this.#rank = byAge.findIndex(({ life }) => life === this.#life)
    this.#members = byAge.map(({ life }) => life).filter((life) => life !== this.#life)
    const stays = new Set(this.#members)
    for (const life of this.#peers.keys()) {
      if (stays.has(life)) continue
      this.#peers.delete(life)
      this.#clock.forget(life)
    }
    for (const [rank, { life }] of byAge.entries()) {
      const peer = this.#peers.get(life)
      if (peer !== undefined) peer.rank = rank
    }
    this.#quickLeft = QUICK_ROUNDS
    this.#nextMs = nowMs
    this.#choose(nowMs)
  }

  receive(from: Life, message: ClockMessage, nowMs: number): void {
    if (message.kind === 'ask') this.#answer(from, message.id, nowMs)
    else this.#learn(from, message, nowMs)
  }

  tick(nowMs: number): void {
    if (nowMs < this.#nextMs) return
    for (const [id, { sentMs }] of this.#questions) if (nowMs - sentMs > ANSWER_MS) this.#questions.delete(id)
    this.#choose(nowMs)
    this.#clock.update(nowMs + this.#baseMs)
    for (const life of this.#asked()) this.#ask(life, nowMs)
    this.#round++
    this.#nextMs = nowMs + (this.#quickLeft-- > 0 ? QUICK_MS : ROUND_MS)
  }

  /** The oldest few, to follow; and one of the others in turn, so that the error between any two shards is known. */
  #asked(): Life[] {
    const oldest = this.#members.slice(0, MAX_FOLLOWED)
    const others = this.#members.slice(MAX_FOLLOWED)
    const other = others[this.#round % Math.max(1, others.length)]
    return other === undefined ? oldest : [...oldest, other]
  }

  #ask(to: Life, nowMs: number): void {
    this.#questionId = (this.#questionId + 1) >>> 0
    this.#questions.set(this.#questionId, { to, sentMs: nowMs })
    this.#host.send(to, { kind: 'ask', id: this.#questionId }, 'datagram')
  }

  #answer(to: Life, id: number, nowMs: number): void {
    const errorMs = this.errorMs(nowMs)
    const clusterMs = this.now(nowMs)
    const answer: ClockAnswer = {
      kind: 'answer',
      id,
      receivedMs: clusterMs,
      sentMs: clusterMs,
      stratum: this.stratum,
      rootErrorMs: Number.isFinite(errorMs) ? errorMs : NO_ERROR_MS,
      follows: this.#follows,
    }
    this.#host.send(to, answer, 'datagram')
  }

  #learn(from: Life, answer: ClockAnswer, nowMs: number): void {
    const question = this.#questions.get(answer.id)
    if (question?.to !== from) return
    this.#questions.delete(answer.id)
    if (nowMs - question.sentMs > ANSWER_MS) return
    const rank = this.#members.indexOf(from)
    if (rank < 0) return
    let peer = this.#peers.get(from)
    if (peer === undefined) {
      peer = { filter: new ClockFilter(), rank: 0, stratum: 0, rootErrorMs: 0, follows: [], heardMs: nowMs }
      this.#peers.set(from, peer)
    }
    peer.rank = rank >= this.#rank ? rank + 1 : rank
    peer.stratum = answer.stratum
    peer.rootErrorMs = answer.rootErrorMs
    peer.follows = answer.follows
    peer.heardMs = nowMs
    const sentMs = question.sentMs + this.#baseMs
    const receivedMs = nowMs + this.#baseMs
    peer.filter.addSample(sentMs, answer.receivedMs, answer.sentMs, receivedMs)
    this.#choose(nowMs)
    if (!this.#follows.includes(from)) return
    const standing = { id: from, stratum: peer.stratum, rootErrorMs: peer.rootErrorMs }
    this.#clock.addSample(standing, sentMs, answer.receivedMs, answer.sentMs, receivedMs)
    // The first time that is heard is taken at once.
    if (this.#clock.rootErrorMs(receivedMs) === Number.POSITIVE_INFINITY) this.#clock.update(receivedMs)
  }

  /** Whom to follow, and so our own stratum. */
  #choose(nowMs: number): void {
    if (this.#root === this.#life) {
      this.#follow([])
      this.#clock.stratum = 1
      return
    }
    const usable: { readonly life: Life; readonly peer: Peer }[] = []
    for (const [life, peer] of this.#peers) if (this.#mayFollow(life, peer, nowMs)) usable.push({ life, peer })
    const older = usable.filter(({ peer }) => peer.rank < this.#rank)
    const chosen = (older.length > 0 ? older : usable)
      .sort((a, b) => a.peer.stratum - b.peer.stratum || a.peer.rank - b.peer.rank)
      .slice(0, MAX_FOLLOWED)
    const highest = chosen.reduce((most, { peer }) => Math.max(most, peer.stratum), 0)
    this.#follow(chosen.map(({ life }) => life))
    this.#clock.stratum = chosen.length === 0 ? UNSYNCHRONISED : Math.min(UNSYNCHRONISED, highest + 1)
  }

  #mayFollow(life: Life, peer: Peer, nowMs: number): boolean {
    if (nowMs - peer.heardMs > SILENT_MS || peer.stratum >= UNSYNCHRONISED - 1) return false
    if (peer.rootErrorMs >= NO_ERROR_MS || peer.follows.includes(this.#life)) return false
    return peer.stratum > 1 || life === this.#root
  }

  #follow(lives: readonly Life[]): void {
    for (const life of this.#follows) if (!lives.includes(life)) this.#clock.forget(life)
    this.#follows = lives
  }
}

function olderFirst(a: Member, b: Member): number {
  return a.since - b.since || (a.life < b.life ? -1 : 1)
}
