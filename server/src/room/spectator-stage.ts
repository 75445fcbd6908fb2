/**
 * A room's stage for spectators: they see the match as it was a delay ago, each the delay that it chose, and nothing newer. Made by the room core
 * if the server allows spectators, and called at the end of each tick, also after the room has ended, until the last one has seen the end.
 * To a spectator the present is that much earlier: its welcome shifts tick 0 by the delay, so clocks, frames and attributes are of one past moment.
 * It has no seat: rules do not know it, inputs are not even decoded, and its frames have no owner's tail.
 */
import {
  type CloseReason,
  type CompiledGame,
  createInputHead,
  type EpochTriple,
  type Link,
  MAX_WINDOW_TICKS,
  readInputHead,
  type Simulation,
} from '@tickmesh/shared'
import type { Attendance } from './attendance.ts'
import { rosterOf } from './attribute-broadcast.ts'
import { DelayedPast } from './delayed-past.ts'
import { PlayerCore, packToClient } from './player-core.ts'
import type { Newcomer } from './player-pass.ts'
import { Replication, type ReplicationOptions, type SuspectListener, TREND_TICKS } from './replication.ts'
import { type SaidChange, SaidLog } from './said-log.ts'
import type { SpectatorLimits } from './spectator-limits.ts'
import { welcomeOf } from './welcome.ts'
import type { WireTools } from './wire-tools.ts'

export interface StageOptions extends ReplicationOptions {
  readonly id: string
  readonly publicSeed: number
  readonly maxRewindMs: number
  readonly clock: { nowMs(): number }
  readonly clusterOffsetMs?: number | undefined
}

/** In place of a stage, for a room's figures. */
export const NOBODY_WATCHES = { stats: { spectators: 0, spectatorMessagesIgnored: 0 } }

/** Spectators give way first: at any overload they get every 4th snapshot. */
const OVERLOAD_DIVISOR = 4

export class Spectator implements Attendance {
  readonly player: PlayerCore
  readonly roomId: string
  readonly delayTicks: number
  /** The number of the next message of the room that it is to hear. */
  nextSaid = 0
  private readonly stage: SpectatorStage

  constructor(stage: SpectatorStage, player: PlayerCore, delayTicks: number, roomId: string) {
    this.stage = stage
    this.player = player
    this.delayTicks = delayTicks
    this.roomId = roomId
  }

  get ended(): boolean {
    return this.player.ended
  }

  heard(): void {}

  serverMs(): number {
    return this.stage.serverMs()
  }

  receiveInput(bytes: Uint8Array): boolean {
    return !this.player.seated || this.stage.receiveAck(this, bytes)
  }

  /** Spectators only watch: it is counted, and that is all. */
  receiveMessage(): boolean {
    this.stage.ignoredMessages++
    return true
  }

  requestFull(nowMs: number): void {
    this.stage.replication.requestFull(this.player, nowMs)
  }

  end(reason: CloseReason): void {
    this.player.end(reason)
  }

  leave(): void {
    this.player.ended = true
  }
}

/** Spectators with equal delays, who share bodies. */
interface Audience {
  readonly delayTicks: number
  readonly spectators: Spectator[]
  /** The same ones, as replication takes them. */
  readonly players: PlayerCore[]
}

export class SpectatorStage {
  readonly replication: Replication
  ignoredMessages = 0
  private readonly game: CompiledGame
  private readonly tools: WireTools
  private readonly options: StageOptions
  private readonly limits: SpectatorLimits
  private readonly past: DelayedPast
  private readonly said: SaidLog
  private readonly audiences: Audience[] = []
  private readonly inputHead
  private readonly maxDelayTicks: number
  /** The newest tick that was kept. */
  private newestTick = 0
  /** The room ended, for this reason, with this tick. */
  private endReason: CloseReason | undefined
  private endTick = -1

