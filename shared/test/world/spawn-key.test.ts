import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KEY_ORDINALS, makeKey, seatOfKey } from '../../src/world/spawn-key.ts'
import { FIRST_KEYED_ID } from '../../src/world/world.ts'

const parts = fc.tuple(fc.nat(1000), fc.boolean(), fc.nat(2 ** 14 - 1), fc.nat(KEY_ORDINALS - 1))

describe('a spawn key', () => {
  it('is above all counted ids, fits 32 bits and names its seat', () => {
    fc.assert(
      fc.property(parts, ([seat, byPress, at, ordinal]) => {
        const key = makeKey(seat, byPress, at, ordinal)
        expect(key).toBeGreaterThanOrEqual(FIRST_KEYED_ID)
        expect(key | 0).toBe(key)
        expect(seatOfKey(key)).toBe(seat)
      }),
    )
  })

  it('is different for different makers', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        fc.pre(a.some((part, n) => part !== b[n]))
        expect(makeKey(...a)).not.toBe(makeKey(...b))
      }),
    )
  })

  it('is none past the last ordinal', () => {
    expect(makeKey(1, true, 1, KEY_ORDINALS)).toBe(0)
  })

  it('does not name a seat in a counted id', () => {
    expect(seatOfKey(FIRST_KEYED_ID - 1)).toBe(0)
  })
})
