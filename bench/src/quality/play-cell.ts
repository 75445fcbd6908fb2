/**
 * Plays one cell of the quality bench: a server and its players on virtual time, over links that behave as the condition says. Notes everything in traces.
 * The same condition and seed give the same traces, bit for bit.
 */
import type { Room } from '@tickmesh/client'
import { SeededRandom } from '@tickmesh/shared'
import { type Condition, directionOf, type JitterShape } from '../lab/conditions.ts'
import { Lab } from '../lab/lab.ts'
import { TapLink } from '../lab/tap-link.ts'
import { type Brawl, brawlRules, makeBrawl } from './brawl.ts'
import { Fighter } from './fighter.ts'
import { PlayerTrace } from './player-trace.ts'

export interface CellSettings {
  readonly condition: Condition
  readonly jitterShape: JitterShape
  readonly seed: number
  readonly players: number
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly displayHz: number
}

export interface CellTraces {
  readonly players: readonly PlayerTrace[]
  /** Server time at which tick 0 was, or would have been, due; and the length of a tick. */
  readonly epochMs: number
  readonly tickMs: number
  /** What happened before this is not measured. */
  readonly fromMs: number
  readonly fromTick: number
  readonly untilTick: number
  readonly untilMs: number
}

const FIRE_PAUSE_MS = 500
const ROCKET_PAUSE_MS = 6_000
/** Clients' clocks differ from the server's by anything. */
const CLOCK_OFFSET_MS = 12_345.678
/** Players join one after another over so long. */
const JOIN_STAGGER_MS = 37

export async function playCell(settings: CellSettings): Promise<CellTraces> {
  const cell = new Cell(settings)
  await cell.join()
  await cell.lab.run(settings.warmUpSeconds * 1000)
  const fromMs = cell.lab.scheduler.now()
  const fromTick = cell.tick
  cell.measuring = true
  const before = cell.rooms.map((room) => room.stats)
  await cell.lab.run(settings.seconds * 1000)
  cell.close(before)
  return {
    players: cell.traces,
    epochMs: cell.epochMs,
    tickMs: cell.tickMs,
    fromMs,
    fromTick,
    untilTick: cell.tick,
    untilMs: cell.lab.scheduler.now(),
  }
}

class Cell {
  readonly lab: Lab<Brawl>
  readonly rooms: Room<Brawl>[] = []
  readonly traces: PlayerTrace[] = []
  readonly tickMs: number
  epochMs = Number.NaN
  tick = 0
  measuring = false
  private readonly settings: CellSettings
  private readonly game: ReturnType<typeof makeBrawl>
  /** By seat: what the client computed last for a shot of a tick, until that tick's input is sent. */
  private readonly computed = new Map<number, { readonly tick: number; readonly hit: number }>()

  constructor(settings: CellSettings) {
    this.settings = settings
    this.game = makeBrawl((shooter, predicting, tick, hit) => {
      if (predicting) this.computed.set(shooter.owner, { tick, hit })
      else if (this.measuring) this.trace(shooter.owner)?.judged.set(tick, hit)
    })
    this.tickMs = 1000 / this.game.tickRate
    const rules = brawlRules({
      onTick: (tick) => this.onTick(tick),
      onHurt: (seat, tick) => this.trace(seat)?.hurtTicks.add(tick),
      onPushed: (seat, tick) => this.trace(seat)?.pushedTicks.add(tick),
      onClamped: (seat, tick) => {
        if (this.measuring) this.trace(seat)?.clampedTicks.push(tick)
      },
    })
    this.lab = new Lab<Brawl>({ game: this.game, rules, seed: settings.seed, development: false })
  }

  private trace(seat: number): PlayerTrace | undefined {
    return this.traces[seat - 1]
  }

  private onTick(tick: number): void {
    this.tick = tick
    this.epochMs = this.lab.scheduler.now() - tick * this.tickMs
  }

  async join(): Promise<void> {
    const { settings } = this
    for (let n = 0; n < settings.players; n++) {
      const player = new CellPlayer(this, this.game, settings.seed * 100 + n)
      this.traces.push(player.trace)
      const room = await this.lab.join({
        path: {
          rttMs: settings.condition.rttMs,
          ordered: settings.condition.link === 'ordered',
          direction: directionOf(settings.condition, settings.jitterShape),
        },
        displayHz: settings.displayHz,
        clockOffsetMs: (n - 3) * CLOCK_OFFSET_MS,
        sample: () => player.fighter.sample(),
        tapClient: (link) => new TapLink(link, player.clientTap),
        tapServer: (link) => new TapLink(link, player.serverTap),
      })
      this.rooms.push(room)
      player.play(room)
      await this.lab.run(JOIN_STAGGER_MS)
    }
  }

