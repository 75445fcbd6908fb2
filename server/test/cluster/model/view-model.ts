/**
 * The model of views, leases, takeover and the ownership of one room, for `explore`: what shards do in any order, between ticks of two-step leases.
 * The decisions are the server's own (`VIEW_RULES`); a case replaces one, or switches a mistake on, to see that the checker notices.
 *
 * Explored: every order of asks, grants, answers (lost, late, out of order, a bounded number at a time), votes, decisions, installations, claims, words of a
 * home to a successor (however late), deaths, false accusations (any voter may back any removal that the case proposes, at any time), hand-overs, stalls, and of
 * skipped ticks of slow clocks. Time runs without end: all times are relative, so the states are finite, and all are visited.
 *
 * Abstracted: agreement on *one* value for a view is taken as given (the first vote for a view's number proposes it; a majority of votes decides it); only a shard
 * that runs the room asks for leases, and in the case's last view it is taken to have one always (nothing removes it there); only those that the case calls slow have slow clocks, all others run with the model's time,
 * which is the fastest (a slow clock of a voter or successor makes it wait longer, only a holder's can hurt); an answer that has become
 * useless is dropped; a lost message is one that was not sent (of a lost answer the voter's note would be left, which only makes others wait longer); evidence has no times; a life with the journal may be any member; answers are not doubled (the second says what the first said).
 */
import type { ViewId } from '../../../src/cluster/view/view.ts'
import { majorityOf } from '../../../src/cluster/view/view.ts'
import type { LeaseTimes, ViewRules } from '../../../src/cluster/view/view-rules.ts'
import type { Model } from './explore.ts'
import { epochOf, type Layout, type LeaseMessage, layoutOf, packMessage, unpackMessage, WORDS } from './layout.ts'

/** What is wrong with this cluster, beside its rules. None: nothing. */
export type Mistake =
  | 'self-grants-after-vote'
  | 'acts-after-stall-without-looking'
  | 'names-before-all-claims'
  | 'joiner-takes-over-at-once'
  | 'word-of-an-older-view'
  | 'removed-life-returns'

export interface ViewCase {
  readonly lives: number
  /** For each view from the first, which members it may have. The first has one alternative; life 0 owns the room in it. */
  readonly views: readonly (readonly (readonly number[])[])[]
  /** By view, from the first: the room's home, if it is a member; else the first member is. */
  readonly homes: readonly number[]
  readonly rules: ViewRules
  readonly times: LeaseTimes
  /** Lease messages in flight at a time. */
  readonly messages: number
  readonly deaths?: number
  /** How often the home may ask the owner to release the room. */
  readonly handOvers?: number
  readonly stalls?: number
  /** Lives whose clocks may be slow: lose one tick of three. */
  readonly slow?: readonly number[]
  /** Lives that hear of no votes and no views, and answer who asks. */
  readonly behind?: readonly number[]
  readonly mistake?: Mistake
}

type State = number[]
type Emit = (next: State, step: string) => void

export class ViewModel implements Model<State> {
  readonly initial: readonly State[]
  readonly #case: ViewCase
  readonly #at: Layout
  readonly #ids: readonly ViewId[]
  /** W, in whole ticks: older than this is as good as never. */
  readonly #old: number
  /** The number of the case's last view. */
  readonly #last: number
  /** By view and life: whether a view after that one may remove it; whether it may be the home from that one on. */
  readonly #removable: readonly (readonly boolean[])[]
  readonly #homely: readonly (readonly boolean[])[]

