import { describe, expect, it } from 'vitest'
import { hashFinish, hashInts, hashStep, hashText } from '../../src/wire/hash.ts'

describe('the hash', () => {
  it('gives the published values of MurmurHash3 x86_32 over whole words', () => {
    expect(hashInts(new Int32Array([]), 0, 0, 0)).toBe(0)
    expect(hashInts(new Int32Array([]), 0, 0, 1)).toBe(0x514e28b7)
    expect(hashInts(new Int32Array([]), 0, 0, -1)).toBe(0x81f16f39)
    expect(hashInts(new Int32Array([-1]), 0, 1, 0)).toBe(0x76293b50)
    expect(hashInts(new Int32Array([0x87654321 | 0]), 0, 1, 0)).toBe(0xf55b516b)
    expect(hashInts(new Int32Array([0x87654321 | 0]), 0, 1, 0x5082edee)).toBe(0x2362f9de)
    expect(hashInts(new Int32Array([0]), 0, 1, 0)).toBe(0x2362f9de)
  })

  it('folds step by step to the same as over a range', () => {
    const ints = new Int32Array([9, -3, 0, 2 ** 31 - 1, 5])
    let hash = 7
    for (let i = 1; i < 4; i++) hash = hashStep(hash, ints[i] ?? 0)
    expect(hashFinish(hash, 12)).toBe(hashInts(ints, 1, 4, 7))
  })

  it('tells order, values and lengths apart, without a clash in a hundred thousand', () => {
    const seen = new Set<number>()
    const ints = new Int32Array(3)
    for (let i = 0; i < 20_000; i++) {
      ints[0] = i
      ints[1] = 0
      ints[2] = 0
      for (let end = 1; end <= 3; end++) seen.add(hashInts(ints, 0, end, 0))
      ints[0] = 0
      ints[1] = i + 1
      for (let end = 2; end <= 3; end++) seen.add(hashInts(ints, 0, end, 0))
    }
    // 100,000 values in 2^32 places: one clash is likely, ten are not.
    expect(seen.size).toBeGreaterThan(99_990)
  })

  it('hashes texts, surrogates too', () => {
    expect(hashText('arena/3')).not.toBe(hashText('arena/4'))
    expect(hashText('ab')).not.toBe(hashText('ba'))
    expect(hashText('')).not.toBe(hashText('\0'))
    expect(hashText('🚀')).not.toBe(hashText('🚁'))
  })
})
