/**
 * Views and leases of one shard, as one part of its node: who is a member, whether this shard may act for its rooms, and from when on rooms of removed members
 * may be taken over. Pure. Puts together the voter's part (`voter.ts`), the lease (`leases.ts`), the chain of decided views (`chain.ts`), founding and joining. See decision 017.
 */
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import { ViewChain } from './chain.ts'
import { LeaseHolder } from './leases.ts'
import { memoryOf } from './memory.ts'
import { type MemberChange, type NewMember, survivableLosses, type ViewChange } from './next-view.ts'
import { Outsider } from './outsider.ts'
import { Teller } from './teller.ts'
import { compareViews, idOf, type Member, memberOf, type View, type ViewId } from './view.ts'
import type {
  AskMessage,
  BallotMessage,
  ChainMessage,
  FoundingMessage,
  ViewMessage,
  WishMessage,
} from './view-messages.ts'
import { describeView, reportMembers } from './view-report.ts'
import type { KnownShard, SelfDescription, ViewsApi, ViewsEvents, ViewsOptions, ViewsStatus } from './views-api.ts'
import { BUSY_EVERY_MS, Voter } from './voter.ts'

/** Without a lease for so long others than the voters are asked for newer views. */
const LOST_MS = 1_000
const WISH_AGAIN_MS = 400

export class Views implements ViewsApi, Part<ViewMessage> {
  readonly #options: ViewsOptions
  readonly #host: PartHost<ViewMessage>
  readonly #events: ViewsEvents
  readonly #chain = new ViewChain()
  readonly #lease: LeaseHolder
  readonly #voter: Voter
  readonly #outsider: Outsider
  readonly #teller: Teller
  #self: SelfDescription
  #members = new Set<Life>()
  #removed = false
  #leaving = false
  #takeoverFromMs = Number.NEGATIVE_INFINITY
  #started = false
  #lastTickMs = 0
  #awakeMs = 0
  #leaselessMs = 0
  #nextAskMs = Number.NEGATIVE_INFINITY
  #nextWishMs = Number.NEGATIVE_INFINITY
  #nextFetchMs = Number.NEGATIVE_INFINITY
  #nextMs = Number.NEGATIVE_INFINITY