  constructor(viewCase: ViewCase) {
    this.#case = viewCase
    this.#at = layoutOf(viewCase.lives, viewCase.views.length, viewCase.messages)
    this.#ids = [0, ...viewCase.views.keys()].map((_, number) => ({ generation: 1, number }))
    // However short a mistaken W is: messages and ages are told apart as long as a lease of the slowest clock lasts.
    this.#old = Math.max(3, Math.ceil(viewCase.times.leaseMs * viewCase.times.clockBound))
    this.#last = viewCase.views.length
    const table = (of: (life: number, view: number) => boolean): boolean[][] =>
      this.#ids.map((_, view) => Array.from({ length: viewCase.lives }, (_life, life) => of(life, view)))
    this.#removable = table((life, view) => this.#mayBeRemoved(life, view))
    this.#homely = table((life, view) => this.#mayBeHome(life, view))
    this.initial = [this.#first()]
  }

  key(state: State): string {
    return String.fromCharCode(...state)
  }

  violation(state: State): string | undefined {
    const at = this.#at
    let acting = -1
    for (let life = 0; life < at.lives; life++) {
      if (!this.#acts(state, life)) continue
      if (acting >= 0) return `shards ${acting} and ${life} act at once`
      acting = life
      const view = get(state, at.view + life)
      for (let number = 2; number < view; number++) {
        const before = this.#members(state, number - 1).includes(life)
        if (before && !this.#members(state, number).includes(life))
          return `shard ${life} was removed by view ${number}, and acts in view ${view}`
      }
      if (get(state, at.runs + life) < get(state, at.newest)) return `shard ${life} acts in an epoch that is over`
    }
    return undefined
  }

  successors(state: State, emit: Emit): void {
    if (this.#isSettled(state)) return
    const out: Emit = (next, step) => {
      this.#settle(next)
      emit(next, step)
    }
    this.#time(state, out)
    this.#inFlight(state, out)
    for (let life = 0; life < this.#at.lives; life++) {
      if (get(state, this.#at.over + life) !== 0) continue
      this.#faults(state, life, out)
      if (isStalled(get(state, this.#at.stall + life))) continue
      this.#ask(state, life, out)
      if (this.#case.behind?.includes(life)) continue
      this.#vote(state, life, out)
      this.#install(state, life, out)
      this.#home(state, life, out)
      this.#words(state, life, out)
    }
  }

  /** All that may still happen is that who has the room in the last view goes on with it. */
  #isSettled(state: State): boolean {
    const at = this.#at
    if (get(state, at.handOvers) > 0 || get(state, at.words) !== 0) return false
    let running = 0
    for (let life = 0; life < at.lives; life++) {
      if (get(state, at.over + life) !== 0) continue
      const view = get(state, at.view + life)
      const runs = get(state, at.runs + life) !== 0
      if (view === this.#last) running += runs ? 1 : 0
      else if (runs || this.#case.behind?.includes(life) !== true || this.#homeOf(state, view) === life) return false
    }
    return running > 0
  }

  #first(): State {
    const at = this.#at
    const state: State = new Array(at.size).fill(0)
    for (let life = 0; life < at.lives; life++) {
      if (this.#case.slow?.includes(life)) state[at.paced + life] = this.#case.times.leaseMs
      const isMember = this.#case.views[0]?.[0]?.includes(life) ?? false
      state[at.view + life] = isMember ? 1 : 0
      for (let voter = 0; voter < at.lives; voter++) state[at.granted + voter * at.lives + life] = this.#old
      if (isMember) state[at.claims + 1] = get(state, at.claims + 1) | ((life === 0 ? 2 : 1) << (2 * life))
    }
    state[at.chosen + 1] = 1
    state[at.decided + 1] = 1
    state[at.owner + 1] = 1
    state[at.named + 1] = 1
    state[at.runs] = epochOf(1, 1)
    state[at.deaths] = this.#case.deaths ?? 0
    state[at.handOvers] = this.#case.handOvers ?? 0
    state[at.stalls] = this.#case.stalls ?? 0
    return state
  }

  /** What holds after every step: messages sorted, books that nobody will read again empty, and the newest epoch that acted noted. */
  #settle(state: State): void {
    const at = this.#at
    sortSlots(state, at.messages, this.#case.messages)
    this.#forgetBooks(state)
    for (let life = 0; life < at.lives; life++) this.#forget(state, life)
    this.#dropUseless(state)
    sortSlots(state, at.messages, this.#case.messages)
    sortSlots(state, at.words, WORDS)
    for (let life = 0; life < at.lives; life++) {
      const epoch = get(state, at.runs + life)
      if (epoch > get(state, at.newest) && this.#acts(state, life)) state[at.newest] = epoch
    }
  }

  #forgetBooks(state: State): void {
    const at = this.#at
    for (let view = 1; view <= this.#last; view++) {
      if (get(state, at.decided + view) === 0) break
      const home = this.#homeOf(state, view)
      if (get(state, at.over + home) === 0 && get(state, at.view + home) <= view) continue
      for (const book of [at.claims, at.owner, at.named]) state[book + view] = 0
    }
  }

  /** What a shard knows and will never use is as if it did not know it. */
  #forget(state: State, life: number): void {
    const at = this.#at
    const view = get(state, at.view + life)
    const votes = Math.max(view, get(state, at.voted + life))
    const uses = get(state, at.runs + life) !== 0
    for (let other = 0; other < at.lives; other++) {
      if (view === this.#last || !uses) state[at.grants + life * at.lives + other] = 0
      if (!this.#removable[votes]?.[other]) state[at.granted + life * at.lives + other] = this.#old
    }
    if (!this.#homely[view]?.[life]) state[at.wait + life] = 0
  }

  /** Asks that will not be granted any more, and grants that would add nothing. */
  #dropUseless(state: State): void {
    const at = this.#at
    for (let slot = at.messages; slot < at.messages + this.#case.messages; slot++) {
      const packed = get(state, slot)
      if (packed === 0) return // sorted: the rest is free
      const { kind, holder, voter, view, elapsed } = unpackMessage(packed)
      const left = this.#case.rules.grantEndMs(-elapsed, 0, this.#case.times)
      const has = get(state, at.grants + holder * at.lives + voter)
      const isRefused = kind === 'ask' && get(state, at.view + voter) >= view && !this.#mayGrant(state, voter, view)
      const isLast = get(state, at.view + holder) === this.#last
      if (isRefused || isLast || (has >> 3 === view && left <= (has & 7))) state[slot] = 0
    }
  }

  /** Whether a view after `number` may remove it. */
  #mayBeRemoved(life: number, number: number): boolean {
    const { views } = this.#case
    for (let later = Math.max(1, number); later < views.length; later++) {
      const stays = views[later]?.every((members) => members.includes(life)) ?? true
      if (!stays) return true
    }
    return false
  }

  #mayBeHome(life: number, from: number): boolean {
    for (let view = Math.max(1, from); view <= this.#last; view++) {
      const alternatives = this.#case.views[view - 1] ?? []
      if (alternatives.some((members) => this.#homeAmong(members, view) === life)) return true
    }
    return false
  }

  #members(state: State, view: number): readonly number[] {
    return this.#case.views[view - 1]?.[get(state, this.#at.chosen + view) - 1] ?? []
  }

  #id(view: number): ViewId {
    return this.#ids[view] ?? { generation: 0, number: 0 }
  }

  #acts(state: State, life: number): boolean {
    const at = this.#at
    const stall = get(state, at.stall + life)
    const view = get(state, at.view + life)
    if (get(state, at.runs + life) === 0 || view === 0 || isStalled(stall)) return false
    if (stall === 3 || view === this.#last) return true
    const ends: number[] = []
    for (let voter = 0; voter < at.lives; voter++) {
      const grant = get(state, at.grants + life * at.lives + voter)
      if (grant !== 0 && this.#case.rules.grantCounts(this.#id(view), this.#id(grant >> 3))) ends.push(grant & 7)
    }
    const end = this.#case.rules.leaseEndMs(ends, this.#members(state, view).length)
    return this.#case.rules.mayAct(0, end)
  }

  /** A tick of the model's time: every clock goes on, but for slow ones that may skip it. */
  #time(state: State, emit: Emit): void {
    const at = this.#at
    const slow = (this.#case.slow ?? []).filter((life) => get(state, at.over + life) === 0)
    for (let mask = 0; mask < 1 << slow.length; mask++) {
      const skipping = slow.filter((_, index) => mask & (1 << index))
      if (skipping.some((life) => get(state, at.paced + life) < this.#case.times.leaseMs)) continue
      const next = state.slice()
      for (let life = 0; life < at.lives; life++) {
        if (get(state, at.over + life) !== 0) continue
        if (skipping.includes(life)) next[at.paced + life] = 0
        else this.#advance(next, life, slow.includes(life))
      }
      emit(next, skipping.length > 0 ? `a tick passes, but not for ${skipping.join(' and ')}` : 'a tick passes')
    }
  }

  #advance(state: State, life: number, isSlow: boolean): void {
    const at = this.#at
    if (isSlow) state[at.paced + life] = Math.min(this.#case.times.leaseMs, get(state, at.paced + life) + 1)
    state[at.wait + life] = Math.max(0, get(state, at.wait + life) - 1)
    if (get(state, at.stall + life) === 3) state[at.stall + life] = 0
    for (let other = 0; other < at.lives; other++) {
      const grant = at.grants + life * at.lives + other
      if (get(state, grant) !== 0) state[grant] = (get(state, grant) & 7) > 1 ? get(state, grant) - 1 : 0
      const granted = at.granted + life * at.lives + other
      state[granted] = Math.min(this.#old, get(state, granted) + 1)
    }
    for (let slot = at.messages; slot < at.messages + this.#case.messages; slot++) {
      const packed = get(state, slot)
      if (packed === 0) continue
      const message = unpackMessage(packed)
      if (message.holder !== life) continue
      const elapsed = Math.min(this.#old, message.elapsed + 1)
      // Too late to count, by the rules in force: as good as lost.
      const isUseless = this.#case.rules.grantEndMs(-elapsed, 0, this.#case.times) <= 0
      state[slot] = isUseless ? 0 : packMessage({ ...message, elapsed })
    }
  }

  /** Lease messages arrive, or do not: one that is lost is as one that was not sent. */
  #inFlight(state: State, emit: Emit): void {
    const at = this.#at
    for (let slot = at.messages; slot < at.messages + this.#case.messages; slot++) {
      const packed = get(state, slot)
      if (packed === 0 || packed === get(state, slot - 1)) continue
      const message = unpackMessage(packed)
      const to = message.kind === 'ask' ? message.voter : message.holder
      if (get(state, at.over + to) !== 0 || isStalled(get(state, at.stall + to))) continue
      if (message.kind === 'ask') this.#asked(state, slot, message, emit)
      else this.#answered(state, slot, message, emit)
    }
  }

  #asked(state: State, slot: number, message: LeaseMessage, emit: Emit): void {
    const at = this.#at
    const { holder, voter } = message
    if (!this.#mayGrant(state, voter, message.view)) return // dropped: as if lost
    const next = state.slice()
    next[at.granted + voter * at.lives + holder] = 0
    next[slot] = packMessage({ ...message, kind: 'answer', view: get(state, at.view + voter) })
    emit(next, `${voter} grants to ${holder} in view ${get(state, at.view + voter)}`)
  }

  #mayGrant(state: State, voter: number, asked: number): boolean {
    const voted = get(state, this.#at.voted + voter)
    const installed = get(state, this.#at.view + voter)
    if (installed === 0) return false
    return this.#case.rules.mayGrant(this.#id(installed), voted === 0 ? undefined : this.#id(voted), this.#id(asked))
  }

  #answered(state: State, slot: number, { holder, voter, view, elapsed }: LeaseMessage, emit: Emit): void {
    const at = this.#at
    const next = state.slice()
    next[slot] = 0
    const left = this.#case.rules.grantEndMs(-elapsed, 0, this.#case.times)
    const counts = this.#case.rules.grantCounts(this.#id(get(state, at.view + holder)), this.#id(view))
    const grant = at.grants + holder * at.lives + voter
    if (counts && left > (get(state, grant) & 7)) next[grant] = view * 8 + left
    emit(next, `${holder} gets the grant of ${voter}`)
  }

  #faults(state: State, life: number, emit: Emit): void {
    const at = this.#at
    const name = `shard ${life}`
    if (get(state, at.deaths) > 0 && get(state, at.view + life) > 0) {
      const next = state.slice()
      next[at.deaths] = get(state, at.deaths) - 1
      this.#end(next, life, 1)
      emit(next, `${name} dies`)
    }
    const stall = get(state, at.stall + life)
    if (isStalled(stall)) {
      const next = state.slice()
      next[at.stall + life] = stall === 2 ? 3 : 0
      emit(next, `${name} wakes`)
    } else if (get(state, at.stalls) > 0 && get(state, at.runs + life) !== 0) {
      const next = state.slice()
      next[at.stalls] = get(state, at.stalls) - 1
      const forgets = this.#case.mistake === 'acts-after-stall-without-looking'
      next[at.stall + life] = forgets && this.#acts(state, life) ? 2 : 1
      emit(next, `${name} stalls`)
    }
  }

  /** A life is over; nothing of it is kept. */
  #end(state: State, life: number, over: 1 | 2): void {
    const at = this.#at
    for (const field of [at.view, at.voted, at.wait, at.runs, at.stall, at.paced]) state[field + life] = 0
    for (let other = 0; other < at.lives; other++) {
      state[at.grants + life * at.lives + other] = 0
      state[at.granted + life * at.lives + other] = this.#old
    }
    state[at.over + life] = over
    for (let slot = at.messages; slot < at.messages + this.#case.messages; slot++) {
      const packed = get(state, slot)
      if (packed === 0) continue
      const { kind, holder, voter } = unpackMessage(packed)
      if (holder === life || (kind === 'ask' && voter === life)) state[slot] = 0
    }
    for (let slot = at.words; slot < at.words + WORDS; slot++) {
      if (((get(state, slot) - 1) & 3) === life) state[slot] = 0
    }
  }

  /** A holder asks one voter for a lease; itself it answers at once. */
  #ask(state: State, holder: number, emit: Emit): void {
    const at = this.#at
    const view = get(state, at.view + holder)
    if (view === 0 || view === this.#last || get(state, at.runs + holder) === 0) return
    for (const voter of this.#members(state, view)) {
      const next = state.slice()
      if (voter === holder) {
        const exempt = this.#case.mistake === 'self-grants-after-vote'
        if (!exempt && !this.#mayGrant(state, holder, view)) continue
        next[at.grants + holder * at.lives + holder] = view * 8 + this.#case.rules.grantEndMs(0, 0, this.#case.times)
        next[at.granted + holder * at.lives + holder] = 0
        emit(next, `${holder} grants to itself in view ${view}`)
        continue
      }
      const free = next.indexOf(0, at.messages)
      if (free < 0 || free >= at.messages + this.#case.messages) return
      next[free] = packMessage({ kind: 'ask', holder, voter, view, elapsed: 0 })
      emit(next, `${holder} asks ${voter} in view ${view}`)
    }
  }

  /** A voter votes for the next view; with a majority it is decided, and the wait for takeover fixed. */
  #vote(state: State, voter: number, emit: Emit): void {
    const at = this.#at
    const view = get(state, at.view + voter)
    const number = view + 1
    if (view === 0 || number > this.#last || get(state, at.voted + voter) >= number) return
    if (!this.#members(state, view).includes(voter) || get(state, at.decided + number) !== 0) return
    const chosen = get(state, at.chosen + number)
    for (const index of this.#case.views[view]?.keys() ?? []) {
      if (chosen !== 0 && chosen !== index + 1) continue
      const next = state.slice()
      next[at.chosen + number] = index + 1
      next[at.voted + voter] = number
      const removed = this.#removed(next, number)
      let age = this.#old
      for (const life of removed) age = Math.min(age, get(state, at.granted + voter * at.lives + life))
      next[at.votes + voter] = 1 + age
      const step = `${voter} votes for view ${number} of ${this.#members(next, number).join(', ')}`
      this.#decide(next, number, removed, step, emit)
    }
  }

  #removed(state: State, number: number): readonly number[] {
    const stays = this.#members(state, number)
    return this.#members(state, number - 1).filter((life) => !stays.includes(life))
  }

  #decide(state: State, number: number, removed: readonly number[], step: string, emit: Emit): void {
    const at = this.#at
    const voters = this.#members(state, number - 1)
    const ages: number[] = []
    for (const life of voters) {
      const vote = get(state, at.votes + life)
      if (vote !== 0) ages.push(vote - 1 >= this.#old ? Number.POSITIVE_INFINITY : vote - 1)
    }
    if (ages.length < majorityOf(voters.length)) {
      emit(state, step)
      return
    }
    const { rules, times } = this.#case
    const wait = (proof: boolean): number =>
      removed.length === 0 ? 0 : Math.ceil(rules.takeoverWaitMs(ages, { proof, refused: true }, times))
    for (let life = 0; life < at.lives; life++) state[at.votes + life] = 0
    state[at.decided + number] = 1 + wait(false)
    emit(state, `${step}: decided`)
    if (removed.length === 0 || removed.some((life) => get(state, at.over + life) !== 1)) return
    const proven = state.slice()
    proven[at.decided + number] = 1 + wait(true)
    emit(proven, `${step}: decided, with proof of death`)
  }

  /** A shard gets the next decided view, and sends its claim to the room's home. */
  #install(state: State, life: number, emit: Emit): void {
    const at = this.#at
    const view = get(state, at.view + life)
    let number = view + 1
    if (view === 0 || this.#case.mistake === 'removed-life-returns') {
      // A joiner begins with the view that takes it in.
      while (get(state, at.decided + number) !== 0 && !this.#members(state, number).includes(life)) number++
    }
    if (number > this.#last || get(state, at.decided + number) === 0) return
    const next = state.slice()
    if (!this.#members(state, number).includes(life)) {
      this.#end(next, life, 2)
      emit(next, `shard ${life} hears that view ${number} removed it`)
      return
    }
    next[at.view + life] = number
    if (get(state, at.voted + life) <= number) next[at.voted + life] = 0
    const joins = view === 0 && this.#case.mistake !== 'joiner-takes-over-at-once'
    const wait = joins ? this.#old : get(state, at.decided + number) - 1
    next[at.wait + life] = Math.max(get(state, at.wait + life), wait)
    const claim = get(state, at.runs + life) !== 0 ? 2 : 1
    next[at.claims + number] = get(state, at.claims + number) | (claim << (2 * life))
    for (let other = 0; other < at.lives; other++) {
      // From now on ages count from now: the installation is as a grant to everybody, if the rule says so.
      const granted = at.granted + life * at.lives + other
      const lastGrant = get(state, granted) >= this.#old ? Number.NEGATIVE_INFINITY : -get(state, granted)
      next[granted] = Math.min(this.#old, -this.#case.rules.newestGrantMs(lastGrant, 0))
      const grant = at.grants + life * at.lives + other
      if (!this.#case.rules.grantCounts(this.#id(number), this.#id(get(state, grant) >> 3))) next[grant] = 0
    }
    emit(next, `shard ${life} installs view ${number}, ${claim === 2 ? 'and claims the room' : 'without the room'}`)
  }

  /** The room's home in its view: asks the owner to release the room, and names a successor to a room that nobody claims. */
  #home(state: State, home: number, emit: Emit): void {
    const at = this.#at
    const view = get(state, at.view + home)
    if (view === 0 || home !== this.#homeOf(state, view)) return
    const owner = get(state, at.owner + view) - 1
    const members = this.#members(state, view)
    const claims = get(state, at.claims + view)
    if (owner < 0) {
      const claimed = members.map((life) => (claims >> (2 * life)) & 3)
      const early = this.#case.mistake === 'names-before-all-claims'
      if (get(state, at.wait + home) > 0 || claimed.includes(2) || (!early && claimed.includes(0))) return
      for (const successor of members) this.#name(state, view, successor, emit)
    }
  }

  #homeOf(state: State, view: number): number {
    return this.#homeAmong(this.#members(state, view), view)
  }

  #homeAmong(members: readonly number[], view: number): number {
    const home = this.#case.homes[view - 1] ?? -1
    return members.includes(home) ? home : (members[0] ?? -1)
  }

  #name(state: State, view: number, successor: number, emit: Emit): void {
    const at = this.#at
    const next = state.slice()
    const free = next.indexOf(0, at.words)
    if (free < 0 || free >= at.words + WORDS) throw new Error('more words in flight than the layout has room for')
    const k = get(state, at.named + view) + 1
    next[at.named + view] = k
    next[at.owner + view] = 1 + successor
    if (get(state, at.over + successor) === 0) next[free] = 1 + successor + 4 * epochOf(view, k)
    emit(next, `the home of view ${view} names ${successor}`)
  }

  /** A successor hears that it is one; an owner releases the room. */
  #words(state: State, life: number, emit: Emit): void {
    const at = this.#at
    const view = get(state, at.view + life)
    for (let slot = at.words; slot < at.words + WORDS; slot++) {
      const word = get(state, slot) - 1
      if (word < 0 || (word & 3) !== life) continue
      const epoch = word >> 2
      const next = state.slice()
      if (epoch >> 3 === view || (epoch >> 3 < view && this.#case.mistake === 'word-of-an-older-view')) {
        next[slot] = 0
        next[at.runs + life] = epoch
        emit(next, `shard ${life} opens the room, as view ${epoch >> 3} says`)
      } else if (epoch >> 3 < view) {
        next[slot] = 0
        emit(next, `shard ${life} voids the word of view ${epoch >> 3}`)
      }
    }
    if (get(state, at.handOvers) === 0 || get(state, at.runs + life) === 0) return
    const next = state.slice()
    next[at.handOvers] = get(state, at.handOvers) - 1
    next[at.runs + life] = 0
    next[at.owner + view] = 0
    next[at.claims + view] = (get(state, at.claims + view) & ~(3 << (2 * life))) | (1 << (2 * life))
    emit(next, `shard ${life} releases the room in view ${view}`)
  }
}

function get(state: State, index: number): number {
  return state[index] ?? 0
}

function isStalled(stall: number): boolean {
  return stall === 1 || stall === 2
}

/** Which message lies in which slot says nothing. */
function sortSlots(state: State, from: number, count: number): void {
  for (let i = from + 1; i < from + count; i++) {
    for (let j = i; j > from && get(state, j - 1) < get(state, j); j--) {
      const before = get(state, j - 1)
      state[j - 1] = get(state, j)
      state[j] = before
    }
  }
}
