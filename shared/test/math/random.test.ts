import { describe, expect, test } from 'vitest'
import { hash32, hashRandom, SeededRandom } from '../../src/math/random.ts'

/** MurmurHash3_x86_32 written over bytes, as its author does: independent of the code under test, itself checked against published vectors. */
function murmur3(bytes: Uint8Array, seed: number): number {
  let h = seed
  const mix = (k: number): number => {
    const scaled = Math.imul(k, 0xcc9e2d51)
    return Math.imul((scaled << 15) | (scaled >>> 17), 0x1b873593)
  }
  const whole = bytes.length >> 2
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < whole; i++) {
    h ^= mix(view.getInt32(4 * i, true))
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = bytes.length - 1; i >= 4 * whole; i--) tail = (tail << 8) | (bytes[i] ?? 0)
  if (bytes.length & 3) h ^= mix(tail)
  h ^= bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** Sum of (seen - expected)² / expected. For 256 equally likely bins: 255 on average, above 400 about once in 10^8. */
function chiSquare(draw: (i: number) => number): number {
  const draws = 256 * 400
  const bins = new Array<number>(256).fill(0)
  for (let i = 0; i < draws; i++) {
    const bin = Math.floor(draw(i) * 256)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  return bins.reduce((sum, seen) => sum + (seen - 400) ** 2 / 400, 0)
}

describe('hash32 and hashRandom', () => {
  test('are MurmurHash3 over four words', () => {
    expect(murmur3(ascii(''), 1)).toBe(0x514e28b7)
    expect(murmur3(ascii('aaaa'), 0x9747b28c)).toBe(0x5a97808a)
    expect(murmur3(ascii('Hello, world!'), 0x9747b28c)).toBe(0x24884cba)
    const random = new SeededRandom(3)
    for (let i = 0; i < 500; i++) {
      const words = new Int32Array([random.uint32(), random.uint32(), random.uint32(), random.uint32()])
      const [a = 0, b = 0, c = 0, d = 0] = words
      expect(hash32(a, b, c, d)).toBe(murmur3(new Uint8Array(words.buffer), 0))
    }
  })

  test('keep their golden values', () => {
    expect([hash32(0, 0, 0, 0), hash32(1, 2, 3, 4), hash32(-1, -1, -1, -1)]).toMatchInlineSnapshot(`
      [
        2167721464,
        1145416960,
        3843634286,
      ]
    `)
    expect(hashRandom(2026, 600, 17, 0)).toMatchInlineSnapshot(`0.6482963273301721`)
  })

  test.each([
    ['seed', (i: number) => hashRandom(i, 10, 3, 0)],
    ['tick', (i: number) => hashRandom(99, i, 3, 0)],
    ['entity', (i: number) => hashRandom(99, 10, i, 0)],
    ['count', (i: number) => hashRandom(99, 10, 3, i)],
  ])('are uniform along the %s alone', (_, draw) => {
    expect(chiSquare(draw)).toBeLessThan(400)
  })

  test('change about half of the bits when one bit of any argument changes', () => {
    for (let bit = 0; bit < 128; bit++) {
      let changed = 0
      for (let i = 0; i < 64; i++) {
        const words = [i, i * 7, 3, 1]
        const before = hash32(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0)
        words[bit >> 5] = (words[bit >> 5] ?? 0) ^ (1 << (bit & 31))
        const difference = before ^ hash32(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0)
        for (let b = 0; b < 32; b++) changed += (difference >>> b) & 1
      }
      expect(changed / (64 * 32)).toBeGreaterThan(0.42)
      expect(changed / (64 * 32)).toBeLessThan(0.58)
    }
  })

  test('stay in [0, 1) at the extremes', () => {
    for (let i = 0; i < 10_000; i++) {
      const x = hashRandom(i, -i, 2 ** 31 + i, 2 ** 40 + i)
      expect(x >= 0 && x < 1).toBe(true)
    }
  })
})

describe('SeededRandom', () => {
  test('keeps its golden sequence', () => {
    const random = new SeededRandom(2026)
    expect([random.uint32(), random.uint32(), random.next(), random.int(1, 6)]).toMatchInlineSnapshot(`
      [
        1402004733,
        2878749695,
        0.9174021051730961,
        2,
      ]
    `)
  })

  test('is uniform, alone and for neighbouring seeds', () => {
    const random = new SeededRandom(1)
    expect(chiSquare(() => random.next())).toBeLessThan(400)
    expect(chiSquare((i) => new SeededRandom(i).next())).toBeLessThan(400)
  })

  test('draws whole numbers from both ends and all between, equally often', () => {
    const random = new SeededRandom(5)
    const seen = new Map<number, number>()
    for (let i = 0; i < 60_000; i++) {
      const face = random.int(-2, 3)
      seen.set(face, (seen.get(face) ?? 0) + 1)
    }
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3])
    for (const count of seen.values()) expect(Math.abs(count - 10_000)).toBeLessThan(600)
    expect(random.int(4, 4)).toBe(4)
  })

  test('refuses a range without whole numbers, and says what to pass', () => {
    const random = new SeededRandom(5)
    expect(() => random.int(3, 2)).toThrow(/min <= max/)
    expect(() => random.int(0.5, 2)).toThrow(/whole numbers/)
    expect(() => random.int(0, 2 ** 32)).toThrow(/more than 2\^32/)
    expect(random.int(0, 2 ** 32 - 1)).toBeLessThan(2 ** 32)
  })

  test('goes on from a saved state as if it had never stopped', () => {
    const random = new SeededRandom(11)
    random.next()
    const state = random.state()
    const expected = Array.from({ length: 100 }, () => random.next())
    const restored = new SeededRandom(0)
    restored.restore(state)
    expect(Array.from({ length: 100 }, () => restored.next())).toEqual(expected)
  })
})
