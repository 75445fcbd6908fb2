import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as full from '../../src/wire/msgpack-full.ts'
import { CONTROL_LIMITS, type ControlLimits, type Decoded, SERVER_CONTROL_LIMITS } from '../../src/wire/msgpack-scan.ts'
import * as small from '../../src/wire/msgpack-small.ts'
import { seeded } from './seeded.ts'

const codecs = { full, small }
const forbidden = ['__proto__', 'constructor', 'prototype']
const jsonLike = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false, -0),
    fc.integer(),
    fc.integer({ min: -200, max: 300 }),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 40 }), fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 20 }),
  ),
})).value

/** A decoded value as a text that tells all apart that a program can tell apart: -0, bytes, the order of keys. */
function seen(decoded: Decoded): string {
  if (!decoded.ok) return decoded.code
  return JSON.stringify(decoded.value, (_key, value: unknown) => {
    if (Object.is(value, -0)) return ['minus zero']
    if (value instanceof Uint8Array) return ['bytes', value.constructor.name, ...value]
    return value
  })
}

function bothUnpack(bytes: Uint8Array, limits: ControlLimits): Decoded {
  const expected = full.unpack(bytes, limits)
  const actual = small.unpack(bytes, limits)
  // Most are refused, and need no text.
  const refusedAlike = !actual.ok && !expected.ok && actual.code === expected.code
  if (!refusedAlike && seen(actual) !== seen(expected)) {
    const hex = Buffer.from(bytes).toString('hex')
    throw new Error(`${hex}: small says ${seen(actual)}, full says ${seen(expected)}`)
  }
  return actual
}

const packs = (codec: typeof full, value: unknown): string => {
  try {
    const bytes = codec.pack(value)
    return codec.check(bytes, SERVER_CONTROL_LIMITS)?.code ?? Buffer.from(bytes).toString('hex')
  } catch {
    return 'MALFORMED'
  }
}

