/**
 * The first view of a generation, decided by a majority of a list of names. Single-decree Paxos; each name is an acceptor, and any life under a listed name may
 * propose. Pure; `Views` runs one while it has no view, and drops it when it gets one.
 *
 * Acceptors forget when their process ends. So a fresh life waits W before it takes part (every lease that an earlier one granted is over by then), accepts
 * only ballots that it promised itself, and a ballot is given up before W has passed.
 * Shards that remember an earlier view found only with so many of its voters, by name, that it has no majority without them: it cannot go on elsewhere.
 */
import type { Life } from '../life.ts'
import { compareBallots, MAX_ROUNDS_AHEAD, sameBallot } from './ballot.ts'
import { rememberedQuorums, voterNames } from './memory.ts'
import { chooseVoters, compareLives, type NewMember } from './next-view.ts'
import { blockingOf, majorityOf, memberOf, type View } from './view.ts'
import type { Ballot, FoundingMessage } from './view-messages.ts'
import type { KnownShard, ViewMemory } from './views-api.ts'

type Promised = Extract<FoundingMessage, { kind: 'found-promise' }>

export interface Founder {
  send(to: Life, message: FoundingMessage): void
  self(): NewMember
  /** One for each other name that is known. */
  others(): readonly KnownShard[]
  remember(memory: ViewMemory): void
  /** Decided by this shard's ballot; it may be one without this shard. */
  founded(view: View, nowMs: number): void
  random(): number
  wallMs(): number
}

export interface FoundingOptions {
  readonly cluster: string
  /** Who decides. One that is not listed answers, and may be needed for what is remembered. Empty: this shard answers only. */
  readonly names: readonly string[]
  readonly memory: ViewMemory | undefined
  /** W. */
  readonly waitMs: number
}

interface Attempt {
  readonly ballot: Ballot
  readonly startedMs: number
  readonly promises: Map<Life, Promised>
  readonly votes: Set<string>
  quorums: readonly (readonly string[])[]
  view: View | undefined
  resendMs: number
}

const RESEND_MS = 100
const RANK_DELAY_MS = 60
const RETRY_MS = 400
/** After another shard said that there is a living view. */
const POSTPONE_MS = 2_000

export class Founding {
  readonly #options: FoundingOptions
  readonly #founder: Founder
  #startMs = Number.POSITIVE_INFINITY
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #promised: Ballot | undefined
  #accepted: { readonly ballot: Ballot; readonly view: View } | undefined
  #attempt: Attempt | undefined
  #highestRound = 0
  #done = false

  constructor(options: FoundingOptions, founder: Founder) {
    this.#options = options
    this.#founder = founder
  }

  /** There is a view that lives, or will: it is joined, not outvoted. */
  postpone(nowMs: number): void {
    this.#notBeforeMs = nowMs + POSTPONE_MS
    this.#attempt = undefined
  }

