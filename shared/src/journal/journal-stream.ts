/**
 * Writes a match as it happens, record by record, for those who stand by to run it on. Fed by whoever runs the simulation, as the journal's writer is: `beforeStep`,
 * `afterStep` and `tick` stand where those moments are. Pure, and it never waits: bytes are the caller's. Read by the replica.
 *
 *     inputs     u8 1, a tick as in a file (docs/journal.md), progress
 *     states     u8 2, varint tick, view stamps, presses, difference from the end of the last tick to the end of this, all events, notes, u32 hash,
 *                u8 1 and the opaque state as a blob, or u8 0, progress
 *     keyframe   as in a file, view stamps, presses, events of the past (newest first: varint keyframe's tick - tick + 1, events; then u8 0), progress
 *     progress   how far rules have drawn, spawned and emitted since the steps: per number that is not 0 varint place (less the one before, of which the
 *                first is -1), varint number; then u8 0
 */
import type { Simulation } from '../sim/simulation.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import type { SnapshotRing } from '../world/history.ts'
import { progressWidth, saveProgress } from './go-on.ts'
import { type JournalNote, packNote } from './journal-note.ts'
import { PayloadBuffer } from './payload-buffer.ts'
import { TickWriter, writeBlob } from './tick-writer.ts'

/** `inputs`: what went into a tick, to be computed again. `states`: how it came out. */
export type StreamMode = 'inputs' | 'states'

export const STREAM_INPUTS = 1
export const STREAM_STATES = 2

export class JournalStream {
  private readonly sim: Simulation
  private readonly history: SnapshotRing
  private readonly ticks: TickWriter
  private readonly payload = new PayloadBuffer()
  /** As it was at the end of the last tick. */
  private readonly progress: Int32Array
  private notes: readonly Uint8Array[] = []
  private opaque: Uint8Array | undefined
  /** Those who take states have an opaque state that is older than the world. */
  private opaqueIsOld = false
  private readonly fillInputs = (writer: ByteWriter) => this.writeInputs(writer)
  private readonly fillStates = (writer: ByteWriter) => this.writeStates(writer)

  /** The simulation must stand between two ticks. */
  constructor(sim: Simulation, history: SnapshotRing) {
    this.sim = sim
    this.history = history
    this.ticks = new TickWriter(sim, history)
    this.progress = new Int32Array(progressWidth(sim.game))
    saveProgress(sim.context, this.progress)
  }

  /** Joins, messages, timers and inputs are done; the steps come next. Hot. */
  beforeStep(): void {
    this.ticks.beforeStep()
  }

  /** The steps are done; commands come next. Hot. */
  afterStep(): void {
    this.ticks.afterStep()
  }

  /**
   * The record of the tick that is over: the world is settled, and in the history. The bytes are the caller's. Where the opaque state is not known to those
   * who took states, the first tick of `inputs` is one of states still, and brings it.
   */
  tick(notes: readonly JournalNote[], mode: StreamMode): Uint8Array {
    const { ticks, sim } = this
    const { opaque, tickRate } = sim.game
    ticks.begin()
    saveProgress(sim.context, this.progress)
    this.notes = notes.map(packNote)
    let bytes: Uint8Array
    if (mode === 'inputs' && !this.opaqueIsOld) bytes = this.copy(this.fillInputs)
    else {
      const brings = opaque !== undefined && (mode === 'inputs' || ticks.tick % tickRate === 0)
      this.opaque = brings ? ticks.saveOpaque() : undefined
      this.opaqueIsOld = opaque !== undefined && !brings
      bytes = this.copy(this.fillStates)
    }
    ticks.end()
    return bytes
  }

  /** The world between two ticks, the past that a rewind may ask for, and `notes`: all that notes add up to. */
  keyframe(notes: readonly JournalNote[]): Uint8Array {
    const { ticks } = this
    const opaque = ticks.saveOpaque()
    const packed = notes.map(packNote)
    return this.copy((writer) => {
      ticks.writeKeyframe(writer, opaque, packed)
      ticks.writePlayers(writer)
      ticks.writeEventLog(writer)
      this.writeProgress(writer)
    })
  }

  /** The world at the end of an earlier tick, for `Replica.explain`; undefined: it is not kept any more. */
  stateAt(tick: number): Uint8Array | undefined {
    const snapshot = this.history.find(tick)
    return snapshot === undefined ? undefined : this.copy((writer) => this.ticks.writeState(writer, tick, snapshot))
  }

  private copy(fill: (writer: ByteWriter) => void): Uint8Array {
    const length = this.payload.write(fill)
    return this.payload.bytes.slice(0, length)
  }

  private writeInputs(writer: ByteWriter): void {
    writer.u8(STREAM_INPUTS)
    this.ticks.writeInputs(writer, this.notes)
    this.writeProgress(writer)
  }

  private writeStates(writer: ByteWriter): void {
    writer.u8(STREAM_STATES)
    this.ticks.writeStates(writer, this.notes)
    writer.u8(this.opaque === undefined ? 0 : 1)
    if (this.opaque !== undefined) writeBlob(writer, this.opaque)
    this.writeProgress(writer)
  }

  private writeProgress(writer: ByteWriter): void {
    const { progress } = this
    let last = -1
    for (let at = 0; at < progress.length; at++) {
      if (progress[at] === 0) continue
      writer.varint(at - last)
      writer.varint(progress[at] ?? 0)
      last = at
    }
    writer.u8(0)
  }
}
