/**
 * A match that is computed again from a stream, as it comes, by those who stand by to run it on. After `load` it stands at the keyframe's tick, after each
 * `apply` at the end of the next one, and then has all that its owner had there: world, history, events, view stamps, draws of randomness. Never trusts
 * a byte: what was changed on its way throws, or comes to another hash.
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { SnapshotRing } from '../world/history.ts'
import { progressWidth, resumeAfter } from './go-on.ts'
import { JournalError } from './journal-error.ts'
import type { NoteBook } from './journal-note.ts'
import { STREAM_INPUTS, STREAM_STATES } from './journal-stream.ts'
import type { RecordPlace } from './open-journal.ts'
import { TickReader } from './tick-reader.ts'

export interface ReplicaHead {
  readonly historyTicks: number
  readonly secretSeed: number
}

export class Replica {
  readonly sim: Simulation
  readonly history: SnapshotRing
  /** Players, attributes, timeline: what notes added up to. */
  readonly book: NoteBook
  private readonly ticks: TickReader
  private readonly progress: Int32Array
  /** Why nothing can be applied until a keyframe was loaded. */
  private failure: JournalError | undefined
  /** What was computed differs from what the owner has. */
  private diverged = false

  constructor(game: CompiledGame, head: ReplicaHead) {
    this.ticks = new TickReader(game, head, 'a record of the stream')
    this.sim = this.ticks.sim
    this.history = this.ticks.history
    this.book = this.ticks.book
    this.progress = new Int32Array(progressWidth(game))
    this.failure = new JournalError('corrupt', 'the stream has no keyframe yet.')
  }

  /** The tick that it stands at. */
  get tick(): number {
    return this.ticks.tick
  }

  /** Throws JournalError `corrupt`; it is useless then until another keyframe is loaded. */
  load(keyframe: Uint8Array): void {
    const { ticks } = this
    const place = this.placeOf(keyframe, 0)
    this.diverged = false
    this.guarded(() => {
      ticks.load(keyframe, place)
      ticks.readPlayers()
      ticks.readEventLog()
      this.readProgress()
      ticks.finish()
    })
    this.failure = undefined
  }

  /**
   * Computes the next tick. False: it came out otherwise than at its owner; it goes on with what it computed, and says so for each tick, until a keyframe
   * is loaded. Throws JournalError `corrupt`, or `diverged` if the game's code threw. A record of another tick than the next leaves everything as it is; after
   * every other error it is useless until a keyframe is loaded.
   */
  apply(record: Uint8Array): boolean {
    const { ticks } = this
    if (this.failure !== undefined) throw this.failure
    const place = this.placeOf(record, 1)
    if (place.tick !== ticks.tick + 1) {
      const problem = `the stream goes on with tick ${place.tick} after tick ${ticks.tick}.`
      throw new JournalError('corrupt', problem, { tick: place.tick })
    }
    const isSame = this.guarded(() => {
      const expected = record[0] === STREAM_STATES ? this.take(record, place) : ticks.compute(record, place)
      this.readProgress()
      ticks.finish()
      return expected === ticks.hash()
    })
    if (!isSame) this.diverged = true
    ticks.isForeign = this.diverged
    return !this.diverged
  }

  /** Of the tick that it stands at: world and events, as each record has it. */
  hash(): number {
    return this.ticks.hash()
  }

  /**
   * What differs first between this state and a state of the same tick (`JournalStream.stateAt`), for people: entity and field. Undefined: nothing.
   * Throws JournalError `corrupt`.
   */
  explain(state: Uint8Array): string | undefined {
    const { ticks } = this
    const place = this.placeOf(state, 0)
    if (place.tick !== ticks.tick) {
      const problem = `the state is of tick ${place.tick}, not of tick ${ticks.tick}.`
      throw new JournalError('corrupt', problem, { tick: place.tick })
    }
    return ticks.differenceTo(state, place) ?? ticks.eventsDifference()
  }

  /** A record says its tick behind `skip` bytes. */
  private placeOf(bytes: Uint8Array, skip: number): RecordPlace {
    const { reader } = this.ticks
    reader.start(bytes)
    const kind = skip === 0 ? STREAM_INPUTS : reader.u8()
    const tick = reader.varint()
    if (!reader.ok || tick > 0x7fff_ffff || (kind !== STREAM_INPUTS && kind !== STREAM_STATES))
      throw new JournalError('corrupt', 'a record of the stream does not begin like one.', { offset: 0 })
    return { tick, offset: reader.position, length: bytes.length - reader.position }
  }

  private take(record: Uint8Array, place: RecordPlace): number {
    const { ticks } = this
    const { reader } = ticks
    const expected = ticks.take(record, place)
    const brings = reader.u8()
    if (brings > 1) throw ticks.damaged('the opaque state cannot be read')
    if (brings === 1) ticks.loadOpaque(reader.raw(reader.varint()))
    return expected
  }

  private readProgress(): void {
    const { ticks, progress, sim } = this
    const { reader } = ticks
    progress.fill(0)
    for (let at = -1; ; ) {
      const gap = reader.varint()
      if (gap === 0) break
      at += gap
      if (at >= progress.length) throw ticks.damaged('the progress of rules cannot be read')
      progress[at] = reader.varint()
    }
    if (!reader.ok) throw ticks.damaged('the progress of rules cannot be read')
    resumeAfter(sim, ticks.tick, progress)
  }

  private guarded<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof JournalError) this.failure = error
      throw error
    }
  }
}
