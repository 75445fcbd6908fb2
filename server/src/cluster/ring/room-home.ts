/**
 * The home's side of `ClusterRooms`: which rooms have this shard as their home, who runs them, and who may run a new one. Knows nothing but what it hears in the
 * installed view: claims of all members, then grants that it gave itself. Never names an owner before `rules.mayName`.
 */
import type { Life } from '../life.ts'
import { firstDue } from '../retry.ts'
import { compareEpochs, isSameEpoch, memberOf, type RoomEpoch } from '../view/view.ts'
import { type ClaimChunk, IncomingClaims } from './claims.ts'
import { LostRooms } from './lost-rooms.ts'
import type { HomeAnswer, RoomClaim } from './room-messages.ts'
import { BEING_TAKEN_OVER, RoomNaming } from './room-naming.ts'
import type { RoomOwner } from './room-owner.ts'
import { RoomRecovery } from './room-recovery.ts'
import { RoomRenaming } from './room-renaming.ts'
import { type HomeKnows, whyNot } from './room-rules.ts'
import type { RoomPlace } from './rooms-api.ts'
import { type Installed, RETRY_MS, type RoomsContext } from './rooms-context.ts'

/** An owner that must hear that another runs its room. */
interface Outranked {
  readonly owner: Life
  readonly id: string
  readonly epoch: RoomEpoch
  dueMs: number
}

export class RoomHome {
  readonly homed = new Map<string, RoomPlace>()
  readonly lost = new LostRooms()
  readonly naming: RoomNaming
  readonly renaming: RoomRenaming
  readonly #recovery: RoomRecovery
  readonly #context: RoomsContext
  #installed: Installed | undefined
  #claims = new IncomingClaims([])
  /** Rooms of earlier views whose owners have not claimed again: should these be removed before, their rooms are lost. */
  #earlier = new Map<string, { readonly owner: Life; readonly epoch: RoomEpoch }>()
  readonly #outranked = new Map<string, Outranked>()

