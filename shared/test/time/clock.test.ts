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
  backwards = 0
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
    const estimate = this.filter.estimate(this.nowMs)
    const offset = estimate?.offsetMs ?? Number.NaN
    const before = this.clock.serverNow(this.nowMs)
    if (this.clock.update(this.nowMs, offset, estimate?.driftPpm) === 'stepped') this.stepsSeen++
    else if (this.clock.serverNow(this.nowMs) < before) this.backwards++
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
    // A sample may be 50 ms old, and our clock have drifted by 200 ppm meanwhile, both ways.
    expect(Math.abs((estimate?.delayMs ?? 0) - 100)).toBeLessThan(0.021)
    expect(estimate?.jitterMs).toBeCloseTo(0, 6)
    expect(estimate?.driftPpm).toBeUndefined()
  })

  // The least of 200 exponential draws of mean 20 is 0.1 ms above the floor in the mean; half the difference of two such counts.
  it.each([1, 2, 3, 4])('is within 0.7 ms at p99 with 20 ms of jitter each way (seed %i)', (seed) => {
    const session = new Session({ ...steady, jitterMs: 20 }, seed)
    session.run(10)
    session.errors.length = 0
    session.clockErrors.length = 0
    session.run(300)
    expect(quantile(session.errors, 0.99)).toBeLessThan(0.7)
    expect(quantile(session.clockErrors, 0.99)).toBeLessThan(0.7)
  })

  it.each([-200, 200])(
    'measures a drift of %i ppm within 20 ppm in 40 s and 2 ppm in five minutes, and keeps up with it',
    (driftPpm) => {
      const session = new Session({ ...steady, jitterMs: 10, driftPpm })
      session.run(20)
      expect(session.filter.estimate(session.nowMs)?.driftPpm).toBeUndefined()
      session.run(20)
      expect(Math.abs((session.filter.estimate(session.nowMs)?.driftPpm ?? 0) - driftPpm)).toBeLessThan(20)
      session.clockErrors.length = 0
      session.run(260)
      expect(Math.abs((session.filter.estimate(session.nowMs)?.driftPpm ?? 0) - driftPpm)).toBeLessThan(2)
      expect(quantile(session.clockErrors, 0.99)).toBeLessThan(0.5)
      expect([session.stepsSeen, session.backwards]).toEqual([1, 0])
    },
  )

  it('never is further off than it says, whatever the ways and the drift up to 200 ppm', () => {
    for (const [upMs, downMs] of [
      [0, 0],
      [5, 90],
      [90, 5],
    ] as const) {
      for (const driftPpm of [-200, 0, 200]) {
        const session = new Session({ upMs, downMs, driftPpm, jitterMs: 30, offsetMs: -77 })
        for (let n = 0; n < 60; n++) {
          session.errors.length = 0
          session.run(0.5)
          const bound = session.filter.estimate(session.nowMs)?.errorBoundMs ?? 0
          // The last look was 10 ms ago.
          expect(session.errors.at(-1) ?? 0).toBeLessThanOrEqual(bound + 0.01)
        }
      }
    }
  })

  it('is off by half the asymmetry and no more, and says by how much it may be', () => {
    const session = new Session({ ...steady, upMs: 20, downMs: 80 })
    session.run(20)
    expect(quantile(session.errors, 1)).toBeCloseTo(30, 3)
    expect(session.filter.estimate(session.nowMs)?.errorBoundMs).toBeCloseTo(50, 1)
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
      expect(quantile(session.clockErrors, 1)).toBeLessThan(2)
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

  it('leaves one exchange alone that contradicts all others, and believes the third in a row that agrees', () => {
    const filter = new ClockFilter()
    const exchange = (localMs: number, offsetMs: number): boolean =>
      filter.addSample(localMs - 40, localMs - 20 + offsetMs, localMs - 20 + offsetMs, localMs)
    for (let localMs = 0; localMs < 1_000; localMs += 50) exchange(localMs, 500)
    // Alone, twice with an agreeing one between, and three that do not agree with each other.
    const doubted = [9_000, 500, 9_000, 9_000, 500, 9_000, -9_000, 80_000, 500]
    expect(doubted.map((offsetMs, n) => exchange(1_000 + n * 50, offsetMs))).toEqual(doubted.map((ms) => ms === 500))
    expect(filter.offsetAt(1_450)).toBeCloseTo(500, 3)
    expect([filter.refused, filter.resets]).toEqual([6, 0])
    expect([exchange(1_500, 9_000), exchange(1_550, 9_010), exchange(1_600, 9_000)]).toEqual([false, false, true])
    expect(Math.abs(filter.offsetAt(1_600) - 9_000)).toBeLessThanOrEqual(10)
    expect(filter.resets).toBe(1)
  })

  it('does not take a change of route for drift', () => {
    const session = new Session({ ...steady, upMs: 10, downMs: 10, jitterMs: 1 })
    session.run(45)
    expect(Math.abs(session.filter.estimate(session.nowMs)?.driftPpm ?? 1e9)).toBeLessThan(20)
    // The offset seems to change by 45 ms; as a drift that would be 300 ppm.
    session.world = { ...session.world, downMs: 100 }
    for (let n = 0; n < 60; n++) {
      session.run(10)
      expect(Math.abs(session.filter.estimate(session.nowMs)?.driftPpm ?? 0)).toBeLessThan(20)
    }
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

  it('stops slewing when the error is worked off, though samples stay out', () => {
    const clock = new ClockDiscipline()
    clock.update(0, 1_000)
    clock.update(100, 1_060)
    expect(clock.serverNow(1_100)).toBeCloseTo(2_100 + 20, 6)
    expect(clock.serverNow(3_100)).toBeCloseTo(4_100 + 60, 6)
    expect(clock.serverNow(60_100)).toBeCloseTo(61_100 + 60, 6)
  })

  it('goes on at the rate of the other clock while samples stay out', () => {
    const clock = new ClockDiscipline()
    clock.update(0, 1_000, 200)
    expect(clock.serverNow(10_000)).toBeCloseTo(11_002, 6)
  })

  it('goes on from where it was when our own clock is set back', () => {
    const clock = new ClockDiscipline()
    clock.update(40_000, 1_000)
    clock.onLocalStep(40_050, 10_050)
    expect(clock.serverNow(10_060)).toBeCloseTo(41_060, 6)
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