  constructor(
    game: CompiledGame,
    tools: WireTools,
    sim: Simulation,
    options: StageOptions,
    limits: SpectatorLimits,
    onPlainType: SuspectListener,
  ) {
    this.game = game
    this.tools = tools
    this.options = options
    this.limits = limits
    this.maxDelayTicks = this.ticksOf(limits.maxDelayMs)
    const ticks = this.maxDelayTicks + Math.max(MAX_WINDOW_TICKS, TREND_TICKS) + 2 * game.ticksPerSnapshot
    this.past = new DelayedPast(game, sim, ticks)
    this.said = new SaidLog(game.roomAttributes)
    this.inputHead = createInputHead(game)
    const { held, events } = this.past
    this.replication = new Replication(game, tools, { history: this.past, held, events }, options, onPlainType)
  }

  /** Cluster time. */
  serverMs(): number {
    return this.options.clock.nowMs() + (this.options.clusterOffsetMs ?? 0)
  }

  /** Rounded up to whole snapshots: never newer than what was asked for. */
  private ticksOf(delayMs: number): number {
    const { tickRate, ticksPerSnapshot } = this.game
    return Math.ceil((delayMs * tickRate) / 1000 / ticksPerSnapshot - 1e-9) * ticksPerSnapshot
  }

  get stats() {
    return { spectators: this.count, spectatorMessagesIgnored: this.ignoredMessages }
  }

  get count(): number {
    let count = 0
    for (const { spectators } of this.audiences) count += spectators.length
    return count
  }

  /** A place for somebody who watches `delayMs` behind; undefined if all are taken. It gets its welcome with the next tick. */
  admit(link: Link, newcomer: Newcomer, delayMs: number): Spectator | undefined {
    if (this.count >= this.limits.max) return undefined
    const delayTicks = this.ticksOf(delayMs)
    const { clock, id } = this.options
    const window = { oldestView: 0, oldestKept: 0 }
    const init = { seat: 0, newcomer, link, tick: 0, nowMs: clock.nowMs(), window }
    const player = new PlayerCore(this.game, init, { maxRewindMs: 0 }, clock)
    const spectator = new Spectator(this, player, delayTicks, id)
    let audience = this.audiences.find((known) => known.delayTicks === delayTicks)
    if (audience === undefined) {
      audience = { delayTicks, spectators: [], players: [] }
      this.audiences.push(audience)
    }
    audience.spectators.push(spectator)
    audience.players.push(player)
    return spectator
  }

  /** Something was said to all players, in the tick that is being computed, or after the newest one. */
  tell(bytes: Uint8Array, change?: SaidChange): void {
    this.said.add(this.newestTick + 1, bytes, change)
  }

  /** Of an input message only the acknowledgement is taken. False: malformed. Hot. */
  receiveAck(spectator: Spectator, bytes: Uint8Array): boolean {
    const { inputHead: head, replication } = this
    const { player } = spectator
    const reader = this.tools.reader.start(bytes, 1)
    const near = Math.max(0, this.newestTick - spectator.delayTicks)
    if (!readInputHead(reader, head, near) || !reader.ok) return false
    player.heard(head)
    if (head.needsFull) replication.requestFull(player, player.heardAtMs)
    replication.suspect(player, head.suspectTypes)
    return true
  }

  /** A restored room goes on after `tick`: nothing before it is kept. */
  startAfter(tick: number): void {
    this.newestTick = tick - 1
  }

  /** All who watch are to connect again: frames are of another epoch from now on. */
  redial(reason: CloseReason, epoch: EpochTriple): void {
    this.replication.retag(epoch)
    for (const { players } of this.audiences) for (const player of players) player.end(reason)
  }

  /** The room is somebody else's. */
  abandon(reason: CloseReason): void {
    for (const { players } of this.audiences) for (const player of players) player.end(reason)
    this.audiences.length = 0
  }

  /** The room has done a tick. Hot. */
  keep(tick: number): void {
    this.newestTick = tick
    this.past.keep(tick)
  }

  /** After a tick that was kept, and was due at `dueMs`: shows each spectator what is its turn. Hot. */
  tick(tick: number, dueMs: number, epochMs: number, overload: number): void {
    this.show(tick, dueMs, epochMs, overload)
    this.said.forget(tick - this.maxDelayTicks)
  }

