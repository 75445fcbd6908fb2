/**
 * One loop that runs the ticks of all rooms of a process, each at its own rate and phase.
 * Made by the composition root; rooms are added and removed by their life cycle. Pure: clock and alarm are passed in.
 * Tick n of a room is due at `epochMs + n / rate`, computed afresh each time: rounding never adds up, so there is no drift over hours.
 * May be held, as long as a shard has no lease: then nothing runs.
 * Never runs a tick before it is due, never leaves out a tick number, and is never behind by more than `maxCatchUpTicks`: beyond that the room's whole timeline is shifted.
 */
import { NetError } from '@tickmesh/shared'
import { LogHistogram } from './log-histogram.ts'
import type { TickTimer } from './tick-timer.ts'
import { phaseInWidestGap } from './widest-gap.ts'

export interface TickedRoom {
  /** Runs one tick, which began `lateMs` after it was due. Hot. */
  tick(tick: number, lateMs: number): void
  /** Too far behind to catch up: from the next tick on everything is due `skippedTicks` intervals later than was planned. */
  timelineShifted(skippedTicks: number): void
  /** No tick runs for now. */
  held?(): void
  /** Ticks go on where they stopped, `heldMs` later: everything is due so much later, in whole ticks. */
  released?(heldMs: number): void
}

/** What may be due at once, unless an option says otherwise. */
const CATCH_UP_MS = 60
const CATCH_UP_TICKS = 4

export interface TickLoopOptions {
  /** How many ticks of one room may be due at once. More would be simulated in a burst that makes the next ones late too; by default 60 ms of them, at least 4. */
  readonly maxCatchUpTicks?: number
  /** After running ticks for so long the sockets get a turn, even if more ticks are due; 8 by default. */
  readonly maxRunMs?: number
  /** A room's `tick` threw. The room has been removed from the loop. */
  readonly onFailure: (room: TickedRoom, error: unknown) => void
  /** Asked before each tick: no tick runs while it says no. Left out: always. Hot. */
  readonly mayRun?: (() => boolean) | undefined
  /** `mayRun` said no: the loop stands still until `release`. */
  readonly onHeld?: (() => void) | undefined
}

/** A room's place in the loop. */
export interface TickHandle {
  readonly rate: number
  /** When tick 0 was, or would have been, due on the timer's clock. Grows when the timeline is shifted. */
  readonly epochMs: number
  /** All shifts so far, in ticks. */
  readonly skippedTicks: number
  dueMs(tick: number): number
  /** Nobody waits for this room's ticks: it is woken for `ticks` of them at a time, the last of which is then due. The time that the others wait is not lateness. */
  doze(ticks: number): void
  /** Each tick is run when it is due again; those that waited run at once. */
  rouse(): void
  /** No tick of this room runs from now on, until `open`; allowed from inside `tick`. */
  pause(): void
  /** While it is paused: the timeline is shifted so that the next tick would be due within an interval from now. */
  shift(): void
  /** Ticks go on where they stopped. With `shift` the next is due within an interval from now, else when its timeline says; gives by how many ticks it was shifted. */
  open(shift: boolean): number
  /** Idempotent, as the others; allowed from inside `tick`. */
  remove(): void
}

/** Where a room goes on that ran before, elsewhere perhaps. */
export interface Timeline {
  /** When tick 0 was due, on the timer's clock. */
  readonly epochMs: number
  readonly nextTick: number
}

class Entry implements TickHandle {
  readonly room: TickedRoom
  readonly rate: number
  nextTick: number
  nextDueMs: number
  /** When the loop is to look at it. */
  wakeMs: number
  /** Before that no tick was wanted: lateness counts from here, if it is later than when a tick was due. */
  excusedMs = Number.NEGATIVE_INFINITY
  dozingTicks = 1
  epochMs: number
  skippedTicks = 0
  removed = false
  paused = false
  readonly #owner: EntryOwner

  constructor(room: TickedRoom, rate: number, firstTick: number, firstDueMs: number, owner: EntryOwner) {
    this.room = room
    this.rate = rate
    this.nextTick = firstTick
    this.epochMs = firstDueMs - (firstTick * 1000) / rate
    this.nextDueMs = this.dueMs(firstTick)
    this.wakeMs = this.nextDueMs
    this.#owner = owner
  }

  dueMs(tick: number): number {
    return this.epochMs + (tick * 1000) / this.rate
  }

  /** The tick that comes next, and when to look at it. Hot. */
  plan(nextTick: number, nowMs: number): void {
    this.nextTick = nextTick
    this.nextDueMs = this.dueMs(nextTick)
    this.wakeMs = this.nextDueMs
    if (this.dozingTicks > 1 && this.nextDueMs > nowMs) {
      this.wakeMs = this.dueMs(nextTick + this.dozingTicks - 1)
      this.excusedMs = this.wakeMs
    }
  }

