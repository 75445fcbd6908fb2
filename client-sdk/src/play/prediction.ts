/**
 * Prediction and rollback: runs the game ahead of the server, keeps what it computed, compares it with what the server says, and
 * computes it again from there. Pure: the caller says which tick comes next and hands in snapshots.
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  type CompiledGame,
  HEADER_COUNTS,
  InputRing,
  Simulation,
  SnapshotRing,
  type SnapshotSource,
  TICK_STAMP,
} from '@tickmesh/shared'
import type { EventTracker } from './event-tracker.ts'
import type { InputLatch } from './input-latch.ts'
import type { ViewStamp } from './playback.ts'
import { PressOrder } from './press-order.ts'
import type { Smoothing } from './smoothing.ts'

/** Ticks that predictions and inputs are kept for. */
const KEPT_TICKS = 128
/** Half a second, at least 64 ticks, and within what is kept. */
function aheadTicksAt(tickRate: number): number {
  return Math.min(KEPT_TICKS - 8, Math.max(64, Math.ceil(tickRate / 2)))
}

export interface PredictionCounts {
  /** Snapshots that differed from what was predicted. */
  rollbacks: number
  resimulatedTicks: number
  /** Rollbacks after which something that this client predicts stood elsewhere in the present. */
  corrections: number
}

export class Prediction {
  readonly inputs: InputRing
  readonly counts: PredictionCounts = { rollbacks: 0, resimulatedTicks: 0, corrections: 0 }
  /** The newest tick that was computed; -1 before the first snapshot. */
  tick = -1
  /** No inputs were made for ticks before this one since the last gap. */
  firstInputTick = 0
  /** How far ahead of the newest snapshot it predicts at most; beyond, it waits. */
  readonly maxAheadTicks: number
  private readonly game: CompiledGame
  private readonly sim: Simulation
  private readonly tentativeSim: Simulation
  private readonly results: SnapshotRing
  private readonly before: Int32Array
  private readonly nextRow: Int32Array
  private readonly events: EventTracker
  private readonly smoothing: Smoothing
  private readonly pressOrder: PressOrder
  private readonly isPredicted = (type: CompiledEntity, row: number): boolean => this.predictsRow(type, row)
  private snapshotTick = -1

  constructor(
    game: CompiledGame,
    seat: number,
    frames: SnapshotSource,
    parts: { events: EventTracker; smoothing: Smoothing; development: boolean },
  ) {
    this.game = game
    this.maxAheadTicks = aheadTicksAt(game.tickRate)
    const options = { side: 'client', development: parts.development, snapshots: frames } as const
    this.sim = new Simulation(game, options)
    this.tentativeSim = new Simulation(game, { ...options, eventTicks: 1 })
    this.sim.seat = seat
    this.tentativeSim.seat = seat
    this.inputs = new InputRing(game, KEPT_TICKS)
    this.results = new SnapshotRing(KEPT_TICKS, game.worldInts)
    this.before = new Int32Array(game.worldInts)
    this.nextRow = new Int32Array(game.inputWidth)
    this.pressOrder = new PressOrder(game, this.inputs, seat)
    this.events = parts.events
    this.smoothing = parts.smoothing
  }

  get seat(): number {
    return this.sim.seat
  }

  /** The world at the newest tick. */
  get present(): Int32Array {
    return this.sim.world.ints
  }

  /** True if a further tick would be too far ahead of what the server has told. */
  get blocked(): boolean {
    return this.snapshotTick < 0 || this.tick - this.snapshotTick >= this.maxAheadTicks
  }

  predicts(view: Parameters<Simulation['predicts']>[0]): boolean {
    return this.sim.predicts(view)
  }

  /** Records what the latch holds as the input of `tick`, and computes that tick. `shown` is the frame on the screen. */
  advance(latch: InputLatch, shown: ViewStamp): void {
    const tick = this.tick + 1
    this.record(tick, latch, shown)
    this.simulate(tick)
    this.tick = tick
    this.results.put(tick, this.sim.world.ints)
    this.events.onSimulated(this.sim.events, tick)
  }

  private record(tick: number, latch: InputLatch, shown: ViewStamp): void {
    const { inputs, game } = this
    const presses = game.presses.length
    for (let press = 0; press < presses; press++)
      this.nextRow[press] = inputs.newestCounter(press) + (latch.presses[press] ?? 0)
    const slot = inputs.slotFor(tick)
    const row = inputs.rowOffset(slot)
    inputs.rows.set(latch.levels, row)
    inputs.setStamp(slot, TICK_STAMP, shown.older, shown.newer, shown.fraction)
    for (let press = 0; press < presses; press++) {
      inputs.rows[row + inputs.levels + press] = this.nextRow[press] ?? 0
      const stamp = latch.pressStamps[press]
      if ((latch.presses[press] ?? 0) > 0 && stamp !== undefined)
        inputs.setStamp(slot, 1 + press, stamp.older, stamp.newer, stamp.fraction)
    }
    latch.clearPresses()
  }