  /** A tick after the room's end. False once nobody is left to see more. */
  playOn(tick: number, dueMs: number, epochMs: number): boolean {
    this.show(tick, dueMs, epochMs, 0)
    return this.audiences.length > 0
  }

  private show(tick: number, dueMs: number, epochMs: number, overload: number): void {
    const { ticksPerSnapshot } = this.game
    // Never beyond what a delta can span.
    const divisor = overload > 0 ? Math.min(OVERLOAD_DIVISOR, Math.floor(MAX_WINDOW_TICKS / ticksPerSnapshot)) : 1
    const every = ticksPerSnapshot * divisor
    for (let a = this.audiences.length - 1; a >= 0; a--) {
      const audience = this.audiences[a]
      if (audience === undefined) continue
      const seen = tick - audience.delayTicks
      this.talk(audience, seen, epochMs)
      if (audience.spectators.length === 0) this.audiences.splice(a, 1)
      else if (seen >= 0 && seen % every === 0) {
        this.replication.send(audience.players, seen, this.options.clock.nowMs(), dueMs, overload)
      }
    }
  }

  /** Lets an audience hear what was said up to `seen`; those whose link has ended go. */
  private talk(audience: Audience, seen: number, epochMs: number): void {
    const { spectators, players } = audience
    for (let i = spectators.length - 1; i >= 0; i--) {
      const spectator = spectators[i]
      if (spectator === undefined) continue
      const { player } = spectator
      if (!player.ended && !player.seated) this.welcome(spectator, seen, epochMs)
      else if (!player.ended) this.hear(spectator, seen)
      if (this.endReason !== undefined && seen >= this.endTick) player.end(this.endReason)
      if (!player.ended) continue
      spectators.splice(i, 1)
      players.splice(i, 1)
    }
  }

  private hear(spectator: Spectator, seen: number): void {
    const { said } = this
    if (spectator.nextSaid < said.first) {
      const message =
        'so much was said in this room that it was not kept until your delay was over; choose a shorter one.'
      return spectator.player.end({ code: 'TOO_SLOW', message })
    }
    for (;;) {
      const bytes = said.at(spectator.nextSaid, seen)
      if (bytes === undefined) return
      spectator.nextSaid++
      spectator.player.tell(bytes)
    }
  }

  private welcome(spectator: Spectator, seen: number, epochMs: number): void {
    const { player, delayTicks } = spectator
    const { state, next } = this.said.stateAt(seen)
    const roster = rosterOf(Math.max(0, seen), [...state.players])
    const { options, game } = this
    const source = { id: options.id, game, options, epochMs: this.shifted(epochMs, delayTicks), standbyUrls: [] }
    const before = Math.max(0, seen - 1)
    const attributes = { known: state.room }
    player.welcome(packToClient(welcomeOf({ ...source, attributes }, player, roster.first, before + 1)))
    for (const bytes of roster.more) player.tell(bytes)
    spectator.nextSaid = next
    player.lastFrameTick = before
    player.seated = true
  }

  private shifted(epochMs: number, delayTicks: number): number {
    return epochMs + (delayTicks * 1000) / this.game.tickRate
  }

  /** A notice that is told at once: it is about the server, not about the match. `epochMs` is the players'. */
  tellNow(notice: object, epochMs?: number): void {
    for (const { delayTicks, players } of this.audiences) {
      const time = epochMs === undefined ? {} : { epochMs: this.shifted(epochMs, delayTicks) }
      const bytes = packToClient({ ...notice, ...time })
      for (const player of players) if (player.seated) player.tell(bytes)
    }
  }

  /** The room ends. True if somebody has still to see how: that is for ends within the match; a failure or a stop of the server ends all at once. */
  roomEnds(reason: CloseReason): boolean {
    if (reason.code === 'ROOM_CLOSED' && this.endReason === undefined) {
      this.endReason = reason
      this.endTick = this.newestTick + 1
      return this.audiences.some(({ spectators }) => spectators.some(({ player }) => !player.ended))
    }
    for (const { players } of this.audiences) for (const player of players) player.end(reason)
    this.audiences.length = 0
    return false
  }
}
