/**
 * One player's inputs on the server: which of them each tick uses. Filled when messages arrive, asked once per tick by the room (hot).
 * An input belongs to one tick: a tick uses its own or repeats what was held, so nothing queues, no burst adds latency, and nobody plays faster than time.
 * Presses are counters: one that comes late is applied once at the next tick, or refused if it is too old; its effect is never applied twice.
 */
import {
  type CompiledGame,
  type InputMessageHead,
  InputRing,
  type Simulation,
  STAMP_INTS,
  TICK_STAMP,
} from '@tickmesh/shared'
import { forgetInputs } from './forget-inputs.ts'
import { type Plausibility, PRESS_REFUSED, PRESS_TOO_FAST, STAMP_CLAMPED } from './plausibility.ts'
import type { ViewStamps, ViewTiming } from './view-stamp.ts'

export interface InputBufferOptions {
  /** A press that is later than this is refused. */
  readonly maxRewindMs: number
}

/** Levels of a missing input are repeated for so long, then they are neutral. */
const REPEAT_MS = 150
/** Presses of one button in one tick beyond this are not of a hand: they are refused. */
const MAX_PRESSES_AT_ONCE = 64
/** After a gap in the inputs of this length the usual margin is learned afresh: the client's clock may have stepped. */
const NEW_PACE_MS = 250
/** The usual margin follows by so much of a tick's time, up and down: it settles near the upper quarter, which no stall moves far. */
const MARGIN_UP = 0.06
const MARGIN_DOWN = 0.025
/** For the first inputs it follows by this share of the distance. */
const FIRST_SAMPLES = 30
const FIRST_WEIGHT = 0.2
/** Later than that, the first inputs were held up by a stall: they say nothing of the pace, and one that is less late replaces what they said. */
const HELD_UP_MS = -50

/** Where a buffer stands besides its ring: for who goes on with it elsewhere. All whole numbers, but for the margin. */
export interface InputStanding {
  readonly heldTick: number
  readonly lateLevelTick: number
  readonly neutral: boolean
  readonly pressTick: number
  readonly hasLatePresses: boolean
  readonly samples: number
  readonly usualMarginMs: number
}

/** Ticks that are over, and that clients may still send once more: as many as a message has, and some. */
const REPEATED_TICKS = 24

export class InputBuffer {
  readonly ring: InputRing
  /** How early the newest input of the last message came. Negative: late. */
  marginMs = 0
  /** Least margin since the last frame; NaN: nothing came. */
  leastMarginMs = Number.NaN
  /** How early inputs usually come. */
  usualMarginMs = 0
  /** Late inputs since the last frame, and in all. */
  lateSinceFrame = 0
  lateInputs = 0
  /** Presses refused since the last frame, and in all. */
  refusedSinceFrame = 0
  refusedPresses = 0
  /** Bit i: the input of the newest tick computed, less i, was used. */
  usedMask = 0
  private readonly plausibility: Plausibility
  private readonly tickMs: number
  private readonly maxRewindTicks: number
  private readonly repeatTicks: number
  private readonly newPaceTicks: number
  /** The newest tick computed. */
  private computed: number
  /** The tick whose levels are held now, and the newest late one that would replace them. */
  private heldTick = -1
  private lateLevelTick = -1
  private neutral = true
  /** All presses of ticks up to here are done with; -1: none yet. */
  private pressTick = -1
  private hasLatePresses = false
  private samples = 0
  /** Ticks with presses that wait, oldest first. */
  private readonly waiting: Int32Array
  /** Press counters that are done with. */
  private readonly counters: Int32Array

  constructor(game: CompiledGame, computedTick: number, options: InputBufferOptions, plausibility: Plausibility) {
    this.plausibility = plausibility
    this.tickMs = 1000 / game.tickRate
    this.maxRewindTicks = Math.floor(options.maxRewindMs / this.tickMs)
    this.repeatTicks = Math.floor(REPEAT_MS / this.tickMs)
    this.newPaceTicks = NEW_PACE_MS / this.tickMs
    // A second ahead, and all that may still be applied late.
    this.ring = new InputRing(game, 2 ** Math.ceil(Math.log2(game.tickRate + this.maxRewindTicks + 16)))
    this.waiting = new Int32Array(this.ring.capacity)
    this.counters = new Int32Array(game.presses.length)
    this.computed = computedTick
  }

