/**
 * All rooms of one process: made when somebody joins, ticked by one loop, gone when empty. Takes links from whatever transport; the composition root of
 * servers and of tests. Pure: clock, alarm and seed are passed in.
 */
import {
  type CloseReason,
  type CompiledGame,
  type Game,
  type HelloMessage,
  hash32,
  type Link,
  type LobbyHello,
  NetError,
  type NetErrorCode,
  SeededRandom,
  type Shape,
} from '@tickmesh/shared'
import { checkInterest } from '../interest/make-interest.ts'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import { addPlayCounts, noPlayCounts } from '../ops/play-counts.ts'
import type { ServerStats } from '../ops/server-stats.ts'
import type { Room, Rules } from '../room/api.ts'
import type { Attendance } from '../room/attendance.ts'
import { startRecording } from '../room/journal-recorder.ts'
import { RoomFacade, roomOf } from '../room/room.ts'
import { RoomCore } from '../room/room-core.ts'
import { countsOf } from '../room/room-counts.ts'
import { firstListing } from '../room/room-listing.ts'
import { checkedRules, type UntypedRules } from '../room/rules.ts'
import { type SpectatorLimits, spectatorLimits } from '../room/spectator-limits.ts'
import { makeWireTools, type WireTools } from '../room/wire-tools.ts'
import { TickLoop } from '../tick/tick-loop.ts'
import type { AddressBudget } from './address-budget.ts'
import { Admission, type Reserve } from './admission.ts'
import { Chores } from './chores.ts'
import type { Grant } from './grant.ts'
import { type ClusterRoom, DEFAULT_MAX_ROOMS, type HostCounts, type HostOptions } from './host-options.ts'
import { LeaseWatch } from './lease-watch.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import type { CarriedFrom, Elsewhere, Pipe } from './room-directory.ts'
import { type LobbyConnection, type PeerInfo, Session, type SessionHost } from './session.ts'

const MAX_REWIND_MS = 1000
const MAX_GRACE_MS = 600_000
const CHECK_EVERY_MS = 250

export class RoomHost<S extends Shape = Shape> implements SessionHost {
  readonly game: CompiledGame
  readonly limits: Limits
  readonly log: Log
  readonly clock: { nowMs(): number }
  private readonly spectators: SpectatorLimits | undefined
  private readonly admission: Admission
  private readonly graceMs: number
  private readonly rules: UntypedRules
  private readonly options: HostOptions
  private readonly tools: WireTools
  private readonly loop: TickLoop
  readonly lease: LeaseWatch
  /** Work that strangers cause, for when there is time between ticks. */
  readonly chores: Chores
  /** The same for plain HTTP, of which each request is small, and many come. */
  readonly pages: Chores
  private readonly entropy: () => number
  private readonly cores = new Map<string, RoomCore>()
  private readonly facades = new Map<string, Room<S>>()
  private readonly sessions = new Set<Session>()
  private cancelCheck: (() => void) | undefined
  private stopped = false
  private made = 0
  private dropped = 0
  private readonly droppedByCode = new Map<NetErrorCode, number>()
  /** Of rooms that ended. */
  private readonly past = noPlayCounts()
  private draining = false

  constructor(game: Game<S>, rules: Rules<S>, options: HostOptions) {
    const { maxRewindMs = 500, graceMs = 15_000 } = options
    if (!(maxRewindMs >= 0 && maxRewindMs <= MAX_REWIND_MS)) {
      throw new NetError('BAD_ARGUMENT', `maxRewindMs is ${maxRewindMs}.`, `Give 0 to ${MAX_REWIND_MS}.`)
    }
    if (!(graceMs >= 0 && graceMs <= MAX_GRACE_MS)) {
      throw new NetError('BAD_ARGUMENT', `graceMs is ${graceMs}.`, `Give 0 to ${MAX_GRACE_MS}.`)
    }
    this.graceMs = graceMs
    this.game = game
    this.spectators = spectatorLimits(options.spectators)
    this.rules = checkedRules(
      game,
      rules as unknown as Rules,
      (problem, remedy) => new NetError('BAD_ARGUMENT', problem, remedy),
    )
    this.options = options
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.log = options.log ?? (() => {})
    this.clock = options.timer
    const sequence = new SeededRandom(options.seed ?? 0)
    this.entropy = options.entropy ?? (() => sequence.uint32())
    this.tools = makeWireTools(game)
    if (this.rules.interest !== undefined) checkInterest(this.tools, this.rules.interest, options.record !== undefined)
    this.admission = new Admission(this, {
      ...options,
      spectators: this.spectators,
      entropy: this.entropy,
      wallMs: options.wallMs ?? (() => options.timer.nowMs()),
    })
    this.lease = new LeaseWatch(options.timer, options.mayAct, this.log)
    this.loop = new TickLoop(options.timer, {
      onFailure: (room, error) => {
        if (room instanceof RoomCore) this.fail(room, error)
      },
      mayRun: options.mayAct,
      onHeld: () => this.freeze(),
    })
    const choreTimer = options.choreTimer ?? options.timer
    this.chores = new Chores(choreTimer, () => this.loop.nextTickMs)
    this.pages = new Chores(choreTimer, () => this.loop.nextTickMs, { gapMs: 1.5, patienceMs: 20, maxPerAddress: 64 })
  }

