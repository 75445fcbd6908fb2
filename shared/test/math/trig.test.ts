import { describe, expect, test } from 'vitest'
import { acos, asin, atan, atan2 } from '../../src/math/inverse-trig.ts'
import { SeededRandom } from '../../src/math/random.ts'
import { cos, foldHugeAngle, sin, tan } from '../../src/math/trig.ts'
import { worstRelativeError } from './relative-error.ts'

const ROUNDS = 20_000

function seeded(low: number, high: number): () => number {
  const random = new SeededRandom(7)
  return () => low + (high - low) * random.next()
}

/** Next to multiples of pi/2, where a careless reduction loses every digit. */
function nearQuarterTurns(): () => number {
  const random = new SeededRandom(9)
  return () => (random.int(-1_000_000, 1_000_000) * Math.PI) / 2
}

describe('sin, cos and tan', () => {
  test.each([
    ['within a few turns', seeded(-20, 20)],
    ['up to the limit of the reduction', seeded(-1.6e6, 1.6e6)],
    ['next to multiples of a quarter turn', nearQuarterTurns()],
  ])('differ from the engine by less than 1e-15 relative, %s', (_, draw) => {
    expect(worstRelativeError(ROUNDS, sin, Math.sin, draw)).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, cos, Math.cos, draw)).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, tan, Math.tan, draw)).toBeLessThan(1e-15)
  })

  test('keep the sign of zero and give NaN for what is no angle', () => {
    for (const f of [sin, tan]) {
      expect(f(-0)).toBe(-0)
      expect(f(0)).toBe(0)
      expect(f(5e-324)).toBe(5e-324)
    }
    expect(cos(-0)).toBe(1)
    for (const f of [sin, cos, tan]) {
      expect(f(Number.NaN)).toBeNaN()
      expect(f(Number.POSITIVE_INFINITY)).toBeNaN()
      expect(f(Number.NEGATIVE_INFINITY)).toBeNaN()
    }
  })

  test('are exactly odd and even', () => {
    const draw = seeded(-100, 100)
    for (let i = 0; i < 1_000; i++) {
      const x = draw()
      expect(sin(-x)).toBe(-sin(x))
      expect(cos(-x)).toBe(cos(x))
    }
  })

  test('stay defined beyond the limit, off by the stated phase', () => {
    for (const x of [1.7e6, 1e9, 123456789012]) {
      const phase = x * 4e-17 + 1e-15
      expect(Math.abs(sin(x) - Math.sin(x))).toBeLessThan(phase)
      expect(Math.abs(cos(-x) - Math.cos(x))).toBeLessThan(phase)
    }
    for (const x of [1e16, 1e100, Number.MAX_VALUE, -Number.MAX_VALUE]) {
      expect(Math.hypot(sin(x), cos(x))).toBeCloseTo(1, 12)
    }
  })

  test('the fold of huge angles is the exact remainder', () => {
    for (const x of [6.2, 6.3, 1e6, 1e9, 1.5e300, -1e20, Number.MAX_VALUE]) {
      expect(foldHugeAngle(x)).toBe(x % (2 * Math.PI))
    }
  })
})

describe('atan, atan2, asin and acos', () => {
  test('differ from the engine by less than 1e-15 relative', () => {
    for (const draw of [seeded(-1, 1), seeded(-5, 5), seeded(-1e9, 1e9)]) {
      expect(worstRelativeError(ROUNDS, atan, Math.atan, draw)).toBeLessThan(1e-15)
      expect(
        worstRelativeError(
          ROUNDS,
          (x) => atan2(x, 3),
          (x) => Math.atan2(x, 3),
          draw,
        ),
      ).toBeLessThan(1e-15)
      expect(
        worstRelativeError(
          ROUNDS,
          (x) => atan2(-2, x),
          (x) => Math.atan2(-2, x),
          draw,
        ),
      ).toBeLessThan(1e-15)
    }
    expect(worstRelativeError(ROUNDS, asin, Math.asin, seeded(-1, 1))).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, acos, Math.acos, seeded(-1, 1))).toBeLessThan(1e-15)
  })

  test('atan2 treats zeros, infinities and NaN as the engine does', () => {
    const special = [
      0,
      -0,
      1,
      -1,
      5e-324,
      -5e-324,
      1e300,
      -1e300,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]
    for (const y of special) {
      for (const x of special) expect([y, x, atan2(y, x)]).toEqual([y, x, Math.atan2(y, x)])
    }
  })

  test('the others treat edges as the engine does', () => {
    for (const x of [0, -0, 5e-324, -5e-324, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      expect(atan(x)).toBe(Math.atan(x))
    }
    for (const x of [0, -0, 1, -1, 1.0000000001, -2, Number.NaN]) {
      expect(asin(x)).toBe(Math.asin(x))
      expect(acos(x)).toBe(Math.acos(x))
    }
  })
})
