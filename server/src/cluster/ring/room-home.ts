/**
 * The home's side of `ClusterRooms`: which rooms have this shard as their home, who runs them, and who may run a new one. Knows nothing but what it hears in the
 * installed view: claims of all members, then grants that it gave itself. Never names an owner before `rules.mayName`.
 */
import type { Life } from '../life.ts'
import { compareEpochs, memberOf, type RoomEpoch } from '../view/view.ts'
import { IncomingClaims } from './claims.ts'
import { LostRooms } from './lost-rooms.ts'
import type { HomeAnswer, RoomClaim } from './room-messages.ts'
import { RoomNaming } from './room-naming.ts'
import { isSameEpoch, type RoomOwner } from './room-owner.ts'
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
  readonly #context: RoomsContext
  #installed: Installed | undefined
  #claims = new IncomingClaims([])
  /** Rooms of earlier views whose owners have not claimed again: should these be removed before, their rooms are lost. */
  #earlier = new Map<string, { readonly owner: Life; readonly epoch: RoomEpoch }>()
  readonly #outranked = new Map<string, Outranked>()

  constructor(context: RoomsContext, owner: RoomOwner) {
    this.#context = context
    this.naming = new RoomNaming(context, owner, {
      knows: (nowMs) => this.knows(nowMs),
      register: (id, life, epoch) => this.#register(id, life, epoch),
    })
  }

  /** Members that this home has not heard all claims of. */
  get waitingFor(): readonly Life[] {
    return [...this.#claims.waitingFor]
  }

  get nextMs(): number {
    let next = this.naming.nextMs
    for (const { dueMs } of this.#outranked.values()) next = Math.min(next, dueMs)
    return next
  }

  install(installed: Installed): void {
    const earlier = this.#earlier
    for (const [id, { owner, epoch }] of this.homed) earlier.set(id, { owner, epoch })
    for (const [id, { owner, epoch }] of [...earlier]) {
      if (installed.lives.has(owner)) continue
      this.lost.add(id, epoch)
      earlier.delete(id)
    }
    this.#installed = installed
    this.homed.clear()
    this.#outranked.clear()
    this.#claims = new IncomingClaims(installed.lives)
    this.naming.install(installed)
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
    { rooms, gone }: { readonly rooms: readonly RoomClaim[]; readonly gone: readonly RoomClaim[] },
    nowMs: number,
  ): void {
    const ring = this.#installed?.ring
    if (ring === undefined || !this.#claims.received(from, part.chunk, part.chunks)) return
    for (const { id, epoch } of rooms)
      if (ring.homeOf(id) === this.#context.life && !this.#claims.hasEnded(from, id))
        this.#claim(from, id, epoch, nowMs)
    for (const { id, epoch } of gone) if (!this.homed.has(id)) this.lost.add(id, epoch)
    if (this.#claims.isComplete) this.#earlier.clear()
  }

  /** Rooms whose owners were removed, as the lobby knows them. */
  ownersGone(rooms: Iterable<RoomClaim>): void {
    const ring = this.#installed?.ring
    for (const { id, epoch } of rooms)
      if (ring?.homeOf(id) === this.#context.life && !this.homed.has(id)) this.lost.add(id, epoch)
  }

  find(from: Life, request: number, id: string, nowMs: number): void {
    this.#context.say(from, { t: 'found', request, answer: this.#answerFor(id, nowMs) }, nowMs)
  }

  make(from: Life, asked: Parameters<RoomNaming['make']>[1], nowMs: number): void {
    const place = this.homed.get(asked.id)
    const known = place === undefined ? undefined : this.#answerFor(asked.id, nowMs)
    this.naming.make(from, asked, known, nowMs)
  }

  /** An owner's word that it does not run the room under that epoch. */
  ended(from: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    this.#claims.ended(from, id)
    this.#outranked.delete(`${from} ${id}`)
    const known = this.homed.get(id)
    if (known?.owner === from && isSameEpoch(known.epoch, epoch)) this.homed.delete(id)
    else this.naming.ended(from, epoch, nowMs)
    this.#context.say(from, { t: 'noted', id, epoch }, nowMs)
  }

  tick(nowMs: number): void {
    this.naming.tick(nowMs)
    for (const conflict of this.#outranked.values()) if (nowMs >= conflict.dueMs) this.#tellOutranked(conflict, nowMs)
  }

  #answerFor(id: string, nowMs: number): HomeAnswer {
    const { rules } = this.#context
    const knows = this.knows(nowMs)
    const place = this.homed.get(id)
    if (place !== undefined && rules.maySay(knows)) return { kind: 'at', owner: place.owner, epoch: place.epoch }
    if (place !== undefined || !rules.mayName(knows)) return { kind: 'unknown', why: whyNot(knows) }
    if (this.naming.isOpening(id)) return { kind: 'unknown', why: 'it is being opened' }
    return this.lost.has(id) ? { kind: 'lost' } : { kind: 'none' }
  }

  #claim(owner: Life, id: string, epoch: RoomEpoch, nowMs: number): void {
    const view = this.#installed?.view
    // An epoch of a view that is not yet: it cannot be.
    if (view === undefined || compareEpochs(epoch, { generation: view.generation, view: view.number + 1, k: 0 }) >= 0)
      return
    const known = this.homed.get(id)
    if (known === undefined || known.owner === owner) return this.#register(id, owner, epoch)
    const isHigher = this.#context.rules.isOutranked(known.epoch, epoch)
    if (isHigher) this.#register(id, owner, epoch)
    const loser = isHigher ? known.owner : owner
    const conflict: Outranked = { owner: loser, id, epoch: isHigher ? epoch : known.epoch, dueMs: nowMs }
    this.#outranked.set(`${loser} ${id}`, conflict)
    this.#tellOutranked(conflict, nowMs)
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