  constructor(options: ViewsOptions, host: PartHost<ViewMessage>, events: ViewsEvents) {
    this.#options = options
    this.#host = host
    this.#events = events
    this.#self = options.self
    this.#lease = new LeaseHolder(options.rules, options.times)
    this.#voter = new Voter(options, {
      send: (to, message, lane) => host.send(to, message, lane),
      voting: (view, change) => events.remember(memoryOf(view, change)),
      decided: (change, restMs, nowMs) => this.#decided(change, restMs, nowMs),
    })
    const founded = (view: View, nowMs: number) => {
      for (const { life } of view.members)
        if (life !== options.life) this.#host.send(life, { kind: 'whole', view, removed: [] }, 'stream')
      if (memberOf(view, options.life) !== undefined) this.#begin(view, [], nowMs)
    }
    const send = (to: Life, message: ViewMessage) => this.#host.send(to, message, 'stream')
    this.#teller = new Teller(options.life, this.#chain, send)
    this.#outsider = new Outsider(options, { send, self: () => this.#newMember(), founded }, events)
  }

  get view(): View | undefined {
    return this.#chain.view
  }

  get leaseEndMs(): number {
    return this.#removed ? Number.NEGATIVE_INFINITY : this.#lease.endMs
  }

  get takeoverFromMs(): number {
    return this.#takeoverFromMs
  }

  get nextMs(): number {
    return this.#nextMs
  }

  knowShards(shards: readonly KnownShard[], nowMs: number): void {
    this.#outsider.know(shards)
    if (this.view === undefined && !this.#removed) this.#nextMs = Math.min(this.#nextMs, nowMs)
  }

  connectionRefused(life: Life, nowMs: number): void {
    this.#voter.evidence.refused(life)
    this.#nextMs = Math.min(this.#nextMs, nowMs)
  }

  endProven(life: Life, nowMs: number): void {
    if (life === this.#options.life) return
    this.#voter.evidence.proven(life)
    this.#sayToVoters({ kind: 'ended', life })
    this.#nextMs = Math.min(this.#nextMs, nowMs)
  }

  look(life: Life): void {
    if (this.#members.has(life) && life !== this.#options.life) this.#host.send(life, { kind: 'look' }, 'stream')
  }

  describe(change: Partial<Pick<Member, 'weight' | 'draining' | 'zone'>>, nowMs: number): void {
    this.#self = { ...this.#self, ...change }
    this.#nextWishMs = nowMs
    this.#nextMs = Math.min(this.#nextMs, nowMs)
  }

  leave(nowMs: number): void {
    if (this.#removed || this.#leaving) return
    this.#leaving = true
    this.#lease.release()
    if (this.view === undefined) return this.#end('it left before it was a member', nowMs)
    this.#nextWishMs = nowMs
    this.#nextMs = Math.min(this.#nextMs, nowMs)
  }

  /** To an earlier life at this address. */
  missent(message: ViewMessage, nowMs: number): void {
    if (this.view === undefined && message.kind === 'ask' && message.leaselessMs === 0)
      this.#outsider.predecessorAsked(nowMs)
  }

  status(nowMs: number): ViewsStatus {
    const { view } = this
    const evidence = this.#voter.active ? this.#voter.evidence : undefined
    const members = reportMembers(view, this.#options.life, evidence, nowMs)
    const phase = this.#removed ? 'removed' : view !== undefined ? 'member' : this.#outsider.phase
    const survives = view ? survivableLosses(view.voters.length) : 0
    return { phase, view, leaseLeftMs: this.leaseEndMs - nowMs, members, survives }
  }

  tick(nowMs: number): void {
    if (this.#removed) return
    if (!this.#started) {
      this.#started = true
      this.#lastTickMs = nowMs
      this.#outsider.start(nowMs)
    }
    // A shard that stalled was not there to see anything: only the time that it was awake is evidence.
    this.#awakeMs += Math.max(0, Math.min(nowMs - this.#lastTickMs, 2 * this.#options.askEveryMs))
    this.#lastTickMs = nowMs
    if (this.view === undefined) {
      const nextMs = this.#outsider.tick(nowMs)
      this.#nextMs = this.view === undefined ? nextMs : nowMs
      return
    }
    if (nowMs >= this.#nextAskMs) {
      this.#nextAskMs = nowMs + this.#options.askEveryMs
      this.#round(this.view, nowMs)
    }
    if (!this.#removed) this.#voter.tick(nowMs)
    this.#nextMs = this.#removed ? Number.POSITIVE_INFINITY : Math.min(this.#nextAskMs, this.#voter.nextMs(nowMs))
  }

  receive(from: Life, message: ViewMessage, nowMs: number): void {
    if (this.#removed || from === this.#options.life) return
    switch (message.kind) {
      case 'ask':
        return this.#asked(from, message, nowMs)
      case 'answer':
        this.#lease.answered(from, message.view, message.seq, message.granted, nowMs)
        return this.#tell(from, message.view, nowMs)
      case 'prepare':
      case 'promise':
      case 'overtaken':
      case 'accept':
      case 'accepted':
        return this.#balloted(from, message, nowMs)
      case 'chain':
      case 'whole':
      case 'fetch':
        return this.#chained(from, message, nowMs)
      case 'found-prepare':
      case 'found-promise':
      case 'found-overtaken':
      case 'found-accept':
      case 'found-accepted':
        return this.#founded(from, message, nowMs)
      default:
        return this.#wished(from, message, nowMs)
    }
  }

  /** Every 100 ms: asks for leases, looks at what was seen, and repeats what it wants. */
  #round(view: View, nowMs: number): void {
    const held = this.#options.rules.mayAct(nowMs, this.leaseEndMs)
    this.#leaselessMs = held ? 0 : this.#leaselessMs + this.#awakeMs
    if (this.#voter.active) {
      this.#voter.evidence.passed(this.#awakeMs, held)
      for (const life of this.#voter.evidence.toLookAt(nowMs)) this.#host.send(life, { kind: 'look' }, 'stream')
    }
    this.#awakeMs = 0
    this.#outsider.lookBeyond(view, nowMs)
    this.#lease.startRound(nowMs)
    for (const [index, life] of view.voters.entries()) {
      if (life !== this.#options.life) this.#host.send(life, this.#lease.ask(index, this.#leaselessMs), 'datagram')
      else this.#lease.answered(life, view, this.#lease.seq, this.#voter.grants(life, view, nowMs), nowMs)
    }
    if (nowMs >= this.#nextWishMs) {
      this.#nextWishMs = nowMs + WISH_AGAIN_MS
      this.#wish(view, nowMs)
    }
    if (this.#leaselessMs >= LOST_MS && nowMs >= this.#nextFetchMs) {
      this.#nextFetchMs = nowMs + LOST_MS / 2
      if (!this.#outsider.searchNewer(view)) this.#end('too many of its voters have started anew', nowMs)
    }
  }

  #wish(view: View, nowMs: number): void {
    const { life } = this.#options
    if (this.#leaving) {
      this.#voter.evidence.leaving(life)
      return this.#sayToVoters({ kind: 'leave' })
    }
    const { weight, draining, zone } = this.#self
    const member = memberOf(view, life)
    if (member?.weight === weight && member.draining === draining && member.zone === zone) return
    const change: MemberChange = { life, weight, draining, zone }
    this.#voter.wishes.change(change, nowMs)
    this.#sayToVoters({ kind: 'change', change })
  }

  #asked(from: Life, ask: AskMessage, nowMs: number): void {
    const { view } = this
    if (view === undefined) return
    const member = this.#members.has(from)
    const order = compareViews(ask.view, view)
    if (this.#voter.active && member) {
      this.#voter.heard(from, ask, nowMs)
      const granted = this.#voter.grants(from, ask.view, nowMs)
      this.#host.send(from, { kind: 'answer', view: idOf(view), seq: ask.seq, granted }, 'datagram')
    }
    if (order > 0) this.#teller.fetch(from, nowMs)
    else if (order < 0) this.#tell(from, ask.view, nowMs)
    else if (!member) this.#tell(from, undefined, nowMs)
  }

  #balloted(from: Life, message: BallotMessage, nowMs: number): void {
    const { view } = this
    if (view === undefined) return
    const order = compareViews(message.view, view)
    if (order > 0) return this.#teller.fetch(from, nowMs)
    if (order < 0) return this.#tell(from, message.view, nowMs)
    this.#voter.receive(from, message, nowMs)
    if (!this.#removed) this.#nextMs = Math.min(this.#nextMs, nowMs + BUSY_EVERY_MS)
  }

  #wished(from: Life, message: WishMessage, nowMs: number): void {
    const { view } = this
    switch (message.kind) {
      case 'join':
        return this.#joinAsked(from, message.member, message.forwarded, nowMs)
      case 'voters':
        if (view === undefined) return this.#outsider.told(message.voters, message.live, nowMs)
        return this.#outsider.yieldsTo(view, message) ? this.#end('a cluster goes on without it', nowMs) : undefined
      case 'refusal':
        return view === undefined ? this.#end(message.reason, nowMs) : undefined
      case 'change':
        if (message.change.life === from && this.#members.has(from)) this.#voter.wishes.change(message.change, nowMs)
        return
      case 'leave':
        return this.#voter.evidence.leaving(from)
      case 'ended':
        if (!this.#members.has(from)) return
        this.#voter.evidence.proven(message.life)
        this.#nextMs = Math.min(this.#nextMs, nowMs)
    }
  }

  #joinAsked(from: Life, member: NewMember, forwarded: boolean, nowMs: number): void {
    const { view } = this
    if (view === undefined || (from !== member.life && !this.#members.has(from))) return
    if (this.#members.has(member.life)) return this.#tell(member.life, undefined, nowMs)
    if (this.#chain.wasRemoved(member.life)) {
      const reason = 'this life was removed, and a life that was removed never comes back'
      return this.#host.send(member.life, { kind: 'refusal', reason }, 'stream')
    }
    if (this.#voter.active && this.#voter.wishes.join(member, nowMs)) {
      const holder = view.members.find(({ name }) => name === member.name)
      if (holder !== undefined) this.#voter.evidence.replaced(holder.life)
      this.#nextMs = Math.min(this.#nextMs, nowMs + BUSY_EVERY_MS)
    }
    if (forwarded) return
    this.#sayToVoters({ kind: 'join', member, forwarded: true })
    const live = this.#options.rules.mayAct(nowMs, this.leaseEndMs)
    this.#host.send(member.life, { kind: 'voters', view: idOf(view), voters: view.voters, live }, 'stream')
  }

  #founded(from: Life, message: FoundingMessage, nowMs: number): void {
    const { view } = this
    if (view === undefined) return this.#outsider.receive(from, message, nowMs)
    if (message.kind !== 'found-prepare') return
    if (this.#members.has(from)) return this.#tell(from, undefined, nowMs)
    const live = this.#options.rules.mayAct(nowMs, this.leaseEndMs)
    this.#host.send(from, { kind: 'voters', view: idOf(view), voters: view.voters, live }, 'stream')
  }

  #chained(from: Life, message: ChainMessage, nowMs: number): void {
    const { view } = this
    if (message.kind === 'fetch') return this.#tell(from, message.view, nowMs)
    if (message.kind === 'whole') return this.#toldWhole(message.view, message.removed, nowMs)
    if (view === undefined) return
    const { base, changes } = message
    // No wait is longer, whatever somebody says.
    const restMs = Math.min(message.restMs, this.#longestWaitMs)
    if (base.generation > view.generation) return this.#end('older generation', nowMs)
    const known = view.number - base.number
    if (base.generation < view.generation || known >= changes.length) return
    if (known < 0) return this.#teller.fetch(from, nowMs)
    for (const change of changes.slice(known)) {
      if (!this.#removed) this.#extend(change, restMs, nowMs)
    }
  }

  #toldWhole(told: View, removed: readonly Life[], nowMs: number): void {
    const { life, cluster } = this.#options
    if (told.cluster !== cluster) return
    const { view } = this
    const named = memberOf(told, life) !== undefined
    if (view === undefined) {
      if (named) this.#begin(told, removed, nowMs)
      else if (removed.includes(life)) this.#end('this life was removed', nowMs)
      else this.#outsider.told(told.voters, false, nowMs)
      return
    }
    if (told.generation > view.generation) return this.#end('older generation', nowMs)
    const order = compareViews(told, view)
    if (order > 0 && named) this.#begin(told, removed, nowMs)
    else if (order >= 0 && !named) this.#end(`not in view ${told.number}`, nowMs)
  }

  /** A first view, or one that is told as a whole: nothing is known of the leases of those who were removed on the way. */
  #begin(view: View, removed: readonly Life[], nowMs: number): void {
    const before = this.view
    this.#chain.start(view, removed)
    this.#install(view, before, this.#longestWaitMs, nowMs)
  }

  get #longestWaitMs(): number {
    return this.#options.times.leaseMs * this.#options.times.clockBound
  }

  #extend(change: ViewChange, restMs: number, nowMs: number): void {
    const before = this.view
    const view = this.#chain.extend(change)
    if (memberOf(view, this.#options.life) === undefined) return this.#end(`removed by view ${view.number}`, nowMs)
    this.#install(view, before, restMs, nowMs)
  }

  #install(view: View, before: View | undefined, restMs: number, nowMs: number): void {
    this.#members = new Set(view.members.map(({ life }) => life))
    if (restMs > 0) this.#takeoverFromMs = Math.max(this.#takeoverFromMs, nowMs + restMs)
    this.#events.remember(memoryOf(view, undefined))
    this.#lease.installed(view)
    this.#voter.install(view, nowMs)
    // New leases are asked for at once.
    this.#nextAskMs = this.#nextMs = nowMs
    this.#events.note('view', describeView(view))
    this.#events.viewInstalled(view, before, nowMs)
  }

  #decided(change: ViewChange, restMs: number, nowMs: number): void {
    const before = this.view
    if (before === undefined) return
    this.#extend(change, restMs, nowMs)
    const message: ViewMessage = { kind: 'chain', base: idOf(before), changes: [change], restMs }
    for (const { life } of before.members) if (life !== this.#options.life) this.#host.send(life, message, 'stream')
    for (const { life } of change.joins) this.#tell(life, undefined, nowMs)
  }

  #tell(to: Life, from: ViewId | undefined, nowMs: number): void {
    this.#teller.tell(to, from, this.#takeoverFromMs - nowMs, nowMs)
  }

  #end(reason: string, nowMs: number): void {
    this.#removed = true
    this.#nextMs = Number.POSITIVE_INFINITY
    this.#events.removed(reason, nowMs)
  }

  #newMember(): NewMember {
    const { name, address, url, zone, weight, draining } = this.#self
    return { life: this.#options.life, name, address, url, zone, weight, draining }
  }

  #sayToVoters(message: ViewMessage): void {
    for (const life of this.view?.voters ?? [])
      if (life !== this.#options.life) this.#host.send(life, message, 'stream')
  }
}
