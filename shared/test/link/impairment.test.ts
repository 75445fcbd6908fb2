import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Impairment, type ImpairmentChange, type ImpairmentOptions, NEVER } from '../../src/link/impairment.ts'

/** Arrival delays of packets sent each 10 ms; NEVER for a lost one. */
function datagrams(options: ImpairmentOptions, count = 100_000, byteLength = 100): number[] {
  const model = new Impairment(options)
  return Array.from({ length: count }, (_, n) => model.datagramArrival(n * 10, byteLength) - n * 10)
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('the impairment model', () => {
  it('does nothing when told nothing', () => {
    const model = new Impairment()
    expect([
      model.datagramArrival(5, 1_000),
      model.orderedArrival(5, 1_000),
      model.duplicateArrival(5),
      model.queuedBytes(5),
    ]).toEqual([5, 5, NEVER, 0])
  })

  it('draws exponential jitter above the floor, with the mean and the deviation that were asked for', () => {
    const delays = datagrams({ delayMs: 50, jitterMs: 20 })
    expect(Math.min(...delays.slice(0, 10_000))).toBeGreaterThanOrEqual(50)
    expect(mean(delays)).toBeCloseTo(70, 0)
    expect(Math.sqrt(mean(delays.map((delay) => (delay - 70) ** 2)))).toBeGreaterThan(18.5)
    expect(delays.every((delay) => delay <= 50 + 6 * 20)).toBe(true)
  })

  it('draws uniform jitter from nothing to twice the mean', () => {
    const delays = datagrams({ jitterMs: 20, jitterShape: 'uniform' })
    expect(mean(delays)).toBeCloseTo(20, 0)
    expect(delays.every((delay) => delay >= 0 && delay < 40)).toBe(true)
  })

  it.each([
    [0.05, 3],
    [0.1, 6],
    [0.02, undefined],
    [0.3, undefined],
  ])('loses the share %f, in bursts of mean length %s', (loss, lossBurst) => {
    const lost = datagrams({ loss, ...(lossBurst === undefined ? {} : { lossBurst }) }, 400_000).map(
      (delay) => delay === NEVER,
    )
    const bursts = lost.filter((isLost, n) => isLost && !lost[n - 1]).length
    const total = lost.filter((isLost) => isLost).length
    expect(total / lost.length / loss).toBeGreaterThan(0.94)
    expect(total / lost.length / loss).toBeLessThan(1.06)
    expect(total / bursts / (lossBurst ?? 1 / (1 - loss))).toBeGreaterThan(0.95)
    expect(total / bursts / (lossBurst ?? 1 / (1 - loss))).toBeLessThan(1.05)
  })

  it('keeps an ordered stream in order and complete, and stalls all behind a loss for a retransmission timeout', () => {
    const model = new Impairment({
      delayMs: 50,
      jitterMs: 10,
      loss: 0.05,
      lossBurst: 3,
      reorder: 0.5,
      reorderMs: 100,
      duplicate: 0.5,
    })
    const arrivals = Array.from({ length: 50_000 }, (_, n) => model.orderedArrival(n * 10, 100))
    expect(arrivals.every((at, n) => at !== NEVER && at >= (arrivals[n - 1] ?? 0))).toBe(true)
    const stalled = arrivals.filter((at, n) => at - n * 10 >= 250)
    // 5 % are lost in bursts, and each burst holds up some 20 packets behind it.
    expect(stalled.length / arrivals.length).toBeGreaterThan(0.05)
    const perfect = new Impairment({ delayMs: 50, loss: 0.001, retransmitMs: 300 })
    const delays = Array.from({ length: 50_000 }, (_, n) => perfect.orderedArrival(n * 10, 100) - n * 10)
    const first = delays.findIndex((delay) => delay > 50)
    expect(delays[first]).toBe(350)
    expect(delays.slice(first, first + 30)).toEqual(Array.from({ length: 30 }, (_, n) => 350 - n * 10))
  })

  it('reorders and duplicates the share of datagrams that was asked for', () => {
    const delays = datagrams({ delayMs: 10, reorder: 0.2, reorderMs: 30 })
    expect(delays.filter((delay) => delay === 40).length / delays.length).toBeCloseTo(0.2, 1)
    const model = new Impairment({ duplicate: 0.1 })
    const twice = Array.from({ length: 50_000 }, (_, n) => model.duplicateArrival(n)).filter((at) => at !== NEVER)
    expect(twice.length / 50_000).toBeCloseTo(0.1, 1)
  })

  it('passes no more than its bandwidth, queues the rest, and drops datagrams that find the queue full', () => {
    const model = new Impairment({ bandwidth: 10_000, queueBytes: 5_000 })
    const arrivals = Array.from({ length: 10 }, () => model.datagramArrival(0, 952))
    expect(arrivals).toEqual([100, 200, 300, 400, 500, NEVER, NEVER, NEVER, NEVER, NEVER])
    expect(model.queuedBytes(0)).toBeCloseTo(5_000, 6)
    expect(model.queuedBytes(250)).toBeCloseTo(2_500, 6)
    expect(model.orderedArrival(250, 952)).toBeCloseTo(600, 6)
    expect(model.datagramArrival(10_000, 952)).toBeCloseTo(10_100, 6)
  })

  it('is the same for the same seed, and another for another', () => {
    const options = { jitterMs: 20, loss: 0.1, lossBurst: 3 }
    expect(datagrams({ ...options, seed: 5 }, 200)).toEqual(datagrams({ ...options, seed: 5 }, 200))
    expect(datagrams({ ...options, seed: 5 }, 200)).not.toEqual(datagrams({ ...options, seed: 6 }, 200))
  })

  it('refuses what no network does, and names the remedy', () => {
    expect(() => new Impairment({ loss: 1 })).toThrow(/impairment loss is 1\. Choose it from 0 to 0.9/)
    expect(() => new Impairment({ delayMs: Number.NaN })).toThrow(/delayMs/)
    expect(() => new Impairment({ loss: 0.9, lossBurst: 2 })).toThrow(/Set lossBurst to 10 or more/)
  })
})

/** The freezes of `model` up to `untilMs`, found by asking each `stepMs`. */
function freezesOf(model: Impairment, untilMs: number, stepMs = 1): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = []
  for (let at = 0; at < untilMs; at += stepMs) {
    const toMs = model.frozenUntil(at)
    if (toMs > at && toMs !== found.at(-1)?.toMs) found.push({ fromMs: at, toMs })
  }
  return found
}