  /** Computes `tick` in the simulation, which stands at the end of the tick before. */
  private simulate(tick: number): void {
    const { inputs, sim } = this
    const slot = inputs.find(tick)
    sim.inputs.clear()
    if (slot >= 0) {
      sim.setLevels(sim.seat, inputs.rows, inputs.rowOffset(slot))
      this.setStamp(inputs.stampOffset(slot, TICK_STAMP))
    }
    // A tick that applies a press sees what its player saw when pressing: in this tick, or in the late one that the press was made in.
    const pressSlot = this.pressOrder.slotFor(tick, sim.world.ints)
    if (pressSlot >= 0) {
      this.setStamp(this.pressOrder.stampOf(pressSlot, sim.world.ints))
      sim.applyPresses(sim.seat, inputs.rows, inputs.rowOffset(pressSlot))
    }
    sim.step(tick)
    sim.settle()
  }

  private setStamp(at: number): void {
    const { stamps } = this.inputs
    this.sim.inputs.setStamp(this.sim.seat, stamps[at] ?? -1, stamps[at + 1] ?? -1, stamps[at + 2] ?? 0)
  }

  /** The world one tick beyond the present, with the live input and without effects: what a display frame between two ticks draws towards. */
  tentative(latch: InputLatch, shown: ViewStamp): Int32Array {
    const { tentativeSim: sim, inputs, game } = this
    sim.world.load(this.sim.world.ints)
    sim.inputs.clear()
    this.nextRow.set(latch.levels)
    for (let press = 0; press < game.presses.length; press++) {
      this.nextRow[inputs.levels + press] = inputs.newestCounter(press) + (latch.presses[press] ?? 0)
    }
    sim.setLevels(sim.seat, this.nextRow, 0)
    sim.applyPresses(sim.seat, this.nextRow, 0)
    const seen = latch.pressStamp() ?? shown
    sim.inputs.setStamp(sim.seat, seen.older, seen.newer, seen.fraction)
    sim.step(this.tick + 1)
    sim.settle()
    return sim.world.ints
  }

  /** Takes in the server's world at `tick` and computes the present again from there. Events are then still to be confirmed or withdrawn. */
  onSnapshot(tick: number, snapshot: Int32Array): void {
    this.snapshotTick = tick
    const predicted = this.results.find(tick)
    this.before.set(this.sim.world.ints)
    this.sim.world.load(snapshot)
    if (predicted !== undefined && tick <= this.tick && this.differs(predicted)) this.counts.rollbacks++
    this.results.put(tick, snapshot)
    this.events.beginPass()
    if (tick >= this.tick) {
      this.tick = tick
    } else {
      for (let next = tick + 1; next <= this.tick; next++) {
        this.simulate(next)
        this.results.put(next, this.sim.world.ints)
        this.events.onSimulated(this.sim.events, next)
      }
      this.counts.resimulatedTicks += this.tick - tick
    }
    if (predicted === undefined) return
    const moved = this.smoothing.onCorrection(this.before, this.sim.world.ints, this.isPredicted)
    if (moved > 0) this.counts.corrections++
  }

  /** Goes on at a later tick as if nothing had been done meanwhile: at the start, and after a stall. No inputs are made for the ticks between. */
  skipTo(tick: number): void {
    for (let next = this.tick + 1; next <= tick; next++) {
      this.simulate(next)
      this.results.put(next, this.sim.world.ints)
      this.events.onSimulated(this.sim.events, next)
    }
    this.tick = tick
    this.firstInputTick = tick + 1
  }

  private predictsRow(type: CompiledEntity, row: number): boolean {
    return this.sim.predicts(this.sim.world.table(type.index).viewAt(row))
  }

  /** Whether what this client predicts stood in `predicted` otherwise than in the server's world, which `sim` has just become. */
  private differs(predicted: Int32Array): boolean {
    for (const type of this.game.entities) if (this.typeDiffers(type, predicted)) return true
    return false
  }

  /** Walks two lists sorted by id: what was predicted, and what is. */
  private typeDiffers(type: CompiledEntity, predicted: Int32Array): boolean {
    const truth = this.sim.world.ints
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
        if (this.predictsRow(type, rowT) && this.rowDiffers(type, predicted, rowP, truth, rowT)) return true
        rowP++
        rowT++
      } else if (idP < idT) {
        if (this.game.predict === 'all' || predicted[owners + rowP] === this.sim.seat) return true
        rowP++
      } else {
        if (this.predictsRow(type, rowT)) return true
        rowT++
      }
    }
    return false
  }

  private rowDiffers(type: CompiledEntity, a: Int32Array, rowA: number, b: Int32Array, rowB: number): boolean {
    const flags = type.base + COLUMN_FLAGS * type.rows
    if (a[flags + rowA] !== b[flags + rowB]) return true
    const own = b[type.base + COLUMN_OWNER * type.rows + rowB] === this.sim.seat
    for (let i = 0; i < type.fields.length; i++) {
      const field = type.fields[i]
      if (field === undefined || field.field.visibility === 'server') continue
      if (field.field.visibility === 'owner' && !own) continue
      if (a[field.offset + rowA] !== b[field.offset + rowB]) return true
    }
    return false
  }
}
