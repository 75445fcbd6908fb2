import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeControl, encodeControl } from '../../src/wire/control-codec.ts'
import { CONTROL_LIMITS } from '../../src/wire/msgpack-scan.ts'
import { seeded } from './seeded.ts'

const text = (value: string): number[] => [0xa0 + value.length, ...new TextEncoder().encode(value)]
const decode = (...bytes: number[]) => decodeControl(Uint8Array.from(bytes))

function refusal(bytes: Uint8Array): string {
  const decoded = decodeControl(bytes)
  return decoded.ok ? 'accepted' : `${decoded.code}: ${decoded.problem}`
}

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])
const jsonLike = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      fc.string({ maxLength: 12 }).filter((key) => !forbidden.has(key)),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value

describe('control messages', () => {
  it('come back as they went in, whatever is like JSON', () => {
    fc.assert(
      fc.property(jsonLike, (value) => {
        expect(decodeControl(encodeControl(value))).toEqual({ ok: true, value })
      }),
      { numRuns: 2_000, seed: 8 },
    )
  })

  it('come back with long strings of any script', () => {
    for (const unit of ['a', 'é', '漢', '🚀', 'aé漢🚀']) {
      for (const times of [1, 15, 16, 31, 32, 64, 65, 300, 700]) {
        const value = { text: unit.repeat(times), after: [unit, 'x'.repeat(times)] }
        expect(decodeControl(encodeControl(value))).toEqual({ ok: true, value })
      }
    }
  })

  it('share no memory: not with the next message, nor with the bytes they came in', () => {
    const first = encodeControl({ a: 'first' })
    const copy = first.slice()
    encodeControl({ a: 'second' })
    expect(first).toEqual(copy)
    expect([first.constructor, first.buffer.byteLength]).toEqual([Uint8Array, first.length])
    const bytes = encodeControl(Uint8Array.of(1, 2, 3))
    const decoded = decodeControl(bytes)
    bytes.fill(0)
    expect(decoded).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) })
    expect(Object.keys(bytes).length).toBe(bytes.length)
  })

  it('leave out undefined properties, as JSON does', () => {
    expect(decodeControl(encodeControl({ a: undefined, b: 1 }))).toEqual({ ok: true, value: { b: 1 } })
  })

  it('cannot be made of what the other side would refuse', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [
      NaN,
      { x: Infinity },
      [undefined],
      new Date(0),
      10n ** 17n,
      new Map([[1, 2]]),
      () => 1,
      Symbol('x'),
      cycle,
    ]) {
      expect(() => encodeControl(value)).toThrow(/BAD_ARGUMENT|TOO_LARGE/)
    }
    expect(() => encodeControl(JSON.parse('{"__proto__": 1}'))).toThrow(/__proto__/)
    expect(() => encodeControl('x'.repeat(CONTROL_LIMITS.maxStringBytes + 1))).toThrow(/TOO_LARGE/)
    // And a failure leaves nothing behind.
    expect(decodeControl(encodeControl([1]))).toEqual({ ok: true, value: [1] })
  })

  it('are refused when they have extensions, records, timestamps or tokens without meaning', () => {
    for (const token of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
      expect(refusal(Uint8Array.of(token, 0xff, ...new Array(300).fill(0)))).toContain('not allowed')
    }
    expect(refusal(Uint8Array.of(0xd4, 0x72, 0x40, 0x91, ...text('a'), 1))).toContain('not allowed')
  })

  it('are refused with keys that reach a prototype, or that are no strings', () => {
    for (const key of forbidden) {
      expect(refusal(Uint8Array.of(0x81, ...text(key), 1))).toContain(key)
      expect(refusal(Uint8Array.of(0x81, 0xd9, key.length, ...text(key).slice(1), 1))).toContain(key)
      expect(refusal(Uint8Array.of(0x91, 0x82, ...text('a'), 1, ...text(key), 0x80))).toContain(key)
    }
    // The same name in overlong UTF-8 is no way round.
    const overlong = [0xab, 0xc1, 0x9f, 0xc1, 0x9f, ...text('proto__').slice(1)]
    expect(refusal(Uint8Array.of(0x81, ...overlong, 1))).toContain('UTF-8')
    for (const key of [0x01, 0xc0, 0x90, 0x80, 0xc4]) expect(refusal(Uint8Array.of(0x81, key, 0, 1))).toContain('key')
    // As values they are harmless.
    expect(decode(...text('__proto__'))).toEqual({ ok: true, value: '__proto__' })
  })

  it('are refused when too long, too deep, too many, or announced larger than they are', () => {
    expect(refusal(new Uint8Array(16_385).fill(0xc0))).toContain('TOO_LARGE')
    const nested = (depth: number) => Uint8Array.of(...new Array(depth).fill(0x91), 0xc0)
    expect(decodeControl(nested(16)).ok).toBe(true)
    expect(refusal(nested(17))).toContain('nested deeper than 16')
    const many = (count: number) => Uint8Array.of(0xdc, count >> 8, count & 255, ...new Array(count).fill(0))
    expect(decodeControl(many(4_095)).ok).toBe(true)
    expect(refusal(many(4_096))).toContain('more than 4096 elements')
    expect(refusal(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 0))).toContain('announced')
    expect(refusal(Uint8Array.of(0xdf, 0x80, 0, 0, 1, 0xa0, 0))).toContain('announced')
    expect(refusal(Uint8Array.of(0x82, 0xa0, 0, 0))).toContain('announced')
    expect(refusal(Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0))).toContain('TOO_LARGE')
    expect(refusal(Uint8Array.of(0xd9, 5, 97))).toContain('end within')
    // The message that kills older msgpackr: arrays in arrays, each announcing 65535 items.
    expect(refusal(Uint8Array.from({ length: 15_000 }, (_, i) => (i % 3 === 0 ? 0xdc : 0xff)))).toContain('announced')
  })

  it('are refused when empty, cut short, or followed by anything', () => {
    const whole = encodeControl({ name: 'Ann', list: [1, 2.5, 70_000, 'é'] })
    for (let length = 0; length < whole.length; length++) expect(refusal(whole.slice(0, length))).toContain('MALFORMED')
    expect(refusal(Uint8Array.of(...whole, 0xc0))).toContain('follow')
  })

  it('are refused with numbers that are not finite, or not exact', () => {
    for (const head of [
      [0x7f, 0xf8],
      [0x7f, 0xf0],
      [0xff, 0xf0],
      [0xff, 0xff],
    ]) {
      expect(refusal(Uint8Array.of(0xcb, ...head, 0, 0, 0, 0, 0, 1))).toContain('finite')
    }
    expect(refusal(Uint8Array.of(0xca, 0x7f, 0xc0, 0, 0))).toContain('finite')
    expect(decode(0xcb, 0x7f, 0xef, 255, 255, 255, 255, 255, 255)).toEqual({ ok: true, value: Number.MAX_VALUE })
    expect(decode(0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255)).toEqual({ ok: true, value: Number.MAX_SAFE_INTEGER })
    expect(refusal(Uint8Array.of(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0))).toContain('53 bits')
    expect(decode(0xd3, 255, 0xe0, 0, 0, 0, 0, 0, 1)).toEqual({ ok: true, value: Number.MIN_SAFE_INTEGER })
    expect(refusal(Uint8Array.of(0xd3, 255, 0xdf, 255, 255, 255, 255, 255, 255))).toContain('53 bits')
  })

  it('are refused with strings that are not UTF-8', () => {
    for (const bytes of [
      [0x80],
      [0xc0, 0x80],
      [0xc3],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x80, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    ]) {
      expect(refusal(Uint8Array.of(0xa0 + bytes.length, ...bytes))).toContain('UTF-8')
    }
  })

  it('end in a value or a typed refusal for a million mutated, truncated and random inputs', () => {
    const random = seeded(20_261_122)
    const seeds = [
      { hello: { version: 1, game: 'arena', schema: 0xa91c, name: 'Ann', options: [true, null, -7, 1.5] } },
      {
        patch: [
          ['score', 'p1', 12],
          ['name', 'p2', 'Zoë 🚀'],
        ],
        at: 12_345_678,
      },
      [[[[[1], 2], 3], 'x'.repeat(40)], { a: { b: { c: Uint8Array.of(1, 2, 3) } } }],
    ].map((value) => encodeControl(value))
    const buffer = new Uint8Array(160)
    let accepted = 0
    let polluted = 0
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
      const decoded = decodeControl(buffer.subarray(0, length))
      if (decoded.ok) accepted++
      else if (decoded.code !== 'MALFORMED' && decoded.code !== 'TOO_LARGE') polluted++
      if (run % 4_096 === 0 && Object.keys(Object.prototype).length > 0) polluted++
    }
    expect(accepted).toBeGreaterThan(50_000)
    expect(accepted).toBeLessThan(900_000)
    expect(polluted).toBe(0)
  })
})