describe('freezes of the impairment model', () => {
  it('come exponentially far apart with the mean that was asked for, and last exactly as long as was asked for', () => {
    const model = new Impairment({ seed: 3, freezeEveryMs: 2_000, freezeMs: 300 })
    const found = freezesOf(model, 10_000_000)
    expect(found.every(({ fromMs, toMs }) => toMs - fromMs > 298 && toMs - fromMs <= 300)).toBe(true)
    const gaps = found.slice(1).map(({ toMs }, n) => toMs - 300 - (found[n]?.toMs ?? 0))
    expect(mean(gaps) / 2_000).toBeGreaterThan(0.95)
    expect(mean(gaps) / 2_000).toBeLessThan(1.05)
    const deviation = Math.sqrt(mean(gaps.map((gap) => (gap - mean(gaps)) ** 2)))
    expect(deviation / 2_000).toBeGreaterThan(0.9)
    expect(deviation / 2_000).toBeLessThan(1.1)
  })

  it('do not depend on when and how often one asks', () => {
    const options = { seed: 5, freezeEveryMs: 100, freezeMs: 40 }
    const once = new Impairment(options)
    const often = new Impairment(options)
    const other = new Impairment({ ...options, seed: 6 })
    const untilMs = 100_000
    const forwards = Array.from({ length: untilMs }, (_, at) => often.frozenUntil(at))
    for (let n = 0; n < 5_000; n++) often.frozenUntil((n * 7_919) % untilMs)
    expect(Array.from({ length: untilMs }, (_, n) => often.frozenUntil(untilMs - 1 - n)).reverse()).toEqual(forwards)
    expect(once.frozenUntil(77_777)).toBe(forwards[77_777])
    expect(forwards.some((toMs, at) => toMs !== other.frozenUntil(at))).toBe(true)
    // A clock that has run for a hundred years is answered as fast.
    expect(once.frozenUntil(3e12)).toBeGreaterThanOrEqual(3e12)
  })

  it('let nothing arrive inside them: what would, arrives exactly when they end', () => {
    const options = { seed: 8, delayMs: 30, jitterMs: 10, queueBytes: 1e9 }
    const plain = new Impairment(options)
    const freezing = new Impairment({ ...options, freezeEveryMs: 400, freezeMs: 200 })
    let held = 0
    for (let n = 0; n < 20_000; n++) {
      const arrivalMs = plain.datagramArrival(n * 10, 100)
      const heldMs = freezing.datagramArrival(n * 10, 100)
      expect(heldMs).toBe(freezing.frozenUntil(arrivalMs))
      expect(freezing.frozenUntil(heldMs)).toBe(heldMs)
      if (heldMs !== arrivalMs) held++
    }
    expect(held / 20_000).toBeGreaterThan(0.25)
    expect(held / 20_000).toBeLessThan(0.42)
  })

  it('are made by hand too: later ones prolong, and a packet on its way is held', () => {
    const model = new Impairment({ delayMs: 50 })
    expect(model.orderedArrival(0, 100)).toBe(50)
    model.freeze(40, 1_000)
    expect(model.frozenUntil(39)).toBe(39)
    expect(model.frozenUntil(50)).toBe(1_040)
    expect(model.orderedArrival(60, 100)).toBe(1_040)
    model.freeze(500, 100)
    expect(model.orderedArrival(500, 100)).toBe(1_040)
    model.freeze(900, 400)
    expect(model.datagramArrival(950, 100)).toBe(1_300)
    expect(model.orderedArrival(950, 100)).toBe(1_300)
    expect(model.frozenUntil(1_300)).toBe(1_300)
    expect(model.datagramArrival(1_300, 100)).toBe(1_350)
    expect(() => model.freeze(0, Number.NaN)).toThrow(/freeze is NaN/)
  })

  it('hold no more datagrams than the queue, lose the others, and count what they hold until they end', () => {
    const model = new Impairment({ queueBytes: 5_000 })
    model.freeze(0, 1_000)
    const arrivals = Array.from({ length: 8 }, (_, n) => model.datagramArrival(n * 10, 952))
    expect(arrivals).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, NEVER, NEVER, NEVER])
    expect(model.queuedBytes(500)).toBe(5_000)
    model.freeze(900, 1_100)
    expect([model.datagramArrival(950, 952), model.queuedBytes(1_999), model.queuedBytes(2_000)]).toEqual([
      NEVER,
      5_000,
      0,
    ])
    model.freeze(3_000, 100)
    expect(model.datagramArrival(3_000, 952)).toBe(3_100)
    // An ordered stream waits for as long as it takes, and loses nothing.
    const ordered = new Impairment({ queueBytes: 5_000 })
    ordered.freeze(0, 1_000)
    expect(Array.from({ length: 50 }, () => ordered.orderedArrival(0, 952))).toEqual(Array(50).fill(1_000))
    expect(ordered.queuedBytes(10)).toBe(50_000)
  })
})

