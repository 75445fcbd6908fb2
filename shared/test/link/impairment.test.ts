import { describe, expect, it } from 'vitest'
import { Impairment, type ImpairmentOptions, NEVER } from '../../src/link/impairment.ts'

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
