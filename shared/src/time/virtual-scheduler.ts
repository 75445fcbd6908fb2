/**
 * Virtual time: a heap of events, run in the order of their times, and of equal times in the order in which they were asked for.
 * Used by simulations and tests. Never looks at a real clock; the same calls give the same run.
 */
import { NetError } from '../error.ts'
import type { Cancel, Scheduler } from './scheduler.ts'

interface Alarm {
  timeMs: number
  sequence: number
  run: (() => void) | undefined
}

export interface VirtualSchedulerOptions {
  readonly startMs?: number
  /** Waiting events above this are taken for a leak. */
  readonly maxPending?: number
  /** Events run by one call of `runUntil` above this are taken for an endless loop. */
  readonly maxEventsPerRun?: number
}

/** Cancelled events are swept out when there are more of them than of live ones, and more than this. */
const SWEEP_MIN = 64

export class VirtualScheduler implements Scheduler {
  readonly #maxPending: number
  readonly #maxEventsPerRun: number
  #nowMs: number
  #heap: Alarm[] = []
  #sequence = 0
  #cancelled = 0
  #running = false

  constructor(options: VirtualSchedulerOptions = {}) {
    this.#nowMs = options.startMs ?? 0
    this.#maxPending = options.maxPending ?? 1_000_000
    this.#maxEventsPerRun = options.maxEventsPerRun ?? 100_000_000
  }

  now(): number {
    return this.#nowMs
  }

  /** Live events that wait. */
  get pending(): number {
    return this.#heap.length - this.#cancelled
  }

  at(timeMs: number, run: () => void): Cancel {
    if (Number.isNaN(timeMs))
      throw new NetError('BAD_ARGUMENT', 'at(NaN) has no place in time.', 'Pass a time in milliseconds.')
    if (this.pending >= this.#maxPending) {
      throw new NetError(
        'BAD_STATE',
        `${this.#maxPending} events wait on virtual time.`,
        'Cancel timers that are not needed, or raise maxPending.',
      )
    }
    const event: Alarm = { timeMs: Math.max(timeMs, this.#nowMs), sequence: this.#sequence++, run }
    this.#heap.push(event)
    siftUp(this.#heap, this.#heap.length - 1)
    return () => this.#cancel(event)
  }

  /** Runs everything due up to and including `timeMs`, what is added meanwhile too; then it is `timeMs`. Errors of events pass through. */
  runUntil(timeMs: number): void {
    if (this.#running)
      throw new NetError(
        'BAD_STATE',
        'runUntil was called from inside an event.',
        'Let the event return, and run time from outside.',
      )
    this.#running = true
    try {
      for (let count = 0; this.#runNext(timeMs); count++) {
        if (count >= this.#maxEventsPerRun) {
          throw new NetError(
            'BAD_STATE',
            `${count} events ran before virtual time reached ${timeMs} ms.`,
            'Look for an event that asks for itself at the same time.',
          )
        }
      }
      this.#nowMs = Math.max(this.#nowMs, timeMs)
    } finally {
      this.#running = false
    }
  }

  #runNext(limitMs: number): boolean {
    const heap = this.#heap
    for (;;) {
      const first = heap[0]
      if (first === undefined || first.timeMs > limitMs) return false
      popFirst(heap)
      const run = first.run
      if (run === undefined) {
        this.#cancelled--
        continue
      }
      first.run = undefined
      this.#nowMs = first.timeMs
      run()
      return true
    }
  }

  #cancel(event: Alarm): void {
    if (event.run === undefined) return
    event.run = undefined
    this.#cancelled++
    if (this.#cancelled > SWEEP_MIN && this.#cancelled * 2 > this.#heap.length) this.#sweep()
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((event) => event.run !== undefined)
    this.#cancelled = 0
    // A sorted array is a heap.
    this.#heap.sort((a, b) => a.timeMs - b.timeMs || a.sequence - b.sequence)
  }
}

function before(a: Alarm, b: Alarm): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence)
}

function siftUp(heap: Alarm[], start: number): void {
  const moving = heap[start]
  if (moving === undefined) return
  let at = start
  while (at > 0) {
    const parentAt = (at - 1) >> 1
    const parent = heap[parentAt]
    if (parent === undefined || !before(moving, parent)) break
    heap[at] = parent
    at = parentAt
  }
  heap[at] = moving
}

function popFirst(heap: Alarm[]): void {
  const moving = heap.pop()
  if (moving === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let childAt = 2 * at + 1
    let child = heap[childAt]
    if (child === undefined) break
    const right = heap[childAt + 1]
    if (right !== undefined && before(right, child)) {
      child = right
      childAt++
    }
    if (!before(child, moving)) break
    heap[at] = child
    at = childAt
  }
  heap[at] = moving
}
