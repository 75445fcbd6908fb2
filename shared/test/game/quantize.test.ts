import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NetError } from '../../src/error.ts'
import { type AnyField, angle, bool, enumeration, fixed, flags, float32, int } from '../../src/game/field.ts'
import { fromRaw, toRaw } from '../../src/game/quantize.ts'

const write = (field: AnyField, value: unknown) => toRaw(field, value, false, 'shot.x')
const strictly = (field: AnyField, value: unknown) => () => toRaw(field, value, true, 'shot.x')

describe('toRaw and fromRaw', () => {
  it('round half to even', () => {
    const field = int(-10, 10)
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5].map((value) => write(field, value))).toEqual([0, 2, 2, 0, -2, -2])
  })

  it('give back every value of the grid', () => {
    const fields = [
      int(-5, 1000),
      fixed(-3, 7, 1 / 127),
      fixed(0, 1, 0.1),
      angle(12),
      bool(),
      enumeration('a', 'b', 'c'),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.nat(), (field, seed) => {
        const raw = field.rawMin + (seed % (field.rawMax - field.rawMin + 1))
        expect(toRaw(field, fromRaw(field, raw), true, 'x')).toBe(raw)
      }),
    )
  })

  it('clamp in production and throw in development, naming the place', () => {
    const field = fixed(-1, 1, 1 / 4)
    expect(write(field, 9)).toBe(4)
    expect(write(field, Number.NEGATIVE_INFINITY)).toBe(-4)
    expect(strictly(field, 1.2)).toThrow(/OUT_OF_RANGE: shot\.x is 1\.2, outside -1 to 1/)
    expect(strictly(field, 1.1)()).toBe(4)
  })

  it('take the initial value for what is no number', () => {
    const field = int(0, 9, { initial: 3 })
    for (const value of [Number.NaN, 'x', undefined, null]) {
      expect(write(field, value)).toBe(3)
      expect(strictly(field, value)).toThrow(NetError)
    }
  })

  it('wrap any finite angle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 24 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), (bits, value) => {
        const field = angle(bits)
        const raw = toRaw(field, value, true, 'x')
        expect(raw).toBeGreaterThanOrEqual(field.rawMin)
        expect(raw).toBeLessThanOrEqual(field.rawMax)
        const away = Math.abs((fromRaw(field, raw) as number) - value) % (2 * Math.PI)
        expect(Math.min(away, 2 * Math.PI - away)).toBeLessThanOrEqual(field.step / 2 + 1e-8)
      }),
    )
    expect(strictly(angle(8), Number.POSITIVE_INFINITY)).toThrow(/finite/)
    expect(write(angle(8), Number.POSITIVE_INFINITY)).toBe(0)
  })

  it('do not wrap angles by what is forbidden inside steps', () => {
    const { log2 } = Math
    Math.log2 = () => {
      throw new Error('called')
    }
    try {
      expect(write(angle(8), 2 * Math.PI + 0.0001)).toBe(0)
    } finally {
      Math.log2 = log2
    }
  })

  it('keep the bits of a float, and no value that a float cannot hold', () => {
    const field = float32()
    expect(fromRaw(field, write(field, 0.1))).toBe(Math.fround(0.1))
    for (const value of [1e300, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(write(field, value)).toBe(0)
      expect(strictly(field, value)).toThrow(/OUT_OF_RANGE: shot\.x/)
    }
  })

  it('read flags by name, the others being false', () => {
    const field = flags('shield', 'stunned', 'burning')
    expect(write(field, { stunned: true })).toBe(2)
    expect(write(field, null)).toBe(0)
    expect(fromRaw(field, 5)).toEqual({ shield: true, stunned: false, burning: true })
  })

  it('name the values of an enumeration when none of them is given', () => {
    const field = enumeration('idle', 'run')
    expect(write(field, 'run')).toBe(1)
    expect(write(field, 'fly')).toBe(0)
    expect(strictly(field, 'fly')).toThrow(/shot\.x is "fly"\. It is one of: idle, run/)
  })
})
