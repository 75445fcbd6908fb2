/**
 * Where rooms are and who runs them: homes, owners, claims, epochs. Held by the node, one per life; driven by messages and time.
 *
 * A room's home follows from the view and the id; it knows the room, and names its owner. On every new view all older grants and questions are void, each member
 * claims at each home the rooms that it runs and holds, and a home names nobody before it has heard all members and removed ones' leases are over. Three sides, each in its
 * files: home (`room-home.ts`, `room-naming.ts`, `room-recovery.ts`, `room-renaming.ts`), owner (`room-owner.ts`), asker (`room-asker.ts`, `rename-asker.ts`); here they are put
 * together.
 * What safety rests on is in `room-rules.ts`.
 */
import { assertPlain, isRoomId, NetError } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Part, PartHost, PeerLane } from '../part.ts'
import { compareViews, memberOf, type RoomEpoch, type View } from '../view/view.ts'
import { NO_CLAIMS, OutgoingClaims } from './claims.ts'
import { EarlyClaims } from './early-claims.ts'
import { OverRooms } from './over-rooms.ts'
import { RenameAsker } from './rename-asker.ts'
import { makeRing } from './ring.ts'
import { RoomAsker } from './room-asker.ts'
import { RoomHome } from './room-home.ts'
import type { HeldRoomClaim, RoomClaim, RoomMessage, RoomMessageBody } from './room-messages.ts'
import { RoomOwner } from './room-owner.ts'
import { ROOM_RULES } from './room-rules.ts'
import type { CreateRequest, LocateAnswer, RoomKeeper, RoomPlace, RoomsApi } from './rooms-api.ts'
import type { ClusterRoomsOptions, Installed, RoomsContext } from './rooms-context.ts'

export class ClusterRooms implements RoomsApi, Part<RoomMessage> {
  readonly #context: RoomsContext
  readonly #host: PartHost<RoomMessage>
  readonly #owner: RoomOwner
  readonly #home: RoomHome
  readonly #asker: RoomAsker
  readonly #renames: RenameAsker
  readonly #early = new EarlyClaims()
  #installed: Installed | undefined
  #outgoing: OutgoingClaims
  #isOver = false

