/**
 * Computes a match again from what the tick writer wrote: loads keyframes, computes ticks or takes how they came out, and gives the hash that each should
 * have. Used by the replay (files) and by the replica (standby), which compare. Throws nothing but JournalError; after one, the world means nothing until
 * the next keyframe is loaded.
 */
import type { CompiledGame } from '../game/compiled.ts'
import { Simulation } from '../sim/simulation.ts'
import { describeDifference } from '../sim/sync-test.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { EVENT_FIELDS } from '../world/event-log.ts'
import { SnapshotRing } from '../world/history.ts'
import { pressOffset } from '../world/input-view.ts'
import { JournalError } from './journal-error.ts'
import { NoteBook, unpackNote } from './journal-note.ts'
import type { RecordPlace } from './open-journal.ts'
import { DifferenceReader, hashTick, settleAll } from './world-difference.ts'

export interface TickReaderHead {
  /** How many ticks a rewind may go back. */
  readonly historyTicks: number
  /** The seed of `ctx.secretRandom`. */
  readonly secretSeed: number
}

/** Events of one tick that are kept. */
const EVENT_TICKS = 128
const MAX_NOTES = 65_536

export class TickReader {
  readonly sim: Simulation
  readonly history: SnapshotRing
  readonly book = new NoteBook()
  /** Stands behind what was read last. */
  readonly reader = new ByteReader()
  /** The tick that the world is at the end of. */
  tick = 0
  /** The world is known to be another than the one that differences were made for: they are applied as far as they can be. */
  isForeign = false
  private readonly game: CompiledGame
  private readonly what: string
  private readonly historyTicks: number
  private readonly differences: DifferenceReader
  private readonly scratch: Int32Array
  private place: RecordPlace = { tick: 0, offset: 0, length: 0 }

  /** `what` is what messages say is damaged. */
  constructor(game: CompiledGame, head: TickReaderHead, what: string) {
    this.game = game
    this.what = what
    this.historyTicks = head.historyTicks
    this.history = new SnapshotRing(head.historyTicks, game.worldInts)
    this.sim = new Simulation(game, {
      side: 'server',
      development: false,
      snapshots: this.history,
      secretSeed: head.secretSeed,
      eventTicks: EVENT_TICKS,
    })
    this.differences = new DifferenceReader(game)
    this.scratch = new Int32Array(game.worldInts)
  }

  /** Reads a keyframe, from behind its tick on. */
  load(bytes: Uint8Array, place: RecordPlace): void {
    const { sim, history, reader } = this
    const { world } = sim
    this.tick = place.tick
    this.isForeign = false
    this.book.clear()
    history.clear()
    sim.events.clear()
    this.readWorld(bytes, place, world.ints)
    if (world.tick !== place.tick) throw this.damaged('the keyframe is of another tick')
    world.adopt()
    this.readHistory()
    const opaque = reader.raw(reader.varint())
    this.readNotes()
    this.countPresses()
    this.loadOpaque(opaque)
  }

  /** Computes a tick from what went into it, and gives the hash that it should have. */
  compute(bytes: Uint8Array, place: RecordPlace): number {
    const { reader, sim } = this
    const { tick } = place
    this.start(bytes, place)
    this.applyDifference('what went before the steps cannot be read')
    this.readPlayers()
    try {
      sim.step(tick)
    } catch (error) {
      throw new JournalError('diverged', `tick ${tick}: the game threw ${String(error).slice(0, 200)}.`, { tick })
    }
    settleAll(this.game, sim.world.ints)
    this.applyDifference('what rules did cannot be read')
    this.readEvents(tick)
    return this.endTick(reader)
  }

  /** Takes a tick as it came out, and gives the hash that it should have. */
  take(bytes: Uint8Array, place: RecordPlace): number {
    const { reader, sim } = this
    this.start(bytes, place)
    this.readPlayers()
    this.applyDifference('the world cannot be read')
    sim.events.begin(place.tick)
    this.readEvents(place.tick)
    return this.endTick(reader)
  }

  private endTick(reader: ByteReader): number {
    const { sim, place } = this
    this.readNotes()
    const expected = reader.u32()
    if (!reader.ok) throw this.damaged('it is shorter than what it holds')
    sim.world.tick = place.tick
    this.countPresses()
    this.tick = place.tick
    this.history.put(place.tick, sim.world.ints)
    return expected
  }

  /** Of the tick that it stands at. */
  hash(): number {
    return hashTick(this.sim, this.tick)
  }

  /** What differs first between a keyframe's world and this one, for people; undefined: nothing. */
  differenceTo(bytes: Uint8Array, place: RecordPlace): string | undefined {
    this.readWorld(bytes, place, this.scratch)
    return describeDifference(this.game, this.scratch, this.sim.world.ints)
  }

  /** Whether the events of this tick differ from those that follow now, for people. They are read in the place of these, which stay. */
  eventsDifference(): string | undefined {
    const { sim, tick } = this
    const { events } = sim
    const from = events.at(tick, 0)
    const mine = events.ints.slice(from, from + events.count(tick) * events.stride)
    const count = events.count(tick)
    events.begin(tick)
    this.readEvents(tick)
    const isSame = events.count(tick) === count && mine.every((int, at) => int === events.ints[from + at])
    events.begin(tick)
    for (let n = 0; n < count; n++) events.add(tick, 0, 0)
    events.ints.set(mine, from)
    return isSame ? undefined : 'its events'
  }

