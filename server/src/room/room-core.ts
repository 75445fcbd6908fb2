/**
 * A room: one match and its tick. Made by the room host, ticked by the tick loop, fed by sessions. Pure: the clock is passed in.
 * Tick n: (1) joins, leaves, messages, timers, onTick; (2) inputs; (3) steps, commands, history; (4) at the snapshot rate, frames.
 * What players do between ticks waits in queues, so rules and steps never run into each other. An error of the game's code leaves `tick`, and the
 * host closes this room alone. The tick path allocates nothing when warm, but for what the game's own code allocates.
 */
import {
  type CloseReason,
  type CompiledGame,
  createInputHead,
  type InputMessageHead,
  MAX_WINDOW_TICKS,
  NetError,
  SeededRandom,
  Simulation,
  SnapshotRing,
  SyncTest,
} from '@tickmesh/shared'
import { makeInterest, staleTicksOf } from '../interest/make-interest.ts'
import { failureLine, plainTypeLine } from '../ops/failure-line.ts'
import { noPlayCounts } from '../ops/play-counts.ts'
import { Governor } from '../tick/governor.ts'
import { LogHistogram } from '../tick/log-histogram.ts'
import type { TickHandle } from '../tick/tick-loop.ts'
import type { RoomStats } from './api.ts'
import { AttributeBroadcast } from './attribute-broadcast.ts'
import { AttributeSet } from './attribute-set.ts'
import type { JournalRecorder, Stepper } from './journal-recorder.ts'
import { INPUT_IGNORED } from './plausibility.ts'
import { type PlayerCore, packToClient } from './player-core.ts'
import { Replication, type SuspectListener } from './replication.ts'
import type { RoomListing } from './room-listing.ts'
import type { RoomOptions } from './room-options.ts'
import type { UntypedRules } from './rules.ts'
import { Seats, UNPLAYED_MS } from './seats.ts'
import { NOBODY_WATCHES, SpectatorStage } from './spectator-stage.ts'
import { raiseSuspicions } from './suspicion.ts'
import { tellNow } from './tell-now.ts'
import { TickTimers } from './tick-timers.ts'
import type { WireTools } from './wire-tools.ts'

interface WaitingMessage {
  readonly player: PlayerCore
  readonly index: number
  readonly values: Readonly<Record<string, unknown>>
}

/** Messages of one player that may wait for one tick. */
const MAX_WAITING_MESSAGES = 64
const DURATION_WEIGHT = 1 / 64
/** A room in which nobody has been for so long computes its ticks some at a time; at once if nobody ever played there. */
const DOZE_AFTER_MS = 2_000
const DOZE_MS = 100
const PAUSED = 'This server is cut off from the others. The match goes on as soon as it is connected again.'
const NOBODY_LEFT: CloseReason = { code: 'ROOM_CLOSED', message: 'Nobody was in the room.' }

export class RoomCore {
  readonly id: string
  readonly game: CompiledGame
  readonly sim: Simulation
  readonly history: SnapshotRing
  stepper: Stepper
  recorder: JournalRecorder | undefined
  readonly timers: TickTimers
  readonly random: SeededRandom
  readonly attributes: AttributeSet
  readonly replication: Replication
  /** Where spectators watch, if any may. */
  readonly stage: SpectatorStage | undefined
  readonly options: RoomOptions
  readonly rules: UntypedRules
  readonly seats = new Seats(this)
  /** Those of `seats`. */
  readonly players = this.seats.players
  readonly seated = this.seats.seated
  /** What rules get as `room`. */
  facade: object = {}
  tickNumber = 0
  /** Set to end the room after this tick, or before the next. */
  closeReason: CloseReason | undefined
  closed = false
  /** The shard has no lease: no tick runs. */
  private frozen = false
  /** What the game says of the room in the lobby; a new object at each change. */
  listing: RoomListing | undefined
  /** Ticks for which nobody has been connected. */
  emptyTicks = 0
  /** True once an input came that could be used. */
  private played = false
  handle: TickHandle | undefined
  /** Of players who left. */
  readonly past = noPlayCounts()
  /** Set when the server drains: rules hear of it in the next tick. */
  private drainMs: number | undefined
  private readonly tools: WireTools
  private readonly governor = new Governor()
  private readonly lateness = new LogHistogram()
  readonly broadcast = new AttributeBroadcast((bytes, change) => this.stage?.tell(bytes, change))
  private readonly inputHead: InputMessageHead
  readonly window = { oldestView: 0, oldestKept: 0 }
  private readonly maxRewindTicks: number
  /** Snapshots that stamps may name. */
  private readonly keptTicks: number
  private messages: WaitingMessage[] = []
  private events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  private durationMeanMs = 0
  /** How late this tick began. */
  private lateMs = 0
  private inCommands = false
  private readonly tickMs: number

