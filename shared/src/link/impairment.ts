/**
 * A model of a bad network, one direction of it: when does a packet handed in now come out, if at all?
 * Pure and seeded: it holds no clock and no bytes. Called by the in-memory link, once per message.
 * Never lets an ordered packet overtake another, and never loses one: over an ordered stream a loss is a stall of everything behind it.
 */
import { NetError } from '../error.ts'

/** Every value is for one direction. What is left out is perfect. */
export interface ImpairmentOptions {
  readonly seed?: number
  /** The floor: propagation, which every packet needs. */
  readonly delayMs?: number
  /** Mean of the random delay added to each packet, drawn by itself for each. Never negative: `delayMs` stays the floor. */
  readonly jitterMs?: number
  /**
   * `exponential` (default): mean and standard deviation `jitterMs`, cut at six times that; queues look like this.
   * `uniform`: from 0 to twice `jitterMs`.
   */
  readonly jitterShape?: 'exponential' | 'uniform'
  /** Share of packets lost in the long run, 0 to 0.9. */
  readonly loss?: number
  /** Mean number of packets lost in a row (two-state Gilbert model). Left out: losses are independent of each other. */
  readonly lossBurst?: number
  /** Share of datagrams held back by `reorderMs`, so that later ones overtake. Ordered streams take no notice. */
  readonly reorder?: number
  readonly reorderMs?: number
  /** Share of datagrams that arrive twice, the second one after another draw of the jitter. Ordered streams take no notice. */
  readonly duplicate?: number
  /** Bytes per second, with headers; left out: without limit. */
  readonly bandwidth?: number
  /** What the bottleneck's queue holds. Datagrams beyond are lost; ordered senders wait. */
  readonly queueBytes?: number
  /** How long a loss holds an ordered stream at least, above the packet's own delay; doubled for each repeated loss. TCP's floor is 200 ms on Linux. */
  readonly retransmitMs?: number
}

/** The time of arrival of what never arrives. */
export const NEVER = Number.POSITIVE_INFINITY

/** IPv4 with TCP or UDP, and framing: what a packet weighs beside its payload. */
const HEADER_BYTES = 48
const JITTER_CUT = 6
const MAX_RETRANSMITS = 6

export class Impairment {
  readonly #delayMs: number
  readonly #jitterMs: number
  readonly #uniform: boolean
  readonly #loss: number
  readonly #enterBurst: number
  readonly #leaveBurst: number
  readonly #reorder: number
  readonly #reorderMs: number
  readonly #duplicate: number
  readonly #bytesPerMs: number
  readonly #queueBytes: number
  readonly #retransmitMs: number
  #random: number
  #inBurst = false
  /** When the bottleneck has written all that it was given. */
  #freeAtMs = 0
  #lastOrderedMs = 0

  constructor(options: ImpairmentOptions = {}) {
    check(options)
    this.#delayMs = options.delayMs ?? 0
    this.#jitterMs = options.jitterMs ?? 0
    this.#uniform = options.jitterShape === 'uniform'
    this.#loss = options.loss ?? 0
    // Gilbert: all packets are lost inside a burst, none outside; the long-run share is enter / (enter + leave).
    this.#leaveBurst = options.lossBurst === undefined ? 1 - this.#loss : 1 / options.lossBurst
    this.#enterBurst = (this.#loss * this.#leaveBurst) / (1 - this.#loss)
    this.#reorder = options.reorder ?? 0
    this.#reorderMs = options.reorderMs ?? 0
    this.#duplicate = options.duplicate ?? 0
    this.#bytesPerMs = (options.bandwidth ?? Number.POSITIVE_INFINITY) / 1000
    this.#queueBytes = options.queueBytes ?? 65_536
    this.#retransmitMs = options.retransmitMs ?? 200
    this.#random = (options.seed ?? 1) | 0
  }

