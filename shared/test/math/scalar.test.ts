import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { angleDelta, clamp, hypot, lerp, roundHalfEven, wrapAngle } from '../../src/math/scalar.ts'
import { real } from './real.ts'

const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS_INFINITY, NaN: NOT_A_NUMBER } = Number

describe('roundHalfEven', () => {
  test.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [0.49999999999999994, 0],
    [2.4, 2],
    [-2.6, -3],
    [-0, 0],
    [-0.2, 0],
    [2 ** 51 + 0.5, 2 ** 51],
    [2 ** 52 - 0.5, 2 ** 52],
    [2 ** 52 + 1, 2 ** 52 + 1],
    [-(2 ** 53), -(2 ** 53)],
    [INFINITY, INFINITY],
    [MINUS_INFINITY, MINUS_INFINITY],
    [NOT_A_NUMBER, NOT_A_NUMBER],
  ])('rounds %d to %d', (x, expected) => {
    expect(roundHalfEven(x)).toBe(expected)
  })

  test('is the nearest whole number, the even one of two, and never -0', () => {
    fc.assert(
      fc.property(real(-1e12, 1e12), (x) => {
        const floor = Math.floor(x)
        const below = x - floor
        const even = floor % 2 === 0 ? floor : floor + 1
        const expected = below === 0.5 ? even : below < 0.5 ? floor : floor + 1
        expect(roundHalfEven(x)).toBe(expected + 0)
      }),
    )
  })
})

describe('angles', () => {
  test('wrapAngle keeps the direction and lands in [-pi, pi)', () => {
    fc.assert(
      fc.property(real(-1e5, 1e5), (angle) => {
        const wrapped = wrapAngle(angle)
        expect(wrapped >= -Math.PI && wrapped < Math.PI).toBe(true)
        expect(Math.sin(wrapped)).toBeCloseTo(Math.sin(angle), 9)
        expect(Math.cos(wrapped)).toBeCloseTo(Math.cos(angle), 9)
      }),
    )
  })

  test('wrapAngle stays in range for any finite number and gives NaN for the rest', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (angle) => {
        const wrapped = wrapAngle(angle)
        expect(wrapped >= -Math.PI && wrapped < Math.PI).toBe(true)
      }),
    )
    expect(wrapAngle(INFINITY)).toBeNaN()
    expect(wrapAngle(NOT_A_NUMBER)).toBeNaN()
  })

  test('wrapAngle puts pi at -pi, and its neighbours on their own sides', () => {
    expect(wrapAngle(Math.PI)).toBe(-Math.PI)
    expect(wrapAngle(-Math.PI)).toBe(-Math.PI)
    const justBelow = Math.PI - 2 ** -51
    expect(wrapAngle(justBelow)).toBe(justBelow)
    expect(wrapAngle(2 * Math.PI)).toBe(0)
  })

  test('wrapAngle stays in range on both sides of every odd multiple of pi', () => {
    for (let turn = -3_001; turn <= 3_001; turn += 2) {
      for (let ulps = -3; ulps <= 3; ulps++) {
        const wrapped = wrapAngle(turn * Math.PI * (1 + ulps * Number.EPSILON))
        expect(wrapped >= -Math.PI && wrapped < Math.PI).toBe(true)
      }
    }
  })

  test('angleDelta goes the short way round', () => {
    expect(angleDelta(3.1, -3.1)).toBeCloseTo(2 * Math.PI - 6.2, 12)
    expect(angleDelta(-3.1, 3.1)).toBeCloseTo(6.2 - 2 * Math.PI, 12)
    expect(angleDelta(1, 2)).toBe(1)
    expect(angleDelta(0, Math.PI)).toBe(-Math.PI)
  })
})

describe('clamp, lerp and hypot', () => {
  test('clamp holds a value between its bounds and lets NaN through', () => {
    expect([clamp(-1, 0, 5), clamp(3, 0, 5), clamp(9, 0, 5), clamp(NOT_A_NUMBER, 0, 5)]).toEqual([
      0,
      3,
      5,
      NOT_A_NUMBER,
    ])
  })

  test('lerp starts at a, ends at b and goes on beyond', () => {
    expect([lerp(2, 6, 0), lerp(2, 6, 0.25), lerp(2, 6, 1), lerp(2, 6, 2)]).toEqual([2, 3, 6, 10])
  })

  test('hypot agrees with the engine, without overflow or underflow on the way', () => {
    const any = fc.double({ noNaN: true })
    fc.assert(
      fc.property(any, any, any, (x, y, z) => {
        const expected = Math.hypot(x, y, z)
        if (expected === INFINITY) expect(hypot(x, y, z)).toBe(INFINITY)
        else expect(Math.abs(hypot(x, y, z) - expected)).toBeLessThanOrEqual(expected * 1e-15 + 5e-324)
      }),
    )
    expect(hypot(3, 4)).toBe(5)
    expect(hypot(3e200, 4e200)).toBeCloseTo(5e200, -190)
    expect(hypot(3e-200, 4e-200) / 5e-200).toBeCloseTo(1, 14)
    expect(hypot(0, -0)).toBe(0)
  })

  test('hypot lets infinity win over NaN, as the engine does', () => {
    for (const [x, y, z] of [
      [NOT_A_NUMBER, 1, 2],
      [1, NOT_A_NUMBER, 2],
      [1, 2, NOT_A_NUMBER],
      [INFINITY, NOT_A_NUMBER, 1],
      [NOT_A_NUMBER, 1, MINUS_INFINITY],
      [1, NOT_A_NUMBER, INFINITY],
    ] as const) {
      expect(hypot(x, y, z)).toBe(Math.hypot(x, y, z))
    }
  })
})
