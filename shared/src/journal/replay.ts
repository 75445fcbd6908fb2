/**
 * Replays a journal: computes each tick again from what went into it, and compares it with what it was. Made by tools and pages for one file; can go to any
 * tick of it. Pure, and without the rules. Throws nothing but JournalError; after one, `seek` goes elsewhere.
 */

import { fromRaw } from '../game/quantize.ts'
import type { Seat } from '../game/shape.ts'
import { Simulation } from '../sim/simulation.ts'
import { describeDifference } from '../sim/sync-test.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { hashInts } from '../wire/hash.ts'
import { EVENT_FIELDS, EVENT_INDEX } from '../world/event-log.ts'
import { SnapshotRing } from '../world/history.ts'
import type { World } from '../world/world.ts'
import { JournalError } from './journal-error.ts'
import { NoteBook, type ReplayPlayer, unpackNote } from './journal-note.ts'
import type { Journal, RecordPlace } from './open-journal.ts'
import { DifferenceReader, hashWorld, settleAll } from './world-difference.ts'

/** An effect that the match showed. */
export interface ReplayEvent {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

/** Events of one tick that are kept. */
const EVENT_TICKS = 128
const MAX_NOTES = 65_536

export class Replay {
  readonly journal: Journal
  /** The world at the end of `tick`. */
  readonly world: World
  private readonly sim: Simulation
  private readonly history: SnapshotRing
  private readonly reader = new ByteReader()
  private readonly differences: DifferenceReader
  private readonly book = new NoteBook()
  private readonly scratch: Int32Array
  private now = 0
  /** Set when something was wrong: the world then means nothing until the next keyframe is loaded. */
  private failure: JournalError | undefined

  /** Stands at the first tick. */
  constructor(journal: Journal) {
    const { game, head } = journal
    this.journal = journal
    this.history = new SnapshotRing(head.historyTicks, game.worldInts)
    this.sim = new Simulation(game, {
      side: 'server',
      development: false,
      snapshots: this.history,
      secretSeed: head.secretSeed,
      eventTicks: EVENT_TICKS,
    })
    this.world = this.sim.world
    this.differences = new DifferenceReader(game)
    this.scratch = new Int32Array(game.worldInts)
    this.load(this.keyframeAt(journal.firstTick))
  }

  get tick(): number {
    return this.now
  }

  get firstTick(): number {
    return this.journal.firstTick
  }

  get lastTick(): number {
    return this.journal.lastTick
  }

  get players(): ReadonlyMap<Seat, ReplayPlayer> {
    return this.book.players
  }

  /** The room's. */
  get attributes(): Readonly<Record<string, unknown>> {
    return this.book.attributes
  }

  /** When tick 0 would have been on the server's clock. */
  get epochMs(): number {
    return this.book.epochMs
  }

  /** Goes to the end of a tick, or as near as the journal has it: from the nearest keyframe, unless it is less far from here. */
  seek(tick: number): void {
    const wanted = Math.min(this.lastTick, Math.max(this.firstTick, Math.floor(tick)))
    const keyframe = this.keyframeAt(wanted)
    if (this.failure !== undefined || wanted < this.now || keyframe.tick > this.now) this.load(keyframe)
    while (this.now < wanted) this.step()
  }

  /** Computes the next tick. False: there is none. */
  step(): boolean {
    if (this.failure !== undefined) throw this.failure
    const place = this.placeOfNext()
    if (place === undefined) return false
    const expected = this.compute(place)
    if (expected !== this.hash(place.tick)) throw this.fail(this.explain(place.tick))
    this.checkKeyframe(place.tick)
    return true
  }

