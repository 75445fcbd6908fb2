/**
 * One decision: which change makes the next view. Single-decree Paxos, classic majority, among the voters of the view that it follows; each voter is an
 * acceptor, and a proposer when it has a reason. Pure; `Views` makes one for every view that it installs as a voter.
 *
 * An acceptor takes any value of a ballot that is not below what it promised, so a value that may have been chosen is never blocked. A proposer whose
 * majority has accepted nothing yet is free: it then proposes only removals that a majority of the voters back by what they saw themselves.
 */
import type { Life } from '../life.ts'
import type { PeerLane } from '../part.ts'
import {
  chooseChange,
  compareLives,
  MAX_CHANGES,
  MAX_JOINS,
  type MemberChange,
  type NewMember,
  type ViewChange,
} from './next-view.ts'
import { idOf, majorityOf, type View, type ViewId } from './view.ts'
import type { Ballot, BallotMessage } from './view-messages.ts'

type Promised = Extract<BallotMessage, { kind: 'promise' }>
type Accepted = Extract<BallotMessage, { kind: 'accepted' }>

/** What a voter brings into a ballot. */
export interface BallotVoter {
  send(to: Life, message: BallotMessage, lane: PeerLane): void
  backs(): Life[]
  joins(): NewMember[]
  changes(): MemberChange[]
  /** Writes the vote down; from here on no lease is granted in this view. */
  voting(change: ViewChange): void
  /** What it knows of the leases of those who are to be removed. */
  testify(removals: readonly Life[], nowMs: number): Pick<Accepted, 'ages' | 'proofs' | 'refused'>
  /** A majority has accepted. */
  decided(change: ViewChange, votes: readonly Accepted[], nowMs: number): void
  random(): number
}

/** Why a voter would start a ballot. `proof`: somebody's end is proven, and nothing else has to be waited for. */
export type Reason = 'none' | 'proof' | 'evidence' | 'wishes'

interface Attempt {
  readonly ballot: Ballot
  readonly startedMs: number
  readonly promises: Map<Life, Promised>
  readonly votes: Map<Life, Accepted>
  /** From the second phase on. */
  change: ViewChange | undefined
  resendMs: number
}

const RESEND_MS = 100
/** A phase that takes longer has failed. */
const GIVE_UP_MS = 1_000
/** Promises of more than a majority are waited for while they could back a removal. */
const GATHER_MS = 150
/** Another's ballot is under way. */
const YIELD_MS = 300
/** How long to wait for what else may belong into the same change, and for the others to see what this one saw. A proof is told to all at once. */
const DELAY_MS: Readonly<Record<Exclude<Reason, 'none'>, number>> = { proof: 5, evidence: 200, wishes: 50 }
const RANK_DELAY_MS = 50
const LONGEST_BATCH_MS = 600
const UNFINISHED_MS = 400
const LONGEST_RETRY_MS = 4_000
/** Rounds that a ballot may be ahead of all others: one that is further is a fault, and would drive rounds to the end of the numbers. */
export const MAX_ROUNDS_AHEAD = 1_000_000
/** Longer ones do not fit a datagram. */
const DATAGRAM_BYTES = 1_000

export class NextViewBallot {
  readonly #view: View
  readonly #id: ViewId
  readonly #self: Life
  readonly #voter: BallotVoter
  readonly #needed: number
  #promised: Ballot | undefined
  #accepted: { readonly ballot: Ballot; readonly change: ViewChange } | undefined
  #attempt: Attempt | undefined
  #highestRound = 0
  #failures = 0
  #version = 0
  #reasonSinceMs = Number.POSITIVE_INFINITY
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #unfinishedMs = Number.POSITIVE_INFINITY
  #startMs = Number.POSITIVE_INFINITY
  #done = false

  constructor(view: View, self: Life, voter: BallotVoter) {
    this.#view = view
    this.#id = idOf(view)
    this.#self = self
    this.#voter = voter
    this.#needed = majorityOf(view.voters.length)
  }

  /** When it wants to start, as of its last `tick`; Infinity: not. */
  get startMs(): number {
    return this.#startMs
  }

  get hasVoted(): boolean {
    return this.#accepted !== undefined
  }

