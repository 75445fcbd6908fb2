/** The clock filter and the clock that follows it, against a known truth. */
import { describe, expect, it } from 'vitest'
import { ClockDiscipline, MAX_SLEW } from '../../src/time/clock-discipline.ts'
import { ClockFilter } from '../../src/time/clock-filter.ts'

interface World {
  /** One way, each its own draw of exponential jitter with this mean. */
  readonly upMs: number
  readonly downMs: number
  readonly jitterMs: number
  /** How much faster the server's clock runs. */
  readonly driftPpm: number
  readonly offsetMs: number
  readonly hz?: number
}

function lcg(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) / 4_294_967_296
  }
}

/** A client that exchanges timestamps with a server, at true time = its own time. */
class Session {
  readonly filter = new ClockFilter()
  readonly clock = new ClockDiscipline()
  readonly errors: number[] = []
  readonly clockErrors: number[] = []
  world: World
  nowMs = 5_000
  stepsSeen = 0
  #random: () => number

  constructor(world: World, seed = 1) {
    this.world = world
    this.#random = lcg(seed)
  }

  truth(localMs: number): number {
    return localMs * (1 + this.world.driftPpm * 1e-6) + this.world.offsetMs
  }

  /** Runs in steps of 10 ms; samples arrive in order of their arrival. */
  run(seconds: number): void {
    const everyMs = 1_000 / (this.world.hz ?? 20)
    const endMs = this.nowMs + seconds * 1_000
    let nextMs = this.nowMs
    const onTheWay: { sent: number; remote: number; received: number }[] = []
    for (; this.nowMs < endMs; this.nowMs += 10) {
      this.filter.observeLocalTime(this.nowMs)
      while (nextMs <= this.nowMs) {
        const arrived = nextMs + this.world.upMs + this.#jitter()
        onTheWay.push({
          sent: nextMs,
          remote: this.truth(arrived),
          received: arrived + this.world.downMs + this.#jitter(),
        })
        nextMs += everyMs
      }
      onTheWay.sort((a, b) => a.received - b.received)
      while ((onTheWay[0]?.received ?? Number.POSITIVE_INFINITY) <= this.nowMs) {
        const sample = onTheWay.shift()
        if (sample !== undefined) this.filter.addSample(sample.sent, sample.remote, sample.remote, sample.received)
      }
      this.observe()
    }
  }

  observe(): void {
    if (!this.filter.ready) return
    const offset = this.filter.offsetAt(this.nowMs)
    const before = this.clock.serverNow(this.nowMs)
    if (this.clock.update(this.nowMs, offset) === 'stepped') this.stepsSeen++
    else expect(this.clock.serverNow(this.nowMs)).toBeGreaterThanOrEqual(before)
    this.errors.push(Math.abs(this.nowMs + offset - this.truth(this.nowMs)))
    this.clockErrors.push(Math.abs(this.clock.serverNow(this.nowMs) - this.truth(this.nowMs)))
  }

  #jitter(): number {
    return this.world.jitterMs === 0 ? 0 : -Math.log(1 - this.#random()) * this.world.jitterMs
  }
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0
}

const steady: World = { upMs: 50, downMs: 50, jitterMs: 0, driftPpm: 0, offsetMs: 123_456.5 }

