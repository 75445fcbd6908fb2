/**
 * A replay as a tape: runs at any speed, stops, and goes to any moment, ticks and fractions of them; gives the world of that moment, and the effects
 * that were passed on the way. Made by the page for one file. Time is an argument.
 */

import type { Journal, World } from '@tickmesh/shared'
import { FRACTION_ONE, interpolate, makePastWorld, Replay, type ReplayEvent } from '@tickmesh/shared'
import type { ArenaView } from '../arena-room.ts'

/** A display frame computes at most so many ticks: a tab that slept does not catch up. */
const MAX_TICKS_AT_ONCE = 120

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8]

export class Tape {
  readonly replay: Replay
  playing = true
  speed = 1
  /** What was wrong at the moment that was gone to last. */
  failure: unknown
  /** The moment shown, in ticks. */
  position: number
  private readonly tickRate: number
  /** The world one tick before the replay's. */
  private readonly before: Int32Array
  private readonly shown: World

  constructor(journal: Journal) {
    this.replay = new Replay(journal)
    const { game } = journal
    this.tickRate = game.tickRate
    this.before = Int32Array.from(this.replay.world.ints)
    this.shown = makePastWorld(game, false, false)
    this.position = this.replay.firstTick
  }

  get firstTick(): number {
    return this.replay.firstTick
  }

  get lastTick(): number {
    return this.replay.lastTick
  }

  get atEnd(): boolean {
    return this.position >= this.lastTick
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (this.position - this.firstTick) / this.tickRate
  }

  get lengthSeconds(): number {
    return (this.lastTick - this.firstTick) / this.tickRate
  }

  /** Lets time pass; `show` gets each effect on the way. */
  advance(passedMs: number, show: (event: ReplayEvent) => void): void {
    if (!this.playing) return
    const ticks = Math.min(MAX_TICKS_AT_ONCE, (passedMs / 1000) * this.tickRate * this.speed)
    this.position = Math.min(this.lastTick, this.position + ticks)
    this.guarded(() => {
      while (this.replay.tick < this.position && this.next())
        for (const event of this.replay.events(this.replay.tick)) show(event)
    })
    if (this.atEnd) this.playing = false
  }

  /** Goes to a moment. No effects are shown for what lies between. */
  seek(position: number): void {
    this.position = Math.min(this.lastTick, Math.max(this.firstTick, position))
    const tick = Math.ceil(this.position)
    this.failure = undefined
    this.guarded(() => {
      this.replay.seek(tick - 1)
      if (this.replay.tick < tick) this.next()
      else this.before.set(this.replay.world.ints)
    })
  }

  /** Goes by a number of seconds, forwards or back. */
  skip(seconds: number): void {
    this.seek(this.position + seconds * this.tickRate)
  }

  /** Goes by one tick, to a whole one. */
  nudge(ticks: number): void {
    this.playing = false
    this.seek(Math.round(this.position) + ticks)
  }

  private guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.failure = error
      this.playing = false
    }
  }

  private next(): boolean {
    this.before.set(this.replay.world.ints)
    return this.replay.step()
  }

  /** The world of the moment, until the next call. */
  view(): ArenaView {
    const { replay, shown } = this
    const fraction = Math.floor((this.position - (replay.tick - 1)) * FRACTION_ONE)
    if (fraction >= FRACTION_ONE) shown.load(replay.world.ints)
    else interpolate(shown.game, this.before, replay.world.ints, Math.max(0, fraction), shown)
    return shown.byName as unknown as ArenaView
  }
}
