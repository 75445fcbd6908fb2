/**
 * Replays a journal: computes each tick again from what went into it, and compares it with what it was. Made by tools and pages for one file; can go to any
 * tick of it. Pure, and without the rules. Throws nothing but JournalError; after one, `seek` goes elsewhere.
 */

import { fromRaw } from '../game/quantize.ts'
import type { Seat } from '../game/shape.ts'
import { EVENT_FIELDS, EVENT_INDEX } from '../world/event-log.ts'
import type { World } from '../world/world.ts'
import { JournalError } from './journal-error.ts'
import type { ReplayPlayer } from './journal-note.ts'
import type { Journal, RecordPlace } from './open-journal.ts'
import { TickReader } from './tick-reader.ts'

/** An effect that the match showed. */
export interface ReplayEvent {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

export class Replay {
  readonly journal: Journal
  /** The world at the end of `tick`. */
  readonly world: World
  private readonly ticks: TickReader
  /** Set when something was wrong: the world then means nothing until the next keyframe is loaded. */
  private failure: JournalError | undefined

  /** Stands at the first tick. */
  constructor(journal: Journal) {
    this.journal = journal
    this.ticks = new TickReader(journal.game, journal.head, 'the journal')
    this.world = this.ticks.sim.world
    this.load(this.keyframeAt(journal.firstTick))
  }

  get tick(): number {
    return this.ticks.tick
  }

  get firstTick(): number {
    return this.journal.firstTick
  }

  get lastTick(): number {
    return this.journal.lastTick
  }

  get players(): ReadonlyMap<Seat, ReplayPlayer> {
    return this.ticks.book.players
  }

  /** The room's. */
  get attributes(): Readonly<Record<string, unknown>> {
    return this.ticks.book.attributes
  }

  /** When tick 0 would have been on the server's clock. */
  get epochMs(): number {
    return this.ticks.book.epochMs
  }

  /** Goes to the end of a tick, or as near as the journal has it: from the nearest keyframe, unless it is less far from here. */
  seek(tick: number): void {
    const wanted = Math.min(this.lastTick, Math.max(this.firstTick, Math.floor(tick)))
    const keyframe = this.keyframeAt(wanted)
    if (this.failure !== undefined || wanted < this.tick || keyframe.tick > this.tick) this.load(keyframe)
    while (this.tick < wanted) this.step()
  }

  /** Computes the next tick. False: there is none. */
  step(): boolean {
    if (this.failure !== undefined) throw this.failure
    const place = this.placeOfNext()
    if (place === undefined) return false
    const expected = this.compute(place)
    if (expected !== this.ticks.hash()) throw this.fail(this.explain(place.tick))
    this.checkKeyframe(place.tick)
    return true
  }

  /** The effects of a tick that was computed lately, in their order. */
  events(tick: number): ReplayEvent[] {
    const { events, game } = this.ticks.sim
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
    return this.journal.ticks[this.tick - this.firstTick]
  }

  private load(place: RecordPlace): void {
    this.failure = undefined
    this.noting(() => {
      this.ticks.load(this.journal.bytes, place)
      this.ticks.finish()
    })
  }

  /** Computes one tick, and gives the hash that it should have. */
  private compute(place: RecordPlace): number {
    return this.noting(() => {
      const expected = this.ticks.compute(this.journal.bytes, place)
      this.ticks.finish()
      return expected
    })
  }

  private noting<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof JournalError) this.failure = error
      throw error
    }
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
    return this.noting(() => this.ticks.differenceTo(this.journal.bytes, keyframe))
  }

  /** The hash of a tick was wrong: goes on to the next keyframe, which holds a world to compare with field by field. */
  private explain(tick: number): JournalError {
    const problem = `tick ${tick} was computed to something else than was recorded`
    const next = this.journal.keyframes.find((keyframe) => keyframe.tick >= tick)
    if (next === undefined) return new JournalError('diverged', `${problem}.`, { tick })
    try {
      for (let place = this.placeOfNext(); this.tick < next.tick && place !== undefined; place = this.placeOfNext())
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
}
