/** The client's clock where the true time is known: docs/clock.md quotes these bounds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClockSync } from '../../src/play/clock-sync.ts'
import { ClockPath, type Path, quantile, symmetric } from './clock-path.ts'

const WARM_UP_S = 10
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]
const fast = symmetric({ delayMs: 10, jitterMs: 2 })
const slow = symmetric({ delayMs: 100, jitterMs: 2 })
const near = symmetric({ delayMs: 30, jitterMs: 5 })

/** A clock that has run for some seconds. */
function running(path: Path, seed = 1, driftPpm = 0, seconds = WARM_UP_S): ClockPath {
  const lab = new ClockPath(path, seed, driftPpm)
  lab.run(seconds)
  return lab
}

describe('the clock of the server, as a client has it, after ten seconds', () => {
  // The issue asks for 5 ms at 20 ms of jitter: uniform from 0 to 20, or exponential of mean 10. The least of 190 draws a way is mean / 190 above the floor
  // if exponential, twice that if uniform; the bounds are some five times half of that, for the slots' age and the first seconds.
  it.each([
    { shape: 'uniform', meanMs: 10, p99: 0.7 },
    { shape: 'exponential', meanMs: 10, p99: 0.5 },
    { shape: 'exponential', meanMs: 20, p99: 0.8 },
    { shape: 'uniform', meanMs: 25, p99: 1.2 },
    { shape: 'exponential', meanMs: 25, p99: 0.9 },
    { shape: 'exponential', meanMs: 50, p99: 1.5 },
  ] as const)(
    'is within $p99 ms at p99 with $shape jitter of mean $meanMs ms each way and 5 % loss',
    ({ shape, meanMs, p99 }) => {
      const path = symmetric({ delayMs: 50, jitterMs: meanMs, jitterShape: shape, loss: 0.05, lossBurst: 3 })
      for (const seed of SEEDS) {
        const lab = running(path, seed)
        lab.run(120)
        expect(quantile(lab.errors, 0.99)).toBeLessThan(p99)
        expect([lab.clock.steps, lab.backwards]).toEqual([1, 0])
      }
    },
  )

  // A sample that ages ten seconds under an unknown drift of 200 ppm is off by 2 ms, half of which counts; half a minute later the drift is known.
  it.each([-200, 200])(
    'follows a drift of %i ppm within 1.2 ms from the start, and within 0.5 ms once it is measured',
    (ppm) => {
      const lab = running(symmetric({ delayMs: 30, jitterMs: 10 }), 1, ppm)
      lab.run(30)
      expect(quantile(lab.errors, 0.99)).toBeLessThan(1.2)
      lab.run(10)
      lab.run(300)
      expect(quantile(lab.errors, 0.99)).toBeLessThan(0.5)
      expect([lab.clock.steps, lab.backwards]).toEqual([1, 0])
    },
  )

  it('is off by half of what the ways differ by, which no clock can know, and by no more than it says', () => {
    const lab = running({ up: { delayMs: 20, jitterMs: 5 }, down: { delayMs: 80, jitterMs: 5 } })
    lab.run(30)
    expect(Math.abs(quantile(lab.errors, 0.5) - 30)).toBeLessThan(0.5)
    expect(quantile(lab.errors, 1)).toBeLessThan(lab.clock.errorBoundMs)
    expect(lab.clock.errorBoundMs).toBeCloseTo(50, 0)
  })

  // Jitter of one way only is no asymmetry of the way itself: its least is found.
  it('is not drawn aside by jitter of one direction', () => {
    const lab = running({ up: { delayMs: 30, jitterMs: 30 }, down: { delayMs: 30, jitterMs: 1 } })
    lab.run(60)
    expect(quantile(lab.errors, 0.99)).toBeLessThan(2)
  })
})

