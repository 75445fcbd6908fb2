/**
 * A room: one match and its tick. Made by the room host, ticked by the tick loop, fed by sessions. Pure: the clock is passed in.
 * Tick n: (1) joins, leaves, messages, timers, onTick; (2) inputs; (3) steps, commands, history; (4) at the snapshot rate, frames.
 * What players do between ticks waits in queues, so rules and steps never run into each other. An error of the game's code leaves `tick`, and the
 * host closes this room alone. The tick path allocates nothing when warm, but for what the game's own code allocates.
 */
import {
  type CloseReason,
  type CompiledGame,
  DeterminismGuard,
  type EpochTriple,
  NetError,
  SeededRandom,
  Simulation,
  SnapshotRing,
  SyncTest,
} from '@tickmesh/shared'
import { makeInterest, staleTicksOf } from '../interest/make-interest.ts'
import { failureLine, plainTypeLine } from '../ops/failure-line.ts'
import { noPlayCounts } from '../ops/play-counts.ts'
import type { TickHandle } from '../tick/tick-loop.ts'
import type { RoomStats } from './api.ts'
import { AttributeBroadcast } from './attribute-broadcast.ts'
import { AttributeSet } from './attribute-set.ts'
import { EffectDesk } from './effect-desk.ts'
import { InputIntake } from './input-intake.ts'
import type { JournalRecorder, Stepper } from './journal-recorder.ts'
import { MessageInbox } from './message-inbox.ts'
import { packToClient } from './player-core.ts'
import { Replication, type SuspectListener } from './replication.ts'
import type { RoomListing } from './room-listing.ts'
import type { RoomOptions } from './room-options.ts'
import { RoomOutput } from './room-output.ts'
import { RoomPace } from './room-pace.ts'
import { goOnWith, type HaltedRoom, haltRoom, type RoomPause } from './room-pause.ts'
import { statsOf } from './room-stats.ts'
import { RuleEvents } from './rule-events.ts'
import type { UntypedRules } from './rules.ts'
import { Seats, UNPLAYED_MS } from './seats.ts'
import { SpectatorStage } from './spectator-stage.ts'
import type { Keyframe } from './standby-line.ts'
import type { StandbyRecorder } from './standby-recorder.ts'
import { raiseSuspicions } from './suspicion.ts'
import { tellNow, tellPlayers } from './tell-now.ts'
import { TickTimers } from './tick-timers.ts'
import type { WireTools } from './wire-tools.ts'

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
  /** Of a protected room. */
  standby: StandbyRecorder | undefined
  readonly timers: TickTimers
  readonly effects: EffectDesk
  readonly random: SeededRandom
  readonly attributes: AttributeSet
  readonly replication: Replication
  readonly inbox: MessageInbox
  readonly output: RoomOutput
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
  /** Where it is about to move, as players are told; empty: nowhere. */
  movesTo = ''
  /** The shard has no lease: no tick runs. */
  frozen = false
  /** The tick at whose end the room is to end, once that is held; -1: none. */
  private endingTick = -1
  /** Rules are running: what they do belongs to this tick; in between to the next. */
  private inTick = false
  /** What the game says of the room in the lobby; a new object at each change. */
  listing: RoomListing | undefined
  /** Ticks for which nobody has been connected. */
  emptyTicks = 0
  /** True once an input came that could be used. */
  played = false
  /** Where it stands still, between two shards or two epochs; see room-pause.ts. */
  pause: RoomPause | undefined
  handle: TickHandle | undefined
  /** Of players who left. */
  readonly past = noPlayCounts()
  /** Set when the server drains: rules hear of it in the next tick. */
  private drainMs: number | undefined
  readonly pace: RoomPace
  readonly events = new RuleEvents(this)
  readonly broadcast = new AttributeBroadcast((bytes, change) => this.stage?.tell(bytes, change))
  readonly intake: InputIntake
  readonly window = { oldestView: 0, oldestKept: 0 }
  private readonly maxRewindTicks: number
  /** Snapshots that stamps may name. */
  private readonly keptTicks: number
  private readonly tickMs: number

  constructor(game: CompiledGame, rules: UntypedRules, tools: WireTools, options: RoomOptions) {
    this.id = options.id
    this.game = game
    this.rules = rules
    this.options = options
    this.tickMs = 1000 / game.tickRate
    this.pace = new RoomPace(options.id, this.tickMs, options.log)
    this.maxRewindTicks = Math.floor(options.maxRewindMs / this.tickMs)
    const staleTicks = rules.interest === undefined ? 0 : staleTicksOf(game, rules.interest)
    const keptTicks = Math.max(this.maxRewindTicks, 64) + 2 * game.ticksPerSnapshot + 2
    this.history = new SnapshotRing(keptTicks + staleTicks, game.worldInts)
    this.keptTicks = keptTicks
    this.sim = new Simulation(game, {
      side: 'server',
      development: options.development,
      guard: options.development ? new DeterminismGuard() : undefined,
      snapshots: this.history,
      secretSeed: options.secretSeed,
    })
    this.sim.publicSeed = options.publicSeed
    this.stepper = options.syncTest ? new SyncTest(this.sim) : this.sim
    this.random = new SeededRandom(options.secretSeed)
    this.timers = new TickTimers(game.tickRate, (name, data) => this.rules.timers?.[name]?.(this.facade, data))
    const { publicSeed, log, timer } = options
    this.effects = new EffectDesk({ room: options.id, publicSeed, rules: rules.effects, log, timer })
    this.inbox = new MessageInbox(this)
    this.attributes = new AttributeSet(game.roomAttributes)
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
    this.intake = new InputIntake(this, tools)
    this.output = new RoomOutput(this, this.players)
  }

  /** When tick 0 ends, or would have ended: cluster time, as players and journals are told. */
  get epochMs(): number {
    return this.handle === undefined ? 0 : this.handle.epochMs + (this.options.clusterOffsetMs ?? 0)
  }

  /** Cluster time. */
  serverMs(): number {
    return this.options.clock.nowMs() + (this.options.clusterOffsetMs ?? 0)
  }

  get standbyUrls(): readonly string[] {
    return this.options.standby?.urls ?? []
  }

  dueMs(tick: number): number {
    return this.handle?.dueMs(tick) ?? 0
  }

  /** Called by the tick loop. Hot. */
  tick(tick: number, lateMs: number): void {
    if (this.closed) return this.playOn(tick)
    if (this.endingTick >= 0) return this.endOnceHeld(tick)
    const { clock } = this.options
    const startMs = clock.nowMs()
    this.output.beginTick(tick)
    this.tickNumber = tick
    this.inTick = true
    this.pace.lateMs = lateMs
    this.window.oldestView = Math.max(0, tick - this.maxRewindTicks)
    this.window.oldestKept = Math.max(0, tick - this.keptTicks)
    this.runQueues(tick)
    this.sim.settle()
    this.resolveInputs(tick)
    this.stepper.step(tick)
    this.events.run()
    this.sim.settle()
    this.history.put(tick, this.sim.world.ints)
    this.recorder?.endTick()
    this.standby?.endTick(tick)
    this.inTick = false
    this.output.endTick(tick)
    if (this.effects.size > 0) this.runEffects()
    this.pace.measure(clock.nowMs() - startMs, lateMs)
    if (this.closeReason === undefined) this.endIfIdle()
    if (this.closeReason === undefined) return
    this.endingTick = tick
    this.endOnceHeld(tick)
  }

  /** Those who stand by have more than before; between two ticks. */
  committed(): void {
    if (this.closed || this.inTick || this.pause?.isHalted === true) return
    this.output.committed()
    if (this.effects.size > 0) this.runEffects()
    if (this.endingTick >= 0) this.endOnceHeld(this.endingTick)
  }

  private runEffects(): void {
    const { standby, clock, mayAct } = this.options
    if (mayAct !== undefined && !mayAct()) return
    this.effects.run(standby?.heldTick ?? Number.POSITIVE_INFINITY, clock.nowMs())
  }

  /** The end that rules wished for is told once nobody can undo it; or after a second, as it must come. */
  private endOnceHeld(tick: number): void {
    const { game, endingTick, closeReason, options } = this
    if (closeReason === undefined) return
    if (this.output.isHeld(endingTick) || tick - endingTick > game.tickRate) options.onEnd(closeReason)
  }

  /** The tick to which belongs what is said now. */
  get sayingTick(): number {
    return this.inTick ? this.tickNumber : this.tickNumber + 1
  }

  /** What another shard needs to go on after the newest tick; between two ticks. Throws BAD_STATE in a room that nobody protects. */
  keyframe(): Keyframe {
    return this.protection.keyframe()
  }

  /** The world at the end of an earlier tick; undefined: it is not kept. */
  stateAt(tick: number): Uint8Array | undefined {
    return this.protection.stateAt(tick)
  }

  private get protection(): StandbyRecorder {
    if (this.standby !== undefined) return this.standby
    throw new NetError('BAD_STATE', `the room "${this.id}" is not protected.`, 'Open it with a standby line.')
  }

  /** `standby.urls` is another list. */
  standbyChanged(): void {
    tellPlayers(this, { t: 'standby', urls: this.standbyUrls })
  }

  /** Players are to connect to where the room is about to move; '': it does not move after all. */
  announceMove(url: string): void {
    this.movesTo = url
    tellPlayers(this, { t: 'moving', url })
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

  /** Stops for good in this epoch, between two ticks; see room-pause.ts. */
  halt(): HaltedRoom {
    return haltRoom(this)
  }

  /** Goes on after all, under a new epoch. */
  goOn(epoch: EpochTriple): void {
    this.movesTo = ''
    goOnWith(this, epoch)
  }

  someArrived(): void {
    this.pause?.someArrived()
  }

  get connectedPlayers(): number {
    return this.players.reduce((count, { ended }) => (ended ? count : count + 1), 0)
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

  /** Called by the tick loop: the room could not keep up, and goes on later than was planned. */
  timelineShifted(skippedTicks: number): void {
    const message = `the process stood still or is overloaded: the room goes on ${skippedTicks} ticks later.`
    this.options.log({ level: 'warn', event: 'timeline-shifted', message, room: this.id })
    tellNow(this, { t: 'notice', kind: 'timeline' }, this.epochMs)
  }

  private runQueues(tick: number): void {
    if (this.pause?.isNew === true) this.rules.onRestore?.(this.facade)
    this.pause = undefined
    this.seats.run(tick)
    this.inbox.run()
    this.timers.run(tick)
    if (this.drainMs !== undefined) this.tellRulesOfDrain(this.drainMs)
    this.rules.onTick?.(this.facade)
  }

  /** The server is to stop within `ms`: players hear of it at once, rules with the next tick. */
  drain(ms: number): void {
    this.drainMs = ms
    const bytes = packToClient({ t: 'notice', kind: 'stopping', ms })
    for (const player of this.players) player.ended ? player.say(bytes) : player.tellNow(bytes)
    this.stage?.tell(bytes)
  }

  private tellRulesOfDrain(ms: number): void {
    this.drainMs = undefined
    this.rules.onDrain?.(this.facade, ms)
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

  /** Ends the room: players are told, hooks run, whatever they throw. Idempotent. */
  shutDown(reason: CloseReason): void {
    this.pause?.cancel()
    const watched = this.stage?.roomEnds(reason) === true
    if (!watched) this.handle?.remove()
    if (this.closed) return
    this.closed = true
    this.inTick = false
    this.output.commit?.close()
    const { rules, options } = this
    this.seats.clear(reason, (player, why) =>
      this.guarded('onLeave', () => rules.onLeave?.(this.facade, player.facade, why)),
    )
    this.guarded('onDispose', () => rules.onDispose?.(this.facade))
    this.timers.clear()
    this.recorder?.end(`${reason.code}: ${reason.message}`)
    const heldTick = () => options.standby?.heldTick ?? Number.POSITIVE_INFINITY
    this.effects.outlive(options.clock.nowMs(), heldTick, () => options.onEffectsDone?.())
  }

  /** Another shard goes on with it, or nobody: links end, and nothing else happens; no hook runs. */
  abandon(reason: CloseReason): void {
    this.closed = true
    this.pause?.cancel()
    this.handle?.remove()
    this.stage?.abandon(reason)
    this.seats.abandon(reason)
    this.timers.clear()
    this.effects.stop()
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
    return statsOf(this)
  }
}
