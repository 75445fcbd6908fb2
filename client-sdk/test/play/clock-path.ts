/**
 * A client's clock against the truth: exchanges twenty times a second over an impaired path, on a machine whose own clock may drift, be set, or stand still.
 * Used by the tests of ClockSync. All by seed, in virtual time.
 */
import { Impairment, type ImpairmentOptions } from '@tickmesh/shared'
import { ClockSync } from '../../src/play/clock-sync.ts'

const EXCHANGE_MS = 50
/** What the clock may be wrong by with one exchange of `near` paths (jitter of mean 5 ms, cut at six times): half of one way's jitter. */
const RIGHT_MS = 16
/** How often the page looks at its clock. */
const LOOK_MS = 10

interface Exchange {
  readonly sentLocalMs: number
  readonly serverMs: number
  readonly arrivesMs: number
}

export interface Path {
  readonly up: ImpairmentOptions
  readonly down: ImpairmentOptions
}

/** The same both ways, but for the seed. */
export function symmetric(options: ImpairmentOptions): Path {
  return { up: options, down: options }
}

export class ClockPath {
  readonly clock = new ClockSync()
  /** Of the clock against the server's, since the last `run` began; with sign. */
  errors: number[] = []
  /** Exchanges that arrived since the last `run` began, when the error last exceeded RIGHT_MS. */
  exchangesUntilRight = 0
  exchanges = 0
  /** How often the server's time ran backwards without a step. */
  backwards = 0
  /** What is added to the stamps of the next exchange only. */
  lieMs = 0
  #trueMs = 1_000
  #localMs = 7_000
  #rate: number
  #serverAheadMs = 1_234_567.25
  #onTheWay: Exchange[] = []
  #up: Impairment
  #down: Impairment
  #lastServerMs = Number.NEGATIVE_INFINITY
  #lastSteps = 0

  constructor(path: Path, seed: number, driftPpm = 0) {
    // The local clock runs slower if the server's runs faster.
    this.#rate = 1 / (1 + driftPpm * 1e-6)
    this.#up = new Impairment({ ...path.up, seed })
    this.#down = new Impairment({ ...path.down, seed: seed + 1_000 })
  }

  get localMs(): number {
    return this.#localMs
  }

  get serverMs(): number {
    return this.#trueMs + this.#serverAheadMs
  }

  /** What is sent from now on takes another route. */
  reroute(path: Path): void {
    this.#up = new Impairment({ ...path.up, seed: 77 })
    this.#down = new Impairment({ ...path.down, seed: 78 })
  }

  setLocalClock(byMs: number): void {
    this.#localMs += byMs
  }

  /** Nothing of the page runs; what arrives waits. The machine's clock runs on, as in a frozen tab, or stands still, as in some machines' sleep. */
  sleep(ms: number, localClock: 'runs' | 'stands'): void {
    this.#trueMs += ms
    if (localClock === 'runs') this.#localMs += ms * this.#rate
  }

  run(seconds: number): void {
    this.errors = []
    this.exchanges = 0
    this.exchangesUntilRight = 0
    const endMs = this.#trueMs + seconds * 1_000
    let lookMs = this.#trueMs
    let sendMs = this.#trueMs
    for (;;) {
      const arrivesMs = this.#onTheWay[0]?.arrivesMs ?? Number.POSITIVE_INFINITY
      const nextMs = Math.min(lookMs, sendMs, arrivesMs)
      if (nextMs >= endMs) return
      this.#goOn(Math.max(nextMs, this.#trueMs))
      this.clock.observe(this.#localMs)
      if (arrivesMs <= this.#trueMs) this.#receive()
      if (sendMs <= this.#trueMs) {
        this.#send()
        sendMs += EXCHANGE_MS
      }
      if (lookMs <= this.#trueMs) {
        this.#compare()
        lookMs += LOOK_MS
      }
    }
  }

  #goOn(toMs: number): void {
    this.#localMs += (toMs - this.#trueMs) * this.#rate
    this.#trueMs = toMs
  }

  #send(): void {
    const there = this.#up.datagramArrival(this.#trueMs, 20)
    if (there === Number.POSITIVE_INFINITY) return
    const back = this.#down.datagramArrival(there, 20)
    if (back === Number.POSITIVE_INFINITY) return
    this.#onTheWay.push({
      sentLocalMs: this.#localMs,
      serverMs: there + this.#serverAheadMs + this.lieMs,
      arrivesMs: back,
    })
    this.#onTheWay.sort((a, b) => a.arrivesMs - b.arrivesMs)
    this.lieMs = 0
  }

  #receive(): void {
    const exchange = this.#onTheWay.shift()
    if (exchange === undefined) return
    this.exchanges++
    const { sentLocalMs, serverMs } = exchange
    this.clock.onServerTime(serverMs, this.#localMs)
    this.clock.onSample(sentLocalMs, serverMs, serverMs, this.#localMs)
  }

  #compare(): void {
    if (!this.clock.ready) return
    const serverMs = this.clock.serverNow(this.#localMs)
    if (serverMs < this.#lastServerMs && this.clock.steps === this.#lastSteps) this.backwards++
    this.#lastServerMs = serverMs
    this.#lastSteps = this.clock.steps
    const errorMs = serverMs - this.serverMs
    this.errors.push(errorMs)
    if (Math.abs(errorMs) > RIGHT_MS) this.exchangesUntilRight = this.exchanges
  }
}

export function quantile(errors: readonly number[], q: number): number {
  const sorted = errors.map(Math.abs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}