describe('a change of route', () => {
  // Both ways grow alike, so old and new exchanges allow the same middle. An exchange may mix the routes, and be 45 ms off: at 2 % that is 1 ms until the next one.
  it.each([
    ['20 to 200', fast, slow],
    ['200 to 20', slow, fast],
  ])('of %s ms moves the clock by no more than 1 ms, without a step', (_, before, after) => {
    const lab = running(before)
    lab.reroute(after)
    lab.run(30)
    expect(quantile(lab.errors, 1)).toBeLessThan(1)
    expect([lab.clock.steps, lab.backwards]).toEqual([1, 0])
    expect(Math.abs(lab.clock.delayMs - 2 * (after.up.delayMs ?? 0))).toBeLessThan(3)
  })

  // Nobody can know half of the difference, 45 ms. It must come slowly, and after the old exchanges have aged.
  it('of one direction only leads to half of the difference, slewed, and back', () => {
    const lab = running(fast)
    lab.reroute({ up: fast.up, down: { delayMs: 100, jitterMs: 2 } })
    lab.run(9)
    expect(quantile(lab.errors, 1)).toBeLessThan(3)
    lab.run(20)
    expect(quantile(lab.errors, 1)).toBeLessThan(47)
    lab.run(10)
    expect(Math.abs(quantile(lab.errors, 0.5) - 45)).toBeLessThan(2)
    lab.reroute(fast)
    lab.run(5)
    lab.run(10)
    expect(quantile(lab.errors, 1)).toBeLessThan(2)
    expect([lab.clock.steps, lab.backwards]).toEqual([1, 0])
  })
})

describe('a step of the machine\u2019s own clock', () => {
  // Two exchanges are on a way of 60 ms when the clock is set: they are no use. Set back, time goes on from where it was, and is hardly wrong.
  it.each([
    { byMs: 30_000, exchanges: 3, steps: 2 },
    { byMs: -30_000, exchanges: 0, steps: 1 },
  ])('of $byMs ms is followed within $exchanges exchanges', ({ byMs, exchanges, steps }) => {
    for (const seed of SEEDS) {
      const lab = running(near, seed)
      lab.setLocalClock(byMs)
      lab.run(5)
      expect(lab.exchangesUntilRight).toBeLessThanOrEqual(exchanges)
      lab.run(10)
      expect(quantile(lab.errors, 0.99)).toBeLessThan(1)
      expect([lab.clock.steps, lab.backwards]).toEqual([steps, 0])
    }
  })

  // Less than 250 ms is no gap. Those on the way are off by half of the step, and agree with nothing for sure; then three must agree.
  it('too small for a gap is followed when three exchanges agree on it', () => {
    for (const seed of SEEDS) {
      const lab = running(near, seed)
      lab.setLocalClock(240)
      lab.run(5)
      expect(lab.exchangesUntilRight).toBeLessThanOrEqual(6)
      expect([lab.clock.steps, lab.backwards]).toEqual([2, 0])
    }
  })

  it('leaves what was done unsettled until an exchange has set the time, and a moment longer', () => {
    const lab = running(near)
    lab.setLocalClock(30_000)
    lab.run(0.02)
    expect(lab.clock.isSettled(lab.localMs + 1e9)).toBe(false)
    lab.run(1)
    expect(lab.clock.isSettled(lab.localMs)).toBe(true)
  })
})

describe('a sleep of an hour', () => {
  // Where it stands still nothing shows the sleep but the server's time: three frames must say so, and an exchange is made after that.
  it.each([
    { how: 'runs', exchanges: 3 },
    { how: 'stands', exchanges: 8 },
  ] as const)(
    'twice, in which the machine\u2019s clock $how, costs at most $exchanges exchanges each time',
    ({ how, exchanges }) => {
      for (const seed of SEEDS) {
        const lab = running(near, seed)
        for (let n = 1; n <= 2; n++) {
          lab.sleep(3_600_000, how)
          lab.run(5)
          expect(lab.exchangesUntilRight).toBeLessThanOrEqual(exchanges)
          lab.run(10)
          expect(quantile(lab.errors, 0.99)).toBeLessThan(1)
        }
        expect(lab.backwards).toBe(0)
      }
    },
  )

  it('does not let an answer be believed that lay about meanwhile', () => {
    const clock = new ClockSync()
    for (let now = 0; now < 5_000; now += 50) clock.onSample(now - 60, now + 470, now + 470, now)
    // Asked before the freeze, answered after 30 ms, looked at two seconds later.
    clock.onSample(4_990, 5_520, 5_520, 7_000)
    expect(clock.serverNow(7_000)).toBeCloseTo(7_500, 0)
    clock.onSample(7_000, 7_530, 7_530, 7_060)
    expect(clock.serverNow(7_060)).toBeCloseTo(7_560, 0)
    expect([clock.fellIntoGap(7_400), clock.fellIntoGap(7_600)]).toEqual([true, false])
  })
})

