/**
 * Prediction and rollback: runs the game ahead of the server, keeps what it computed, compares it with what the server says, and
 * computes it again from there. Pure: the caller says when a tick's input is made and hands in snapshots.
 *
 * With an input delay of D ticks, the input that is made now belongs to the tick that is computed D ticks later. What is sent, and when, does not depend on D:
 * only the present lies D ticks nearer to the server's, or beyond its newest snapshot, which then waits until the present gets there.
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  type CompiledGame,
  HEADER_COUNTS,
  HEADER_TICK,
  InputRing,
  SEAT_LEVELS,
  Simulation,
  SnapshotRing,
  type SnapshotSource,
  TICK_STAMP,
  type View,
  type World,
} from '@tickmesh/shared'
import type { EventTracker } from './event-tracker.ts'
import type { InputLatch } from './input-latch.ts'
import type { ViewStamp } from './playback.ts'
import { PressOrder } from './press-order.ts'
import type { RepeatTest } from './repeat-test.ts'
import type { Smoothing } from './smoothing.ts'

/** Ticks that predictions and inputs are kept for. */
const KEPT_TICKS = 128
/** Own inputs are kept for longer where ticks are shorter: whoever goes on with a room may lack so many. */
const KEPT_INPUTS_S = 2
/** Room for snapshots that come while the limit is reached. */
const SPARE_TICKS = 8
const LEAST_ROLLBACK_TICKS = 64

/** How far it may go back at most: what is asked for, else half a second and at least 64 ticks; always within what is kept. */
function rollbackTicks(tickRate: number, delayTicks: number, asked: number | undefined): number {
  const wanted = asked ?? Math.max(LEAST_ROLLBACK_TICKS, Math.ceil(tickRate / 2))
  return Math.max(1, Math.min(KEPT_TICKS - SPARE_TICKS - delayTicks, Math.floor(wanted)))
}

export interface PredictionCounts {
  /** Snapshots that differed from what was predicted. */
  rollbacks: number
  resimulatedTicks: number
  /** Ticks that were not computed again, because the server's whole world was as predicted. */
  skippedTicks: number
  /** Snapshots after which something that this client predicts stood elsewhere in the present (also by what others did); and those after which something of its own did. */
  corrections: number
  ownCorrections: number
}

export interface PredictionOptions {
  readonly events: EventTracker
  readonly smoothing: Smoothing
  readonly development: boolean
  /** Most ticks that are computed again at a snapshot, and so how far ahead of the newest one it predicts. */
  readonly maxRollbackTicks?: number | undefined
  /** Ticks by which an input is made before the tick that it belongs to is computed; 0 by default. */
  readonly inputDelayTicks?: number | undefined
  /** After each tick so many of the newest ones are computed once more by `repeatTest` and compared; 1 in development, else 0. */
  readonly repeatTicks?: number | undefined
  /** Handed in by who joins, because a game that players load does without. */
  readonly repeatTest?: typeof RepeatTest | undefined
}

/** More delay than this is not played with. */
const MAX_INPUT_DELAY_TICKS = 30

export class Prediction {
  readonly inputs: InputRing
  readonly counts: PredictionCounts = {
    rollbacks: 0,
    resimulatedTicks: 0,
    skippedTicks: 0,
    corrections: 0,
    ownCorrections: 0,
  }
  /** The newest tick that was computed; -1 before the first snapshot. */
  tick = -1
  /** The newest tick that has its input, or is to have none. */
  inputTick = -1
  /** No inputs were made for ticks before this one since the last gap. */
  firstInputTick = 0
  /** How far ahead of the newest snapshot it predicts at most; beyond, it waits. */
  readonly maxAheadTicks: number
  readonly inputDelayTicks: number
  readonly #game: CompiledGame
  readonly #sim: Simulation
  readonly #tentativeSim: Simulation
  readonly #results: SnapshotRing
  readonly #before: Int32Array
  readonly #nextRow: Int32Array
  readonly #events: EventTracker
  readonly #smoothing: Smoothing
  readonly #pressOrder: PressOrder
  readonly #isPredicted = (type: CompiledEntity, row: number): boolean => this.#predictsRow(type, row)
  readonly #isOwn = (type: CompiledEntity, row: number): boolean =>
    this.#sim.world.ints[type.base + COLUMN_OWNER * type.rows + row] === this.#sim.seat
  readonly #frames: SnapshotSource
  readonly #repeatTest: RepeatTest | undefined
  /** The newest snapshot that came, and the newest from which the present was computed: older if the present has not got there yet. */
  #snapshotTick = -1
  #takenTick = -1