  constructor(options: ClusterRoomsOptions, keeper: RoomKeeper, host: PartHost<RoomMessage>) {
    this.#host = host
    this.#context = {
      ...options,
      rules: options.rules ?? ROOM_RULES,
      onOver: options.onOver ?? (() => {}),
      over: new OverRooms(),
      keeper,
      say: (to, body, nowMs) => this.#say(to, body, nowMs),
    }
    this.#owner = new RoomOwner(this.#context)
    this.#home = new RoomHome(this.#context, this.#owner)
    this.#asker = new RoomAsker(this.#context, this.#owner)
    this.#renames = new RenameAsker(this.#context)
    this.#outgoing = new OutgoingClaims(this.#context.say)
  }

  get owned(): ReadonlyMap<string, RoomEpoch> {
    return this.#owner.owned
  }

  get homed(): ReadonlyMap<string, RoomPlace> {
    return this.#home.homed
  }

  /** Questions, openings and ends that are not answered. */
  get waiting(): number {
    return this.#asker.waiting + this.#home.naming.waiting + this.#owner.waiting + this.#renames.waiting
  }

  /** Members of the view that this home has not heard all claims of. */
  get waitingFor(): readonly Life[] {
    return this.#home.waitingFor
  }

  get nextMs(): number {
    return Math.min(
      this.#outgoing.nextMs,
      this.#owner.nextMs,
      this.#home.nextMs,
      this.#asker.nextMs,
      this.#renames.nextMs,
    )
  }

  viewInstalled(view: View, _before: View | undefined, takeoverFromMs: number, nowMs: number): void {
    const last = this.#installed
    if (this.#isOver || (last !== undefined && compareViews(view, last.view) <= 0)) return
    const installed: Installed = {
      view,
      ring: makeRing(view, this.#context.hash),
      lives: new Set(view.members.map(({ life }) => life)),
      takeoverFromMs: Math.max(takeoverFromMs, last?.takeoverFromMs ?? Number.NEGATIVE_INFINITY),
    }
    this.#installed = installed
    this.#home.install(installed)
    this.#owner.install(installed)
    this.#asker.install(installed)
    this.#claim(installed, nowMs)
    this.#renames.install(installed)
    this.#home.decide(nowMs)
    for (const { from, message } of this.#early.take(view)) this.receive(from, message, nowMs)
    this.#asker.askAgain(nowMs)
  }

  /** Rooms of members that the newest view has not, as the lobby knew them: their homes answer `lost`. Call it right after `viewInstalled`. */
  ownersGone(rooms: Iterable<RoomClaim>): void {
    this.#home.ownersGone(rooms)
  }

  /** Members that may hold a room's journal, best first: another zone than this shard's, then as they come after the room's place. Those that drain only if there are no others; never this one. */
  candidatesFor(id: string): readonly Life[] {
    if (this.#installed === undefined) return []
    const { ring, view } = this.#installed
    const { life } = this.#context
    const ours = memberOf(view, life)?.zone
    const after = [ring.homeOf(id), ...ring.successorsOf(id, view.members.length)]
    const staying = after
      .flatMap((other) => memberOf(view, other) ?? [])
      .filter((one) => one.life !== life && !one.draining)
    const able = staying.length > 0 ? staying : view.members.filter((one) => one.life !== life)
    const there = able.filter(({ zone }) => zone !== ours)
    return [...there, ...able.filter(({ zone }) => zone === ours)].map((one) => one.life)
  }

  locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void {
    assertRoomId(id)
    const epoch = this.#owner.owned.get(id)
    if (epoch !== undefined) done({ kind: 'here', id, epoch })
    else if (this.#isOver) done(OVER)
    else this.#asker.locate(id, nowMs, done)
  }

  create(request: CreateRequest, nowMs: number, done: (answer: LocateAnswer) => void): void {
    const { id, attributes = {} } = request
    if (id !== undefined) assertRoomId(id)
    assertPlain(attributes, 'attributes')
    if (this.#isOver) done(OVER)
    else this.#asker.create(id, attributes, nowMs, done)
  }

  ended(id: string, nowMs: number): void {
    this.#owner.ended(id, nowMs)
  }

  nextEpoch(id: string, from: RoomEpoch, to: Life, nowMs: number, done: (epoch: RoomEpoch | undefined) => void): void {
    if (this.#isOver) done(undefined)
    else this.#renames.ask({ id, from, to, done }, nowMs)
  }

  halted(id: string, _nowMs: number): void {
    this.#owner.halted(id)
  }

  runs(id: string, epoch: RoomEpoch, nowMs: number): void {
    if (!this.#isOver) this.#owner.runs(id, epoch, nowMs)
  }

  gave(id: string, epoch: RoomEpoch, _nowMs: number): void {
    this.#owner.gave(id, epoch)
  }

  /** This life is over (it was removed, or it stops): closes all rooms and answers all questions. Nothing happens any more. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outgoing = new OutgoingClaims(this.#context.say)
    this.#owner.closeAll()
    this.#asker.stop(OVER.why)
    this.#renames.stop()
  }

  receive(from: Life, message: RoomMessage, nowMs: number): void {
    const installed = this.#installed
    if (this.#isOver) return
    if (installed === undefined || compareViews(message.view, installed.view) > 0) this.#early.keep(from, message)
    if (installed === undefined || !installed.lives.has(from)) return
    const { generation, number } = installed.view
    if (!this.#context.rules.acceptsView({ generation, number }, message.view)) return
    this.#hear(from, message, nowMs)
    this.#home.decide(nowMs)
  }

  tick(nowMs: number): void {
    if (this.#isOver) return
    this.#outgoing.tick(nowMs)
    this.#owner.tick(nowMs)
    this.#home.tick(nowMs)
    this.#asker.tick(nowMs)
    this.#renames.tick(nowMs)
  }

  #hear(from: Life, message: RoomMessageBody, nowMs: number): void {
    switch (message.t) {
      case 'claims':
        this.#home.claimed(from, message, message, nowMs)
        return this.#say(from, { t: 'claimed', chunk: message.chunk }, nowMs)
      case 'claimed':
        return this.#acknowledged(from, message.chunk, nowMs)
      case 'outranked':
        return this.#owner.outranked(message.id, message.epoch, nowMs)
      case 'find':
        return this.#home.find(from, message.request, message.id, nowMs)
      case 'make':
        return this.#home.make(from, message, nowMs)
      case 'found':
        return this.#asker.found(from, message.request, message.answer, nowMs)
      case 'open':
        return this.#owner.granted(from, message, nowMs)
      case 'opened':
        return this.#home.naming.opened(from, message.k, message.isOpen, nowMs)
      case 'ended':
        return this.#home.ended(from, message.id, message.epoch, nowMs)
      case 'noted':
        return this.#owner.noted(message.id, message.epoch)
      case 'rename':
        return this.#home.renaming.rename(from, message, nowMs)
      case 'renamed':
        return this.#renames.renamed(from, message.request, message.epoch)
      case 'refused':
        return this.#renames.renamed(from, message.request, undefined)
      case 'runs':
        return this.#home.renaming.runs(from, message.id, message.epoch, nowMs)
      case 'registered':
        return this.#owner.registered(message.id, message.epoch)
      case 'over':
        return this.#context.onOver(message.id, message.epoch)
      case 'taken':
        return this.#owner.taken(message.id, message.owner, message.epoch)
    }
  }

  /** Tells each home what this shard runs and holds, which of the rooms that it knows have lost their owners, and which are over. */
  #claim({ ring, lives }: Installed, nowMs: number): void {
    const { life, over, keeper } = this.#context
    const claims = new Map<Life, Claims>()
    const claimsAt = (id: string) => {
      const home = ring.homeOf(id)
      const chunk = claims.get(home) ?? { rooms: [], held: [], gone: [], over: [] }
      claims.set(home, chunk)
      return chunk
    }
    for (const claim of this.#owner.claims()) claimsAt(claim.id).rooms.push(claim)
    for (const { id, epoch, tick } of keeper.holds())
      if (!this.#owner.owned.has(id)) claimsAt(id).held.push({ id, epoch, tick })
    for (const [id, epoch] of this.#home.lost.entries())
      if (ring.homeOf(id) !== life) claimsAt(id).gone.push({ id, epoch })
    for (const claim of over.recent(nowMs)) claimsAt(claim.id).over.push(claim)
    this.#home.claimed(life, { chunk: 0, chunks: 1 }, claims.get(life) ?? NO_CLAIMS, nowMs)
    this.#outgoing = new OutgoingClaims(this.#context.say)
    this.#outgoing.start(
      [...lives].filter((member) => member !== life),
      claims,
      nowMs,
    )
  }

  #acknowledged(home: Life, chunk: number, nowMs: number): void {
    // Their home knows them now.
    for (const { id } of this.#outgoing.acknowledged(home, chunk, nowMs)?.gone ?? []) this.#home.lost.delete(id)
  }

  #say(to: Life, body: RoomMessageBody, nowMs: number): void {
    const view = this.#installed?.view
    if (view === undefined || this.#isOver) return
    if (to === this.#context.life) this.#hear(to, body, nowMs)
    else this.#host.send(to, { view: { generation: view.generation, number: view.number }, ...body }, laneOf(body))
  }
}

interface Claims {
  readonly rooms: RoomClaim[]
  readonly held: HeldRoomClaim[]
  readonly gone: RoomClaim[]
  readonly over: RoomClaim[]
}

const OVER = { kind: 'unknown', why: 'this shard has left the cluster' } as const

/** What may be longer than a datagram goes by stream. */
function laneOf({ t }: RoomMessageBody): PeerLane {
  return t === 'claims' || t === 'make' || t === 'open' || t === 'over' || t === 'taken' ? 'stream' : 'datagram'
}

function assertRoomId(id: string): void {
  if (!isRoomId(id))
    throw new NetError('BAD_ARGUMENT', `"${id}" is no room id`, 'Use 1 to 64 letters, digits, "_" and "-".')
}