describe('the small msgpack of browsers and the full one of servers', () => {
  it('pack values to equal bytes, which both unpack to equal values', () => {
    fc.assert(
      fc.property(jsonLike, (value) => {
        const packed = packs(small, value)
        expect(packed).toBe(packs(full, value))
        if (!/^[A-Z]/.test(packed)) bothUnpack(Uint8Array.from(Buffer.from(packed, 'hex')), SERVER_CONTROL_LIMITS)
      }),
      { numRuns: 5_000, seed: 8 },
    )
  })

  it('pack equal bytes around every length and number where the form changes', () => {
    const edges = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 127, 128, 129, 255, 256, 257, 32_767, 32_768, 65_535, 65_536]
    for (const n of edges) {
      for (const value of [
        ...[n, -n, -n - 1, n + 0.5, n * 65_536, -n * 65_536, n * 2 ** 32, -(n * 2 ** 32)],
        ...['x', 'é', '漢', '🚀'].map((unit) => unit.repeat(n)),
        new Uint8Array(n),
        new Array(n).fill(1),
        Object.fromEntries(Array.from({ length: n }, (_, index) => [`k${index}`, index])),
      ]) {
        const bytes = small.pack(value)
        expect(Buffer.compare(bytes, full.pack(value))).toBe(0)
        bothUnpack(bytes, { maxBytes: 1e7, maxDepth: 2, maxElements: 200_000, maxStringBytes: 300_000 })
      }
    }
  })

  it('refuse to pack the same values', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [
      ...[Number.NaN, { x: Number.POSITIVE_INFINITY }, [undefined], undefined, new Array(2), new Date(0), 10n ** 17n],
      ...[new Map([[1, 2]]), () => 1, Symbol('x'), cycle, '\ud800', 'x\udc00y'],
      ...forbidden.map((key) => JSON.parse(`{"${key}": 1}`) as unknown),
    ]) {
      for (const codec of Object.values(codecs)) expect(packs(codec, value)).toMatch(/^MALFORMED|^TOO_LARGE/)
    }
  })

  it('give values of their own memory and of ordinary prototypes', () => {
    for (const codec of Object.values(codecs)) {
      const bytes = codec.pack({ a: Uint8Array.of(1, 2), b: [] })
      const decoded = codec.unpack(bytes, CONTROL_LIMITS)
      bytes.fill(0)
      expect(decoded).toStrictEqual({ ok: true, value: { a: Uint8Array.of(1, 2), b: [] } })
    }
  })

  it('unpack every type byte, whole and cut short, to equal values or refusals', () => {
    const random = seeded(6)
    for (let token = 0; token < 256; token++) {
      for (let length = 1; length < 24; length++) {
        for (const fill of [0, 1, 0x20, 0x61, 0x7f, 0x80, 0xa1, 0xff, -1]) {
          const bytes = Uint8Array.from({ length }, () => (fill < 0 ? random() & 255 : fill))
          bytes[0] = token
          bothUnpack(bytes, CONTROL_LIMITS)
        }
      }
    }
  })

  it('hold the same limits', () => {
    const limits = { maxBytes: 40, maxDepth: 3, maxElements: 6, maxStringBytes: 8 }
    const verdict = (...bytes: number[]) => seen(bothUnpack(Uint8Array.from(bytes), limits))
    expect(verdict(0x91, 0x91, 0x91, 0xc0)).toBe('[[[null]]]')
    expect(verdict(0x91, 0x91, 0x91, 0x90)).toBe('TOO_LARGE')
    expect(verdict(0x95, 1, 2, 3, 4, 5)).toBe('[1,2,3,4,5]')
    expect(verdict(0x96, 1, 2, 3, 4, 5, 6)).toBe('TOO_LARGE')
    expect(verdict(0xa8, ...new Array(8).fill(97))).toBe('"aaaaaaaa"')
    expect(verdict(0xa9, ...new Array(9).fill(97))).toBe('TOO_LARGE')
    expect(verdict(0xc4, 9, ...new Array(9).fill(97))).toBe('TOO_LARGE')
    expect(verdict(0x91, 0xdd, 0xff, 0xff, 0xff, 0xff)).toBe('MALFORMED')
    expect(verdict(...new Array(41).fill(0))).toBe('TOO_LARGE')
    expect(verdict(0xce, 0xff, 0xff, 0xff, 0xff)).toBe('4294967295')
  })

  it('agree on a million mutated, truncated and random inputs', () => {
    const random = seeded(20_261_123)
    const seeds = [
      { hello: { version: 1, game: 'arena', schema: 0xa91c, name: 'Ann', options: [true, null, -7, 1.5, 2 ** 40] } },
      {
        patch: [
          ['score', 12, -130],
          ['Zoë 🚀', 'x'.repeat(33)],
        ],
        at: 12_345_678,
        low: -70_000,
        é: -40_000,
      },
      [[[[[1], 2], 3], 'x'.repeat(40)], { a: { b: { c: Uint8Array.of(1, 2, 3) } } }],
    ].map((value) => full.pack(value))
    const buffer = new Uint8Array(200)
    let accepted = 0
    for (let run = 0; run < 1_000_000; run++) {
      const kind = random() % 4
      let length = random() % 48
      if (kind === 3) {
        for (let i = 0; i < length; i++) buffer[i] = random()
      } else {
        const seed = seeds[kind] ?? buffer
        buffer.set(seed)
        length = random() % 3 === 0 ? random() % (seed.length + 1) : seed.length
        for (let edits = random() % 4; edits > 0; edits--) buffer[random() % seed.length] = random()
      }
      if (bothUnpack(buffer.subarray(0, length), CONTROL_LIMITS).ok) accepted++
    }
    expect(accepted).toBeGreaterThan(50_000)
    expect(accepted).toBeLessThan(900_000)
  })
})