  /** Goes on later than was planned, by whole ticks: the next one is due within an interval from now. Gives by how many. */
  shiftTo(nowMs: number): number {
    const intervalMs = 1000 / this.rate
    const skipped = Math.max(0, Math.floor((nowMs - this.nextDueMs) / intervalMs) + 1)
    this.skippedTicks += skipped
    this.epochMs += skipped * intervalMs
    this.excusedMs = Number.NEGATIVE_INFINITY
    this.plan(this.nextTick, nowMs)
    return skipped
  }

  doze(ticks: number): void {
    if (this.removed || this.dozingTicks === ticks) return
    this.dozingTicks = ticks
    if (!this.paused) this.#owner.changePace(this)
  }

  rouse(): void {
    if (this.dozingTicks === 1) return
    this.dozingTicks = 1
    if (!this.paused && !this.removed) this.#owner.changePace(this)
  }

  pause(): void {
    if (this.removed || this.paused) return
    this.paused = true
    this.#owner.takeOut(this)
  }

  shift(): void {
    if (this.paused) this.shiftTo(this.#owner.nowMs())
  }

  open(shift: boolean): number {
    if (this.removed || !this.paused) return 0
    this.paused = false
    return this.#owner.putBack(this, shift)
  }

  remove(): void {
    if (this.removed) return
    this.removed = true
    if (!this.paused) this.#owner.takeOut(this)
  }
}

/** Whoever looks at entries in time: the loop. */
interface EntryOwner {
  nowMs(): number
  takeOut(entry: Entry): void
  putBack(entry: Entry, shift: boolean): number
  changePace(entry: Entry): void
}

export class TickLoop {
  /** How late ticks began, over all rooms. */
  readonly lateness = new LogHistogram()
  /** How long they took. */
  readonly durations = new LogHistogram()
  readonly #timer: TickTimer
  readonly #maxCatchUpTicks: number | undefined
  readonly #maxRunMs: number
  readonly #onFailure: (room: TickedRoom, error: unknown) => void
  /** A binary heap: the room whose tick is due first is at 0. */
  readonly #heap: Entry[] = []
  #cancelWake: (() => void) | undefined
  #wakeMs = Number.POSITIVE_INFINITY
  #running = false
  readonly #mayRun: (() => boolean) | undefined
  readonly #onHeld: () => void
  #held = false
  #heldMs = 0
  readonly #onWake = (): void => this.#run()
  readonly #owner: EntryOwner = {
    nowMs: () => this.#timer.nowMs(),
    takeOut: (entry) => this.#removeFromHeap(entry),
    putBack: (entry, shift) => this.#putBack(entry, shift),
    changePace: (entry) => this.#changePace(entry),
  }

  constructor(timer: TickTimer, options: TickLoopOptions) {
    this.#timer = timer
    this.#maxCatchUpTicks = options.maxCatchUpTicks
    this.#maxRunMs = options.maxRunMs ?? 8
    this.#onFailure = options.onFailure
    this.#mayRun = options.mayRun
    this.#onHeld = options.onHeld ?? (() => {})
  }

  /** No tick runs from now on; rooms may come and go. Idempotent. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    this.#heldMs = this.#timer.nowMs()
    this.#arm()
    for (const { room } of [...this.#heap]) room.held?.()
    this.#onHeld()
  }

  /** Ticks go on where they stopped, at once: all timelines are shifted by the time between, and rooms are told. Idempotent. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    const nowMs = this.#timer.nowMs()
    const heap = this.#heap
    const entries = heap.splice(0)
    for (const entry of entries) {
      entry.shiftTo(nowMs)
      heap.push(entry)
      siftUp(heap, heap.length - 1)
    }
    for (const { room } of entries) room.released?.(nowMs - this.#heldMs)
    this.#arm()
  }

  /** When the next tick is to run; infinite if there are no rooms, or none may run. */
  get nextTickMs(): number {
    return this.#held ? Number.POSITIVE_INFINITY : (this.#heap[0]?.wakeMs ?? Number.POSITIVE_INFINITY)
  }

  get roomCount(): number {
    return this.#heap.length
  }

