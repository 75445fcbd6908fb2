/**
 * All rooms of one process: made when somebody joins, ticked by one loop, gone when empty. Takes links from whatever transport; the composition root of
 * servers and of tests. Pure: clock, alarm and seed are passed in.
 */
import {
  type CloseReason,
  type CompiledGame,
  type EpochTriple,
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
import { type PlayerCore, packToClient } from '../room/player-core.ts'
import { restoreRoom } from '../room/restore-room.ts'
import { type Begins, beginsOf } from '../room/restored-time.ts'
import { RoomFacade, roomOf } from '../room/room.ts'
import { RoomCore } from '../room/room-core.ts'
import { countsOf } from '../room/room-counts.ts'
import { firstListing } from '../room/room-listing.ts'
import { RoomReplica } from '../room/room-replica.ts'
import { checkedRules, type UntypedRules } from '../room/rules.ts'
import type { LedgerSeat } from '../room/session-ledger.ts'
import { type SpectatorLimits, spectatorLimits } from '../room/spectator-limits.ts'
import type { Keyframe } from '../room/standby-line.ts'
import { startStandby } from '../room/standby-recorder.ts'
import { makeWireTools, type WireTools } from '../room/wire-tools.ts'
import { TickLoop } from '../tick/tick-loop.ts'
import type { AddressBudget } from './address-budget.ts'
import { Admission, type Reserve } from './admission.ts'
import { Chores } from './chores.ts'
import { type EarlyArrival, EarlyArrivals } from './early-arrivals.ts'
import type { Grant } from './grant.ts'
import {
  type ClusterRoom,
  checkedGraceMs,
  DEFAULT_MAX_ROOMS,
  type HostCounts,
  type HostOptions,
  roomSettings,
} from './host-options.ts'
import { noLobby, notMade, tooManyRooms } from './host-refusals.ts'
import { type CountedHost, countsOfHost, statsOf } from './host-stats.ts'
import { LeaseWatch } from './lease-watch.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import type { CarriedFrom, Elsewhere, Pipe } from './room-directory.ts'
import { type LobbyConnection, type PeerInfo, Session, type SessionHost } from './session.ts'
import { Sessions } from './sessions.ts'

export class RoomHost<S extends Shape = Shape> implements SessionHost {
  readonly game: CompiledGame
  readonly limits: Limits
  private readonly maxRooms: number
  readonly log: Log
  readonly clock: { nowMs(): number }
  private readonly spectators: SpectatorLimits | undefined
  private readonly admission: Admission
  /** Players whose rooms are about to move here. */
  private readonly early = new EarlyArrivals()
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
  private readonly sessions: Sessions
  private stopped = false
  private made = 0
  private dropped = 0
  private readonly droppedByCode = new Map<NetErrorCode, number>()
  /** Of rooms that ended. */
  private readonly past = noPlayCounts()
  private draining = false

  constructor(game: Game<S>, rules: Rules<S>, options: HostOptions) {
    this.graceMs = checkedGraceMs(options)
    this.game = game
    this.spectators = spectatorLimits(options.spectators)
    this.rules = checkedRules(
      game,
      rules as unknown as Rules,
      (problem, remedy) => new NetError('BAD_ARGUMENT', problem, remedy),
    )
    this.options = options
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.maxRooms = options.maxRooms ?? DEFAULT_MAX_ROOMS
    this.log = options.log ?? (() => {})
    this.clock = options.timer
    this.sessions = new Sessions(options.timer)
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

  /** 0 to 1: of the rooms or the connections that it takes, whichever are nearer their end. */
  get load(): number {
    return Math.min(1, Math.max(this.cores.size / this.maxRooms, this.sessions.size / this.limits.maxConnections))
  }

  peerDropped(code: NetErrorCode): void {
    this.droppedByCode.set(code, (this.droppedByCode.get(code) ?? 0) + 1)
    this.dropped++
  }

  /** Takes a new connection; attaches to the link before it returns. */
  accept(link: Link, info: PeerInfo = {}): void {
    const session = new Session(this, link, info)
    this.sessions.add(session)
    if (this.sessions.size > this.limits.maxConnections)
      session.drop('TOO_MANY_CONNECTIONS', 'The server takes no more connections.')
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
    for (const room of [...this.cores.values()]) this.end(room, reason)
    this.sessions.close(reason)
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
    if (this.options.lobby === undefined) throw noLobby()
    return this.options.lobby.enter(hello, link, identity, connection)
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
    return statsOf(this.counted)
  }

  /** What metrics say beyond `stats`. Counts that only grow, also when rooms end. */
  get counts(): HostCounts {
    return countsOfHost(this.counted)
  }

  private get counted(): CountedHost {
    const { cores, sessions, loop, made, dropped, droppedByCode, past, admission } = this
    return { cores, sessions, loop, made, dropped, droppedByCode, past, admission }
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
    const { game, maxRooms } = this
    if (this.cores.size >= maxRooms) throw tooManyRooms(maxRooms)
    const secretSeed = this.entropy()
    const room = this.makeRoom(id, { secretSeed, publicSeed: hash32(secretSeed, this.entropy(), 0, 0) | 0 }, cluster)
    room.handle = this.loop.add(room, game.tickRate)
    this.keep(room)
    try {
      this.rules.onCreate?.(room.facade)
    } catch (error) {
      this.fail(room, error)
      throw notMade(id)
    }
    return room
  }

  private makeRoom(id: string, begins: Begins, cluster?: ClusterRoom): RoomCore {
    const { limits, log, clock, graceMs, spectators } = this
    const room: RoomCore = new RoomCore(this.game, this.rules, this.tools, {
      ...roomSettings(this.options),
      ...{ id, log, clock, graceMs, spectators },
      clusterOffsetMs: this.serverMs() - clock.nowMs(),
      ...begins,
      ...cluster,
      stuckMs: limits.stuckMs,
      fullFramesPerSecond: limits.fullFramesPerSecond,
      onEffectsDone: () => this.options.onEffectsDone?.(id),
      onEnd: (reason) => this.end(room, reason),
    })
    room.facade = new RoomFacade(room)
    room.listing = firstListing(cluster?.created)
    return room
  }

  /** From now on the room is here. */
  private keep(room: RoomCore): void {
    startRecording(room, this.options.record?.(room.id))
    startStandby(room)
    this.cores.set(room.id, room)
    this.facades.set(room.id, roomOf<S>(room))
    this.made++
  }

  /** On a shard of a cluster: cluster time. */
  serverMs(): number {
    return this.options.clusterMs?.() ?? this.clock.nowMs()
  }

  /** A room that another shard runs, as whoever stands by has it. Throws SCHEMA_MISMATCH or GAME_MISMATCH, or that it cannot be read. */
  openReplica(keyframe: Keyframe): RoomReplica {
    return new RoomReplica(this.game, keyframe, this.clock)
  }

  /**
   * Goes on with a room that another shard ran, after the newest tick of its replica. `late`: it moves here by plan, and goes on at once; else when those who were connected
   * are back, or after 300 ms. May exceed `maxRooms`: no match is thrown away for that. Throws a NetError, having changed nothing.
   */
  restoreRoom(id: string, cluster: ClusterRoom, replica: RoomReplica, late?: Uint8Array): RoomCore {
    this.refuseIfStopping(false)
    if (this.cores.has(id)) throw new NetError('BAD_STATE', `the room "${id}" runs here.`, 'Close it first.')
    replica.replay(Number.POSITIVE_INFINITY)
    const time = { clusterMs: this.serverMs(), nowMs: this.clock.nowMs(), isPlanned: late !== undefined }
    const room = this.makeRoom(id, beginsOf(replica, time), cluster)
    const pass = (of: LedgerSeat, player: () => PlayerCore) => this.admission.passOf(room, of, player)
    const pause = restoreRoom(room, replica, { loop: this.loop, pass, late })
    this.keep(room)
    if (late === undefined) pause.wait(this.options.timer)
    this.early.enter(id)
    if (late !== undefined) pause.open()
    return room
  }

  /** Players of a room that is about to move here may come in advance (`arrived`: so many did); undefined: it does not, and those who came are sent away. */
  expectRoom(id: string, replica: RoomReplica | undefined): void {
    this.early.expect(id, replica)
  }

  arrived(id: string): number {
    return this.early.count(id)
  }

  prepare(hello: HelloMessage, address: string, arrival: EarlyArrival): () => void {
    this.refuseIfStopping(false)
    this.admission.refuseAddress(address)
    return this.early.arrive(hello, arrival)
  }

  /** A halted room goes on elsewhere: whoever is still here is told where. No hooks run, and it has not ended. */
  handOver(id: string, place: { readonly url: string; readonly epoch: EpochTriple }): void {
    const room = this.cores.get(id)
    if (room === undefined) return
    const told = packToClient({ t: 'moved', room: id, ...place })
    for (const player of room.players) if (!player.ended) player.link.send('reliable', told)
    this.forget(room, { code: 'MOVED', message: `the room "${id}" is at ${place.url}.` })
  }

  /** Another shard owns a room, or is about to: links are closed so that clients dial again. No hooks run, and it has not ended. */
  dropRoom(id: string, reason: CloseReason): void {
    const room = this.cores.get(id)
    if (room !== undefined) this.forget(room, reason)
  }

  private forget(room: RoomCore, reason: CloseReason): void {
    this.takeOut(room)
    room.abandon(reason)
  }

  private takeOut(room: RoomCore): void {
    addPlayCounts(this.past, countsOf(room))
    this.cores.delete(room.id)
    this.facades.delete(room.id)
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
      this.takeOut(room)
      this.options.onRoomEnded?.(room.id)
    }
    room.shutDown(reason)
  }
}