  /** The shot of `tick` that the client has just computed. */
  takeShot(seat: number, tick: number): number | undefined {
    const shot = this.computed.get(seat)
    return shot?.tick === tick ? shot.hit : undefined
  }

  close(before: readonly Room<Brawl>['stats'][]): void {
    this.rooms.forEach((room, n) => {
      const trace = this.traces[n]
      const then = before[n]
      if (trace === undefined || then === undefined) return
      const { stats } = room
      trace.bytesIn = stats.bytesIn - then.bytesIn
      trace.bytesOut = stats.bytesOut - then.bytesOut
      trace.starvedFrames = stats.starvedFrames - then.starvedFrames
      trace.drawnFrames = stats.drawnFrames - then.drawnFrames
      trace.stalls = stats.stalls - then.stalls
      trace.refusedPresses = stats.refusedPresses - then.refusedPresses
    })
  }
}

/** One player: its bot, its taps, and its notes. */
class CellPlayer {
  readonly fighter: Fighter
  readonly trace: PlayerTrace
  private readonly cell: Cell
  private room: Room<Brawl> | undefined
  private readonly random: SeededRandom
  private before = { tick: -1, corrections: 0 }
  private starved = false
  private shownShots = 0
  /** Display frames since a press that does not show yet; -1: there is none. */
  private framesSincePress = -1

  constructor(cell: Cell, game: ReturnType<typeof makeBrawl>, seed: number) {
    this.cell = cell
    this.trace = new PlayerTrace(game)
    this.fighter = new Fighter(seed)
    this.random = new SeededRandom(seed + 50)
  }

  readonly clientTap = {
    onSend: (bytes: Uint8Array) => {
      this.trace.inputs.onSend(bytes, this.nowMs, this.cell.tick)
      this.noteShot()
    },
    onArrive: () => {
      const stats = this.room?.stats
      if (stats !== undefined) this.before = { tick: stats.serverTick, corrections: stats.corrections }
    },
    afterArrive: () => this.afterMessage(),
  }

  readonly serverTap = {
    onArrive: (bytes: Uint8Array) => this.trace.inputs.onArrive(bytes, this.nowMs, this.cell.tick),
  }

  private get nowMs(): number {
    return this.cell.lab.scheduler.now()
  }

  play(room: Room<Brawl>): void {
    this.room = room
    room.onFrame((view) => {
      this.fighter.see(view.fighter, room.seat)
      for (const fighter of view.fighter) if (fighter.owner === room.seat) this.noteShown(fighter.shots)
      this.noteFrame(room)
    })
    this.fireLater()
    this.rocketLater()
  }

  private fireLater(): void {
    const { scheduler } = this.cell.lab
    scheduler.at(scheduler.now() + this.fighter.pause(FIRE_PAUSE_MS), () => {
      this.room?.press('fire')
      if (this.cell.measuring) this.framesSincePress = 0
      this.fireLater()
    })
  }

  private rocketLater(): void {
    const { scheduler } = this.cell.lab
    scheduler.at(scheduler.now() + ROCKET_PAUSE_MS * (0.5 + this.random.next()), () => {
      this.room?.press('rocket')
      this.rocketLater()
    })
  }

  /** A frame is shown with this count of own shots. */
  private noteShown(shots: number): void {
    if (this.framesSincePress >= 0) {
      this.framesSincePress++
      if (shots !== this.shownShots) {
        this.trace.pressFrames.push(this.framesSincePress)
        this.framesSincePress = -1
      }
    }
    this.shownShots = shots
  }

  private noteFrame(room: Room<Brawl>): void {
    const { stats } = room
    const { starvedFrames } = stats
    this.starved = starvedFrames !== this.lastStarved
    this.lastStarved = starvedFrames
    if (!this.cell.measuring) return
    const { trace } = this
    trace.clockErrorsMs.push(room.debug.serverNowMs - this.nowMs)
    trace.leadsMs.push(stats.leadMs)
    trace.delaysMs.push(stats.interpolationDelayMs)
    trace.framesAtMs.push(this.nowMs)
  }
  private lastStarved = 0

  private noteShot(): void {
    const { room, cell } = this
    if (room === undefined || !cell.measuring) return
    const hit = cell.takeShot(room.seat, room.tick)
    if (hit === undefined) return
    const knownTick = room.stats.serverTick
    this.trace.shots.set(room.tick, { tick: room.tick, hit, starved: this.starved, knownTick })
  }

  private afterMessage(): void {
    const stats = this.room?.stats
    if (stats === undefined || !this.cell.measuring) return
    const { before, trace } = this
    if (stats.serverTick !== before.tick) trace.snapshots.push({ atMs: this.nowMs, tick: stats.serverTick })
    if (stats.corrections !== before.corrections)
      trace.corrections.push({
        atMs: this.nowMs,
        sinceTick: before.tick,
        tick: stats.serverTick,
        size: stats.lastCorrection,
      })
  }
}