describe('the clock filter', () => {
  it('is exact on a symmetric path without jitter', () => {
    const session = new Session(steady)
    session.run(20)
    expect(Math.max(...session.errors)).toBeLessThan(1e-6)
    const estimate = session.filter.estimate(session.nowMs)
    expect(estimate?.delayMs).toBeCloseTo(100, 6)
    expect(estimate?.jitterMs).toBeCloseTo(0, 6)
    expect(estimate?.driftPpm).toBeUndefined()
  })

  it.each([1, 2, 3, 4])('is within 3.1 ms at p99 with 20 ms of jitter each way (seed %i)', (seed) => {
    const session = new Session({ ...steady, jitterMs: 20 }, seed)
    session.run(10)
    session.errors.length = 0
    session.clockErrors.length = 0
    session.run(300)
    expect(quantile(session.errors, 0.99)).toBeLessThan(3.1)
    expect(quantile(session.clockErrors, 0.99)).toBeLessThan(3.1)
  })

  it.each([-200, 200])('measures a drift of %i ppm within 20 ppm, and keeps up with it', (driftPpm) => {
    const session = new Session({ ...steady, jitterMs: 10, driftPpm })
    session.run(60)
    session.clockErrors.length = 0
    session.run(300)
    expect(Math.abs((session.filter.estimate(session.nowMs)?.driftPpm ?? 0) - driftPpm)).toBeLessThan(20)
    expect(quantile(session.clockErrors, 0.99)).toBeLessThan(2)
    expect(session.stepsSeen).toBe(1)
  })

  it('is off by half the asymmetry and no more, and says by how much it may be', () => {
    const session = new Session({ ...steady, upMs: 20, downMs: 80 })
    session.run(20)
    expect(quantile(session.errors, 1)).toBeCloseTo(30, 3)
    expect(session.filter.estimate(session.nowMs)?.errorBoundMs).toBeCloseTo(50, 3)
  })

  it('keeps its offset when the route changes from 20 to 200 ms', () => {
    const session = new Session({ ...steady, upMs: 10, downMs: 10, jitterMs: 2 })
    session.run(30)
    session.world = { ...session.world, upMs: 100, downMs: 100 }
    session.clockErrors.length = 0
    session.run(60)
    expect(quantile(session.clockErrors, 1)).toBeLessThan(2)
    expect(session.filter.estimate(session.nowMs)?.delayMs).toBeGreaterThan(199)
  })

  it('starts afresh after a gap in local time, twice, and the clock steps to the truth', () => {
    const session = new Session({ ...steady, jitterMs: 5 })
    session.run(30)
    for (let n = 1; n <= 2; n++) {
      // The local clock stood still while the machine slept for an hour.
      session.world = { ...session.world, offsetMs: session.world.offsetMs + 3_600_000 }
      session.nowMs += 400
      session.run(1)
      expect(session.filter.resets).toBe(n)
      session.run(20)
      session.clockErrors.length = 0
      session.run(10)
      expect(quantile(session.clockErrors, 1)).toBeLessThan(3)
      expect(session.stepsSeen).toBe(1 + n)
    }
  })

  it('does not reset for pauses of up to 250 ms', () => {
    const filter = new ClockFilter()
    filter.addSample(0, 10, 10, 20)
    expect(filter.observeLocalTime(20)).toBe(false)
    expect(filter.observeLocalTime(270)).toBe(false)
    expect(filter.ready).toBe(true)
    expect(filter.observeLocalTime(521)).toBe(true)
    expect(filter.ready).toBe(false)
    expect(filter.offsetAt(600)).toBeNaN()
    expect(filter.estimate(600)).toBeUndefined()
  })

  it('refuses samples that cannot be true, and counts them', () => {
    const filter = new ClockFilter()
    expect(filter.addSample(100, 50, 50, 90)).toBe(false)
    expect(filter.addSample(100, 50, 40, 190)).toBe(false)
    expect(filter.addSample(100, 50, 250, 190)).toBe(false)
    expect(filter.addSample(100, Number.NaN, 50, 190)).toBe(false)
    expect(filter.addSample(Number.NEGATIVE_INFINITY, 50, 50, 190)).toBe(false)
    expect(filter.refused).toBe(5)
    expect(filter.ready).toBe(false)
  })

  it('still answers with the last that it knew when no sample came for long', () => {
    const filter = new ClockFilter()
    filter.addSample(0, 1_010, 1_010, 20)
    expect(filter.offsetAt(60_000)).toBeCloseTo(1_000, 6)
  })
})

describe('the disciplined clock', () => {
  it('slews a small error away without running faster than 2 %, or backwards', () => {
    for (const errorMs of [-100, -20, 20, 100]) {
      const clock = new ClockDiscipline()
      clock.update(0, 1_000)
      let before = clock.serverNow(0)
      for (let localMs = 10; localMs <= 10_000; localMs += 10) {
        expect(clock.update(localMs, 1_000 + errorMs)).toBe('slewed')
        const now = clock.serverNow(localMs)
        expect(now - before).toBeGreaterThanOrEqual(10 * (1 - MAX_SLEW) - 1e-6)
        expect(now - before).toBeLessThanOrEqual(10 * (1 + MAX_SLEW) + 1e-6)
        before = now
      }
      expect(Math.abs(clock.serverNow(10_000) - 11_000 - errorMs)).toBeLessThan(1)
    }
  })

  it.each([-30_000, -129, 129, 30_000])('steps for an error of %i ms, once, and says so', (errorMs) => {
    const clock = new ClockDiscipline()
    expect(clock.update(0, 0)).toBe('stepped')
    expect(clock.update(10, errorMs)).toBe('stepped')
    expect(clock.serverNow(10)).toBe(10 + errorMs)
    expect(clock.update(20, errorMs)).toBe('slewed')
    expect(clock.steps).toBe(1)
  })

  it('has no time before the first update, and never answers a past question with a later time', () => {
    const clock = new ClockDiscipline()
    expect(clock.ready).toBe(false)
    expect(clock.serverNow(5)).toBeNaN()
    clock.update(100, 50)
    expect(clock.serverNow(90)).toBe(150)
    expect(clock.update(110, Number.NaN)).toBe('slewed')
    expect(clock.serverNow(110)).toBe(160)
  })
})
