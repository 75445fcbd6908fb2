import { describe, expect, test } from 'vitest'
import { exp, log } from '../../src/math/exponential.ts'
import { pow } from '../../src/math/pow.ts'
import { SeededRandom } from '../../src/math/random.ts'
import { worstRelativeError } from './relative-error.ts'

const ROUNDS = 20_000
const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS_INFINITY, NaN: NOT_A_NUMBER } = Number

function seeded(low: number, high: number): () => number {
  const random = new SeededRandom(7)
  return () => low + (high - low) * random.next()
}

describe('exp', () => {
  test('differs from the engine by less than 1e-15 relative wherever the result is a normal number', () => {
    expect(worstRelativeError(ROUNDS, exp, Math.exp, seeded(-2, 2))).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, exp, Math.exp, seeded(-708, 709.78))).toBeLessThan(1e-15)
  })

  test('runs out into subnormal numbers, zero and infinity where the engine does', () => {
    for (const x of [
      -709,
      -730.5,
      -744,
      -745.13,
      -745.2,
      -1e9,
      709.79,
      1e9,
      INFINITY,
      MINUS_INFINITY,
      NOT_A_NUMBER,
      0,
      -0,
    ]) {
      const expected = Math.exp(x)
      if (Number.isFinite(expected)) expect(Math.abs(exp(x) - expected)).toBeLessThanOrEqual(expected * 1e-15 + 5e-324)
      else expect(exp(x)).toBe(expected)
    }
  })
})

describe('log', () => {
  test('differs from the engine by less than 1e-15 relative', () => {
    expect(worstRelativeError(ROUNDS, log, Math.log, seeded(0, 4))).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, log, Math.log, seeded(0.999999, 1.000001))).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, log, Math.log, seeded(0, 1e300))).toBeLessThan(1e-15)
    expect(worstRelativeError(ROUNDS, log, Math.log, seeded(0, 1e-308))).toBeLessThan(1e-15)
  })

  test('treats edges as the engine does', () => {
    for (const x of [0, -0, 1, -1, 5e-324, Number.MAX_VALUE, INFINITY, MINUS_INFINITY, NOT_A_NUMBER]) {
      expect(log(x)).toBe(Math.log(x))
    }
  })
})

describe('pow', () => {
  test('differs from the engine by less than 1e-14 relative', () => {
    for (const exponent of [0.5, 2, 3, -1, 1 / 3, -7.25, 60]) {
      const error = worstRelativeError(
        ROUNDS,
        (x) => pow(x, exponent),
        (x) => x ** exponent,
        seeded(0.001, 1000),
      )
      expect([exponent, error < 1e-14]).toEqual([exponent, true])
    }
    expect(
      worstRelativeError(
        ROUNDS,
        (y) => pow(0.97, y),
        (y) => 0.97 ** y,
        seeded(-9000, 9000),
      ),
    ).toBeLessThan(1e-14)
    expect(
      worstRelativeError(
        ROUNDS,
        (x) => pow(x, 1e9),
        (x) => x ** 1e9,
        seeded(0.9999999, 1.0000001),
      ),
    ).toBeLessThan(1e-14)
  })

  test('gives whole powers of small whole numbers exactly', () => {
    for (let base = -9; base <= 9; base++) {
      let product = 1
      for (let exponent = 0; exponent <= 15; exponent++) {
        expect(pow(base, exponent)).toBe(product)
        product *= base
      }
    }
  })

  test('reaches the largest and the smallest number, and not beyond', () => {
    expect(pow(Number.MAX_VALUE, 1)).toBe(Number.MAX_VALUE)
    expect(pow(2, 1024)).toBe(INFINITY)
    expect(pow(2, -1074)).toBe(5e-324)
    expect(pow(5e-324, 1)).toBe(5e-324)
    expect(pow(2, -1075)).toBe(0)
  })

  test('treats zeros, ones, infinities, NaN, signs and overflow as the engine does', () => {
    const special = [
      0,
      -0,
      1,
      -1,
      0.5,
      -0.5,
      2,
      -2,
      3,
      -3,
      1e300,
      -1e300,
      1e-300,
      5e-324,
      9007199254740991,
      INFINITY,
      MINUS_INFINITY,
      NOT_A_NUMBER,
    ]
    for (const x of special) {
      for (const y of special) {
        const expected = x ** y
        const actual = pow(x, y)
        const close = Object.is(actual, expected) || Math.abs(actual - expected) <= Math.abs(expected) * 1e-14
        expect([x, y, actual, close]).toEqual([x, y, actual, true])
      }
    }
  })
})
