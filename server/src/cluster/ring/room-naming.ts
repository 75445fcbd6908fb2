/**
 * How a home names owners: itself while it has room, else another member, which it asks until it answers. One id has one opening at a time, and one owner is asked
 * at a time; another is named only after the one before refused, so no answer that was lost makes two owners. Rooms that are taken over go the same way, from the best of
 * their holders to the next. Part of `RoomHome`.
 */
import type { Life } from '../life.ts'
import { firstDue, postpone } from '../retry.ts'
import type { RoomEpoch } from '../view/view.ts'
import { pickOwner } from './placement.ts'
import type { Attributes, HomeAnswer } from './room-messages.ts'
import type { RoomOwner } from './room-owner.ts'
import { type HeldBy, type HomeKnows, whyNot } from './room-rules.ts'
import { type Installed, MAX_RETRY_MS, RETRY_MS, type RoomsContext } from './rooms-context.ts'

/** Other members that are asked to run a room, one after another. */
const MAX_ASKED = 3
/** Who waits for an owner that is silent for so long hears `unknown`. */
const OWNER_SILENT_MS = 2_000
/** Requests of one asker that are remembered, so that a duplicate makes nothing twice; askers wait for fewer at a time. */
const MAX_REMEMBERED = 20_000
const MAX_OPENINGS = 10_000

export const BEING_TAKEN_OVER = 'it is being taken over'

export interface MakeRequest {
  readonly request: number
  readonly settled: number
  readonly id: string
  readonly attributes: Attributes
}

export interface NamingHome {
  knows(nowMs: number): HomeKnows
  register(id: string, owner: Life, epoch: RoomEpoch): void
  /** No heir can be named at the moment; `left` have not refused. */
  postponed(id: string, left: readonly HeldBy[], nowMs: number): void
  /** All who hold it refused. `newest`: the newest epoch that anybody held. */
  heirless(id: string, newest: RoomEpoch, nowMs: number): void
}

/** Who may take a room over, and who holds it. */
interface Succession {
  readonly holders: readonly HeldBy[]
  left: readonly HeldBy[]
}

interface RequestsOf {
  settled: number
  /** Of this view, by request. */
  readonly answers: Map<number, HomeAnswer | 'opening'>
}

interface Waiter {
  readonly from: Life
  readonly request: number
  readonly sinceMs: number
}

interface Opening {
  readonly id: string
  readonly attributes: Attributes
  readonly tried: Set<Life>
  readonly waiters: Waiter[]
  /** Undefined: it is a new room. */
  readonly succession: Succession | undefined
  asked: number
  owner: Life
  epoch: RoomEpoch
  dueMs: number
  retryMs: number
}

export class RoomNaming {
  readonly #context: RoomsContext
  readonly #owner: RoomOwner
  readonly #home: NamingHome
  #installed: Installed | undefined
  /** Epochs that were given in this view. */
  #named = 0
  readonly #requests = new Map<Life, RequestsOf>()
  readonly #openings = new Map<string, Opening>()
  /** Openings whose owner has not answered, by k of their epochs, ascending. */
  readonly #awaited = new Map<number, Opening>()

  constructor(context: RoomsContext, owner: RoomOwner, home: NamingHome) {
    this.#context = context
    this.#owner = owner
    this.#home = home
  }

  /** All that was granted and asked before is void; who still wants an answer asks again. */
  install(installed: Installed): void {
    this.#installed = installed
    this.#named = 0
    this.#requests.clear()
    this.#openings.clear()
    this.#awaited.clear()
  }

  get waiting(): number {
    return this.#openings.size
  }