  /** The effects of a tick that was computed lately, in their order. */
  events(tick: number): ReplayEvent[] {
    const { events, game } = this.sim
    const list: ReplayEvent[] = []
    for (let n = 0; n < events.count(tick); n++) {
      const at = events.at(tick, n)
      const event = game.events[events.ints[at + EVENT_INDEX] ?? -1]
      if (event === undefined) continue
      const values: Record<string, unknown> = {}
      event.fields.forEach(({ name, field }, i) => {
        values[name] = fromRaw(field, events.ints[at + EVENT_FIELDS + i] ?? 0)
      })
      list.push({ name: event.name, values })
    }
    return list
  }

  /** The newest keyframe that is not after a tick. */
  private keyframeAt(tick: number): RecordPlace {
    const { keyframes } = this.journal
    let low = 0
    let high = keyframes.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((keyframes[middle]?.tick ?? 0) <= tick) low = middle
      else high = middle - 1
    }
    return keyframes[low] as RecordPlace
  }

  private placeOfNext(): RecordPlace | undefined {
    return this.journal.ticks[this.now - this.firstTick]
  }

  private load(place: RecordPlace): void {
    const { sim, history, world, journal } = this
    this.now = place.tick
    this.failure = undefined
    this.book.clear()
    history.clear()
    this.readWorld(place, world.ints)
    if (world.tick !== place.tick) throw this.damaged(place, 'the keyframe is of another tick')
    world.adopt()
    this.readHistory(place)
    const opaque = this.reader.raw(this.reader.varint())
    this.readNotes(place)
    if (journal.game.opaque === undefined) return
    try {
      journal.game.opaque.load(sim.context.opaque, opaque)
    } catch (error) {
      throw this.damaged(place, `the opaque state cannot be loaded (${String(error).slice(0, 120)})`)
    }
  }

  /** Starts on a keyframe with its world. */
  private readWorld(place: RecordPlace, into: Int32Array): void {
    into.fill(0)
    this.reader.start(this.journal.bytes, place.offset, place.length)
    if (!this.differences.apply(this.reader, into))
      throw this.damaged(place, 'the world of the keyframe cannot be read')
  }

  private readHistory(place: RecordPlace): void {
    const { history, world, reader, scratch } = this
    const { historyTicks } = this.journal.head
    scratch.set(world.ints)
    let last = 0
    for (;;) {
      const code = reader.varint()
      if (code === 0 && reader.ok) return
      const tick = place.tick - (code - 1)
      if (!reader.ok || code <= last || code > historyTicks || tick < 0 || !this.differences.apply(reader, scratch))
        throw this.damaged(place, 'the history of the keyframe cannot be read')
      last = code
      history.put(tick, scratch)
    }
  }

  /** Computes one tick, and gives the hash that it should have. */
  private compute(place: RecordPlace): number {
    const { reader, sim, world, differences, journal } = this
    const { tick } = place
    reader.start(journal.bytes, place.offset, place.length)
    if (!differences.apply(reader, world.ints)) throw this.damaged(place, 'what went before the steps cannot be read')
    world.adopt()
    this.readInputs(place)
    try {
      sim.step(tick)
    } catch (error) {
      const problem = `tick ${tick}: the game threw ${String(error).slice(0, 200)}.`
      throw this.fail(new JournalError('diverged', problem, { tick }))
    }
    settleAll(journal.game, world.ints)
    if (!differences.apply(reader, world.ints)) throw this.damaged(place, 'what rules did cannot be read')
    world.adopt()
    this.readEvents(place)
    this.readNotes(place)
    const expected = reader.u32()
    if (!reader.ok || reader.left > 0) throw this.damaged(place, 'it is longer or shorter than what it holds')
    this.now = tick
    this.history.put(tick, world.ints)
    return expected
  }

