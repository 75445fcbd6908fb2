/**
 * Standby: each room's journal goes to holders, who can go on with it. Held by the node, one per life; driven by ticks of rooms, messages and time. Two sides, each in its
 * files: owner (`protected-room.ts`, `holder.ts`) and holder (`held-rooms.ts`); here they are put together.
 * What safety rests on is in `standby-rules.ts`.
 */
import type { TickRecord } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import { compareViews, isSameEpoch, type RoomEpoch, type View } from '../view/view.ts'
import { HeldRooms } from './held-rooms.ts'
import { ProtectedRoom } from './protected-room.ts'
import type {
  HeldRoom,
  JournalSource,
  StandbyApi,
  StandbyKeeper,
  StandbyOptions,
  StandbyReplica,
  StandbyStatus,
} from './standby-api.ts'
import { LOOK_MS, type StandbyContext } from './standby-context.ts'
import type { StandbyMessage } from './standby-messages.ts'
import { STANDBY_RULES, type StandbyRules } from './standby-rules.ts'
import { Words } from './words.ts'

const MOVED_MS = 30_000
const MAX_MOVED = 10_000

export class Standby implements StandbyApi, Part<StandbyMessage> {
  readonly #context: StandbyContext
  readonly #rooms = new Map<string, ProtectedRoom>()
  readonly #holds: HeldRooms
  readonly #words: Words
  /** Rooms that were taken over, and are about to be protected. */
  readonly #taken = new Set<string>()
  #view: View | undefined
  #members: ReadonlySet<Life> = new Set()
  /** Rooms that another shard runs now: what holders have of them is not to be dropped at once. */
  readonly #moved = new Map<string, { readonly epoch: RoomEpoch; readonly untilMs: number }>()
  #line = 0
  #isOver = false
  /** The time of the newest call. */
  #nowMs = 0
  #lookMs = Number.POSITIVE_INFINITY

  constructor(
    options: StandbyOptions,
    keeper: StandbyKeeper,
    host: PartHost<StandbyMessage>,
    rules: StandbyRules = STANDBY_RULES,
  ) {
    this.#context = {
      options,
      rules,
      keeper,
      counts: { bytesSent: 0, bytesReceived: 0, replaced: 0, diverged: 0 },
      keyframes: new Map(),
      isMember: (life) => this.#members.has(life),
      send: (to, message, lane) => {
        if (!this.#isOver) host.send(to, message, lane)
      },
      nextLine: () => ++this.#line,
      fence: (room, epoch, but, nowMs, done) => {
        const others = this.#others().filter((other) => !but.has(other))
        this.#words.say({ t: 'fence', room, epoch, drops: true }, others, nowMs, done)
      },
      unfence: (room, epoch) => this.#words.forget({ t: 'fence', room, epoch, drops: true }),
    }
    this.#holds = new HeldRooms(this.#context)
    this.#words = new Words(this.#context)
  }

  get held(): ReadonlyMap<string, HeldRoom> {
    return this.#holds.held
  }