  get nextMs(): number {
    return firstDue(this.#awaited.values())
  }

  /** Why it is not known yet where it is; undefined: nobody is being named. */
  whyOpening(id: string): string | undefined {
    const opening = this.#openings.get(id)
    if (opening === undefined) return undefined
    return opening.succession === undefined ? 'it is being opened' : BEING_TAKEN_OVER
  }

  /** The next epoch of this view. */
  nextEpoch(): RoomEpoch {
    const { generation, number } = this.#installed?.view ?? { generation: 0, number: 0 }
    this.#named++
    return this.#context.rules.nextEpoch({ generation, number }, this.#named)
  }

  /** Has the room taken over by the best of its holders; of equal ones the first. */
  takeOver(id: string, holders: readonly HeldBy[], nowMs: number): void {
    const opening = this.#newOpening(id, {}, { holders, left: holders }, nowMs)
    this.#nameHeir(opening, nowMs)
  }

  /** `known`: what the home has to say about this id by its claims, if it has any. */
  make(from: Life, asked: MakeRequest, known: HomeAnswer | undefined, nowMs: number): void {
    const { request, id, attributes } = asked
    const requests = this.#requestsOf(from, asked.settled)
    if (request < requests.settled) return
    const before = requests.answers.get(request)
    if (before === 'opening') return
    if (before !== undefined) return this.#tell(from, request, before, nowMs)
    if (known !== undefined) return this.#answer(from, request, known, nowMs)
    const knows = this.#home.knows(nowMs)
    const opening = this.#openings.get(id)
    if (!this.#context.rules.mayName(knows)) this.#answer(from, request, unknown(whyNot(knows)), nowMs)
    else if (opening?.succession !== undefined) this.#answer(from, request, unknown(BEING_TAKEN_OVER), nowMs)
    else if (opening === undefined && this.#openings.size >= MAX_OPENINGS)
      this.#answer(from, request, unknown('its home opens too many rooms at once'), nowMs)
    else {
      remember(requests, request, 'opening')
      const waiter = { from, request, sinceMs: nowMs }
      if (opening === undefined) this.#open(id, attributes, waiter, nowMs)
      else opening.waiters.push(waiter)
    }
  }

  /** An owner's answer to a grant. */
  opened(from: Life, k: number, isOpen: boolean, nowMs: number): void {
    const opening = this.#awaited.get(k)
    if (opening === undefined || opening.owner !== from) return
    this.#awaited.delete(k)
    if (isOpen) this.#settle(opening, nowMs)
    else if (opening.succession === undefined) this.#nameNext(opening, nowMs)
    else this.#nameHeir(opening, nowMs)
  }

  /** The owner that was asked opened the room, and it is over: the word of that came before its answer. */
  ended(from: Life, epoch: RoomEpoch, nowMs: number): void {
    const opening = this.#awaited.get(epoch.k)
    const view = this.#installed?.view
    if (opening === undefined || opening.owner !== from || view === undefined) return
    if (epoch.generation !== view.generation || epoch.view !== view.number) return
    this.#awaited.delete(epoch.k)
    this.#giveUp(opening, 'it ended at once', nowMs)
  }

  tick(nowMs: number): void {
    for (const opening of [...this.#awaited.values()]) {
      if (nowMs < opening.dueMs) continue
      this.#askOwner(opening, nowMs)
      const late = opening.waiters.filter(({ sinceMs }) => nowMs >= sinceMs + OWNER_SILENT_MS)
      if (late.length === 0) continue
      opening.waiters.splice(0, opening.waiters.length, ...opening.waiters.filter((waiter) => !late.includes(waiter)))
      for (const { from, request } of late)
        this.#answer(from, request, unknown('the shard that was asked to run it does not answer'), nowMs)
    }
  }

  #open(id: string, attributes: Attributes, waiter: Waiter, nowMs: number): void {
    const opening = this.#newOpening(id, attributes, undefined, nowMs)
    opening.waiters.push(waiter)
    opening.epoch = this.nextEpoch()
    if (this.#context.keeper.load() < 1 && this.#owner.openOwn(id, opening.epoch, attributes))
      this.#settle(opening, nowMs)
    else this.#nameNext(opening, nowMs)
  }

  #newOpening(id: string, attributes: Attributes, succession: Succession | undefined, nowMs: number): Opening {
    const opening: Opening = {
      id,
      attributes,
      tried: new Set([this.#context.life]),
      waiters: [],
      succession,
      asked: 0,
      owner: this.#context.life,
      epoch: { generation: 0, view: 0, k: 0 },
      dueMs: nowMs,
      retryMs: RETRY_MS,
    }
    this.#openings.set(id, opening)
    return opening
  }

  /** The best of those who hold it and have not refused. */
  #nameHeir(opening: Opening, nowMs: number): void {
    const { rules, life } = this.#context
    const { id, succession } = opening
    while (succession !== undefined) {
      const heir = rules.bestHolder(succession.left)
      if (heir === undefined || !rules.mayName(this.#home.knows(nowMs))) {
        this.#openings.delete(id)
        if (heir !== undefined) return this.#home.postponed(id, succession.left, nowMs)
        const newest = rules.bestHolder(succession.holders)?.epoch
        return newest && this.#home.heirless(id, newest, nowMs)
      }
      succession.left = succession.left.filter((holder) => holder !== heir)
      opening.owner = heir.life
      opening.epoch = this.nextEpoch()
      if (heir.life !== life) return this.#await(opening, nowMs)
      if (this.#owner.takeOver(id, opening.epoch)) return this.#settle(opening, nowMs)
    }
  }

  #await(opening: Opening, nowMs: number): void {
    opening.retryMs = RETRY_MS
    this.#awaited.set(opening.epoch.k, opening)
    this.#askOwner(opening, nowMs)
  }

  /** The one that was asked will not run it under this epoch: another, under the next. */
  #nameNext(opening: Opening, nowMs: number): void {
    const { rules, keeper, random } = this.#context
    const knows = this.#home.knows(nowMs)
    if (!rules.mayName(knows)) return this.#giveUp(opening, whyNot(knows), nowMs)
    const members = this.#installed?.view.members ?? []
    const loads = { random, loadOf: (life: Life) => keeper.loadOf(life) }
    const owner = opening.asked < MAX_ASKED ? pickOwner(members, loads, opening.tried) : undefined
    if (owner === undefined) return this.#giveUp(opening, 'no shard has room', nowMs)
    opening.asked++
    opening.tried.add(owner)
    opening.owner = owner
    opening.epoch = this.nextEpoch()
    this.#await(opening, nowMs)
  }

  #askOwner(opening: Opening, nowMs: number): void {
    const { id, epoch, attributes, owner, succession } = opening
    const takeOver = succession !== undefined
    postpone(opening, MAX_RETRY_MS, nowMs)
    this.#context.say(owner, { t: 'open', settled: this.#settled(), id, epoch, attributes, takeOver }, nowMs)
  }

  /** No grant with a lower k is waited for. */
  #settled(): number {
    for (const k of this.#awaited.keys()) return k
    return this.#named + 1
  }

  #settle(opening: Opening, nowMs: number): void {
    const { id, owner, epoch, waiters, succession } = opening
    this.#openings.delete(id)
    this.#home.register(id, owner, epoch)
    for (const { from, request } of waiters) this.#answer(from, request, { kind: 'at', owner, epoch }, nowMs)
    for (const { life } of succession?.holders ?? [])
      if (life !== owner) this.#context.say(life, { t: 'taken', id, owner, epoch }, nowMs)
  }

  #giveUp(opening: Opening, why: string, nowMs: number): void {
    this.#openings.delete(opening.id)
    for (const { from, request } of opening.waiters) this.#answer(from, request, unknown(why), nowMs)
  }

  /** `unknown` is not remembered: the same request may come again. */
  #answer(from: Life, request: number, answer: HomeAnswer, nowMs: number): void {
    const requests = this.#requestsOf(from, 0)
    if (answer.kind === 'unknown') requests.answers.delete(request)
    else remember(requests, request, answer)
    this.#tell(from, request, answer, nowMs)
  }

  #tell(from: Life, request: number, answer: HomeAnswer, nowMs: number): void {
    this.#context.say(from, { t: 'found', request, answer }, nowMs)
  }

  #requestsOf(from: Life, settled: number): RequestsOf {
    const requests = this.#requests.get(from) ?? { settled: 0, answers: new Map<number, HomeAnswer | 'opening'>() }
    this.#requests.set(from, requests)
    if (settled > requests.settled) {
      requests.settled = settled
      for (const request of [...requests.answers.keys()]) if (request < settled) requests.answers.delete(request)
    }
    return requests
  }
}

function unknown(why: string): HomeAnswer {
  return { kind: 'unknown', why }
}

/** The oldest is forgotten when there are too many. */
function remember({ answers }: RequestsOf, request: number, answer: HomeAnswer | 'opening'): void {
  answers.set(request, answer)
  if (answers.size <= MAX_REMEMBERED) return
  for (const oldest of answers.keys()) {
    answers.delete(oldest)
    break
  }
}