  private readInputs(place: RecordPlace): void {
    const { reader, sim, journal } = this
    const { seatRows, presses } = journal.game
    const { inputs } = sim
    inputs.clear()
    for (let seat = 0; ; ) {
      const gap = reader.varint()
      if (gap === 0) break
      seat += gap
      const older = place.tick - reader.varint()
      const newer = older + reader.varint()
      const fraction = reader.varint()
      if (seat >= seatRows || older < 0 || newer > place.tick || fraction > 255)
        throw this.damaged(place, 'a view stamp is none')
      inputs.setStamp(seat, older, newer, fraction)
    }
    for (let seat = 0; ; ) {
      const gap = reader.varint()
      if (gap === 0) break
      seat += gap
      const total = reader.varint()
      if (seat >= seatRows) throw this.damaged(place, 'presses are of no seat')
      inputs.pressTotals[seat] = total
      for (let press = 0; press < presses.length; press++)
        inputs.pressed[seat * presses.length + press] = reader.varint()
    }
    if (!reader.ok) throw this.damaged(place, 'the inputs cannot be read')
  }

  private readEvents(place: RecordPlace): void {
    const { reader, sim, journal } = this
    const count = reader.varint()
    if (!reader.ok || count > sim.events.maxPerTick) throw this.damaged(place, 'the events cannot be read')
    for (let n = 0; n < count; n++) {
      const event = journal.game.events[reader.varint()]
      const key = reader.varint()
      if (event === undefined || !reader.ok) throw this.damaged(place, 'an event is none')
      const at = sim.events.add(place.tick, event.index, key | 0)
      for (let i = 0; i < event.fields.length; i++) {
        const raw = reader.signedVarint()
        if (at >= 0) sim.events.ints[at + EVENT_FIELDS + i] = raw
      }
    }
  }

  private readNotes(place: RecordPlace): void {
    const { reader, book } = this
    const count = reader.varint()
    if (!reader.ok || count > MAX_NOTES) throw this.damaged(place, 'the notes cannot be read')
    for (let n = 0; n < count; n++) {
      const note = unpackNote(reader.raw(reader.varint()))
      if (!reader.ok || note === undefined || !book.apply(note)) throw this.damaged(place, 'a note cannot be read')
    }
  }

  private hash(tick: number): number {
    const { events } = this.sim
    const from = events.at(tick, 0)
    const made = hashInts(events.ints, from, from + events.count(tick) * events.stride, 0)
    return hashWorld(this.journal.game, this.world.ints, made)
  }

  /** What a keyframe holds must be what was computed. */
  private checkKeyframe(tick: number): void {
    const keyframe = this.keyframeAt(tick)
    if (keyframe.tick !== tick) return
    const difference = this.differenceAt(keyframe)
    if (difference === undefined) return
    throw this.fail(new JournalError('diverged', `tick ${tick} differs from its keyframe in ${difference}.`, { tick }))
  }

  private differenceAt(keyframe: RecordPlace): string | undefined {
    this.readWorld(keyframe, this.scratch)
    return describeDifference(this.journal.game, this.scratch, this.world.ints)
  }

  /** The hash of a tick was wrong: goes on to the next keyframe, which holds a world to compare with field by field. */
  private explain(tick: number): JournalError {
    const problem = `tick ${tick} was computed to something else than was recorded`
    const next = this.journal.keyframes.find((keyframe) => keyframe.tick >= tick)
    if (next === undefined) return new JournalError('diverged', `${problem}.`, { tick })
    try {
      for (let place = this.placeOfNext(); this.now < next.tick && place !== undefined; place = this.placeOfNext())
        this.compute(place)
      const difference = this.differenceAt(next) ?? 'nothing any more'
      return new JournalError(
        'diverged',
        `${problem}; at the keyframe of tick ${next.tick} what differs first is ${difference}.`,
        { tick },
      )
    } catch {
      return new JournalError('diverged', `${problem}; what followed could not be computed at all.`, { tick })
    }
  }

  private fail(error: JournalError): JournalError {
    this.failure = error
    return error
  }

  private damaged(place: RecordPlace, problem: string): JournalError {
    const where = `the journal is damaged at byte ${place.offset}, in tick ${place.tick}`
    return this.fail(new JournalError('corrupt', `${where}: ${problem}.`, { offset: place.offset, tick: place.tick }))
  }
}