  tick(nowMs: number): void {
    if (this.#done) return
    if (this.#startMs === Number.POSITIVE_INFINITY) {
      const rank = Math.max(0, this.#options.names.indexOf(this.#founder.self().name))
      this.#startMs = nowMs + this.#options.waitMs
      this.#notBeforeMs = this.#startMs + rank * RANK_DELAY_MS
    }
    const attempt = this.#attempt
    if (attempt !== undefined) return this.#continue(attempt, nowMs)
    if (nowMs < this.#notBeforeMs || !this.#mayPropose()) return
    this.#highestRound++
    const ballot = { round: this.#highestRound, life: this.#founder.self().life }
    this.#attempt = {
      ballot,
      startedMs: nowMs,
      promises: new Map(),
      votes: new Set(),
      quorums: [],
      view: undefined,
      resendMs: nowMs + RESEND_MS,
    }
    this.#sayToAll({ kind: 'found-prepare', ballot }, nowMs)
  }

  receive(from: Life, message: FoundingMessage, nowMs: number): void {
    if (this.#done) return
    const round = message.kind === 'found-overtaken' ? message.by.round : message.ballot.round
    if (round > this.#highestRound + MAX_ROUNDS_AHEAD) return
    this.#highestRound = Math.max(this.#highestRound, message.ballot.round)
    switch (message.kind) {
      case 'found-prepare':
        return this.#prepare(from, message.ballot, nowMs)
      case 'found-accept':
        return this.#accept(from, message.ballot, message.view, nowMs)
      case 'found-promise':
        return this.#promise(from, message, nowMs)
      case 'found-accepted':
        return this.#vote(from, message.ballot, nowMs)
      case 'found-overtaken':
        this.#highestRound = Math.max(this.#highestRound, message.by.round)
        if (this.#attempt !== undefined && sameBallot(this.#attempt.ballot, message.ballot)) this.#fail(nowMs)
    }
  }

  #mayPropose(): boolean {
    const { names } = this.#options
    const { name } = this.#founder.self()
    if (!names.includes(name)) return false
    let known = 1
    for (const other of this.#founder.others()) if (names.includes(other.name)) known++
    return known >= majorityOf(names.length)
  }

  #prepare(from: Life, ballot: Ballot, nowMs: number): void {
    if (nowMs < this.#startMs) return
    if (this.#promised !== undefined && compareBallots(ballot, this.#promised) < 0) {
      return this.#say(from, { kind: 'found-overtaken', ballot, by: this.#promised }, nowMs)
    }
    this.#promised = ballot
    this.#heedOther(ballot, nowMs)
    const { memory } = this.#options
    const accepted = this.#accepted
    this.#say(from, { kind: 'found-promise', ballot, accepted, member: this.#founder.self(), memory }, nowMs)
  }

  #accept(from: Life, ballot: Ballot, view: View, nowMs: number): void {
    if (this.#promised === undefined || view.cluster !== this.#options.cluster) return
    if (!sameBallot(this.#promised, ballot)) {
      if (compareBallots(ballot, this.#promised) > 0) return
      return this.#say(from, { kind: 'found-overtaken', ballot, by: this.#promised }, nowMs)
    }
    this.#heedOther(ballot, nowMs)
    this.#accepted = { ballot, view }
    const nextVoterNames = voterNames(view)
    this.#founder.remember({ generation: view.generation, number: 0, voterNames: [], nextVoterNames })
    this.#say(from, { kind: 'found-accepted', ballot }, nowMs)
  }

  #heedOther(ballot: Ballot, nowMs: number): void {
    if (ballot.life === this.#founder.self().life) return
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + RETRY_MS)
    if (this.#attempt !== undefined && compareBallots(this.#attempt.ballot, ballot) < 0) this.#fail(nowMs)
  }

  #continue(attempt: Attempt, nowMs: number): void {
    if (nowMs - attempt.startedMs >= this.#options.waitMs / 2) return this.#fail(nowMs)
    if (nowMs < attempt.resendMs) return
    attempt.resendMs = nowMs + RESEND_MS
    const { ballot, view } = attempt
    this.#sayToAll(view ? { kind: 'found-accept', ballot, view } : { kind: 'found-prepare', ballot }, nowMs)
  }

  #promise(from: Life, message: Promised, nowMs: number): void {
    const attempt = this.#attempt
    if (attempt === undefined || !sameBallot(attempt.ballot, message.ballot) || message.member.life !== from) return
    if (attempt.promises.has(from) || attempt.view !== undefined) return
    attempt.promises.set(from, message)
    const memories: ViewMemory[] = []
    for (const { memory } of attempt.promises.values()) if (memory !== undefined) memories.push(memory)
    attempt.quorums = rememberedQuorums(memories)
    const names = new Set([...attempt.promises.values()].map(({ member }) => member.name))
    if (!this.#suffices(names, attempt.quorums)) return
    attempt.view = this.#choose(attempt, memories)
    attempt.resendMs = nowMs + RESEND_MS
    this.#sayToAll({ kind: 'found-accept', ballot: attempt.ballot, view: attempt.view }, nowMs)
  }

  #choose(attempt: Attempt, memories: readonly ViewMemory[]): View {
    let newest: Promised['accepted']
    for (const { accepted } of attempt.promises.values()) {
      if (accepted && (newest === undefined || compareBallots(newest.ballot, accepted.ballot) < 0)) newest = accepted
    }
    const byName = new Map<string, NewMember>()
    for (const { member } of attempt.promises.values()) byName.set(member.name, member)
    if (newest !== undefined && !isDead(newest.view, byName)) return newest.view
    const below = Math.max(newest?.view.generation ?? -1, ...memories.map(({ generation }) => generation))
    return firstView(this.#options.cluster, [...byName.values()], below, this.#founder.wallMs())
  }

  #vote(from: Life, ballot: Ballot, nowMs: number): void {
    const attempt = this.#attempt
    if (attempt?.view === undefined || !sameBallot(attempt.ballot, ballot)) return
    const promise = attempt.promises.get(from)
    if (promise === undefined) return
    attempt.votes.add(promise.member.name)
    if (!this.#suffices(attempt.votes, attempt.quorums)) return
    const { view } = attempt
    this.postpone(nowMs)
    this.#done = memberOf(view, this.#founder.self().life) !== undefined
    this.#founder.founded(view, nowMs)
  }

  /** A majority of the list, and of the voters of what is remembered so many that it cannot go on. */
  #suffices(names: ReadonlySet<string>, remembered: readonly (readonly string[])[]): boolean {
    const among = (quorum: readonly string[]) => quorum.filter((name) => names.has(name)).length
    const { names: list } = this.#options
    if (among(list) < majorityOf(list.length)) return false
    return remembered.every((quorum) => quorum.length === 0 || among(quorum) >= blockingOf(quorum.length))
  }

  #fail(nowMs: number): void {
    this.#attempt = undefined
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + RETRY_MS * (0.5 + this.#founder.random() / 2 ** 32))
  }

  #sayToAll(message: FoundingMessage, nowMs: number): void {
    for (const { life } of this.#founder.others()) this.#say(life, message, nowMs)
    this.#say(this.#founder.self().life, message, nowMs)
  }

  #say(to: Life, message: FoundingMessage, nowMs: number): void {
    if (to === this.#founder.self().life) this.receive(to, message, nowMs)
    else this.#founder.send(to, message)
  }
}

/** View 1 of these members, in a generation above `below`. */
export function firstView(cluster: string, founders: readonly NewMember[], below: number, wallMs: number): View {
  const generation = Math.max(below + 1, Math.floor(wallMs / 1000))
  const members = founders.map((founder) => ({ ...founder, since: 1 }))
  members.sort((a, b) => compareLives(a.life, b.life))
  return { cluster, generation, number: 1, members, voters: chooseVoters(members, []) }
}

/** It may have been decided, but too many of its voters have started anew since, and waited: nobody holds a lease in it, or ever will. */
function isDead(view: View, present: ReadonlyMap<string, NewMember>): boolean {
  let anew = 0
  for (const voter of view.voters) {
    const now = present.get(memberOf(view, voter)?.name ?? '')
    if (now !== undefined && now.life !== voter) anew++
  }
  return anew >= blockingOf(view.voters.length)
}
