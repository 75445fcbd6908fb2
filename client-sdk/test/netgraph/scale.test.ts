import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteRate, figure, milliseconds, percentage, roundUp } from '../../src/netgraph/scale.ts'

describe('the scales and figures of a net graph', () => {
  it('ends scales at round figures, just above what they show', () => {
    const values = [0.3, 1, 1.1, 1.6, 4, 5, 7, 9, 10, 11, 180, 501]
    expect(values.map(roundUp)).toEqual([0.3, 1, 1.5, 2, 4, 6, 8, 10, 10, 15, 200, 600])
    expect([0, -3, Number.NaN].map(roundUp)).toEqual([1, 1, 1])
  })

  it('never ends a scale below what it shows, nor far above', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (value) => {
        const top = roundUp(value)
        expect(top).toBeGreaterThanOrEqual(value * 0.999998)
        expect(top).toBeLessThanOrEqual(value * 1.6)
      }),
    )
  })

  it('writes few digits, and a dash for what is not known', () => {
    expect([0, 0.004, 0.12, 3.44, 56.7, 1234, Number.NaN].map(figure)).toEqual([
      '0',
      '0',
      '0.12',
      '3.4',
      '57',
      '1234',
      '–',
    ])
    expect([-0.3, 6.24, 41.6, Number.NaN].map(milliseconds)).toEqual(['-0.3 ms', '6.2 ms', '42 ms', '–'])
    expect([0, 1.25, 40].map(percentage)).toEqual(['0.0 %', '1.3 %', '40 %'])
    expect([0, 2130, 240_000, 3_200_000].map(byteRate)).toEqual(['0.0 kB/s', '2.1 kB/s', '240 kB/s', '3.2 MB/s'])
  })
})
