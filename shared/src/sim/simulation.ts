/**
 * The simulation of one room: the same code is the truth on the server and the prediction on a client.
 * Per tick: the caller sets inputs, calls `step`, carries out `commands` (server), then `settle`. Deterministic: equal world, inputs and
 * snapshots give equal worlds.
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledGame,
  FLAG_ASLEEP,
  FLAG_DEAD,
  HEADER_SEED,
} from '../game/compiled.ts'
import { moveEntity } from '../world/advance.ts'
import type { View } from '../world/entity-view.ts'
import { EventLog } from '../world/event-log.ts'
import { levelOffset, pressOffset } from '../world/input-view.ts'
import { LOCKED_NOT_PREDICTED, UNLOCKED } from '../world/row-view.ts'
import type { Table } from '../world/table.ts'
import { World } from '../world/world.ts'
import type { DeterminismGuard } from './guard.ts'
import type { SnapshotSource } from './seen-world.ts'
import { Context, type QueuedCommand } from './step-context.ts'
import { TickInputs } from './tick-inputs.ts'

/** In the place of an entity's id for `ctx.random`, after the steps. The world's step has 0. */
const BY_RULES = -1

export interface SimulationOptions {
  /** The server computes everything; a client what `game.predict` says for its seat. */
  readonly side: 'server' | 'client'
  /** Checks that a program must pass before it is shipped: ranges, locks. */
  readonly development: boolean
  /** Of development: refuses forbidden functions. Handed in, so that players' pages load without it. */
  readonly guard?: DeterminismGuard | undefined
  /** Where `ctx.seenBy` finds the past. */
  readonly snapshots: SnapshotSource
  /** The server's seed of `ctx.secretRandom`. */
  readonly secretSeed?: number
  /** How many ticks events are kept for. */
  readonly eventTicks?: number
}

export class Simulation {
  readonly game: CompiledGame
  readonly world: World
  readonly inputs: TickInputs
  readonly events: EventLog
  readonly context: Context
  /** The client's own seat; 0 on the server. */
  seat = 0
  private readonly predicting: boolean
  private readonly guard: DeterminismGuard | undefined
  private readonly stepAll: () => void

  constructor(game: CompiledGame, options: SimulationOptions) {
    this.game = game
    this.predicting = options.side === 'client'
    this.world = new World(game, { strict: options.development, hidesServerFields: this.predicting })
    this.inputs = new TickInputs(game)
    this.world.usePressed(this.inputs.pressed)
    this.events = new EventLog(game, options.eventTicks ?? 128)
    this.context = new Context(this.world, this.inputs, this.events, {
      predicting: this.predicting,
      strict: options.development,
      secretSeed: options.secretSeed ?? 0,
      snapshots: options.snapshots,
    })
    this.actAsRules()
    this.guard = options.guard
    this.stepAll = () => this.stepEntities()
  }

  /** Commands that the steps of this tick gave, in order. Always empty on a client. */
  get commands(): readonly QueuedCommand[] {
    return this.context.commands
  }

  set publicSeed(seed: number) {
    this.world.ints[HEADER_SEED] = seed
  }

  /** Sets the levels that a seat holds, from an input row (raw values at `at`, in the order of `game.levels`). */
  setLevels(seat: number, row: Int32Array, at: number): void {
    const { game, world } = this
    for (let level = 0; level < game.levels.length; level++)
      world.ints[levelOffset(game, level) + seat] = row[at + level] ?? 0
  }

  /** Sets the levels of a seat to what they are when nobody touches anything. */
  setNeutral(seat: number): void {
    this.world.setNeutral(seat)
  }

  /**
   * Applies all presses up to the given counters (from `at` + levels on in an input row) that were not applied yet.
   * With `refuse`, they count as applied but have no effect. Gives how many there were.
   */
  applyPresses(seat: number, row: Int32Array, at: number, refuse = false): number {
    const { game, world, inputs } = this
    const presses = game.presses.length
    let all = 0
    let total = 0
    for (let press = 0; press < presses; press++) {
      const place = pressOffset(game, press) + seat
      const counter = row[at + game.levels.length + press] ?? 0
      const fresh = Math.max(0, counter - (world.ints[place] ?? 0))
      if (fresh > 0) world.ints[place] = counter
      inputs.pressed[seat * presses + press] = refuse ? 0 : fresh
      all += fresh
      total += world.ints[place] ?? 0
    }
    inputs.pressTotals[seat] = total
    return all
  }

  /** Computes one tick, up to but not with its commands. What was spawned before it is put in its place first. */
  step(tick: number): void {
    this.world.settle()
    this.world.tick = tick
    this.events.begin(tick)
    this.context.begin(tick)
    if (this.guard !== undefined) this.guard.run(this.stepAll)
    else this.stepEntities()
    this.actAsRules()
  }

  /** What is drawn and spawned from now on is done by rules. */
  actAsRules(): void {
    this.context.actFor(0, BY_RULES)
  }

  /** Ends a tick, after its commands were carried out. */
  settle(): void {
    this.world.settle()
  }

  private stepEntities(): void {
    const { tables } = this.world
    if (this.predicting) this.lockRows()
    for (let index = 0; index < tables.length; index++) this.stepTable(tables[index] as Table, index)
    if (this.game.step !== undefined && (!this.predicting || this.game.predict === 'all')) {
      this.context.actFor(0, 0)
      this.game.step(this.world.byName, this.context)
    }
  }

  /** Which rows this client may write in this tick. */
  private lockRows(): void {
    const { tables } = this.world
    for (let index = 0; index < tables.length; index++) {
      const table = tables[index] as Table
      const { count } = table
      for (let row = 0; row < count; row++) {
        const view = table.viewAt(row)
        view.locked = this.predicts(view) ? UNLOCKED : LOCKED_NOT_PREDICTED
      }
    }
  }

  /** Whether this client computes an entity of `world` ahead of the server. */
  predicts(view: View, world: World = this.world): boolean {
    const { predict } = this.game
    if (predict === 'own') return view.owner === this.seat && this.seat !== 0
    return predict === 'all' || predict(view, this.seat, world.byName)
  }

  /** Steps the rows that were there when the tick began. */
  private stepTable({ type, views }: Table, index: number): void {
    const { world, context, predicting } = this
    if (type.step === undefined && type.motion === undefined) return
    const { ints } = world
    const ids = type.base + COLUMN_ID * type.rows
    const owners = type.base + COLUMN_OWNER * type.rows
    const flags = type.base + COLUMN_FLAGS * type.rows
    const count = world.settledCount(index)
    for (let row = 0; row < count; row++) {
      if (((ints[flags + row] ?? 0) & (FLAG_ASLEEP | FLAG_DEAD)) !== 0) continue
      const view = views[row] ?? world.table(index).viewAt(row)
      if (type.step === undefined || (predicting && view.locked !== UNLOCKED)) {
        moveEntity(world, type, view, context.dt)
      } else {
        const seat = ints[owners + row] ?? 0
        context.actFor(seat, ints[ids + row] ?? 0)
        type.step(view, world.inputView(seat), context)
      }
    }
  }
}