  get nextMs(): number {
    return Math.min(this.#lookMs, this.#holds.nextMs, this.#words.nextMs)
  }

  viewInstalled(view: View, nowMs: number): void {
    if (this.#isOver || (this.#view !== undefined && compareViews(view, this.#view) <= 0)) return
    this.#nowMs = nowMs
    this.#view = view
    this.#members = new Set(view.members.map(({ life }) => life))
    this.#words.viewInstalled()
    for (const room of this.#rooms.values()) room.viewInstalled(nowMs)
    this.#arm(nowMs)
  }

  /** The source is not asked before the next `tick`. */
  protect(room: string, epoch: RoomEpoch, source: JournalSource, nowMs: number): void {
    if (this.#isOver) return
    this.#nowMs = nowMs
    this.#rooms.get(room)?.end()
    this.#holds.forget(room)
    this.#holds.fence(room, epoch, nowMs)
    const isContinued = this.#taken.delete(room) || this.#moved.has(room)
    this.#rooms.set(room, new ProtectedRoom(this.#context, { id: room, epoch, isContinued }, source))
    this.#lookMs = nowMs
  }

  append(room: string, record: TickRecord, nowMs: number): void {
    this.#rooms.get(room)?.append(record, nowMs)
  }

  heldTick(room: string): number {
    return this.#rooms.get(room)?.heldTick ?? Number.POSITIVE_INFINITY
  }

  unprotect(room: string, why: 'ended' | 'moved', nowMs: number): void {
    const ending = this.#rooms.get(room)
    if (ending === undefined) return
    this.#nowMs = nowMs
    this.#rooms.delete(room)
    const lives = [...ending.holders.keys()]
    ending.end()
    const { epoch } = ending
    if (why === 'ended') this.#words.say({ t: 'drop', room, epoch, line: this.#context.nextLine() }, lives, nowMs)
    else this.#moved.set(room, { epoch, untilMs: nowMs + MOVED_MS })
    const [oldest] = this.#moved.keys()
    if (this.#moved.size > MAX_MOVED && oldest !== undefined) this.#moved.delete(oldest)
    this.#arm(nowMs)
  }

  addHolder(room: string, life: Life, nowMs: number): void {
    this.#rooms.get(room)?.pin(life, nowMs)
  }

  isHolding(room: string, life: Life): boolean {
    return this.#rooms.get(room)?.holders.get(life)?.state === 'holding'
  }

  releaseHolder(room: string, life: Life, nowMs: number): void {
    this.#rooms.get(room)?.unpin(life, nowMs)
  }

  replicaOf(room: string): StandbyReplica | undefined {
    return this.#holds.replicaOf(room)
  }

  /**
   * The room opens at once. Other members may hold it in the epoch before. They are told to take nothing of it any more, and keep what they have until it has a holder in its new one: should this shard die
   * until then, they go on with that, and nothing that was called held is missing. After that they say that they hold it no more, and only then more is called held. Where its owner was
   * removed, a view without it is installed by whoever sends or claims in that view, and from then on nothing of it is heard there; where it is a member (a move), it stopped
   * in its epoch before it said so.
   */
  takeOver(room: string, epoch: RoomEpoch, nowMs: number): StandbyReplica | undefined {
    if (this.#isOver) return undefined
    this.#nowMs = nowMs
    const replica = this.#holds.take(room, epoch, nowMs)
    if (replica === undefined) return undefined
    this.#taken.add(room)
    this.#words.say({ t: 'fence', room, epoch, drops: false }, this.#others(), nowMs)
    this.#arm(nowMs)
    return replica
  }

  fence(room: string, epoch: RoomEpoch): void {
    if (!this.#isOver) this.#holds.fence(room, epoch, this.#nowMs)
  }

  /** The room is over, up to this epoch: what is held of it is of no use. */
  over(room: string, epoch: RoomEpoch): void {
    if (!this.#isOver) this.#holds.over(room, epoch)
  }

  status(nowMs: number): StandbyStatus {
    const { bytesSent, bytesReceived, replaced, diverged } = this.#context.counts
    return {
      rooms: [...this.#rooms.values()].map((room) => room.status(nowMs)),
      held: [...this.held.values()].map(({ id, owner, epoch, tick, isHolder }) => ({
        id,
        owner,
        epoch,
        tick,
        isHolder,
      })),
      bytesSent,
      bytesReceived,
      replaced,
      diverged,
    }
  }

  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const room of this.#rooms.values()) room.end()
    this.#rooms.clear()
    this.#holds.stop()
    this.#words.clear()
    this.#lookMs = Number.POSITIVE_INFINITY
  }

  receive(from: Life, message: StandbyMessage, nowMs: number): void {
    if (this.#isOver || !this.#members.has(from)) return
    this.#nowMs = nowMs
    this.#hear(from, message, nowMs)
    this.#arm(nowMs)
  }

  tick(nowMs: number): void {
    if (this.#isOver) return
    this.#nowMs = nowMs
    this.#words.tick(nowMs)
    this.#holds.replay(nowMs)
    if (nowMs < this.#lookMs) return
    this.#lookMs = Number.POSITIVE_INFINITY
    for (const room of this.#rooms.values()) room.look(nowMs)
    this.#holds.look(nowMs)
    this.#arm(nowMs)
  }

  #others(): Life[] {
    return [...this.#members].filter((life) => life !== this.#context.options.life)
  }

  #hear(from: Life, message: StandbyMessage, nowMs: number): void {
    const { room, epoch } = message
    switch (message.t) {
      case 'hold':
        return this.#holds.hold(from, message, nowMs)
      case 'records':
        return this.#holds.records(from, message, nowMs)
      case 'drop':
        return this.#holds.drop(from, message)
      case 'state':
        return this.#holds.explain(from, message, message.bytes)
      case 'fence':
        if (message.drops) this.#holds.outdated(room, epoch, nowMs)
        else this.#holds.fence(room, epoch, nowMs)
        return this.#context.send(from, { ...message, t: 'fenced' }, 'stream')
      case 'fenced':
        return this.#words.answered(from, message)
      default:
        return this.#answered(from, message, nowMs)
    }
  }

  /** A holder's word to a room's owner. */
  #answered(from: Life, message: Exclude<StandbyMessage, { readonly t: 'fence' | 'fenced' }>, nowMs: number): void {
    const { room, epoch } = message
    const ours = this.#rooms.get(room)
    const holder = ours?.holders.get(from)
    if (message.t === 'dropped') this.#words.answered(from, message)
    if (ours !== undefined && holder !== undefined && isSameEpoch(ours.epoch, epoch))
      return ours.receive(holder, message, nowMs)
    // Its new owner may not have come to it yet.
    const moved = this.#moved.get(room)
    if (moved !== undefined && isSameEpoch(moved.epoch, epoch) && nowMs < moved.untilMs) return
    // It holds what is not to be held by it any more.
    if (message.t === 'need') this.#context.send(from, { t: 'drop', room, epoch, line: message.line }, 'stream')
  }

  #arm(nowMs: number): void {
    const isIdle = this.#rooms.size === 0 && this.#holds.isEmpty
    if (!isIdle) this.#lookMs = Math.min(this.#lookMs, nowMs + LOOK_MS)
  }
}