  /**
   * Runs `room` at `rate` ticks per second, the first of them within one interval, at the moment where the other rooms leave the widest gap; where no
   * gap is worth a wake-up of its own, together with the fewest others.
   */
  add(room: TickedRoom, rate: number, firstTick = 1): TickHandle {
    if (!(rate > 0 && rate <= 1000)) {
      throw new NetError(
        'BAD_ARGUMENT',
        `a tick rate of ${rate} is not possible.`,
        'Choose 1 to 1000 ticks per second.',
      )
    }
    const nowMs = this.#timer.nowMs()
    const firstDueMs = nowMs + phaseInWidestGap(this.#heap, nowMs, 1000 / rate)
    const entry = new Entry(room, rate, firstTick, firstDueMs, this.#owner)
    this.#insert(entry)
    return entry
  }

  /** A room with a timeline of its own: it is paused until `open`. */
  addPaused(room: TickedRoom, rate: number, { epochMs, nextTick }: Timeline): TickHandle {
    const entry = new Entry(room, rate, nextTick, epochMs + (nextTick * 1000) / rate, this.#owner)
    entry.paused = true
    return entry
  }

  #insert(entry: Entry): void {
    this.#heap.push(entry)
    siftUp(this.#heap, this.#heap.length - 1)
    this.#arm()
  }

  #putBack(entry: Entry, shift: boolean): number {
    const nowMs = this.#timer.nowMs()
    const skipped = shift ? entry.shiftTo(nowMs) : 0
    entry.plan(entry.nextTick, nowMs)
    this.#insert(entry)
    if (this.#held) entry.room.held?.()
    return skipped
  }

  /** Hot. Runs what is due, the longest due first. */
  #run(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY
    this.#cancelWake = undefined
    this.#running = true
    let nowMs = this.#timer.nowMs()
    const untilMs = nowMs + this.#maxRunMs
    for (;;) {
      const entry = this.#heap[0]
      if (entry === undefined || entry.wakeMs > nowMs || nowMs > untilMs || this.#held) break
      if (this.#mayRun !== undefined && !this.#mayRun()) {
        this.hold()
        break
      }
      this.#runTick(entry, nowMs)
      const endMs = this.#timer.nowMs()
      this.durations.record(endMs - nowMs)
      nowMs = endMs
    }
    this.#running = false
    this.#arm()
  }

  #runTick(entry: Entry, nowMs: number): void {
    const intervalMs = 1000 / entry.rate
    const due = Math.floor((nowMs - Math.max(entry.nextDueMs, entry.excusedMs)) / intervalMs) + 1
    const most = this.#maxCatchUpTicks ?? Math.max(CATCH_UP_TICKS, Math.ceil((entry.rate * CATCH_UP_MS) / 1000))
    const skipped = due > most ? due - most : 0
    if (skipped > 0) {
      entry.skippedTicks += skipped
      entry.epochMs += skipped * intervalMs
    }
    const tick = entry.nextTick
    const lateMs = Math.max(0, nowMs - Math.max(entry.dueMs(tick), entry.excusedMs))
    this.lateness.record(lateMs)
    entry.plan(tick + 1, nowMs)
    siftDown(this.#heap, 0)
    try {
      if (skipped > 0) entry.room.timelineShifted(skipped)
      if (!entry.removed) entry.room.tick(tick, lateMs)
    } catch (error) {
      entry.remove()
      this.#onFailure(entry.room, error)
    }
  }

  #arm(): void {
    if (this.#running) return
    const dueMs = this.#held ? Number.POSITIVE_INFINITY : (this.#heap[0]?.wakeMs ?? Number.POSITIVE_INFINITY)
    if (dueMs === this.#wakeMs) return
    this.#cancelWake?.()
    this.#wakeMs = dueMs
    this.#cancelWake = dueMs === Number.POSITIVE_INFINITY ? undefined : this.#timer.wakeAt(dueMs, this.#onWake)
  }

  #changePace(entry: Entry): void {
    const nowMs = this.#timer.nowMs()
    entry.excusedMs = Math.min(entry.excusedMs, nowMs)
    entry.plan(entry.nextTick, nowMs)
    const at = this.#heap.indexOf(entry)
    siftUp(this.#heap, at)
    siftDown(this.#heap, at)
    this.#arm()
  }

  #removeFromHeap(entry: Entry): void {
    const heap = this.#heap
    const at = heap.indexOf(entry)
    const last = heap.pop()
    if (last !== undefined && last !== entry) {
      heap[at] = last
      siftUp(heap, at)
      siftDown(heap, at)
    }
    this.#arm()
  }
}

function siftUp(heap: Entry[], start: number): void {
  const moving = heap[start]
  if (moving === undefined) return
  let at = start
  while (at > 0) {
    const parentAt = (at - 1) >> 1
    const parent = heap[parentAt]
    if (parent === undefined || parent.wakeMs <= moving.wakeMs) break
    heap[at] = parent
    at = parentAt
  }
  heap[at] = moving
}

function siftDown(heap: Entry[], start: number): void {
  const moving = heap[start]
  if (moving === undefined) return
  let at = start
  for (;;) {
    let childAt = 2 * at + 1
    let child = heap[childAt]
    if (child === undefined) break
    const right = heap[childAt + 1]
    if (right !== undefined && right.wakeMs < child.wakeMs) {
      child = right
      childAt++
    }
    if (moving.wakeMs <= child.wakeMs) break
    heap[at] = child
    at = childAt
  }
  heap[at] = moving
}