  /**
   * The player goes on over another link, perhaps on a page that was loaded anew, which knows nothing of what the old one sent for ticks to come: that is
   * taken back. A client that made it sends it again.
   */
  newLink(): void {
    this.ring.baseCounters.set(this.counters)
    forgetInputs(this.ring, this.computed + 1)
    if (this.ring.newestTick < 0) this.allowEarlier()
  }

  /** Nothing is known of ticks that are over: what comes of them once more may have had fewer presses, or more. */
  private allowEarlier(): void {
    const { baseCounters } = this.ring
    for (let i = 0; i < baseCounters.length; i++)
      baseCounters[i] = Math.max(0, (this.counters[i] ?? 0) - MAX_PRESSES_AT_ONCE)
  }

  /**
   * The player goes on from the tick that this was made for, which another shard computed: `row` is what it holds there, with the presses that are done with. What
   * it holds is repeated as if it had been its input there.
   */
  restore(row: Int32Array): void {
    const { levels, presses } = this.ring
    this.counters.set(row.subarray(levels, levels + presses))
    this.allowEarlier()
    this.heldTick = this.computed
    this.neutral = false
  }

  /** The oldest tick that what comes may still be held against: all before it is done with. */
  get oldestOpenTick(): number {
    const { computed, lateLevelTick, heldTick, hasLatePresses, pressTick } = this
    const late = lateLevelTick > heldTick ? lateLevelTick : computed
    return Math.max(0, Math.min(computed - REPEATED_TICKS, late, hasLatePresses ? pressTick + 1 : computed))
  }

  get standing(): InputStanding {
    const { heldTick, lateLevelTick, neutral, pressTick, hasLatePresses, samples, usualMarginMs } = this
    return { heldTick, lateLevelTick, neutral, pressTick, hasLatePresses, samples, usualMarginMs }
  }

  set standing(standing: InputStanding) {
    Object.assign(this, standing)
  }

  /** Takes note of a message that was just read into the ring; `this.marginMs` is set to how early it came. Hot. */
  arrived(head: InputMessageHead, newestBefore: number): void {
    const { newestTick, newMask } = head
    if (newestBefore >= 0 && newestTick - newestBefore > this.newPaceTicks) this.samples = 0
    for (let age = head.count - 1; age >= 0; age--) {
      if (((newMask >>> age) & 1) === 0) continue
      const tick = newestTick - age
      const isLate = tick <= this.computed
      const earlyMs = this.marginMs - age * this.tickMs
      // After its due time, yet in time: the server itself is late, against which a client can do nothing.
      const marginMs = isLate ? earlyMs : Math.max(0, earlyMs)
      if (!(marginMs >= this.leastMarginMs)) this.leastMarginMs = marginMs
      if (isLate) this.noteLate(tick)
      if (age === 0) this.followMargin()
    }
  }

  private noteLate(tick: number): void {
    this.lateInputs++
    this.lateSinceFrame++
    if (tick > this.lateLevelTick) this.lateLevelTick = tick
    if (tick > this.pressTick) this.hasLatePresses = true
  }

  private followMargin(): void {
    const { marginMs } = this
    const off = marginMs - this.usualMarginMs
    if (this.samples === 0) this.usualMarginMs = marginMs
    else if (this.samples < FIRST_SAMPLES && off > 0 && this.usualMarginMs < HELD_UP_MS) {
      // Never to more than in time: nobody gets an early margin by one message.
      this.usualMarginMs = Math.min(marginMs, 0)
      return
    } else if (this.samples < FIRST_SAMPLES) this.usualMarginMs += off * FIRST_WEIGHT
    else if (off > 0) this.usualMarginMs += Math.min(off, this.tickMs * MARGIN_UP)
    else this.usualMarginMs += Math.max(off, -this.tickMs * MARGIN_DOWN)
    this.samples++
  }