  /** Bytes that wait at the bottleneck, headers included. */
  queuedBytes(nowMs: number): number {
    return this.#freeAtMs > nowMs && this.#bytesPerMs !== Number.POSITIVE_INFINITY
      ? (this.#freeAtMs - nowMs) * this.#bytesPerMs
      : 0
  }

  /** When a message of an ordered stream arrives: after all before it, surely. */
  orderedArrival(nowMs: number, byteLength: number): number {
    let arrivalMs = this.#leaveQueue(nowMs, byteLength) + this.#delayMs + this.#jitter()
    if (this.#isLost()) {
      let waitMs = this.#retransmitMs
      arrivalMs += waitMs
      // Repeats come long after the burst: they are lost by the plain share.
      for (let n = 1; n < MAX_RETRANSMITS && this.#draw() < this.#loss; n++) {
        waitMs *= 2
        arrivalMs += waitMs
      }
    }
    this.#lastOrderedMs = Math.max(this.#lastOrderedMs, arrivalMs)
    return this.#lastOrderedMs
  }

  /** When a datagram arrives, or NEVER. */
  datagramArrival(nowMs: number, byteLength: number): number {
    // The losses' chain takes its step also for what the queue drops, so that the two do not depend on each other.
    const lost = this.#isLost()
    const queuedBytes = this.queuedBytes(nowMs)
    if (queuedBytes > 0 && queuedBytes + byteLength + HEADER_BYTES > this.#queueBytes) return NEVER
    const arrivalMs = this.#leaveQueue(nowMs, byteLength) + this.#delayMs + this.#jitter()
    if (lost) return NEVER
    return this.#reorder > 0 && this.#draw() < this.#reorder ? arrivalMs + this.#reorderMs : arrivalMs
  }

  /** When the datagram that arrives at `arrivalMs` arrives once more: mostly NEVER. */
  duplicateArrival(arrivalMs: number): number {
    return this.#duplicate > 0 && this.#draw() < this.#duplicate ? arrivalMs + this.#jitter() : NEVER
  }

  #leaveQueue(nowMs: number, byteLength: number): number {
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (byteLength + HEADER_BYTES) / this.#bytesPerMs
    return this.#freeAtMs
  }

  #isLost(): boolean {
    if (this.#loss === 0) return false
    this.#inBurst = this.#draw() < (this.#inBurst ? 1 - this.#leaveBurst : this.#enterBurst)
    return this.#inBurst
  }

  #jitter(): number {
    if (this.#jitterMs === 0) return 0
    const u = this.#draw()
    return this.#uniform ? 2 * u * this.#jitterMs : Math.min(-Math.log(1 - u), JITTER_CUT) * this.#jitterMs
  }

  /** Mulberry32: 0 up to 1. */
  #draw(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function check(options: ImpairmentOptions): void {
  within('delayMs', options.delayMs, 0, 60_000)
  within('jitterMs', options.jitterMs, 0, 10_000)
  within('loss', options.loss, 0, 0.9)
  within('lossBurst', options.lossBurst, 1, 1000)
  within('reorder', options.reorder, 0, 1)
  within('reorderMs', options.reorderMs, 0, 10_000)
  within('duplicate', options.duplicate, 0, 1)
  within('bandwidth', options.bandwidth, 1, Number.MAX_VALUE)
  within('queueBytes', options.queueBytes, 1, Number.MAX_VALUE)
  within('retransmitMs', options.retransmitMs, 0, 60_000)
  const loss = options.loss ?? 0
  const burst = options.lossBurst
  // Between two bursts at least one packet passes, so a high share needs long bursts.
  if (burst !== undefined && loss / (1 - loss) > burst) {
    throw new NetError(
      'BAD_ARGUMENT',
      `a loss of ${loss} cannot come in bursts of ${burst} packets.`,
      `Set lossBurst to ${Math.ceil(loss / (1 - loss))} or more.`,
    )
  }
}

function within(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(value >= min && value <= max)) {
    throw new NetError('BAD_ARGUMENT', `impairment ${name} is ${value}.`, `Choose it from ${min} to ${max}.`)
  }
}