  constructor(context: RoomsContext, owner: RoomOwner) {
    this.#context = context
    const knows = (nowMs: number) => this.knows(nowMs)
    const placeOf = (id: string) => this.homed.get(id)
    const register = (id: string, life: Life, epoch: RoomEpoch) => this.#register(id, life, epoch)
    this.#recovery = new RoomRecovery(context, {
      knows,
      placeOf,
      isContested: (id) => this.#isContested(id),
      contest: (id, epoch, nowMs) => this.#contest(id, epoch, nowMs),
      nameHeir: (id, holders, nowMs) => this.naming.takeOver(id, holders, nowMs),
      tellLost: () => this.#tellLost(),
    })
    this.naming = new RoomNaming(context, owner, {
      knows,
      register,
      postponed: (id, left, nowMs) => this.#recovery.postponed(id, left, nowMs),
      heirless: (id, newest, nowMs) => this.#heirless(id, newest, nowMs),
    })
    this.renaming = new RoomRenaming(context, { knows, placeOf, register, nextEpoch: () => this.naming.nextEpoch() })
  }

  /** Members that this home has not heard all claims of. */
  get waitingFor(): readonly Life[] {
    return [...this.#claims.waitingFor]
  }

  get nextMs(): number {
    return Math.min(this.naming.nextMs, this.#recovery.nextMs, firstDue(this.#outranked.values()))
  }

  install(installed: Installed): void {
    const earlier = this.#earlier
    for (const [id, { owner, epoch }] of this.homed) earlier.set(id, { owner, epoch })
    for (const [id, { owner, epoch }] of [...earlier]) {
      if (installed.lives.has(owner)) continue
      this.#lose(id, epoch)
      earlier.delete(id)
    }
    this.#installed = installed
    this.homed.clear()
    this.#outranked.clear()
    this.#claims = new IncomingClaims(installed.lives)
    this.naming.install(installed)
    this.renaming.install(installed)
    this.#recovery.install(installed)
  }

  knows(nowMs: number): HomeKnows {
    return {
      claimsComplete: this.#installed !== undefined && this.#claims.isComplete,
      takeoverFromMs: this.#installed?.takeoverFromMs ?? Number.POSITIVE_INFINITY,
      mayAct: this.#context.mayAct(nowMs),
      nowMs,
    }
  }

  claimed(
    from: Life,
    part: { readonly chunk: number; readonly chunks: number },
    { rooms, held, gone, over }: ClaimChunk,
    nowMs: number,
  ): void {
    const ring = this.#installed?.ring
    if (ring === undefined || !this.#claims.received(from, part.chunk, part.chunks)) return
    for (const { id, epoch } of rooms)
      if (ring.homeOf(id) === this.#context.life && !this.#claims.hasEnded(from, id))
        this.#claim(from, id, epoch, nowMs)
    for (const { id, epoch } of over) if (this.#isPossible(epoch)) this.#context.over.note(id, epoch, nowMs)
    for (const { id, epoch } of gone) if (!this.homed.has(id)) this.lost.add(id, epoch)
    this.#recovery.claimed(
      from,
      held.filter(({ epoch }) => this.#isPossible(epoch)),
    )
    if (!this.#claims.isComplete) return
    this.#earlier.clear()
    this.#recovery.look()
  }

  /** Does at once what there is to decide about rooms without owners. */
  decide(nowMs: number): void {
    this.#recovery.decide(nowMs)
  }

  /** Rooms whose owners were removed, as the lobby knows them. */
  ownersGone(rooms: Iterable<RoomClaim>): void {
    const ring = this.#installed?.ring
    for (const { id, epoch } of rooms)
      if (ring?.homeOf(id) === this.#context.life && !this.homed.has(id)) this.#lose(id, epoch)
    this.#recovery.look()
  }

  find(from: Life, request: number, id: string, nowMs: number): void {
    this.#context.say(from, { t: 'found', request, answer: this.#answerFor(id, nowMs) }, nowMs)
  }

  make(from: Life, asked: Parameters<RoomNaming['make']>[1], nowMs: number): void {
    const place = this.homed.get(asked.id)
    const isKnown = place !== undefined || this.#recovery.has(asked.id)
    const known = isKnown ? this.#answerFor(asked.id, nowMs) : undefined
    this.naming.make(from, asked, known, nowMs)
  }

  /** An owner's word that it does not run the room under that epoch. */
  ended(from: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    this.#claims.ended(from, id)
    this.#outranked.delete(`${from} ${id}`)
    const known = this.homed.get(id)
    const ranNext = this.renaming.ended(from, id, epoch)
    // An owner that was outranked says so, too: that its room is over with it is not said.
    if (ranNext || known === undefined || known.owner === from) this.#over(id, epoch, nowMs)
    if (ranNext || (known?.owner === from && isSameEpoch(known.epoch, epoch))) this.homed.delete(id)
    else this.naming.ended(from, epoch, nowMs)
    this.#context.say(from, { t: 'noted', id, epoch }, nowMs)
    this.#recovery.look()
  }

  tick(nowMs: number): void {
    this.#recovery.decide(nowMs)
    this.naming.tick(nowMs)
    for (const conflict of this.#outranked.values()) if (nowMs >= conflict.dueMs) this.#tellOutranked(conflict, nowMs)
  }

  #answerFor(id: string, nowMs: number): HomeAnswer {
    const { rules } = this.#context
    const knows = this.knows(nowMs)
    const place = this.homed.get(id)
    if (place !== undefined && rules.maySay(knows)) return { kind: 'at', owner: place.owner, epoch: place.epoch }
    if (place !== undefined || !rules.mayName(knows)) return { kind: 'unknown', why: whyNot(knows) }
    const why = this.naming.whyOpening(id)
    if (why !== undefined || this.#recovery.has(id)) return { kind: 'unknown', why: why ?? BEING_TAKEN_OVER }
    return this.lost.has(id) ? { kind: 'lost' } : { kind: 'none' }
  }

  #claim(owner: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    if (!this.#isPossible(epoch)) return
    const known = this.homed.get(id)
    if (known === undefined || known.owner === owner) return this.#register(id, owner, epoch)
    const isHigher = this.#context.rules.isOutranked(known.epoch, epoch)
    if (isHigher) this.#register(id, owner, epoch)
    const loser = isHigher ? known.owner : owner
    this.#outrank(loser, id, isHigher ? epoch : known.epoch, nowMs)
  }

  /** Not of a view that is yet to come. */
  #isPossible(epoch: RoomEpoch): boolean {
    const view = this.#installed?.view
    return view !== undefined && compareEpochs(epoch, { generation: view.generation, view: view.number + 1, k: 0 }) < 0
  }

  #outrank(owner: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    const conflict: Outranked = { owner, id, epoch, dueMs: nowMs }
    this.#outranked.set(`${owner} ${id}`, conflict)
    this.#tellOutranked(conflict, nowMs)
  }

  #isContested(id: string): boolean {
    for (const conflict of this.#outranked.values()) if (conflict.id === id) return true
    return false
  }

  #contest(id: string, epoch: RoomEpoch, nowMs: number): void {
    const known = this.homed.get(id)
    this.homed.delete(id)
    if (known !== undefined) this.#outrank(known.owner, id, epoch, nowMs)
  }

  /** Its owner was removed: unless somebody takes it over it is lost. */
  #lose(id: string, epoch: RoomEpoch): void {
    const over = this.#context.over.epochOf(id)
    if (over === undefined || compareEpochs(over, epoch) < 0) this.lost.add(id, epoch)
  }

  /** It ended: it is not lost. */
  #over(id: string, epoch: RoomEpoch, nowMs: number): void {
    this.#context.over.note(id, epoch, nowMs)
    this.lost.delete(id)
  }

  #heirless(id: string, newest: RoomEpoch, nowMs: number): void {
    this.lost.add(id, newest)
    // Whoever holds it is not asked again in the next view: it was said to be lost.
    this.#context.over.note(id, newest, nowMs)
    this.#tellLost()
  }

  /** Once for each; a room of another home is that home's business. */
  #tellLost(): void {
    const { lost } = this
    const ring = this.#installed?.ring
    for (const { id, epoch } of lost.tell()) {
      const isOpen = this.homed.has(id) || this.#recovery.has(id) || this.naming.whyOpening(id) !== undefined
      if (isOpen || ring?.homeOf(id) !== this.#context.life) lost.again(id)
      else this.#context.keeper.lost(id, epoch)
    }
  }

  #tellOutranked(conflict: Outranked, nowMs: number): void {
    conflict.dueMs = nowMs + RETRY_MS
    this.#context.say(conflict.owner, { t: 'outranked', id: conflict.id, epoch: conflict.epoch }, nowMs)
  }

  #register(id: string, owner: Life, epoch: RoomEpoch): void {
    const view = this.#installed?.view
    const url = view === undefined ? undefined : memberOf(view, owner)?.url
    if (url === undefined) return
    this.homed.set(id, { id, owner, url, epoch })
    this.lost.delete(id)
    this.#earlier.delete(id)
  }
}
