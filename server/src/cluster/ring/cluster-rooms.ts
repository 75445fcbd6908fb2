/**
 * Where rooms are and who runs them: homes, owners, claims, epochs. Held by the node, one per life; driven by messages and time.
 *
 * A room's home follows from the view and the id; it knows the room, and names its owner. On every new view all older grants and questions are void, each member
 * claims at each home the rooms that it runs, and a home names nobody before it has heard all members and removed ones' leases are over. Three sides, each in its
 * file: home (`room-home.ts`, `room-naming.ts`), owner (`room-owner.ts`), asker (`room-asker.ts`); here they are put together.
 * What safety rests on is in `room-rules.ts`.
 */
import { assertPlain, isRoomId, NetError } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import type { Part, PartHost, PeerLane } from '../part.ts'
import { compareViews, type RoomEpoch, type View } from '../view/view.ts'
import { type ClaimChunk, OutgoingClaims } from './claims.ts'
import { makeRing } from './ring.ts'
import { RoomAsker } from './room-asker.ts'
import { RoomHome } from './room-home.ts'
import type { RoomClaim, RoomMessage, RoomMessageBody } from './room-messages.ts'
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
  #installed: Installed | undefined
  #outgoing: OutgoingClaims
  #isOver = false

  constructor(options: ClusterRoomsOptions, keeper: RoomKeeper, host: PartHost<RoomMessage>) {
    this.#host = host
    this.#context = {
      ...options,
      rules: options.rules ?? ROOM_RULES,
      keeper,
      say: (to, body, nowMs) => this.#say(to, body, nowMs),
    }
    this.#owner = new RoomOwner(this.#context)
    this.#home = new RoomHome(this.#context, this.#owner)
    this.#asker = new RoomAsker(this.#context, this.#owner)
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
    return this.#asker.waiting + this.#home.naming.waiting + this.#owner.waiting
  }

  /** Members of the view that this home has not heard all claims of. */
  get waitingFor(): readonly Life[] {
    return this.#home.waitingFor
  }

  get nextMs(): number {
    return Math.min(this.#outgoing.nextMs, this.#owner.nextMs, this.#home.nextMs, this.#asker.nextMs)
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
    this.#asker.askAgain(nowMs)
  }

  /** Rooms of members that the newest view has not, as the lobby knew them: their homes answer `lost`. Call it right after `viewInstalled`. */
  ownersGone(rooms: Iterable<RoomClaim>): void {
    this.#home.ownersGone(rooms)
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

  /** This life is over (it was removed, or it stops): closes all rooms and answers all questions. Nothing happens any more. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outgoing = new OutgoingClaims(this.#context.say)
    this.#owner.closeAll()
    this.#asker.stop(OVER.why)
  }

  receive(from: Life, message: RoomMessage, nowMs: number): void {
    const installed = this.#installed
    if (this.#isOver || installed === undefined || !installed.lives.has(from)) return
    const { generation, number } = installed.view
    if (this.#context.rules.acceptsView({ generation, number }, message.view)) this.#hear(from, message, nowMs)
  }

  tick(nowMs: number): void {
    if (this.#isOver) return
    this.#outgoing.tick(nowMs)
    this.#owner.tick(nowMs)
    this.#home.tick(nowMs)
    this.#asker.tick(nowMs)
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
    }
  }

  /** Tells each home what this shard runs, and which of the rooms that it knows have lost their owners. */
  #claim({ ring, lives }: Installed, nowMs: number): void {
    const { life } = this.#context
    const claims = new Map<Life, { rooms: RoomClaim[]; gone: RoomClaim[] }>()
    const claimsAt = (home: Life) => {
      const chunk = claims.get(home) ?? { rooms: [], gone: [] }
      claims.set(home, chunk)
      return chunk
    }
    for (const [id, epoch] of this.#owner.owned) claimsAt(ring.homeOf(id)).rooms.push({ id, epoch })
    for (const [id, epoch] of this.#home.lost.entries()) {
      const home = ring.homeOf(id)
      if (home !== life) claimsAt(home).gone.push({ id, epoch })
    }
    const own: ClaimChunk = claims.get(life) ?? { rooms: [], gone: [] }
    this.#home.claimed(life, { chunk: 0, chunks: 1 }, own, nowMs)
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

const OVER = { kind: 'unknown', why: 'this shard has left the cluster' } as const

/** What may be longer than a datagram goes by stream. */
function laneOf({ t }: RoomMessageBody): PeerLane {
  return t === 'claims' || t === 'make' || t === 'open' ? 'stream' : 'datagram'
}

function assertRoomId(id: string): void {
  if (!isRoomId(id))
    throw new NetError('BAD_ARGUMENT', `"${id}" is no room id`, 'Use 1 to 64 letters, digits, "_" and "-".')
}
