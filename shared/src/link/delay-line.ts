/**
 * One direction of a modelled network: bytes go in, and come out when the model says so.
 * The in-memory link, the impaired link and the relay are made of it.
 * Never calls `deliver` from inside `send`, `after` or `discard`; never lets ordered bytes overtake each other, whatever the clock and the model do.
 */
import type { Scheduler } from '../time/scheduler.ts'
import { BufferPool } from './buffer-pool.ts'
import { type Impairment, NEVER } from './impairment.ts'
import type { Lane } from './link.ts'

/** A clock that is another clock with an offset is early by its rounding: to wait for that would wait forever. */
const ROUNDING_MS = 0.001

export interface DelayLineOptions {
  /** True: one stream for all lanes. False: only the reliable lane is a stream. */
  readonly ordered: boolean
  /** `bytes` is borrowed until the call returns. */
  readonly deliver: (lane: Lane, bytes: Uint8Array) => void
  readonly pool?: BufferPool
}

/** A link of the stream's chain: bytes, or something to be done in their order. */
interface Waiting {
  readonly arrivalMs: number
  readonly lane: Lane
  readonly byteLength: number
  readonly buffer: Uint8Array | undefined
  readonly run: (() => void) | undefined
  waits: boolean
  next: Waiting | undefined
}

export class DelayLine {
  readonly model: Impairment
  readonly #scheduler: Scheduler
  readonly #ordered: boolean
  readonly #deliver: (lane: Lane, bytes: Uint8Array) => void
  readonly #pool: BufferPool
  #first: Waiting | undefined
  #last: Waiting | undefined
  #heldBytes = 0
  #open = true

  constructor(scheduler: Scheduler, model: Impairment, options: DelayLineOptions) {
    this.model = model
    this.#scheduler = scheduler
    this.#ordered = options.ordered
    this.#deliver = options.deliver
    this.#pool = options.pool ?? new BufferPool()
  }

  /** Memory that waits in here, of all that is on its way: what whoever fills the line keeps bounded. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Of that, what a sender would find not yet written to the network. */
  get queuedBytes(): number {
    return Math.ceil(this.model.queuedBytes(this.#scheduler.now()))
  }

  send(lane: Lane, bytes: Uint8Array): void {
    const nowMs = this.#scheduler.now()
    if (this.#ordered || lane === 'reliable') {
      this.#append(this.model.orderedArrival(nowMs, bytes.length), lane, this.#take(bytes), bytes.length, undefined)
      return
    }
    const arrivalMs = this.model.datagramArrival(nowMs, bytes.length)
    if (arrivalMs === NEVER) return
    this.#loose(arrivalMs, lane, bytes)
    const againMs = this.model.duplicateArrival(arrivalMs)
    if (againMs !== NEVER) this.#loose(againMs, lane, bytes)
  }

  /** Runs `run` once everything ordered that is in here has been delivered, after a delay of its own: how an end travels. */
  after(run: () => void): void {
    this.#append(this.model.orderedArrival(this.#scheduler.now(), 0), 'reliable', undefined, 0, run)
  }

  /** What is in here, and what comes after, is neither delivered nor run. */
  discard(): void {
    this.#open = false
  }

  #take(bytes: Uint8Array): Uint8Array {
    const buffer = this.#pool.take(bytes)
    this.#heldBytes += buffer.length
    return buffer
  }

  #append(
    arrivalMs: number,
    lane: Lane,
    buffer: Uint8Array | undefined,
    byteLength: number,
    run: (() => void) | undefined,
  ): void {
    const waiting: Waiting = { arrivalMs, lane, byteLength, buffer, run, waits: true, next: undefined }
    if (this.#last === undefined) this.#first = waiting
    else this.#last.next = waiting
    this.#last = waiting
    this.#at(arrivalMs, () => this.#flush(waiting))
  }

  /** Everything up to `last`: mostly that alone. Real timers may change places; then the later one brings what came before, and the earlier none. */
  #flush(last: Waiting): void {
    try {
      while (last.waits) {
        const waiting = this.#first ?? last
        waiting.waits = false
        this.#first = waiting.next
        if (this.#first === undefined) this.#last = undefined
        if (waiting.buffer !== undefined) this.#arrive(waiting.lane, waiting.buffer, waiting.byteLength)
        else if (this.#open) waiting.run?.()
      }
    } finally {
      if (last.waits) this.#at(last.arrivalMs, () => this.#flush(last))
    }
  }

  #loose(arrivalMs: number, lane: Lane, bytes: Uint8Array): void {
    const buffer = this.#take(bytes)
    const byteLength = bytes.length
    this.#at(arrivalMs, () => this.#arrive(lane, buffer, byteLength))
  }

  #arrive(lane: Lane, buffer: Uint8Array, byteLength: number): void {
    this.#heldBytes -= buffer.length
    try {
      if (this.#open) this.#deliver(lane, buffer.subarray(0, byteLength))
    } finally {
      this.#pool.give(buffer)
    }
  }

  /** Real timers may be early by a fraction, and a freeze by hand holds what is already on its way. */
  #at(timeMs: number, run: () => void): void {
    this.#scheduler.at(timeMs, () => {
      const nowMs = this.#scheduler.now()
      const dueMs = Math.max(timeMs, this.#open ? this.model.frozenUntil(nowMs) : 0)
      if (dueMs > nowMs + ROUNDING_MS) this.#at(dueMs, run)
      else run()
    })
  }
}
