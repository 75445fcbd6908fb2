/**
 * Writes a journal: what went into each tick of a simulation, and what rules did after its steps. Fed by whoever runs the simulation (the server's
 * recorder; tests): `beforeStep`, `afterStep` and `endTick` stand where those moments are. Pure: bytes go to a sink.
 *
 * The rules themselves are not replayed: all that they do to the world shows as a difference of its integers, before the steps and after them. What lies
 * between, the steps, is computed again by the replay, and must come to the same.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { Simulation } from '../sim/simulation.ts'
import { STAMP_WIDTH } from '../sim/tick-inputs.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { encodeControl } from '../wire/control-codec.ts'
import { hashInts } from '../wire/hash.ts'
import { EVENT_FIELDS, EVENT_INDEX, EVENT_KEY } from '../world/event-log.ts'
import type { SnapshotRing } from '../world/history.ts'
import { type JournalHead, KEYFRAME_EVERY_MS, RECORD_END, RECORD_HEAD, RECORD_KEYFRAME, RECORD_TICK } from './format.ts'
import { type JournalNote, packNote } from './journal-note.ts'
import { type JournalSink, RecordBuffer } from './record-buffer.ts'
import { DifferenceWriter, hashWorld, settleAll } from './world-difference.ts'

export interface JournalWriterOptions {
  readonly sink: JournalSink
  readonly sim: Simulation
  /** Where the simulation finds the past. */
  readonly history: SnapshotRing
  readonly secretSeed: number
  readonly room: string
  /** For people, such as an ISO date. */
  readonly startedAt?: string
  /** All players and attributes as notes: asked for each keyframe. */
  readonly state: () => readonly JournalNote[]
}

/** How often what was written is handed on, so that a crash costs little. */
const FLUSH_EVERY_MS = 250
const MAX_REASON_LENGTH = 500

export class JournalWriter {
  private readonly game: CompiledGame
  private readonly options: JournalWriterOptions
  private readonly records: RecordBuffer
  private readonly differences: DifferenceWriter
  private readonly keyframeTicks: number
  private readonly flushTicks: number
  private readonly nothing: Int32Array
  /** The world at the end of the last tick, before the steps of this one, and after them. */
  private readonly ended: Int32Array
  private readonly before: Int32Array
  private readonly after: Int32Array
  /** Events that the steps of this tick made. */
  private stepEvents = 0
  private tick: number
  private keyframeTick = 0
  private notes: readonly Uint8Array[] = []
  private closed = false
  private readonly fillTick = (writer: ByteWriter) => this.writeTick(writer)

  /** The simulation must stand between two ticks. What it is now is the first keyframe. */
  constructor(options: JournalWriterOptions) {
    const { sim, sink } = options
    const { game } = sim
    this.options = options
    this.game = game
    this.records = new RecordBuffer(sink)
    this.differences = new DifferenceWriter(game)
    this.keyframeTicks = Math.ceil((KEYFRAME_EVERY_MS / 1000) * game.tickRate)
    this.flushTicks = Math.ceil((FLUSH_EVERY_MS / 1000) * game.tickRate)
    this.nothing = new Int32Array(game.worldInts)
    this.ended = Int32Array.from(sim.world.ints)
    this.before = new Int32Array(game.worldInts)
    this.after = new Int32Array(game.worldInts)
    this.tick = sim.world.tick
    const head = this.head()
    this.records.append(RECORD_HEAD, (writer) => writer.raw(head))
    this.keyframe()
  }

  private head(): Uint8Array {
    const { game, options } = this
    const head: JournalHead = {
      game: game.id,
      schema: game.schemaHash,
      tickRate: game.tickRate,
      worldInts: game.worldInts,
      historyTicks: options.history.capacity,
      secretSeed: options.secretSeed,
      room: options.room,
      startedAt: options.startedAt ?? '',
    }
    return encodeControl(head)
  }

  /** Joins, messages, timers and inputs are done; the steps come next. Hot. */
  beforeStep(): void {
    this.before.set(this.options.sim.world.ints)
  }

  /** The steps are done; commands come next. Hot. */
  afterStep(): void {
    const { world, events } = this.options.sim
    this.after.set(world.ints)
    this.stepEvents = events.count(world.tick)
  }

  /** The tick is over: the world is settled, and in the history. */
  endTick(notes: readonly JournalNote[]): void {
    if (this.closed) return
    const { world } = this.options.sim
    this.tick = world.tick
    settleAll(this.game, this.after)
    this.notes = notes.map(packNote)
    this.records.append(RECORD_TICK, this.fillTick)
    this.ended.set(world.ints)
    if (this.tick - this.keyframeTick >= this.keyframeTicks) this.keyframe()
    if (this.tick % this.flushTicks === 0) this.records.flush()
  }

  /** The match is over. Idempotent. */
  end(reason: string): void {
    if (this.closed) return
    this.closed = true
    const bytes = encodeControl([this.tick, reason.slice(0, MAX_REASON_LENGTH)])
    this.records.append(RECORD_END, (writer) => writer.raw(bytes))
    this.records.end()
  }

  private writeTick(writer: ByteWriter): void {
    const { game, options, tick } = this
    const { events, world } = options.sim
    writer.varint(tick)
    this.differences.write(writer, this.ended, this.before)
    this.writeStamps(writer)
    this.writePresses(writer)
    this.differences.write(writer, this.after, world.ints)
    this.writeEvents(writer)
    writeAll(writer, this.notes)
    const from = events.at(tick, 0)
    const made = hashInts(events.ints, from, from + events.count(tick) * events.stride, 0)
    writer.u32(hashWorld(game, world.ints, made))
  }

  private writeStamps(writer: ByteWriter): void {
    const { stamps } = this.options.sim.inputs
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
    const { inputs } = this.options.sim
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

  /** Events that rules made. */
  private writeEvents(writer: ByteWriter): void {
    const { game, tick } = this
    const { events } = this.options.sim
    const count = events.count(tick)
    writer.varint(count - this.stepEvents)
    for (let n = this.stepEvents; n < count; n++) {
      const at = events.at(tick, n)
      const index = events.ints[at + EVENT_INDEX] ?? 0
      writer.varint(index)
      writer.varint(events.ints[at + EVENT_KEY] ?? 0)
      const fields = game.events[index]?.fields.length ?? 0
      for (let i = 0; i < fields; i++) writer.signedVarint(events.ints[at + EVENT_FIELDS + i] ?? 0)
    }
  }

  /** The world now, and the past that a rewind may still ask for. */
  private keyframe(): void {
    const { game, options, tick } = this
    const { sim, history, state } = options
    this.keyframeTick = tick
    const notes = state().map(packNote)
    const opaque = game.opaque?.save(sim.context.opaque) ?? new Uint8Array(0)
    this.records.append(RECORD_KEYFRAME, (writer) => {
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
      writer.varint(opaque.length)
      writer.raw(opaque)
      writeAll(writer, notes)
    })
  }
}

function writeAll(writer: ByteWriter, blobs: readonly Uint8Array[]): void {
  writer.varint(blobs.length)
  for (let i = 0; i < blobs.length; i++) {
    const blob = blobs[i]
    if (blob === undefined) continue
    writer.varint(blob.length)
    writer.raw(blob)
  }
}