  /** Call with what is read next being what the tick writer's `writePlayers` wrote. */
  readPlayers(): void {
    const { inputs } = this.sim
    inputs.clear()
    this.readStamps()
    this.readPresses()
    if (!this.reader.ok) throw this.damaged('the inputs cannot be read')
  }

  /** Call with what is read next being what the tick writer's `writeEventLog` wrote. */
  readEventLog(): void {
    const { reader, sim } = this
    for (let last = 0; ; ) {
      const code = reader.varint()
      if (code === 0 && reader.ok) return
      const tick = this.place.tick - (code - 1)
      if (!reader.ok || code <= last || code > sim.events.historyTicks || tick < 0)
        throw this.damaged('the past events cannot be read')
      last = code
      sim.events.begin(tick)
      this.readEvents(tick)
    }
  }

  loadOpaque(bytes: Uint8Array): void {
    const { game, sim } = this
    if (!this.reader.ok) throw this.damaged('the opaque state cannot be read')
    if (game.opaque === undefined) return
    try {
      game.opaque.load(sim.context.opaque, bytes)
    } catch (error) {
      throw this.damaged(`the opaque state cannot be loaded (${String(error).slice(0, 120)})`)
    }
  }

  /** Nothing may be left. */
  finish(): void {
    if (!this.reader.ok || this.reader.left > 0) throw this.damaged('it is longer or shorter than what it holds')
  }

  damaged(problem: string): JournalError {
    const { offset, tick } = this.place
    const where = `${this.what} is damaged at byte ${offset}, in tick ${tick}`
    return new JournalError('corrupt', `${where}: ${problem}.`, { offset, tick })
  }

  private start(bytes: Uint8Array, place: RecordPlace): void {
    this.place = place
    this.reader.start(bytes, place.offset, place.length)
  }

  /** Starts on a record with its world. */
  private readWorld(bytes: Uint8Array, place: RecordPlace, into: Int32Array): void {
    into.fill(0)
    this.start(bytes, place)
    if (!this.differences.apply(this.reader, into)) throw this.damaged('the world of the keyframe cannot be read')
  }

  private applyDifference(problem: string): void {
    const { world } = this.sim
    if (!this.differences.apply(this.reader, world.ints, this.isForeign)) throw this.damaged(problem)
    world.adopt()
  }

  private readHistory(): void {
    const { history, reader, scratch, place } = this
    scratch.set(this.sim.world.ints)
    let last = 0
    for (;;) {
      const code = reader.varint()
      if (code === 0 && reader.ok) return
      const tick = place.tick - (code - 1)
      const isFit = reader.ok && code > last && code <= this.historyTicks && tick >= 0
      if (!isFit || !this.differences.apply(reader, scratch))
        throw this.damaged('the history of the keyframe cannot be read')
      last = code
      history.put(tick, scratch)
    }
  }

  private readStamps(): void {
    const { reader, place } = this
    const { seatRows } = this.game
    for (let seat = 0; ; ) {
      const gap = reader.varint()
      if (gap === 0) return
      seat += gap
      const older = place.tick - reader.varint()
      const newer = older + reader.varint()
      const fraction = reader.varint()
      if (seat >= seatRows || older < 0 || newer > place.tick || fraction > 255)
        throw this.damaged('a view stamp is none')
      this.sim.inputs.setStamp(seat, older, newer, fraction)
    }
  }

  private readPresses(): void {
    const { reader } = this
    const { seatRows, presses } = this.game
    const { inputs } = this.sim
    for (let seat = 0; ; ) {
      const gap = reader.varint()
      if (gap === 0) return
      seat += gap
      const total = reader.varint()
      if (seat >= seatRows) throw this.damaged('presses are of no seat')
      inputs.pressTotals[seat] = total
      for (let press = 0; press < presses.length; press++)
        inputs.pressed[seat * presses.length + press] = reader.varint()
    }
  }

  /** Totals of presses are those of the counters that the world holds. */
  private countPresses(): void {
    const { game, sim } = this
    for (let seat = 0; seat < game.seatRows; seat++) {
      let total = 0
      for (let press = 0; press < game.presses.length; press++)
        total += sim.world.ints[pressOffset(game, press) + seat] ?? 0
      sim.inputs.pressTotals[seat] = total
    }
  }

  /** Adds to the events of a tick. */
  private readEvents(tick: number): void {
    const { reader, game } = this
    const { events } = this.sim
    const count = reader.varint()
    if (!reader.ok || count > events.maxPerTick) throw this.damaged('the events cannot be read')
    for (let n = 0; n < count; n++) {
      const event = game.events[reader.varint()]
      const key = reader.varint()
      if (event === undefined || !reader.ok) throw this.damaged('an event is none')
      const at = events.add(tick, event.index, key | 0)
      for (let i = 0; i < event.fields.length; i++) {
        const raw = reader.signedVarint()
        if (at >= 0) events.ints[at + EVENT_FIELDS + i] = raw
      }
    }
  }

  private readNotes(): void {
    const { reader, book } = this
    const count = reader.varint()
    if (!reader.ok || count > MAX_NOTES) throw this.damaged('the notes cannot be read')
    for (let n = 0; n < count; n++) {
      const note = unpackNote(reader.raw(reader.varint()))
      if (!reader.ok || note === undefined || !book.apply(note)) throw this.damaged('a note cannot be read')
    }
  }
}
