/**
 * The network between simulated machines, on virtual time from one seed. Datagrams are lost, doubled and overtaken; streams are ordered, and a loss stalls what
 * is behind it for a retransmission timeout, as TCP does. Directions are cut one by one. Knows nothing of what it carries.
 */
import type { SeededRandom, VirtualScheduler } from '@tickmesh/shared'

/** What holds for all links at a time; faults change it. */
export interface Weather {
  delayMs: number
  /** Mean of an exponential delay on top. */
  jitterMs: number
  /** Shares of packets, 0 to 1. */
  loss: number
  duplicate: number
  reorder: number
}

const FAIR: Readonly<Weather> = { delayMs: 0.3, jitterMs: 0.1, loss: 0, duplicate: 0, reorder: 0 }

/** What the network asks of whoever listens at the other end. */
export interface Port {
  /** False: nobody listens there. The host answers that, unless it is cut off. */
  readonly listening: boolean
  /** Changes with each start of the process: what was sent to an earlier one is gone. */
  readonly boot: number
}

const RETRANSMIT_MS = 200
const MAX_RETRANSMIT_MS = 3_200
/** A stream that gets nothing through for so long is given up. */
const STREAM_TIMEOUT_MS = 12_000
const REORDER_MS = 40
const JITTER_CUT = 8

interface Segment {
  readonly arriveMs: number
  readonly boot: number
  readonly deliver: () => void
  readonly fail: (refused: boolean) => void
}

/** One direction of one connection: a queue of which the head arrives first. */
interface Pipe {
  readonly segments: Segment[]
  pumping: boolean
  lastArriveMs: number
  stalledMs: number
}

export class Network {
  weather: Weather = { ...FAIR }
  /** How many wait in streams: bounded by what is sent in `STREAM_TIMEOUT_MS`. */
  waiting = 0
  sent = 0
  lost = 0
  readonly #time: VirtualScheduler
  readonly #random: SeededRandom
  readonly #ports: Port[] = []
  /** How many faults cut this direction now; by (from, to). */
  readonly #cuts = new Map<number, number>()
  readonly #lossy = new Map<number, number>()
  readonly #pipes = new Map<number, Pipe>()
  /** Something in between refuses connections to these, for the living too; datagrams pass. */
  readonly #refused = new Set<number>()

  constructor(time: VirtualScheduler, random: SeededRandom) {
    this.#time = time
    this.#random = random
  }

  attach(port: Port): number {
    this.#ports.push(port)
    return this.#ports.length - 1
  }

  cut(from: number, to: number): void {
    const key = keyOf(from, to)
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
  }

  mend(from: number, to: number): void {
    const key = keyOf(from, to)
    const cuts = (this.#cuts.get(key) ?? 0) - 1
    if (cuts > 0) this.#cuts.set(key, cuts)
    else this.#cuts.delete(key)
  }

  /** More loss on one direction. */
  spoil(from: number, to: number, loss: number): void {
    this.#lossy.set(keyOf(from, to), loss)
  }

  refuse(to: number, refuses: boolean): void {
    if (refuses) this.#refused.add(to)
    else this.#refused.delete(to)
  }

  healAll(): void {
    this.#cuts.clear()
    this.#refused.clear()
    this.#lossy.clear()
    this.weather = { ...FAIR }
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts.has(keyOf(from, to))
  }

  datagram(from: number, to: number, deliver: () => void): void {
    this.sent++
    const { weather } = this
    if (this.#isLost(from, to)) {
      this.lost++
      return
    }
    const late = weather.reorder > 0 && this.#random.next() < weather.reorder ? REORDER_MS * this.#random.next() : 0
    this.#arrive(from, to, this.delayMs() + late, deliver)
    if (weather.duplicate > 0 && this.#random.next() < weather.duplicate) {
      this.#arrive(from, to, this.delayMs() + REORDER_MS * this.#random.next(), deliver)
    }
  }

  /** `fail` is called if it never arrives: the connection was refused, or broke. */
  stream(from: number, to: number, deliver: () => void, fail: (refused: boolean) => void): void {
    this.sent++
    const key = keyOf(from, to)
    let pipe = this.#pipes.get(key)
    if (pipe === undefined) {
      pipe = { segments: [], pumping: false, lastArriveMs: 0, stalledMs: 0 }
      this.#pipes.set(key, pipe)
    }
    let arriveMs = this.#time.now() + this.delayMs()
    const loss = this.#lossOf(from, to)
    for (let stall = RETRANSMIT_MS; stall <= MAX_RETRANSMIT_MS && this.#random.next() < loss; stall *= 2)
      arriveMs += stall
    pipe.lastArriveMs = Math.max(pipe.lastArriveMs, arriveMs)
    const boot = this.#ports[to]?.boot ?? -1
    pipe.segments.push({ arriveMs: pipe.lastArriveMs, boot, deliver, fail })
    this.waiting++
    if (pipe.pumping) return
    pipe.pumping = true
    this.#time.at(pipe.lastArriveMs, () => this.#pump(from, to, pipe, RETRANSMIT_MS))
  }

  delayMs(): number {
    const { delayMs, jitterMs } = this.weather
    return delayMs + Math.min(JITTER_CUT, -Math.log(1 - this.#random.next())) * jitterMs
  }

  #pump(from: number, to: number, pipe: Pipe, stallMs: number): void {
    const nowMs = this.#time.now()
    if (this.isCut(from, to) || this.isCut(to, from)) {
      pipe.stalledMs += stallMs
      if (pipe.stalledMs > STREAM_TIMEOUT_MS) return this.#break(pipe, false)
      this.#time.at(nowMs + stallMs, () => this.#pump(from, to, pipe, Math.min(MAX_RETRANSMIT_MS, 2 * stallMs)))
      return
    }
    pipe.stalledMs = 0
    while (pipe.segments.length > 0 && (pipe.segments[0]?.arriveMs ?? 0) <= nowMs) {
      const segment = pipe.segments.shift()
      if (segment === undefined) break
      const port = this.#ports[to]
      if (port?.listening !== true || port.boot !== segment.boot || this.#refused.has(to)) {
        pipe.segments.unshift(segment)
        return this.#break(pipe, true)
      }
      this.waiting--
      segment.deliver()
    }
    const next = pipe.segments[0]
    pipe.pumping = next !== undefined
    if (next !== undefined) this.#time.at(next.arriveMs, () => this.#pump(from, to, pipe, RETRANSMIT_MS))
  }

  #break(pipe: Pipe, refused: boolean): void {
    const { segments } = pipe
    pipe.pumping = false
    pipe.stalledMs = 0
    this.waiting -= segments.length
    const broken = segments.splice(0)
    this.#time.at(this.#time.now() + this.delayMs(), () => {
      for (const segment of broken) segment.fail(refused)
    })
  }

  #arrive(from: number, to: number, delayMs: number, deliver: () => void): void {
    this.#time.at(this.#time.now() + delayMs, () => {
      if (this.isCut(from, to)) this.lost++
      else if (this.#ports[to]?.listening === true) deliver()
    })
  }

  #isLost(from: number, to: number): boolean {
    if (this.isCut(from, to)) return true
    const loss = this.#lossOf(from, to)
    return loss > 0 && this.#random.next() < loss
  }

  #lossOf(from: number, to: number): number {
    const own = this.#lossy.size === 0 ? 0 : (this.#lossy.get(keyOf(from, to)) ?? 0)
    return Math.max(own, this.weather.loss)
  }
}

function keyOf(from: number, to: number): number {
  return from * 4096 + to
}