  constructor(game: CompiledGame, rules: UntypedRules, tools: WireTools, options: RoomOptions) {
    this.id = options.id
    this.game = game
    this.rules = rules
    this.options = options
    this.tools = tools
    this.tickMs = 1000 / game.tickRate
    this.maxRewindTicks = Math.floor(options.maxRewindMs / this.tickMs)
    const staleTicks = rules.interest === undefined ? 0 : staleTicksOf(game, rules.interest)
    const keptTicks = Math.max(this.maxRewindTicks, 64) + 2 * game.ticksPerSnapshot + 2
    this.history = new SnapshotRing(keptTicks + staleTicks, game.worldInts)
    this.keptTicks = keptTicks
    this.sim = new Simulation(game, {
      side: 'server',
      development: options.development,
      snapshots: this.history,
      secretSeed: options.secretSeed,
    })
    this.sim.publicSeed = options.publicSeed
    this.stepper = options.syncTest ? new SyncTest(this.sim) : this.sim
    this.random = new SeededRandom(options.secretSeed)
    this.timers = new TickTimers(game.tickRate)
    this.attributes = new AttributeSet(game.roomAttributes)
    this.inputHead = createInputHead(game)
    const onPlainType: SuspectListener = (type, player, wholeRoom) =>
      options.log(plainTypeLine(type, wholeRoom, { room: options.id, player: player.id }))
    const { history, sim } = this
    const interest = rules.interest && makeInterest(tools, rules.interest, history, sim, () => this.facade)
    const sources = { history, held: history, events: sim.events, interest }
    this.replication = new Replication(game, tools, sources, options, onPlainType)
    const { spectators } = options
    if (spectators !== undefined) {
      this.stage = new SpectatorStage(game, tools, this.sim, options, spectators, onPlainType)
    }
  }

  /** An input message that came at `player.heardAtMs`. False: malformed. Hot. */
  receiveInput(player: PlayerCore, bytes: Uint8Array): boolean {
    const { inputHead: head, tools } = this
    const { ring } = player.inputs
    const newestBefore = ring.newestTick
    const result = tools.inputCodec.decode(tools.reader.start(bytes, 1), head, ring, this.tickNumber)
    if (result === 'malformed') return false
    player.heard(head)
    if (head.needsFull) this.replication.requestFull(player, player.heardAtMs)
    this.replication.suspect(player, head.suspectTypes)
    if (result === 'far') player.plausibility.note(INPUT_IGNORED, 1, Math.max(0, head.newestTick - this.tickNumber))
    else {
      player.played = true
      this.played = true
      if (!player.link.ordered)
        player.path.onInputMessage(player.heardAtMs, newestBefore < 0 ? 1 : head.newestTick - newestBefore)
      player.inputs.marginMs = this.dueMs(head.newestTick) - player.heardAtMs
      player.inputs.arrived(head, newestBefore)
    }
    return true
  }

  /** A game's own message waits for the next tick. False: too many do; while the room is frozen they are nobody's fault, and are dropped. */
  receiveMessage(player: PlayerCore, index: number, values: Readonly<Record<string, unknown>>): boolean {
    if (player.waitingMessages >= MAX_WAITING_MESSAGES) return this.frozen
    player.waitingMessages++
    this.messages.push({ player, index, values })
    return true
  }

  get epochMs(): number {
    return this.handle?.epochMs ?? 0
  }

  dueMs(tick: number): number {
    return this.handle?.dueMs(tick) ?? 0
  }

