/**
 * A voter's part in a view: it grants leases, gathers evidence and wishes, and takes part in the ballot for the next view. Pure; `Views` holds one, which goes
 * along from view to view. Once it has voted it grants nothing more in that view, to nobody, itself included.
 */
import type { Life } from '../life.ts'
import type { PeerLane } from '../part.ts'
import { type BallotVoter, NextViewBallot, type Reason } from './ballot.ts'
import { EvidenceBook } from './evidence.ts'
import { compareLives, type MemberChange, type NewMember, type ViewChange } from './next-view.ts'
import { idOf, memberOf, type View, type ViewId } from './view.ts'
import type { AskMessage, BallotMessage } from './view-messages.ts'
import type { ViewsOptions } from './views-api.ts'
import { Wishes } from './wishes.ts'

export interface VoterHost {
  send(to: Life, message: BallotMessage, lane: PeerLane): void
  /** Writes down that this voter votes for a change of its view. */
  voting(view: View, change: ViewChange): void
  /** This voter's ballot decided. `restMs`: how long from now on nothing may be taken over from those who are removed. */
  decided(change: ViewChange, restMs: number, nowMs: number): void
}

type Options = Pick<ViewsOptions, 'life' | 'rules' | 'times' | 'askEveryMs' | 'evidenceMs' | 'random'>

/** How often a ballot that is under way is looked at. */
export const BUSY_EVERY_MS = 25

export class Voter implements BallotVoter {
  readonly evidence: EvidenceBook
  readonly wishes = new Wishes()
  readonly #options: Options
  readonly #host: VoterHost
  readonly #grantedMs = new Map<Life, number>()
  #view: View | undefined
  #id: ViewId = { generation: 0, number: 0 }
  #installedMs = 0
  #votedFor: ViewId | undefined
  #ballot: NextViewBallot | undefined
  #busy = false

  constructor(options: Options, host: VoterHost) {
    this.#options = options
    this.#host = host
    this.evidence = new EvidenceBook(options.life, options)
  }

  /** The view that it votes in; undefined: in none. */
  install(view: View, nowMs: number): void {
    const { life } = this.#options
    this.#installedMs = nowMs
    if (!view.voters.includes(life)) {
      this.#view = undefined
      this.#ballot = undefined
      this.#grantedMs.clear()
      return
    }
    this.#view = view
    this.#id = idOf(view)
    this.#ballot = new NextViewBallot(view, life, this)
    this.evidence.follow(view, nowMs)
    for (const granted of this.#grantedMs.keys())
      if (memberOf(view, granted) === undefined) this.#grantedMs.delete(granted)
    this.wishes.expire(view, nowMs)
  }

  get active(): boolean {
    return this.#view !== undefined
  }

  /** A ballot may be under way: when it wants to be looked at again, at most so often. */
  nextMs(nowMs: number): number {
    return this.#busy
      ? Math.min(nowMs + BUSY_EVERY_MS, this.#ballot?.startMs ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY
  }

  /** Whether a lease is granted. `from` is a member. */
  grants(from: Life, asked: ViewId, nowMs: number): boolean {
    if (this.#view === undefined || !this.#options.rules.mayGrant(this.#id, this.#votedFor, asked)) return false
    this.#grantedMs.set(from, nowMs)
    return true
  }

  heard(from: Life, ask: AskMessage, nowMs: number): void {
    this.evidence.asked(from, ask, nowMs)
    this.evidence.answers(from, ask.seq)
  }

  receive(from: Life, message: BallotMessage, nowMs: number): void {
    this.#ballot?.receive(from, message, nowMs)
  }

  tick(nowMs: number): void {
    const view = this.#view
    const ballot = this.#ballot
    if (view === undefined || ballot === undefined) return
    this.wishes.expire(view, nowMs)
    const backs = this.evidence.backs()
    const reason = this.#reason(view, backs)
    this.#busy = reason !== 'none' || ballot.hasVoted
    const unclear = reason === 'evidence' && this.evidence.unclear()
    ballot.tick(nowMs, reason, this.evidence.version, rankAmong(view, backs, this.#options.life), unclear)
  }

  send(to: Life, message: BallotMessage, lane: PeerLane): void {
    this.#host.send(to, message, lane)
  }

  backs(): Life[] {
    return this.evidence.backs()
  }

  joins(): NewMember[] {
    return this.wishes.joins
  }

  changes(): MemberChange[] {
    return this.wishes.changes
  }

  voting(change: ViewChange): void {
    const view = this.#view
    if (view === undefined) return
    this.#votedFor = { generation: view.generation, number: view.number + 1 }
    this.#host.voting(view, change)
  }

  testify(removals: readonly Life[], nowMs: number): { ages: number[]; proofs: boolean[]; refused: boolean[] } {
    const { rules } = this.#options
    const evidence = removals.map((life) => this.evidence.of(life))
    const ages = removals.map((life) => {
      const newestMs = rules.newestGrantMs(this.#grantedMs.get(life) ?? Number.NEGATIVE_INFINITY, this.#installedMs)
      return Math.min(1e12, Math.max(0, nowMs - newestMs))
    })
    // Who asked to leave has given up its lease for good: its own release.
    const proofs = evidence.map((kind) => kind === 'proof' || kind === 'leaving')
    return { ages, proofs, refused: evidence.map((kind) => kind === 'refused') }
  }

  decided(
    change: ViewChange,
    votes: readonly { ages: readonly number[]; proofs: readonly boolean[]; refused: readonly boolean[] }[],
    nowMs: number,
  ): void {
    let restMs = 0
    for (let i = 0; i < change.removals.length; i++) {
      const ages = votes.map((vote) => vote.ages[i] ?? 0)
      const proof = votes.some((vote) => vote.proofs[i] === true)
      const refused = votes.some((vote) => vote.refused[i] === true)
      restMs = Math.max(restMs, this.#options.rules.takeoverWaitMs(ages, { proof, refused }, this.#options.times))
    }
    this.#host.decided(change, restMs, nowMs)
  }

  random(): number {
    return this.#options.random() >>> 0
  }

  #reason(view: View, backs: readonly Life[]): Reason {
    if (backs.some((life) => this.evidence.of(life) === 'proof')) return 'proof'
    if (backs.length > 0) return 'evidence'
    return this.#wanted(view, backs) ? 'wishes' : 'none'
  }

  /** Joins whose name is taken by a member that stays are no reason for a ballot. */
  #wanted(view: View, backs: readonly Life[]): boolean {
    if (this.wishes.empty) return false
    if (this.wishes.changes.length > 0) return true
    const taken = new Set<string>()
    for (const { life, name } of view.members) if (!backs.includes(life)) taken.add(name)
    return this.wishes.joins.some(({ name }) => !taken.has(name))
  }
}

/** The oldest voter that one does not accuse goes first. */
function rankAmong(view: View, accused: readonly Life[], self: Life): number {
  const voters = view.members.filter(({ life }) => view.voters.includes(life) && !accused.includes(life))
  voters.sort((a, b) => a.since - b.since || compareLives(a.life, b.life))
  return Math.max(
    0,
    voters.findIndex(({ life }) => life === self),
  )
}