  constructor(game: CompiledGame, seat: number, frames: SnapshotSource, options: PredictionOptions) {
    this.#game = game
    this.#frames = frames
    this.inputDelayTicks = Math.min(MAX_INPUT_DELAY_TICKS, Math.max(0, Math.floor(options.inputDelayTicks ?? 0)))
    this.maxAheadTicks = rollbackTicks(game.tickRate, this.inputDelayTicks, options.maxRollbackTicks)
    const { development, repeatTest: Test } = options
    const guard = development && Test !== undefined ? new Test.Guard() : undefined
    const simulation = { side: 'client', development, guard, snapshots: frames } as const
    this.#sim = new Simulation(game, simulation)
    this.#tentativeSim = new Simulation(game, { ...simulation, eventTicks: 1 })
    this.#sim.seat = seat
    this.#tentativeSim.seat = seat
    this.inputs = new InputRing(game, Math.max(KEPT_TICKS, 2 ** Math.ceil(Math.log2(game.tickRate * KEPT_INPUTS_S))))
    this.#results = new SnapshotRing(KEPT_TICKS, game.worldInts)
    this.#before = new Int32Array(game.worldInts)
    this.#nextRow = new Int32Array(game.inputWidth)
    this.#pressOrder = new PressOrder(game, this.inputs, seat)
    this.#events = options.events
    this.#smoothing = options.smoothing
    const { repeatTicks = development ? 1 : 0 } = options
    if (Test !== undefined && repeatTicks > 0) this.#repeatTest = new Test(this.#sim, this.#results, repeatTicks)
  }

  get seat(): number {
    return this.#sim.seat
  }

  /** The world at the newest tick. */
  get present(): Int32Array {
    return this.#sim.world.ints
  }

  /** True if a further tick would be too far ahead of what the server has told. */
  get blocked(): boolean {
    return this.#snapshotTick < 0 || this.inputTick - this.inputDelayTicks - this.#snapshotTick >= this.maxAheadTicks
  }

  predicts(view: View, world: World): boolean {
    return this.#sim.predicts(view, world)
  }

  /** Records what the latch holds as the input of the next tick, and computes what is then due. `shown` is the frame on the screen. */
  advance(latch: InputLatch, shown: ViewStamp): void {
    this.inputTick++
    this.#record(this.inputTick, latch, shown)
    this.#computeTo(this.inputTick - this.inputDelayTicks)
  }