  /** Called by the tick loop. Hot. */
  tick(tick: number, lateMs: number): void {
    if (this.closed) return this.playOn(tick)
    const { clock } = this.options
    const startMs = clock.nowMs()
    this.tickNumber = tick
    this.lateMs = lateMs
    this.window.oldestView = Math.max(0, tick - this.maxRewindTicks)
    this.window.oldestKept = Math.max(0, tick - this.keptTicks)
    this.runQueues(tick)
    this.sim.settle()
    this.resolveInputs(tick)
    this.stepper.step(tick)
    this.runCommands()
    this.sim.settle()
    this.history.put(tick, this.sim.world.ints)
    this.recorder?.endTick()
    // The lease may have run out within this tick: what it says waits for the next that may speak.
    const speaks = this.options.mayAct === undefined || this.options.mayAct()
    if (speaks) this.flush(tick)
    this.stage?.keep(tick)
    if (speaks) this.stage?.tick(tick, this.dueMs(tick), this.epochMs, this.governor.level)
    this.measure(clock.nowMs() - startMs, lateMs)
    if (this.closeReason === undefined) this.endIfIdle()
    if (this.closeReason !== undefined) this.options.onEnd(this.closeReason)
  }

  /** What players are told of a tick. Hot. */
  private flush(tick: number): void {
    this.broadcast.flush(tick, this.attributes, this.players)
    const { ticksPerSnapshot } = this.game
    // Thinned, but never beyond what a delta can span.
    const divisor = Math.min(this.governor.snapshotDivisor, Math.floor(MAX_WINDOW_TICKS / ticksPerSnapshot))
    const everyTicks = ticksPerSnapshot * divisor
    const { level } = this.governor
    if (this.replication.isDue(tick, everyTicks, level)) {
      this.replication.send(this.players, tick, this.options.clock.nowMs(), this.dueMs(tick), level, everyTicks)
    }
  }

  /** Called by the tick loop: this shard has no lease, and nothing runs until it has. */
  held(): void {
    this.frozen = true
    tellNow(this, { t: 'notice', kind: 'paused', message: PAUSED })
  }

  /** Called by the tick loop: ticks go on where they stopped. */
  released(heldMs: number): void {
    this.frozen = false
    this.seats.released(heldMs)
    tellNow(this, { t: 'notice', kind: 'resumed' }, this.epochMs)
  }

  /** Somebody comes, or comes back, or is to go now. */
  rouse(): void {
    this.handle?.rouse()
  }

  /** A room for nobody costs its ticks, though fewer moments of the process while it dozes: one in which nobody ever played least of all is kept. */
  private endIfIdle(): void {
    const { seats } = this
    this.emptyTicks = seats.players.length > seats.away ? 0 : this.emptyTicks + 1
    const dozeAfterMs = this.played ? DOZE_AFTER_MS : 0
    if (this.emptyTicks > 0 && this.emptyTicks * this.tickMs >= dozeAfterMs && (this.stage?.count ?? 0) === 0)
      this.handle?.doze(Math.max(1, Math.floor(DOZE_MS / this.tickMs)))
    const idleMs = this.played ? this.options.idleMs : Math.min(this.options.idleMs, UNPLAYED_MS)
    if (this.emptyTicks * this.tickMs > idleMs && seats.isEmpty) this.closeReason = NOBODY_LEFT
  }

  /** The match is over; there may be spectators who have not seen its end. */
  private playOn(tick: number): void {
    if (this.stage?.playOn(tick, this.dueMs(tick), this.epochMs) !== true) this.handle?.remove()
  }

  private measure(durationMs: number, lateMs: number): void {
    const before = this.governor.level
    const level = this.governor.update(durationMs, lateMs, this.tickMs)
    this.durationMeanMs += (durationMs - this.durationMeanMs) * DURATION_WEIGHT
    this.lateness.record(lateMs)
    if (level === before) return
    const pressure = this.governor.pressure.toFixed(2)
    const message = `overload level ${level} (was ${before}), pressure ${pressure}.`
    this.options.log({ level: level > before ? 'warn' : 'info', event: 'overload', message, room: this.id })
  }

  /** Called by the tick loop: the room could not keep up, and goes on later than was planned. */
  timelineShifted(skippedTicks: number): void {
    const message = `the process stood still or is overloaded: the room goes on ${skippedTicks} ticks later.`
    this.options.log({ level: 'warn', event: 'timeline-shifted', message, room: this.id })
    tellNow(this, { t: 'notice', kind: 'timeline' }, this.epochMs)
  }

