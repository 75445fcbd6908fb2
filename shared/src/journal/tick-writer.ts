/**
 * What a tick, and the world between two ticks, look like in a journal: docs/journal.md says it in words. Used by the journal's writer (files) and by the
 * stream (standby); read by the tick reader. Follows one simulation: `beforeStep` and `afterStep` stand where those moments are, then come `begin`,
 * what is written, and `end`. Writing changes nothing, so it may be done again with more room.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { Simulation } from '../sim/simulation.ts'
import { STAMP_WIDTH } from '../sim/tick-inputs.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { EVENT_FIELDS, EVENT_INDEX, EVENT_KEY } from '../world/event-log.ts'
import type { SnapshotRing } from '../world/history.ts'
import { DifferenceWriter, hashTick, settleAll } from './world-difference.ts'

export class TickWriter {
  /** The newest tick that ended. */
  tick: number
  private readonly game: CompiledGame
  private readonly sim: Simulation
  private readonly history: SnapshotRing
  private readonly differences: DifferenceWriter
  private readonly nothing: Int32Array
  /** The world at the end of the last tick, before the steps of this one, and after them. */
  private readonly ended: Int32Array
  private readonly before: Int32Array
  private readonly after: Int32Array
  /** Events that the steps of this tick made. */
  private stepEvents = 0

  /** The simulation must stand between two ticks. */
  constructor(sim: Simulation, history: SnapshotRing) {
    const { game, world } = sim
    this.game = game
    this.sim = sim
    this.history = history
    this.differences = new DifferenceWriter(game)
    this.nothing = new Int32Array(game.worldInts)
    this.ended = Int32Array.from(world.ints)
    this.before = new Int32Array(game.worldInts)
    this.after = new Int32Array(game.worldInts)
    this.tick = world.tick
  }

  /** Joins, messages, timers and inputs are done; the steps come next. Hot. */
  beforeStep(): void {
    this.before.set(this.sim.world.ints)
  }

  /** The steps are done; commands come next. Hot. */
  afterStep(): void {
    const { world, events } = this.sim
    this.after.set(world.ints)
    this.stepEvents = events.count(world.tick)
  }

  /** The tick is over: it can be written. */
  begin(): void {
    this.tick = this.sim.world.tick
    settleAll(this.game, this.after)
  }

  /** The tick was written: what comes is the next one's. */
  end(): void {
    this.ended.set(this.sim.world.ints)
  }

  /** What went into the tick, and what rules did. */
  writeInputs(writer: ByteWriter, notes: readonly Uint8Array[]): void {
    const { sim, tick } = this
    writer.varint(tick)
    this.differences.write(writer, this.ended, this.before)
    this.writePlayers(writer)
    this.differences.write(writer, this.after, sim.world.ints)
    this.writeEvents(writer, tick, this.stepEvents)
    writeBlobs(writer, notes)
    writer.u32(hashTick(sim, tick))
  }

  /** How the tick came out, events of the steps included. */
  writeStates(writer: ByteWriter, notes: readonly Uint8Array[]): void {
    const { sim, tick } = this
    writer.varint(tick)
    this.writePlayers(writer)
    this.differences.write(writer, this.ended, sim.world.ints)
    this.writeEvents(writer, tick, 0)
    writeBlobs(writer, notes)
    writer.u32(hashTick(sim, tick))
  }

  /** The world at the end of the last tick, and the past that a rewind may still ask for. */
  writeKeyframe(writer: ByteWriter, opaque: Uint8Array, notes: readonly Uint8Array[]): void {
    const { history, tick } = this
    writer.varint(tick)
    this.differences.write(writer, this.nothing, this.ended)
    let newer = this.ended
    for (let at = tick; at > tick - history.capacity && at >= 0; at--) {
      const snapshot = history.find(at)
      if (snapshot === undefined) continue
      writer.varint(tick - at + 1)
      this.differences.write(writer, newer, snapshot)
      newer = snapshot
    }
    writer.u8(0)
    writeBlob(writer, opaque)
    writeBlobs(writer, notes)
  }

  /** The world of a tick as a whole, and its events. */
  writeState(writer: ByteWriter, tick: number, ints: Int32Array): void {
    writer.varint(tick)
    this.differences.write(writer, this.nothing, ints)
    this.writeEvents(writer, tick, 0)
  }

  /** The events of the newest ticks, for as long as the log keeps them. */
  writeEventLog(writer: ByteWriter): void {
    const { events } = this.sim
    for (let at = this.tick; at > this.tick - events.historyTicks && at >= 0; at--) {
      if (events.count(at) === 0) continue
      writer.varint(this.tick - at + 1)
      this.writeEvents(writer, at, 0)
    }
    writer.u8(0)
  }

  /** What the game keeps outside its fields, as of now; empty if it keeps nothing. */
  saveOpaque(): Uint8Array {
    return this.game.opaque?.save(this.sim.context.opaque) ?? new Uint8Array(0)
  }

  /** What players did in this tick, besides what the world holds: moments seen, and presses. */
  writePlayers(writer: ByteWriter): void {
    this.writeStamps(writer)
    this.writePresses(writer)
  }

  private writeStamps(writer: ByteWriter): void {
    const { stamps } = this.sim.inputs
    let last = 0
    for (let seat = 1; seat < this.game.seatRows; seat++) {
      const older = stamps[seat * STAMP_WIDTH] ?? -1
      const newer = stamps[seat * STAMP_WIDTH + 1] ?? -1
      if (older < 0) continue
      writer.varint(seat - last)
      writer.varint(this.tick - older)
      writer.varint(newer - older)
      writer.varint(stamps[seat * STAMP_WIDTH + 2] ?? 0)
      last = seat
    }
    writer.u8(0)
  }

  private writePresses(writer: ByteWriter): void {
    const { inputs } = this.sim
    const presses = this.game.presses.length
    let last = 0
    for (let seat = 1; seat < this.game.seatRows; seat++) {
      if (!inputs.hasPress(seat)) continue
      writer.varint(seat - last)
      writer.varint(inputs.pressTotals[seat] ?? 0)
      for (let press = 0; press < presses; press++) writer.varint(inputs.pressed[seat * presses + press] ?? 0)
      last = seat
    }
    writer.u8(0)
  }

  /** Events of a tick, from number `from` on. */
  private writeEvents(writer: ByteWriter, tick: number, from: number): void {
    const { game } = this
    const { events } = this.sim
    const count = events.count(tick)
    writer.varint(count - from)
    for (let n = from; n < count; n++) {
      const at = events.at(tick, n)
      const index = events.ints[at + EVENT_INDEX] ?? 0
      writer.varint(index)
      writer.varint(events.ints[at + EVENT_KEY] ?? 0)
      const fields = game.events[index]?.fields.length ?? 0
      for (let i = 0; i < fields; i++) writer.signedVarint(events.ints[at + EVENT_FIELDS + i] ?? 0)
    }
  }
}

/** A length, and as many bytes. */
export function writeBlob(writer: ByteWriter, blob: Uint8Array): void {
  writer.varint(blob.length)
  writer.raw(blob)
}

function writeBlobs(writer: ByteWriter, blobs: readonly Uint8Array[]): void {
  writer.varint(blobs.length)
  for (let i = 0; i < blobs.length; i++) {
    const blob = blobs[i]
    if (blob !== undefined) writeBlob(writer, blob)
  }
}
