/**
 * Writes a journal: what went into each tick of a simulation, and what rules did after its steps. Fed by whoever runs the simulation (the server's
 * recorder; tests): `beforeStep`, `afterStep` and `endTick` stand where those moments are. Pure: bytes go to a sink.
 *
 * The rules themselves are not replayed: all that they do to the world shows as a difference of its integers, before the steps and after them. What lies
 * between, the steps, is computed again by the replay, and must come to the same.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { encodeControl } from '../wire/control-codec.ts'
import type { SnapshotRing } from '../world/history.ts'
import { type JournalHead, KEYFRAME_EVERY_MS, RECORD_END, RECORD_HEAD, RECORD_KEYFRAME, RECORD_TICK } from './format.ts'
import { type JournalNote, packNote } from './journal-note.ts'
import { type JournalSink, RecordBuffer } from './record-buffer.ts'
import { TickWriter } from './tick-writer.ts'

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
  private readonly ticks: TickWriter
  private readonly keyframeTicks: number
  private readonly flushTicks: number
  private keyframeTick = 0
  private notes: readonly Uint8Array[] = []
  private closed = false
  private readonly fillTick = (writer: ByteWriter) => this.ticks.writeInputs(writer, this.notes)

  /** The simulation must stand between two ticks. What it is now is the first keyframe. */
  constructor(options: JournalWriterOptions) {
    const { sim, sink, history } = options
    const { game } = sim
    this.options = options
    this.game = game
    this.records = new RecordBuffer(sink)
    this.ticks = new TickWriter(sim, history)
    this.keyframeTicks = Math.ceil((KEYFRAME_EVERY_MS / 1000) * game.tickRate)
    this.flushTicks = Math.ceil((FLUSH_EVERY_MS / 1000) * game.tickRate)
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
    this.ticks.beforeStep()
  }

  /** The steps are done; commands come next. Hot. */
  afterStep(): void {
    this.ticks.afterStep()
  }

  /** The tick is over: the world is settled, and in the history. */
  endTick(notes: readonly JournalNote[]): void {
    if (this.closed) return
    const { ticks } = this
    ticks.begin()
    this.notes = notes.map(packNote)
    this.records.append(RECORD_TICK, this.fillTick)
    ticks.end()
    if (ticks.tick - this.keyframeTick >= this.keyframeTicks) this.keyframe()
    if (ticks.tick % this.flushTicks === 0) this.records.flush()
  }

  /** The match is over. Idempotent. */
  end(reason: string): void {
    if (this.closed) return
    this.closed = true
    const bytes = encodeControl([this.ticks.tick, reason.slice(0, MAX_REASON_LENGTH)])
    this.records.append(RECORD_END, (writer) => writer.raw(bytes))
    this.records.end()
  }

  /** The world now, and the past that a rewind may still ask for. */
  private keyframe(): void {
    const { ticks } = this
    this.keyframeTick = ticks.tick
    const notes = this.options.state().map(packNote)
    const opaque = ticks.saveOpaque()
    this.records.append(RECORD_KEYFRAME, (writer) => ticks.writeKeyframe(writer, opaque, notes))
  }
}
