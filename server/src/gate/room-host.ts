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
  NetError,
  SeededRandom,
  type Shape,
} from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import type { ServerStats } from '../ops/server-stats.ts'
import type { Room, Rules } from '../room/api.ts'
import type { Attendance } from '../room/attendance.ts'
import { type Recording, startRecording } from '../room/journal-recorder.ts'
import { RoomFacade, roomOf } from '../room/room.ts'
import { RoomCore } from '../room/room-core.ts'
import { checkedRules, type UntypedRules } from '../room/rules.ts'
import { SeatedPlayer } from '../room/seated-player.ts'
import { checkDelay, type SpectatorLimits, spectatorLimits } from '../room/spectator-limits.ts'
import { makeWireTools, type WireTools } from '../room/wire-tools.ts'
import { TickLoop } from '../tick/tick-loop.ts'
import type { TickTimer } from '../tick/tick-timer.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { type PeerInfo, Session, type SessionHost } from './session.ts'

export interface HostOptions {
  readonly timer: TickTimer
  /** Of all randomness that is not given by `entropy`. Tests pass a fixed one. */
  readonly seed?: number
  /** Gives 32 bits that nobody can guess, for rooms' seeds, ids and tokens. By default a sequence from `seed`, which can be guessed. */
  readonly entropy?: () => number
  /** Checks that a game must pass before it is shipped: ranges, locks, forbidden functions. They cost time. */
  readonly development?: boolean
  /** Computes each tick twice and compares; a difference closes the room, naming the field. */
  readonly syncTest?: boolean
  /** How far back a shot may be judged, and how late a press may come; 500 by default, 1,000 at most. */
  readonly maxRewindMs?: number
  readonly limits?: Partial<Limits>
  /** Rooms at a time; 1,000 by default. */
  readonly maxRooms?: number
  /** A room that is empty for so long ends; 5,000 by default. */
  readonly roomIdleMs?: number
  /** Lets others watch, each with a delay of its choice; left out, nobody may. `{}` takes the defaults. */
  readonly spectators?: Partial<SpectatorLimits>
  /** Asked for each room that is made: where to record its journal. */
  readonly record?: (room: string) => Recording | undefined
  readonly log?: Log
}

/** Who names no room comes here. */
export const DEFAULT_ROOM = 'main'

interface Names {
  readonly id: string
  readonly token: string
}

const MAX_REWIND_MS = 1000
const CHECK_EVERY_MS = 250

export class RoomHost<S extends Shape = Shape> implements SessionHost {
  readonly game: CompiledGame
  readonly limits: Limits
  readonly log: Log
  readonly clock: { nowMs(): number }
  private readonly spectators: SpectatorLimits | undefined
  private readonly rules: UntypedRules
  private readonly options: HostOptions
  private readonly tools: WireTools
  private readonly loop: TickLoop
  private readonly entropy: () => number
  private readonly cores = new Map<string, RoomCore>()
  private readonly facades = new Map<string, Room<S>>()
  private readonly sessions = new Set<Session>()
  private cancelCheck: (() => void) | undefined
  private stopped = false
  private made = 0
  private dropped = 0

  constructor(game: Game<S>, rules: Rules<S>, options: HostOptions) {
    const { maxRewindMs = 500 } = options
    if (!(maxRewindMs >= 0 && maxRewindMs <= MAX_REWIND_MS)) {
      throw new NetError('BAD_ARGUMENT', `maxRewindMs is ${maxRewindMs}.`, `Give 0 to ${MAX_REWIND_MS}.`)
    }
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
    this.loop = new TickLoop(options.timer, {
      onFailure: (room, error) => {
        if (room instanceof RoomCore) this.fail(room, error)
      },
    })
  }

  get rooms(): ReadonlyMap<string, Room<S>> {
    return this.facades
  }

  get sessionCount(): number {
    return this.sessions.size
  }

  peerDropped(): void {
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

  /** Ends everything: players are told, hooks run, no new rooms. */
  close(reason: CloseReason = { code: 'SERVER_STOPPING', message: 'The server is stopping.' }): void {
    this.stopped = true
    this.cancelCheck?.()
    this.cancelCheck = undefined
    for (const room of [...this.cores.values()]) this.end(room, reason)
    for (const session of this.sessions) session.drop(reason.code, reason.message)
  }

  admit(hello: HelloMessage, link: Link): Attendance {
    if (this.stopped) throw new NetError('SERVER_STOPPING', 'the server is stopping.', 'Try again in a while.')
    const names = { id: this.name(), token: `${this.name()}${this.name()}` }
    return hello.spectate === undefined
      ? this.seat(hello, link, names)
      : this.placeSpectator(hello, link, names, hello.spectate)
  }

  private seat(hello: HelloMessage, link: Link, names: Names): Attendance {
    const id = hello.room ?? DEFAULT_ROOM
    const known = this.cores.get(id)
    if (known === undefined && hello.create === false) throw noRoom(id)
    const room = known ?? this.open(id)
    const player = room.admit(link, names, hello.options)
    if (player === undefined) {
      const problem = `all ${this.game.maxPlayers} seats of the room "${id}" are taken.`
      throw new NetError('ROOM_FULL', problem, 'Choose another room.')
    }
    return new SeatedPlayer(room, player)
  }

  /** Spectators make no rooms, and keep none open. */
  private placeSpectator(hello: HelloMessage, link: Link, names: Names, delayMs: number): Attendance {
    const { spectators } = this
    checkDelay(spectators, delayMs)
    const id = hello.room ?? DEFAULT_ROOM
    const room = this.cores.get(id)
    if (room === undefined) throw noRoom(id)
    const spectator = room.stage?.admit(link, names, delayMs)
    if (spectator === undefined) {
      const problem = `all ${spectators.max} places for spectators of the room "${id}" are taken.`
      throw new NetError('ROOM_FULL', problem, 'Try again later, or raise `spectators.max` of the server.')
    }
    return spectator
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
      spectators: rooms.reduce((sum, { spectators }) => sum + spectators, 0),
      roomsMade: this.made,
      peersDropped: this.dropped,
      ticks: lateness.count,
      tickLatenessP50Ms: lateness.quantile(0.5),
      tickLatenessP99Ms: lateness.quantile(0.99),
      tickLatenessMaxMs: lateness.max,
    }
  }

  /** Forgets how late ticks were: for measuring a stretch of time. */
  resetLateness(): void {
    this.loop.lateness.reset()
  }

  private name(): string {
    return this.entropy().toString(16).padStart(8, '0')
  }

  private open(id: string): RoomCore {
    const { options, game } = this
    const { maxRooms = 1000 } = options
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
      spectators: this.spectators,
      onEnd: (reason) => this.end(room, reason),
    })
    room.facade = new RoomFacade(room)
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
      this.cores.delete(room.id)
      this.facades.delete(room.id)
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

function noRoom(id: string): NetError {
  return new NetError('ROOM_NOT_FOUND', `there is no room "${id}".`, 'Check the room, or let it be created.')
}