  get rooms(): ReadonlyMap<string, Room<S>> {
    return this.facades
  }

  get sessionCount(): number {
    return this.sessions.size
  }

  peerDropped(code: NetErrorCode): void {
    this.droppedByCode.set(code, (this.droppedByCode.get(code) ?? 0) + 1)
    this.dropped++
  }

  /** Takes a new connection; attaches to the link before it returns. */
  accept(link: Link, info: PeerInfo = {}): void {
    const session = new Session(this, link, info)
    this.sessions.add(session)
    if (this.stopped) session.drop('SERVER_STOPPING', 'The server is stopping.')
    else if (this.sessions.size > this.limits.maxConnections)
      session.drop('TOO_MANY_CONNECTIONS', 'The server takes no more connections.')
    else if (this.cancelCheck === undefined) this.planCheck()
  }

  /** This shard has no lease: no tick runs, no frame leaves, players are told. Ends by itself when `mayAct` says so. Idempotent. */
  freeze(): void {
    this.lease.freeze(this.loop)
  }

  /** Rooms go on where they stopped, if `mayAct` allows it. Idempotent. */
  thaw(): void {
    this.lease.thaw(this.loop)
  }

  /** Ends everything: players are told, hooks run, no new rooms. */
  close(reason: CloseReason = { code: 'SERVER_STOPPING', message: 'The server is stopping.' }): void {
    this.stopped = true
    this.lease.stop()
    this.cancelCheck?.()
    this.cancelCheck = undefined
    for (const room of [...this.cores.values()]) this.end(room, reason)
    for (const session of this.sessions) session.drop(reason.code, reason.message)
  }

  /** No new rooms and no newcomers from now on; players may still resume. Players and rules are told that everything ends within `ms`. */
  drain(ms: number): void {
    if (this.draining || this.stopped) return
    this.draining = true
    for (const room of [...this.cores.values()]) room.drain(ms)
  }

  refuseIfStopping(isNew: boolean): void {
    if (!this.stopped && !(isNew && this.draining)) return
    throw new NetError('SERVER_STOPPING', 'the server is stopping.', 'Join another server, or try again in a while.')
  }

  refuseIfFrozen(): void {
    if (!this.lease.frozen && this.options.mayAct?.() !== false) return
    throw new NetError('NOT_READY', 'this shard is cut off from the others at the moment.', 'Try again in a while.')
  }

  check(
    hello: HelloMessage,
    address: string,
    signal: () => AbortSignal,
    budget?: AddressBudget,
  ): Grant | Promise<Grant> {
    return this.admission.check(hello, address, signal, budget)
  }

  checkVisitor(hello: LobbyHello, address: string, signal: () => AbortSignal): Grant | Promise<Grant> {
    return this.admission.checkVisitor(hello, address, signal)
  }

  visitLobby(hello: LobbyHello, link: Link, { identity }: Grant, connection: LobbyConnection): Pipe {
    const { lobby } = this.options
    if (lobby !== undefined) return lobby.enter(hello, link, identity, connection)
    throw new NetError(
      'BAD_STATE',
      'this server is no shard of a cluster, and has no lobby.',
      'Join a room by its name.',
    )
  }

  carry(hello: HelloMessage, link: Link, place: Elsewhere, from: CarriedFrom): Pipe | undefined {
    return this.options.directory?.carry(hello, link, place, from)
  }

  admit(hello: HelloMessage, link: Link, grant: Grant, budget?: AddressBudget): Attendance {
    return this.admission.admit(hello, link, grant, budget)
  }

  /** Keeps a seat, in a room that is made if need be, until the ticket expires that this gives. Throws ROOM_FULL, or BAD_STATE without the option `tickets`. */
  reserve(seat: Reserve): Promise<string> {
    return this.admission.reserve(seat)
  }

  roomNamed(id: string): RoomCore | undefined {
    return this.cores.get(id)
  }

  sessionEnded(session: Session): void {
    this.sessions.delete(session)
  }

