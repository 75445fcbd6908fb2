import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WindowedQuantile } from '../../src/time/quantile.ts'

describe('the windowed quantile', () => {
  it('equals sorting the values of the window, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ passedMs: fc.integer({ min: 0, max: 40 }), value: fc.integer({ min: -5, max: 5 }) }), {
          maxLength: 200,
        }),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, capacity, q) => {
          const window = new WindowedQuantile(capacity, 200)
          let nowMs = 0
          let kept: { atMs: number; value: number }[] = []
          for (const { passedMs, value } of steps) {
            nowMs += passedMs
            window.add(nowMs, value)
            kept.push({ atMs: nowMs, value })
            kept = kept.filter(({ atMs }) => atMs >= nowMs - 200).slice(-capacity)
            const sorted = kept.map((sample) => sample.value).sort((a, b) => a - b)
            expect(window.count).toBe(sorted.length)
            expect(window.quantile(q)).toBe(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)])
            expect(window.max()).toBe(sorted.at(-1))
            expect(window.min()).toBe(sorted[0])
          }
        },
      ),
    )
  })

  it('answers as told when empty: at first, after clear, and when all is too old', () => {
    const window = new WindowedQuantile(4, 100)
    expect(window.quantile(0.5, 7)).toBe(7)
    window.add(0, 3)
    window.add(0, Number.NaN)
    expect(window.count).toBe(1)
    window.expire(101)
    expect(window.max(-1)).toBe(-1)
    window.add(200, 3)
    window.clear()
    expect(window.count).toBe(0)
  })

  it('refuses a window of nothing', () => {
    expect(() => new WindowedQuantile(0, 100)).toThrow(/BAD_ARGUMENT/)
    expect(() => new WindowedQuantile(10, 0)).toThrow(/BAD_ARGUMENT/)
  })
})