  /** Computes the ticks up to `tick`. A snapshot of a tick that the present reaches only now is taken in there. */
  #computeTo(tick: number): void {
    while (this.tick < tick) {
      this.#computeTick(++this.tick)
      this.#repeatTest?.run(this.tick, this.#takenTick, this.#simulate)
      const frame = this.tick > this.#takenTick ? this.#frames.find(this.tick) : undefined
      if (frame !== undefined) this.#takeIn(this.tick, frame)
    }
  }

  #computeTick(tick: number): void {
    this.#simulate(tick)
    this.#results.put(tick, this.#sim.world.ints)
    this.#events.onSimulated(this.#sim.events, tick)
  }

  #record(tick: number, latch: InputLatch, shown: ViewStamp): void {
    const { inputs } = this
    const game = this.#game
    this.#fillNextRow(latch)
    const slot = inputs.slotFor(tick)
    inputs.rows.set(this.#nextRow, inputs.rowOffset(slot))
    inputs.setStamp(slot, TICK_STAMP, shown.older, shown.newer, shown.fraction)
    for (let press = 0; press < game.presses.length; press++) {
      const stamp = latch.pressStamps[press]
      if ((latch.presses[press] ?? 0) > 0 && stamp !== undefined)
        inputs.setStamp(slot, 1 + press, stamp.older, stamp.newer, stamp.fraction)
    }
    latch.clearPresses()
  }

  /** What the latch holds, as the row after the newest one: levels, then counters. */
  #fillNextRow(latch: InputLatch): void {
    const { inputs } = this
    const game = this.#game
    const nextRow = this.#nextRow
    nextRow.set(latch.levels)
    for (let press = 0; press < game.presses.length; press++)
      nextRow[inputs.levels + press] = inputs.newestCounter(press) + (latch.presses[press] ?? 0)
  }

  /** Computes `tick` in the simulation, which stands at the end of the tick before. */
  readonly #simulate = (tick: number): void => this.#stepWithInputs(this.#sim, tick)

  /** Steps a simulation that stands at the end of the tick before, with the inputs that were recorded. */
  #stepWithInputs(sim: Simulation, tick: number): void {
    const { inputs } = this
    const slot = inputs.find(tick)
    sim.inputs.clear()
    if (slot >= 0) {
      sim.setLevels(sim.seat, inputs.rows, inputs.rowOffset(slot))
      this.#setStamp(sim, inputs.stampOffset(slot, TICK_STAMP))
    }
    // A tick that applies a press sees what its player saw when pressing: in this tick, or in the late one that the press was made in.
    const pressSlot = this.#pressOrder.slotFor(tick, sim.world.ints)
    if (pressSlot >= 0) {
      this.#setStamp(sim, this.#pressOrder.stampOf(pressSlot, sim.world.ints))
      sim.applyPresses(sim.seat, inputs.rows, inputs.rowOffset(pressSlot))
    }
    sim.step(tick)
    sim.settle()
  }

  #setStamp(sim: Simulation, at: number): void {
    const { stamps } = this.inputs
    sim.inputs.setStamp(sim.seat, stamps[at] ?? -1, stamps[at + 1] ?? -1, stamps[at + 2] ?? 0)
  }

  /**
   * The world one tick beyond the present, without effects: what a display frame between two ticks draws towards. With that tick's input, or with the live one
   * if it has none yet.
   */
  tentative(latch: InputLatch, shown: ViewStamp): Int32Array {
    const sim = this.#tentativeSim
    sim.world.load(this.#sim.world.ints)
    if (this.tick < this.inputTick) {
      this.#stepWithInputs(sim, this.tick + 1)
      return sim.world.ints
    }
    sim.inputs.clear()
    this.#fillNextRow(latch)
    sim.setLevels(sim.seat, this.#nextRow, 0)
    sim.applyPresses(sim.seat, this.#nextRow, 0)
    const seen = latch.pressStamp() ?? shown
    sim.inputs.setStamp(sim.seat, seen.older, seen.newer, seen.fraction)
    sim.step(this.tick + 1)
    sim.settle()
    return sim.world.ints
  }

  /**
   * Takes in the server's world at `tick`, which is among the frames, and computes the present again from there. Events are then still to be confirmed
   * or withdrawn. A tick that the present gets to within the input delay is taken in then.
   */
  onSnapshot(tick: number, snapshot: Int32Array): void {
    this.#snapshotTick = tick
    if (this.inputs.newestTick < 0) this.#countOn(snapshot)
    if (tick > this.tick && tick <= this.inputTick && this.tick >= 0) return
    if (tick > this.inputTick) this.inputTick = tick
    this.#takeIn(tick, snapshot)
  }

  /** A player whose page was reloaded goes on with its counts of presses. */
  #countOn(snapshot: Int32Array): void {
    const { inputs, seat } = this
    const game = this.#game
    const first = game.seatBase + (SEAT_LEVELS + game.levels.length) * game.seatRows + seat
    for (let press = 0; press < inputs.presses; press++)
      inputs.baseCounters[press] = snapshot[first + press * game.seatRows] ?? 0
  }

  #takeIn(tick: number, snapshot: Int32Array): void {
    this.#takenTick = tick
    const predicted = this.#results.find(tick)
    if (predicted !== undefined && tick <= this.tick && this.isAsPredicted(tick, predicted, snapshot)) {
      this.#events.keepPass(tick)
      this.counts.skippedTicks += this.tick - tick
      return
    }
    this.#before.set(this.#sim.world.ints)
    this.#sim.world.load(snapshot)
    if (predicted !== undefined && tick <= this.tick && this.#differs(predicted)) this.counts.rollbacks++
    this.#results.put(tick, snapshot)
    this.#events.beginPass()
    if (tick >= this.tick) {
      this.tick = tick
    } else {
      for (let next = tick + 1; next <= this.tick; next++) this.#computeTick(next)
      this.counts.resimulatedTicks += this.tick - tick
    }
    if (predicted === undefined) return
    const moved = this.#smoothing.onCorrection(this.#before, this.#sim.world.ints, this.#isPredicted, this.#isOwn)
    if (moved === 0) return
    this.counts.corrections++
    if (this.#smoothing.ownMoved > 0) this.counts.ownCorrections++
  }

  /** Goes on with the inputs after `tick` as if nothing had been done meanwhile: at the start, and after a stall. The ticks between have no inputs. */
  skipTo(tick: number): void {
    this.inputTick = tick
    this.firstInputTick = tick + 1
    this.#computeTo(tick - this.inputDelayTicks)
  }

  /**
   * True if all that the ticks after `tick` depend on is as it was predicted: they would come out the same. The own seat's levels do not count where they are
   * set anew; the server does not send back what no motion reads. Ends at the first difference, and held inputs stand in front.
   */
  isAsPredicted(tick: number, predicted: Int32Array, snapshot: Int32Array): boolean {
    const { seatBase, seatRows, levels } = this.#game
    const firstLevel = seatBase + SEAT_LEVELS * seatRows
    const endOfLevels = firstLevel + levels.length * seatRows
    const levelsAreSet = this.inputs.find(tick + 1) >= 0
    for (let at = 0; at < snapshot.length; at++) {
      if (predicted[at] === snapshot[at] || at === HEADER_TICK) continue
      const ownLevel = at >= firstLevel && at < endOfLevels && (at - firstLevel) % seatRows === this.seat
      if (!ownLevel || !levelsAreSet) return false
    }
    return true
  }

  #predictsRow(type: CompiledEntity, row: number): boolean {
    return this.#sim.predicts(this.#sim.world.table(type.index).viewAt(row))
  }

  /** Whether what this client predicts stood in `predicted` otherwise than in the server's world, which `sim` has just become. */
  #differs(predicted: Int32Array): boolean {
    for (const type of this.#game.entities) if (this.#typeDiffers(type, predicted)) return true
    return false
  }

  /** Walks two lists sorted by id: what was predicted, and what is. */
  #typeDiffers(type: CompiledEntity, predicted: Int32Array): boolean {
    const truth = this.#sim.world.ints
    const ids = type.base + COLUMN_ID * type.rows
    const owners = type.base + COLUMN_OWNER * type.rows
    const countP = predicted[HEADER_COUNTS + type.index] ?? 0
    const countT = truth[HEADER_COUNTS + type.index] ?? 0
    let rowP = 0
    let rowT = 0
    while (rowP < countP || rowT < countT) {
      const idP = rowP < countP ? (predicted[ids + rowP] ?? 0) : Infinity
      const idT = rowT < countT ? (truth[ids + rowT] ?? 0) : Infinity
      if (idP === idT) {
        if (this.#predictsRow(type, rowT) && this.#rowDiffers(type, predicted, rowP, truth, rowT)) return true
        rowP++
        rowT++
      } else if (idP < idT) {
        if (this.#game.predict === 'all' || predicted[owners + rowP] === this.#sim.seat) return true
        rowP++
      } else {
        if (this.#predictsRow(type, rowT)) return true
        rowT++
      }
    }
    return false
  }

  #rowDiffers(type: CompiledEntity, a: Int32Array, rowA: number, b: Int32Array, rowB: number): boolean {
    const flags = type.base + COLUMN_FLAGS * type.rows
    if (a[flags + rowA] !== b[flags + rowB]) return true
    const own = b[type.base + COLUMN_OWNER * type.rows + rowB] === this.#sim.seat
    for (let i = 0; i < type.fields.length; i++) {
      const field = type.fields[i]
      if (field === undefined || field.field.visibility === 'server') continue
      if (field.field.visibility === 'owner' && !own) continue
      if (a[field.offset + rowA] !== b[field.offset + rowB]) return true
    }
    return false
  }
}