  /** `version` grows with new evidence: then there is no reason to wait after failures. `rank`: among the voters that this one trusts. `unclear`: more evidence may follow soon. */
  tick(nowMs: number, reason: Reason, version: number, rank: number, unclear: boolean): void {
    this.#startMs = Number.POSITIVE_INFINITY
    if (this.#done) return
    if (version !== this.#version) {
      this.#version = version
      this.#failures = 0
      this.#promiseAgain(nowMs)
    }
    if (this.#attempt !== undefined) return this.#continue(this.#attempt, nowMs)
    if (this.#accepted !== undefined) {
      if (nowMs >= this.#unfinishedMs + rank * RANK_DELAY_MS && nowMs >= this.#notBeforeMs) this.#start(nowMs)
      return
    }
    if (reason === 'none') {
      this.#reasonSinceMs = Number.POSITIVE_INFINITY
      return
    }
    if (this.#reasonSinceMs === Number.POSITIVE_INFINITY) this.#reasonSinceMs = nowMs
    const delayMs = DELAY_MS[reason] + rank * RANK_DELAY_MS
    const waitMs = unclear ? Math.max(delayMs, LONGEST_BATCH_MS) : delayMs
    this.#startMs = Math.max(this.#reasonSinceMs + waitMs, this.#notBeforeMs)
    if (nowMs >= this.#startMs) this.#start(nowMs)
  }

  /** Everything with this view's number comes here, from voters only. */
  receive(from: Life, message: BallotMessage, nowMs: number): void {
    if (this.#done || !this.#view.voters.includes(from)) return
    const round = message.kind === 'overtaken' ? message.by.round : message.ballot.round
    if (round > this.#highestRound + MAX_ROUNDS_AHEAD) return
    this.#highestRound = Math.max(this.#highestRound, message.ballot.round)
    switch (message.kind) {
      case 'prepare':
        return this.#prepare(from, message.ballot, nowMs)
      case 'accept':
        return this.#accept(from, message.ballot, message.change, nowMs)
      case 'promise':
        return this.#promise(from, message, nowMs)
      case 'accepted':
        return this.#vote(from, message, nowMs)
      case 'overtaken':
        this.#highestRound = Math.max(this.#highestRound, message.by.round)
        if (this.#attempt !== undefined && sameBallot(this.#attempt.ballot, message.ballot)) this.#fail(nowMs)
    }
  }

  #prepare(from: Life, ballot: Ballot, nowMs: number): void {
    if (this.#promised !== undefined && compareBallots(ballot, this.#promised) < 0) {
      return this.#say(from, { kind: 'overtaken', view: this.#id, ballot, by: this.#promised }, nowMs)
    }
    this.#promised = ballot
    this.#heedOther(ballot, nowMs)
    this.#sayPromise(from, ballot, nowMs)
  }

  /** What was seen since may be what the ballot waits for. */
  #promiseAgain(nowMs: number): void {
    const ballot = this.#promised
    if (ballot !== undefined && ballot.life !== this.#self && this.#accepted === undefined)
      this.#sayPromise(ballot.life, ballot, nowMs)
  }

  #sayPromise(to: Life, ballot: Ballot, nowMs: number): void {
    const joins = this.#voter.joins().slice(0, MAX_JOINS)
    const changes = this.#voter.changes().slice(0, MAX_CHANGES)
    const accepted = this.#accepted
    this.#say(
      to,
      { kind: 'promise', view: this.#id, ballot, accepted, backs: this.#voter.backs(), joins, changes },
      nowMs,
    )
  }

  #accept(from: Life, ballot: Ballot, change: ViewChange, nowMs: number): void {
    if (this.#promised !== undefined && compareBallots(ballot, this.#promised) < 0) {
      return this.#say(from, { kind: 'overtaken', view: this.#id, ballot, by: this.#promised }, nowMs)
    }
    this.#promised = ballot
    this.#heedOther(ballot, nowMs)
    if (this.#accepted === undefined || compareBallots(this.#accepted.ballot, ballot) < 0) {
      this.#accepted = { ballot, change }
      this.#voter.voting(change)
    }
    this.#unfinishedMs = nowMs + UNFINISHED_MS
    const said = this.#voter.testify(change.removals, nowMs)
    this.#say(from, { kind: 'accepted', view: this.#id, ballot, ...said }, nowMs)
  }

  /** Another's ballot above ours: ours has failed, and we leave it some time. */
  #heedOther(ballot: Ballot, nowMs: number): void {
    if (ballot.life === this.#self) return
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + YIELD_MS)
    if (this.#attempt !== undefined && compareBallots(this.#attempt.ballot, ballot) < 0) this.#fail(nowMs)
  }

  #start(nowMs: number): void {
    this.#highestRound++
    const ballot = { round: this.#highestRound, life: this.#self }
    this.#attempt = {
      ballot,
      startedMs: nowMs,
      promises: new Map(),
      votes: new Map(),
      change: undefined,
      resendMs: nowMs + RESEND_MS,
    }
    this.#sayToAll({ kind: 'prepare', view: this.#id, ballot }, () => false, nowMs)
  }

  #continue(attempt: Attempt, nowMs: number): void {
    if (nowMs - attempt.startedMs >= GIVE_UP_MS) return this.#fail(nowMs)
    if (attempt.change === undefined) this.#close(attempt, nowMs)
    if (this.#attempt !== attempt || nowMs < attempt.resendMs) return
    attempt.resendMs = nowMs + RESEND_MS
    const { ballot, change } = attempt
    if (change === undefined) {
      this.#sayToAll({ kind: 'prepare', view: this.#id, ballot }, (life) => attempt.promises.has(life), nowMs)
    } else this.#sayToAll({ kind: 'accept', view: this.#id, ballot, change }, (life) => attempt.votes.has(life), nowMs)
  }

  #promise(from: Life, message: Promised, nowMs: number): void {
    const attempt = this.#attempt
    if (attempt === undefined || attempt.change !== undefined || !sameBallot(attempt.ballot, message.ballot)) return
    attempt.promises.set(from, message)
    this.#close(attempt, nowMs)
  }

  /** Ends the first phase, if enough has been promised. */
  #close(attempt: Attempt, nowMs: number): void {
    const { promises } = attempt
    if (promises.size < this.#needed) return
    let newest: Promised['accepted']
    const backing = new Map<Life, number>()
    const joins: NewMember[] = []
    const changes = new Map<Life, MemberChange>()
    for (const promise of promises.values()) {
      const { accepted } = promise
      if (accepted && (newest === undefined || compareBallots(newest.ballot, accepted.ballot) < 0)) newest = accepted
      for (const life of promise.backs) backing.set(life, (backing.get(life) ?? 0) + 1)
      joins.push(...promise.joins)
      for (const one of promise.changes) changes.set(one.life, one)
    }
    let change = newest?.change
    if (change === undefined) {
      const open = [...backing.values()].some((count) => count < this.#needed)
      if (open && promises.size < this.#view.voters.length && nowMs - attempt.startedMs < GATHER_MS) return
      change = chooseChange(this.#view, { backing, joins, changes: [...changes.values()] })
    }
    if (change === undefined) return this.#fail(nowMs)
    attempt.change = change
    attempt.resendMs = nowMs + RESEND_MS
    this.#sayToAll({ kind: 'accept', view: this.#id, ballot: attempt.ballot, change }, () => false, nowMs)
  }

  #vote(from: Life, message: Accepted, nowMs: number): void {
    const attempt = this.#attempt
    if (attempt?.change === undefined || !sameBallot(attempt.ballot, message.ballot)) return
    if (message.ages.length !== attempt.change.removals.length) return
    attempt.votes.set(from, message)
    if (attempt.votes.size < this.#needed) return
    this.#done = true
    this.#attempt = undefined
    this.#voter.decided(attempt.change, [...attempt.votes.values()], nowMs)
  }

  #fail(nowMs: number): void {
    this.#attempt = undefined
    this.#failures++
    const delayMs = Math.min(LONGEST_RETRY_MS, 100 * 1.7 ** this.#failures) * (0.5 + this.#voter.random() / 2 ** 32)
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + delayMs)
    this.#reasonSinceMs = Math.min(this.#reasonSinceMs, nowMs)
  }

  #sayToAll(message: BallotMessage, except: (life: Life) => boolean, nowMs: number): void {
    for (const life of this.#view.voters) if (life !== this.#self && !except(life)) this.#say(life, message, nowMs)
    if (!except(this.#self)) this.#say(this.#self, message, nowMs)
  }

  #say(to: Life, message: BallotMessage, nowMs: number): void {
    if (to === this.#self) this.receive(to, message, nowMs)
    else this.#voter.send(to, message, roughBytes(message) > DATAGRAM_BYTES ? 'stream' : 'datagram')
  }
}

export function compareBallots(a: Ballot, b: Ballot): number {
  return a.round - b.round || compareLives(a.life, b.life)
}

export function sameBallot(a: Ballot, b: Ballot): boolean {
  return compareBallots(a, b) === 0
}

/** Not less than it takes, packed. */
function roughBytes(message: BallotMessage): number {
  if (message.kind === 'promise') {
    const { accepted, backs, joins, changes } = message
    return (
      250 + 18 * backs.length + joinBytes(joins) + 80 * changes.length + (accepted ? changeBytes(accepted.change) : 0)
    )
  }
  if (message.kind === 'accept') return 250 + changeBytes(message.change)
  return message.kind === 'accepted' ? 250 + 11 * message.ages.length : 250
}

function changeBytes({ removals, joins, changes, voters }: ViewChange): number {
  return 60 + 18 * (removals.length + voters.length) + joinBytes(joins) + 80 * changes.length
}

function joinBytes(joins: readonly NewMember[]): number {
  let bytes = 0
  for (const { name, address, url, zone } of joins)
    bytes += 90 + 3 * (name.length + address.length + url.length + zone.length)
  return bytes
}