describe('what one message says alone', () => {
  it.each([-3_600_000, -30_000, -400, 400, 30_000, 3_600_000])(
    'does not move the clock, if it is %i ms off',
    (lieMs) => {
      const lab = running(near)
      lab.lieMs = lieMs
      lab.run(10)
      expect(quantile(lab.errors, 1)).toBeLessThan(2)
      expect([lab.clock.steps, lab.backwards]).toEqual([1, 0])
    },
  )

  it('does move it with the third in a row that agrees, and the smallest claim of the three counts', () => {
    const lab = running(near)
    const { clock, localMs, serverMs } = lab
    clock.onServerTime(serverMs + 50_000, localMs)
    clock.onServerTime(serverMs + 3_600_000, localMs)
    expect(Math.abs(clock.serverNow(localMs) - serverMs)).toBeLessThan(2)
    // When they came is not known while it is doubted what the time is.
    expect(clock.fellIntoGap(serverMs + 3_600_000)).toBe(true)
    clock.onServerTime(serverMs + 50_010, localMs)
    expect(clock.serverNow(localMs)).toBeCloseTo(serverMs + 50_000, 3)
    // What was asked before says nothing of the time after; the next exchange does, exactly.
    clock.onSample(localMs - 60, serverMs, serverMs, localMs + 1)
    expect(clock.serverNow(localMs + 1)).toBeCloseTo(serverMs + 50_001, 3)
    clock.onSample(localMs + 1, serverMs + 50_131, serverMs + 50_131, localMs + 61)
    expect(clock.serverNow(localMs + 61)).toBeCloseTo(serverMs + 50_161, 3)
  })

  it('begins anew with a message that comes when it should', () => {
    const lab = running(near)
    const { clock, localMs, serverMs } = lab
    for (const aheadMs of [50_000, 50_000, -30, 50_000, 50_000, Number.NaN, 50_000, 50_000]) {
      clock.onServerTime(serverMs + aheadMs, localMs)
    }
    expect(Math.abs(clock.serverNow(localMs) - serverMs)).toBeLessThan(2)
  })
})

describe('time', () => {
  const event = fc.oneof(
    fc.record({ what: fc.constant('run' as const), seconds: fc.double({ min: 0.05, max: 8, noNaN: true }) }),
    fc.record({ what: fc.constant('set' as const), byMs: fc.double({ min: -60_000, max: 60_000, noNaN: true }) }),
    fc.record({ what: fc.constant('nudge' as const), byMs: fc.double({ min: -200, max: 200, noNaN: true }) }),
    fc.record({
      what: fc.constant('sleep' as const),
      ms: fc.double({ min: 0, max: 10_000, noNaN: true }),
      stands: fc.boolean(),
    }),
    fc.record({ what: fc.constant('lie' as const), byMs: fc.double({ min: -60_000, max: 60_000, noNaN: true }) }),
    fc.record({
      what: fc.constant('reroute' as const),
      up: fc.double({ min: 0, max: 200, noNaN: true }),
      down: fc.double({ min: 0, max: 200, noNaN: true }),
      jitterMs: fc.double({ min: 0, max: 60, noNaN: true }),
    }),
  )

  it('never runs backwards but in a counted step, whatever happens, and is right again within fifteen quiet seconds', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.integer({ min: 1, max: 1e6 }), (events, seed) => {
        const lab = running(near, seed, 0, 1)
        for (const one of events) {
          if (one.what === 'run') lab.run(one.seconds)
          else if (one.what === 'set' || one.what === 'nudge') lab.setLocalClock(one.byMs)
          else if (one.what === 'sleep') lab.sleep(one.ms, one.stands ? 'stands' : 'runs')
          else if (one.what === 'lie') lab.lieMs = one.byMs
          else {
            const { up, down, jitterMs } = one
            lab.reroute({ up: { delayMs: up, jitterMs }, down: { delayMs: down, jitterMs } })
          }
          lab.run(0.1)
        }
        lab.reroute(near)
        lab.run(15)
        lab.run(1)
        expect(lab.backwards).toBe(0)
        expect(quantile(lab.errors, 1)).toBeLessThan(5)
      }),
      { numRuns: 60 },
    )
  })

  it('does not take for late what lay about in a gap, even if it is the first thing that is looked at', () => {
    const clock = new ClockSync()
    clock.onSample(0, 1020, 1020, 40)
    clock.observe(200)
    // For three seconds nobody looked.
    clock.onServerTime(1500, 3200)
    expect(clock.fellIntoGap(1500)).toBe(true)
    expect(clock.fellIntoGap(4300)).toBe(false)
  })
})