  /** Puts what `tick` uses into the simulation: levels, presses, stamp. Hot. */
  resolve(tick: number, seat: number, sim: Simulation, stamps: ViewStamps, timing: ViewTiming): void {
    this.computed = tick
    const slot = this.ring.find(tick)
    this.usedMask = (this.usedMask << 1) | (slot >= 0 ? 1 : 0)
    let possible = true
    if (slot >= 0) {
      sim.setLevels(seat, this.ring.rows, this.ring.rowOffset(slot))
      this.heldTick = tick
      this.neutral = false
      possible = this.resolveStamp(slot, TICK_STAMP, tick, false, stamps, timing)
    } else {
      this.hold(tick, seat, sim)
      if (this.neutral) stamps.showPresent()
      else stamps.carryOn(tick)
    }
    sim.inputs.setStamp(seat, stamps.older, stamps.newer, stamps.fraction)
    if (this.counters.length > 0) this.resolvePresses(tick, slot, seat, sim, stamps, timing, possible)
  }

  /** Nothing came for this tick: what was held stays held for a while. */
  private hold(tick: number, seat: number, sim: Simulation): void {
    if (this.lateLevelTick > this.heldTick) {
      const slot = this.ring.find(this.lateLevelTick)
      if (slot >= 0) {
        sim.setLevels(seat, this.ring.rows, this.ring.rowOffset(slot))
        this.heldTick = this.lateLevelTick
        this.neutral = false
      }
    }
    if (!this.neutral && tick - this.heldTick > this.repeatTicks) {
      sim.setNeutral(seat)
      this.neutral = true
    }
  }

  private resolvePresses(
    tick: number,
    slot: number,
    seat: number,
    sim: Simulation,
    stamps: ViewStamps,
    timing: ViewTiming,
    tickPossible: boolean,
  ): void {
    const count = this.hasLatePresses ? this.gather(tick) : slot >= 0 && this.isFresh(slot) ? this.gatherOne(tick) : 0
    if (!this.hasLatePresses && slot >= 0 && count === 0) this.pressTick = tick
    if (count === 0) return
    let done = this.refuseOld(tick, count, seat, sim)
    if (done === count) return
    // One waiting tick at a time: its presses keep their own stamp, number and effect. What waits too long is refused.
    done++
    const pressTick = this.waiting[done - 1] ?? tick
    const pressSlot = this.ring.find(pressTick)
    this.hasLatePresses = done < count
    this.pressTick = pressTick
    if (pressSlot < 0) return
    const which = this.stampOfPress(pressSlot)
    if (this.tooMany(pressSlot)) {
      this.plausibility.note(PRESS_TOO_FAST, 1, MAX_PRESSES_AT_ONCE)
      this.refuse(pressSlot, seat, sim, true)
      return
    }
    sim.applyPresses(seat, this.ring.rows, this.ring.rowOffset(pressSlot))
    this.keepCounters(pressSlot, true)
    // The tick's own stamp stands already.
    if (pressTick === tick && which === TICK_STAMP) return this.plausibility.stampOfPress(tickPossible)
    const possible = this.resolveStamp(pressSlot, which, pressTick, true, stamps, timing)
    sim.inputs.setStamp(seat, stamps.older, stamps.newer, stamps.fraction)
    this.plausibility.stampOfPress(possible)
  }

  /** Refuses the presses of waiting ticks that are too old. Gives how many ticks. */
  private refuseOld(tick: number, count: number, seat: number, sim: Simulation): number {
    let old = 0
    while (old < count && tick - (this.waiting[old] ?? 0) > this.maxRewindTicks) old++
    if (old === 0) return 0
    const last = this.waiting[old - 1] ?? 0
    const slot = this.ring.find(last)
    this.pressTick = last
    this.hasLatePresses = old < count
    if (slot >= 0) this.refuse(slot, seat, sim, false)
    return old
  }

