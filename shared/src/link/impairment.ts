/**
 * A model of a bad network, one direction of it: when does a packet handed in now come out, if at all?
 * Pure and seeded: it holds no clock and no bytes. Called by the delay line, once per message.
 * Never lets an ordered packet overtake another, and never loses one: over an ordered stream a loss is a stall of everything behind it.
 */
import { NetError } from '../error.ts'
import { FreezePlan } from './freeze-plan.ts'

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
  /**
   * Mean time from the end of a freeze to the start of the next, exponential; left out: no freezes by themselves. Nothing gets through a freeze: what would
   * arrive inside it arrives when it ends, all together, and of datagrams no more than `queueBytes`.
   */
  readonly freezeEveryMs?: number
  /** How long a freeze takes; 500 ms by default. */
  readonly freezeMs?: number
}

/** What to change in a running model: what is left out stays, what is `undefined` becomes perfect again. */
export type ImpairmentChange = {
  readonly [Name in keyof Omit<ImpairmentOptions, 'seed'>]: ImpairmentOptions[Name] | undefined
}

/** The time of arrival of what never arrives. */
export const NEVER = Number.POSITIVE_INFINITY

/** IPv4 with TCP or UDP, and framing: what a packet weighs beside its payload. */
const HEADER_BYTES = 48
const JITTER_CUT = 6
const MAX_RETRANSMITS = 6
const DEFAULT_QUEUE_BYTES = 65_536
const DEFAULT_RETRANSMIT_MS = 200
const DEFAULT_FREEZE_MS = 500
const MAX_FREEZE_MS = 60_000

export class Impairment {
  #options: ImpairmentChange = {}
  #delayMs = 0
  #jitterMs = 0
  #uniform = false
  #loss = 0
  #enterBurst = 0
  #leaveBurst = 1
  #reorder = 0
  #reorderMs = 0
  #duplicate = 0
  #bytesPerMs = Number.POSITIVE_INFINITY
  #queueBytes = DEFAULT_QUEUE_BYTES
  #retransmitMs = DEFAULT_RETRANSMIT_MS
  readonly #freezes: FreezePlan
  #random: number
  #inBurst = false
  /** When the bottleneck has written all that it was given. */
  #freeAtMs = 0
  #lastOrderedMs = 0
  /** The freeze that was made by hand last. */
  #frozenFromMs = 0
  #frozenUntilMs = 0
  /** What a freeze holds, until when. */
  #heldBytes = 0
  #heldUntilMs = 0

  constructor(options: ImpairmentOptions = {}) {
    const { seed = 1, ...rest } = options
    this.#random = seed | 0
    this.#freezes = new FreezePlan(seed)
    this.#set(rest)
  }

  /** What the model was made with and changed to. */
  get options(): ImpairmentChange {
    return this.#options
  }

  /**
   * Alters the model while it runs, for what is handed in from now on. The sequence of random numbers, a burst of losses, the queue and the order of
   * arrivals go on. With `nowMs` what waits at the bottleneck goes on at the new bandwidth; without, it is written at the old one.
   */
  change(options: ImpairmentChange, nowMs?: number): void {
    const backlogBytes = nowMs === undefined ? 0 : this.#backlogBytes(nowMs)
    this.#set({ ...this.#options, ...options })
    if (nowMs !== undefined) this.#freeAtMs = nowMs + backlogBytes / this.#bytesPerMs
  }

  /** Nothing gets through from now on for `durationMs`. Inside a freeze: the later end counts. */
  freeze(nowMs: number, durationMs: number): void {
    within('freeze', durationMs, 0, MAX_FREEZE_MS)
    if (nowMs > this.#frozenUntilMs) this.#frozenFromMs = nowMs
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, nowMs + durationMs)
    this.#heldUntilMs = this.frozenUntil(this.#heldUntilMs)
  }

  /** When what arrives at `timeMs` gets through: at `timeMs`, or at the end of the freeze it falls into. */
  frozenUntil(timeMs: number): number {
    const untilMs = this.#freezes.endOf(timeMs)
    const byHand = untilMs >= this.#frozenFromMs && untilMs < this.#frozenUntilMs
    return byHand ? this.#freezes.endOf(this.#frozenUntilMs) : untilMs
  }

  /** Bytes that wait at the bottleneck or for the end of a freeze, headers included. */
  queuedBytes(nowMs: number): number {
    const held = nowMs < this.#heldUntilMs && this.frozenUntil(nowMs) > nowMs
    return this.#backlogBytes(nowMs) + (held ? this.#heldBytes : 0)
  }

  #backlogBytes(nowMs: number): number {
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
    const thawMs = this.frozenUntil(arrivalMs)
    if (thawMs > arrivalMs) this.#isHeld(thawMs, byteLength, NEVER)
    // What came before may have been put off by a freeze that was not known then.
    this.#lastOrderedMs = this.frozenUntil(Math.max(this.#lastOrderedMs, thawMs))
    return this.#lastOrderedMs
  }

  /** When a datagram arrives, or NEVER. */
  datagramArrival(nowMs: number, byteLength: number): number {
    // The losses' chain takes its step also for what the queue drops, so that the two do not depend on each other.
    const lost = this.#isLost()
    const queuedBytes = this.#backlogBytes(nowMs)
    if (queuedBytes > 0 && queuedBytes + byteLength + HEADER_BYTES > this.#queueBytes) return NEVER
    let arrivalMs = this.#leaveQueue(nowMs, byteLength) + this.#delayMs + this.#jitter()
    if (lost) return NEVER
    if (this.#reorder > 0 && this.#draw() < this.#reorder) arrivalMs += this.#reorderMs
    const thawMs = this.frozenUntil(arrivalMs)
    return thawMs === arrivalMs || this.#isHeld(thawMs, byteLength, this.#queueBytes) ? thawMs : NEVER
  }

  /** When the datagram that arrives at `arrivalMs` arrives once more: mostly NEVER. */
  duplicateArrival(arrivalMs: number): number {
    return this.#duplicate > 0 && this.#draw() < this.#duplicate ? this.frozenUntil(arrivalMs + this.#jitter()) : NEVER
  }

  /** Counts what waits for the end of a freeze; false if that would be too much. */
  #isHeld(thawMs: number, byteLength: number, limitBytes: number): boolean {
    if (thawMs > this.#heldUntilMs) {
      this.#heldUntilMs = thawMs
      this.#heldBytes = 0
    }
    const weight = byteLength + HEADER_BYTES
    if (this.#heldBytes > 0 && this.#heldBytes + weight > limitBytes) return false
    this.#heldBytes += weight
    return true
  }

  #set(options: ImpairmentChange): void {
    check(options)
    this.#options = options
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
    this.#queueBytes = options.queueBytes ?? DEFAULT_QUEUE_BYTES
    this.#retransmitMs = options.retransmitMs ?? DEFAULT_RETRANSMIT_MS
    this.#freezes.set(options.freezeEveryMs ?? Number.POSITIVE_INFINITY, options.freezeMs ?? DEFAULT_FREEZE_MS)
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

function check(options: ImpairmentChange): void {
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
  within('freezeEveryMs', options.freezeEveryMs, 1, 86_400_000)
  within('freezeMs', options.freezeMs, 1, MAX_FREEZE_MS)
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
