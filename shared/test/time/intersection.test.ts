import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intersection } from '../../src/time/intersection.ts'

function around(middleMs: number, errorMs: number): { lowMs: number; highMs: number } {
  return { lowMs: middleMs - errorMs, highMs: middleMs + errorMs }
}

describe('the intersection of clocks', () => {
  it('is what all allow, as far as their middles, if all agree', () => {
    expect(intersection([around(0, 3)])).toEqual({ lowMs: -3, highMs: 3 })
    expect(intersection([around(0, 3), around(1, 3), around(2, 3)])).toEqual({ lowMs: -1, highMs: 3 })
    // Two that have only one value in common do agree on that, but the middle of each is left out of it.
    expect(intersection([around(0, 1), around(2, 1)])).toBeUndefined()
  })

  it('leaves out the one that lies, however narrow it claims to be', () => {
    const common = intersection([around(0, 3), around(1, 3), around(30_000, 0.001)])
    expect(common).toEqual({ lowMs: -2, highMs: 3 })
  })

  it('needs a majority', () => {
    expect(intersection([])).toBeUndefined()
    expect(intersection([around(0, 3), around(30, 3)])).toBeUndefined()
    expect(intersection([around(0, 3), around(1, 3), around(30, 3), around(31, 3)])).toBeUndefined()
  })

  it('holds the truth whenever more than half of the clocks do and the others stand apart', () => {
    const honest = fc.record({
      errorMs: fc.double({ min: 0.01, max: 50, noNaN: true }),
      /** Where in its interval the truth is: honest clocks may be off by all that they say. */
      at: fc.double({ min: -1, max: 1, noNaN: true }),
    })
    const liar = fc.record({
      middleMs: fc.oneof(
        fc.double({ min: -1e6, max: -200, noNaN: true }),
        fc.double({ min: 200, max: 1e6, noNaN: true }),
      ),
      errorMs: fc.double({ min: 0.01, max: 50, noNaN: true }),
    })
    fc.assert(
      fc.property(
        fc.array(honest, { minLength: 1, maxLength: 9 }),
        fc.array(liar, { maxLength: 8 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (honests, liars, truthMs) => {
          fc.pre(liars.length < honests.length)
          const common = intersection([
            ...liars.map(({ middleMs, errorMs }) => around(truthMs + middleMs, errorMs)),
            ...honests.map(({ errorMs, at }) => around(truthMs + at * errorMs, errorMs)),
          ])
          // Honest clocks whose middles are all too far apart may be taken for liars: then there is no answer rather than a wrong one.
          if (common === undefined) return
          expect(common.lowMs).toBeLessThanOrEqual(truthMs + 1e-6)
          expect(common.highMs).toBeGreaterThanOrEqual(truthMs - 1e-6)
        },
      ),
    )
  })
})