  /** Lists the ticks up to `tick` whose presses are not done with. */
  private gather(tick: number): number {
    const { ring, counters } = this
    const { levels } = ring
    let count = 0
    let before = -1
    let newest = this.pressTick
    for (let at = Math.max(this.pressTick + 1, tick - ring.capacity + 1); at <= tick; at++) {
      const slot = ring.find(at)
      if (slot < 0) continue
      newest = at
      const row = ring.rowOffset(slot) + levels
      let fresh = false
      for (let i = 0; i < counters.length; i++) {
        const known = before < 0 ? (counters[i] ?? 0) : (ring.rows[before + i] ?? 0)
        if ((ring.rows[row + i] ?? 0) > known) fresh = true
      }
      if (!fresh) continue
      this.waiting[count++] = at
      before = row
    }
    if (count === 0) {
      this.hasLatePresses = false
      this.pressTick = newest
    }
    return count
  }

  private gatherOne(tick: number): number {
    this.waiting[0] = tick
    return 1
  }

  private isFresh(slot: number): boolean {
    const row = this.ring.rowOffset(slot) + this.ring.levels
    for (let i = 0; i < this.counters.length; i++) {
      if ((this.ring.rows[row + i] ?? 0) > (this.counters[i] ?? 0)) return true
    }
    return false
  }

  private tooMany(slot: number): boolean {
    const row = this.ring.rowOffset(slot) + this.ring.levels
    for (let i = 0; i < this.counters.length; i++) {
      if ((this.ring.rows[row + i] ?? 0) - (this.counters[i] ?? 0) > MAX_PRESSES_AT_ONCE) return true
    }
    return false
  }

  /** Too late is bad luck; too many is not. */
  private refuse(slot: number, seat: number, sim: Simulation, tooMany: boolean): void {
    const refused = sim.applyPresses(seat, this.ring.rows, this.ring.rowOffset(slot), true)
    this.keepCounters(slot, false)
    this.refusedPresses += refused
    this.refusedSinceFrame += refused
    if (refused > 0) this.plausibility.note(PRESS_REFUSED, refused, tooMany ? refused : 0)
  }

  private keepCounters(slot: number, applied: boolean): void {
    const row = this.ring.rowOffset(slot) + this.ring.levels
    for (let i = 0; i < this.counters.length; i++) {
      const counter = this.ring.rows[row + i] ?? 0
      const growth = counter - (this.counters[i] ?? 0)
      if (growth <= 0) continue
      this.counters[i] = counter
      this.plausibility.weigh(PRESS_REFUSED, growth)
      if (applied) this.plausibility.pressed(i, growth, this.pressTick)
    }
  }

  /** The stamp of the first fresh press that has one, else the tick's. */
  private stampOfPress(slot: number): number {
    const { ring } = this
    const row = ring.rowOffset(slot) + ring.levels
    for (let i = 0; i < this.counters.length; i++) {
      if ((ring.rows[row + i] ?? 0) <= (this.counters[i] ?? 0)) continue
      if ((ring.stamps[ring.stampOffset(slot, 1 + i)] ?? -1) >= 0) return 1 + i
    }
    return TICK_STAMP
  }

  /** False: the stamp names a view that cannot have been. One that only is too old is clamped, too. */
  private resolveStamp(
    slot: number,
    which: number,
    tick: number,
    ofPress: boolean,
    stamps: ViewStamps,
    timing: ViewTiming,
  ): boolean {
    const at = slot * this.ring.stampWidth + which * STAMP_INTS
    const values = this.ring.stamps
    const older = values[at] ?? -1
    const believed = stamps.resolve(older, values[at + 1] ?? -1, values[at + 2] ?? 0, tick, ofPress, timing)
    if (older >= 0) this.plausibility.weigh(STAMP_CLAMPED, 1)
    if (believed) return true
    // The measures of a link that was just met, or has a new pace, are rough.
    const beyondMs = this.samples < FIRST_SAMPLES ? 0 : stamps.beyondMs
    this.plausibility.note(STAMP_CLAMPED, 1, beyondMs)
    return beyondMs === 0
  }

  /** What the next frame's head tells was told. */
  frameSent(): void {
    this.leastMarginMs = Number.NaN
    this.lateSinceFrame = 0
    this.refusedSinceFrame = 0
  }
}