  get stats(): ServerStats {
    const { lateness } = this.loop
    const rooms = [...this.cores.values()].map((room) => room.stats)
    return {
      rooms: rooms.length,
      connections: this.sessions.size,
      players: rooms.reduce((sum, { players }) => sum + players, 0),
      away: rooms.reduce((sum, { away }) => sum + away, 0),
      spectators: rooms.reduce((sum, { spectators }) => sum + spectators, 0),
      roomsMade: this.made,
      authenticating: this.admission.pending,
      resumes: this.admission.desk.resumes,
      resumesRefused: this.admission.desk.refused,
      peersDropped: this.dropped,
      ticks: lateness.count,
      tickLatenessP50Ms: lateness.quantile(0.5),
      tickLatenessP99Ms: lateness.quantile(0.99),
      tickLatenessMaxMs: lateness.max,
    }
  }

  /** What metrics say beyond `stats`. Counts that only grow, also when rooms end. */
  get counts(): HostCounts {
    const play = { ...this.past }
    const overload = [0, 0, 0, 0]
    for (const room of this.cores.values()) {
      addPlayCounts(play, countsOf(room))
      const level = room.stats.overload
      overload[level] = (overload[level] ?? 0) + 1
    }
    const transports = new Map<string, number>()
    for (const { info } of this.sessions) {
      const transport = info.transport ?? 'other'
      transports.set(transport, (transports.get(transport) ?? 0) + 1)
    }
    const { lateness, durations } = this.loop
    return { play, overload, transports, dropped: this.droppedByCode, lateness, durations }
  }

  /** Forgets how late ticks were: for measuring a stretch of time. */
  resetLateness(): void {
    this.loop.lateness.reset()
  }

  /** Ends one room. */
  closeRoom(id: string, reason: CloseReason): void {
    const room = this.cores.get(id)
    if (room !== undefined) this.end(room, reason)
  }

  openRoom(id: string, cluster?: ClusterRoom): RoomCore {
    this.refuseIfStopping(true)
    const { options, game } = this
    const { maxRooms = DEFAULT_MAX_ROOMS } = options
    if (this.cores.size >= maxRooms) {
      throw new NetError(
        'ROOM_FULL',
        `the server runs ${maxRooms} rooms already.`,
        'Join one of them, or try again later.',
      )
    }
    const secretSeed = this.entropy()
    const room: RoomCore = new RoomCore(game, this.rules, this.tools, {
      id,
      publicSeed: hash32(secretSeed, this.entropy(), 0, 0) | 0,
      secretSeed,
      development: options.development ?? false,
      syncTest: options.syncTest ?? false,
      maxRewindMs: options.maxRewindMs ?? 500,
      stuckMs: this.limits.stuckMs,
      fullFramesPerSecond: this.limits.fullFramesPerSecond,
      log: this.log,
      clock: this.clock,
      idleMs: options.roomIdleMs ?? 5000,
      graceMs: this.graceMs,
      spectators: this.spectators,
      ...cluster,
      mayAct: options.mayAct,
      onEnd: (reason) => this.end(room, reason),
    })
    room.facade = new RoomFacade(room)
    room.listing = firstListing(cluster?.created)
    room.handle = this.loop.add(room, game.tickRate)
    startRecording(room, options.record?.(id))
    this.cores.set(id, room)
    this.facades.set(id, roomOf<S>(room))
    this.made++
    try {
      this.rules.onCreate?.(room.facade)
    } catch (error) {
      this.fail(room, error)
      throw new NetError('INTERNAL', `the room "${id}" could not be made.`, 'The log of the server says why.')
    }
    return room
  }

  /** The game's code threw in this room. */
  private fail(room: RoomCore, error: unknown): void {
    this.log(
      failureLine('room-failed', `tick ${room.tickNumber} of the room "${room.id}" threw; the room was closed`, error, {
        room: room.id,
      }),
    )
    this.end(room, { code: 'INTERNAL', message: 'The game failed in this room; the log of the server says why.' })
  }

  private end(room: RoomCore, reason: CloseReason): void {
    if (this.cores.get(room.id) === room) {
      addPlayCounts(this.past, countsOf(room))
      this.cores.delete(room.id)
      this.facades.delete(room.id)
      this.options.onRoomEnded?.(room.id)
    }
    room.shutDown(reason)
  }

  /** Silent peers are looked for while there are any. */
  private planCheck(): void {
    const { timer } = this.options
    this.cancelCheck = timer.wakeAt(timer.nowMs() + CHECK_EVERY_MS, () => {
      this.cancelCheck = undefined
      const nowMs = timer.nowMs()
      for (const session of this.sessions) session.check(nowMs)
      if (this.sessions.size > 0 && !this.stopped) this.planCheck()
    })
  }
}