  private runQueues(tick: number): void {
    this.seats.run(tick)
    if (this.messages.length > 0) this.runMessages()
    this.timers.run(tick)
    if (this.drainMs !== undefined) this.tellRulesOfDrain(this.drainMs)
    this.rules.onTick?.(this.facade)
  }

  /** The server is to stop within `ms`: players hear of it at once, rules with the next tick. */
  drain(ms: number): void {
    this.drainMs = ms
    const bytes = packToClient({ t: 'notice', kind: 'stopping', ms })
    for (const player of this.players) player.say(bytes)
    this.stage?.tell(bytes)
  }

  private tellRulesOfDrain(ms: number): void {
    this.drainMs = undefined
    this.rules.onDrain?.(this.facade, ms)
  }

  private runMessages(): void {
    const { messages } = this
    this.messages = []
    for (const { player, index, values } of messages) {
      player.waitingMessages--
      const name = this.game.toServer[index]?.name ?? ''
      if (!player.seated || (player.ended && !player.away)) continue
      try {
        this.rules.messages?.[name]?.(this.facade, player.facade, values)
      } catch (error) {
        // What one player sent must not end the match for all.
        const where = { room: this.id, player: player.id }
        this.options.log(failureLine('message-rule-failed', `rules.messages.${name} threw`, error, where))
        player.end({ code: 'INTERNAL', message: `The server failed at the message "${name}".` })
      }
    }
  }

  /** Hot. */
  private resolveInputs(tick: number): void {
    const { sim, players } = this
    sim.inputs.clear()
    for (let i = 0; i < players.length; i++) {
      const player = players[i]
      if (player === undefined || !player.seated) continue
      const { plausibility } = player
      plausibility.startTick(tick)
      player.inputs.resolve(tick, player.seat, sim, player.stamps, player.timing)
      if (plausibility.raised !== 0) raiseSuspicions(this, player)
    }
  }

  private runCommands(): void {
    const { sim, rules, game } = this
    this.inCommands = true
    if (this.events.length > 0) {
      for (const { name, fields } of this.events) sim.context.emit(name, fields)
      this.events = []
    }
    const { commands } = sim
    for (let i = 0; i < commands.length; i++) {
      const command = commands[i]
      if (command === undefined) continue
      const { name } = game.commands[command.index] ?? { name: '' }
      rules.commands?.[name]?.(this.facade, command.values)
    }
    this.inCommands = false
  }

  /** An event of rules: it belongs to the steps of the tick that is being computed, or of the next. */
  emit(name: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.game.events.some((event) => event.name === name)) {
      throw new NetError('BAD_ARGUMENT', `there is no event "${name}".`, 'Declare it under `events`.')
    }
    if (this.inCommands) this.sim.context.emit(name, fields)
    else this.events.push({ name, fields: { ...fields } })
  }

  /** Ends the room: players are told, hooks run, whatever they throw. Idempotent. */
  shutDown(reason: CloseReason): void {
    const watched = this.stage?.roomEnds(reason) === true
    if (!watched) this.handle?.remove()
    if (this.closed) return
    this.closed = true
    const { rules } = this
    this.seats.clear(reason, (player, why) =>
      this.guarded('onLeave', () => rules.onLeave?.(this.facade, player.facade, why)),
    )
    this.guarded('onDispose', () => rules.onDispose?.(this.facade))
    this.timers.clear()
    this.recorder?.end(`${reason.code}: ${reason.message}`)
  }

  private guarded(hook: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      const problem = `rules.${hook} threw while the room was closing`
      this.options.log(failureLine('hook-failed', problem, error, { room: this.id }))
    }
  }

  get stats(): RoomStats {
    const { world, events, context } = this.sim
    return {
      tick: this.tickNumber,
      players: this.players.length,
      away: this.seats.away,
      ...(this.stage ?? NOBODY_WATCHES).stats,
      entities: world.tables.reduce((sum, table) => sum + table.count, 0),
      overload: this.governor.level,
      tickLatenessMs: this.lateMs,
      tickLatenessP99Ms: this.lateness.quantile(0.99),
      tickDurationMeanMs: this.durationMeanMs,
      skippedTicks: this.handle?.skippedTicks ?? 0,
      ...this.replication.counts,
      droppedEvents: events.dropped,
      droppedCommands: context.droppedCommands,
      overflows: world.overflows,
    }
  }
}