describe('a model that is changed while it runs', () => {
  it('goes on with its random numbers, its burst and its queue', () => {
    const options = { seed: 4, delayMs: 20, jitterMs: 15, loss: 0.1, lossBurst: 3, bandwidth: 20_000 }
    const plain = new Impairment(options)
    const changed = new Impairment(options)
    for (let n = 0; n < 5_000; n++) {
      if (n % 7 === 0) changed.change({ delayMs: 20 + (n % 5) }, n * 10)
      if (n % 7 === 3) changed.change({ delayMs: 20 })
      const more = changed.options.delayMs ?? 0
      expect(changed.datagramArrival(n * 10, 150) - more).toBeCloseTo(plain.datagramArrival(n * 10, 150) - 20, 5)
    }
  })

  it('keeps what is left out, and makes perfect what is undefined', () => {
    const model = new Impairment({ delayMs: 50, loss: 0.9, retransmitMs: 100 })
    model.change({ loss: undefined })
    expect(model.options).toEqual({ delayMs: 50, loss: undefined, retransmitMs: 100 })
    expect(Array.from({ length: 50 }, () => model.datagramArrival(0, 10))).toEqual(Array(50).fill(50))
    model.change({ delayMs: 10 })
    expect(model.datagramArrival(0, 10)).toBe(10)
  })

  it('writes what waits at the new bandwidth, if it is told the time', () => {
    const model = new Impairment({ bandwidth: 10_000 })
    expect(model.datagramArrival(0, 952)).toBe(100)
    model.change({ bandwidth: 1_000 }, 50)
    expect(model.queuedBytes(50)).toBeCloseTo(500, 6)
    expect(model.datagramArrival(50, 952)).toBeCloseTo(1_550, 6)
    model.change({ bandwidth: undefined }, 100)
    expect([model.queuedBytes(100), model.datagramArrival(100, 952)]).toEqual([0, 100])
  })

  it('refuses what no network does, and stays as it was', () => {
    const model = new Impairment({ delayMs: 50 })
    expect(() => model.change({ delayMs: 5, loss: 2 })).toThrow(/impairment loss is 2/)
    expect(() => model.change({ freezeMs: 0 })).toThrow(/freezeMs/)
    expect(model.datagramArrival(0, 10)).toBe(50)
  })

  it('never lets ordered arrivals go back or fall into a freeze, whatever is changed and frozen', () => {
    const change: fc.Arbitrary<ImpairmentChange> = fc.record(
      {
        delayMs: fc.integer({ min: 0, max: 300 }),
        jitterMs: fc.integer({ min: 0, max: 100 }),
        loss: fc.integer({ min: 0, max: 50 }).map((percent) => percent / 100),
        lossBurst: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        bandwidth: fc.option(fc.integer({ min: 1_000, max: 1_000_000 }), { nil: undefined }),
        retransmitMs: fc.integer({ min: 0, max: 500 }),
        freezeEveryMs: fc.option(fc.integer({ min: 50, max: 2_000 }), { nil: undefined }),
        freezeMs: fc.integer({ min: 1, max: 500 }),
      },
      { requiredKeys: [] },
    )
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: 200 }),
      change: fc.option(fc.tuple(change, fc.boolean()), { nil: undefined }),
      freezeMs: fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { minLength: 1, maxLength: 60 }), (seed, steps) => {
        const model = new Impairment({ seed })
        let nowMs = 0
        let lastMs = 0
        for (const { passMs, change, freezeMs } of steps) {
          nowMs += passMs
          if (change !== undefined) model.change(change[0], change[1] ? nowMs : undefined)
          if (freezeMs !== undefined) model.freeze(nowMs, freezeMs)
          const arrivalMs = model.orderedArrival(nowMs, 100)
          expect(arrivalMs).toBeGreaterThanOrEqual(Math.max(nowMs, lastMs))
          expect(arrivalMs).toBeLessThan(NEVER)
          expect(model.frozenUntil(arrivalMs)).toBe(arrivalMs)
          lastMs = arrivalMs
        }
      }),
      { numRuns: 500 },
    )
  })
})
