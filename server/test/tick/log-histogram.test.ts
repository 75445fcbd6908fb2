import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogHistogram } from '../../src/tick/log-histogram.ts'

describe('the histogram', () => {
  it('gives every quantile within a tenth, and the maximum exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.002, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = new LogHistogram()
          for (const value of values) histogram.record(value)
          const sorted = values.toSorted((a, b) => a - b)
          const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0
          expect(histogram.quantile(q)).toBeGreaterThanOrEqual(exact * 0.999)
          expect(histogram.quantile(q)).toBeLessThanOrEqual(exact * 1.1)
          expect(histogram.max).toBe(sorted.at(-1))
          expect(histogram.count).toBe(values.length)
        },
      ),
    )
  })

  it('counts exactly what is at most a power of two of microseconds, and keeps the sum', () => {
    const histogram = new LogHistogram()
    for (const value of [0, 0.001, 0.128, 0.129, 1.024, 1.025, 1e9]) histogram.record(value)
    expect([0, 7, 8, 10, 11, 20].map((octave) => histogram.countUpTo(octave))).toEqual([2, 3, 4, 5, 6, 6])
    expect(histogram.sum).toBeCloseTo(1e9 + 2.307, 3)
    histogram.reset()
    expect([histogram.sum, histogram.countUpTo(20)]).toEqual([0, 0])
  })

  it('takes zero, negative and enormous values, and forgets at reset', () => {
    const histogram = new LogHistogram()
    for (const value of [0, -1, 1e12]) histogram.record(value)
    expect(histogram.quantile(0.5)).toBeLessThanOrEqual(0.001)
    expect(histogram.max).toBe(1e12)
    histogram.reset()
    expect([histogram.count, histogram.max, histogram.quantile(0.99)]).toEqual([0, 0, 0])
  })
})
