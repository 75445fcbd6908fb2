import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import { seeded } from './seeded.ts'

const writer = new ByteWriter()
const reader = new ByteReader()

const item = fc.oneof(
  fc.tuple(fc.constant('u8' as const), fc.nat(255)),
  fc.tuple(fc.constant('u16' as const), fc.nat(65_535)),
  fc.tuple(fc.constant('u32' as const), fc.nat(2 ** 32 - 1)),
  fc.tuple(fc.constant('varint' as const), fc.oneof(fc.nat(300), fc.nat(2 ** 32 - 1))),
  fc.tuple(fc.constant('signedVarint' as const), fc.oneof(fc.integer({ min: -99, max: 99 }), fc.integer())),
  fc.tuple(fc.constant('f64' as const), fc.double()),
)

describe('the byte writer and reader', () => {
  it('bring back any sequence, and know when it is cut short', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 40 }), fc.nat(5), (items, offset) => {
        const bytes = new Uint8Array(512)
        writer.start(bytes, offset)
        for (const [kind, value] of items) writer[kind](value)
        expect(writer.ok).toBe(true)
        const length = writer.position - offset
        reader.start(bytes, offset, length)
        for (const [kind, value] of items) expect(reader[kind]()).toBe(value)
        expect([reader.ok, reader.left]).toEqual([true, 0])
        reader.start(bytes, offset, length - 1)
        for (const [kind] of items) reader[kind]()
        expect(reader.ok).toBe(false)
      }),
      { numRuns: 500, seed: 4 },
    )
  })

  it('write varints as short as they can be', () => {
    const lengths = [0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1].map((value) => {
      writer.start(new Uint8Array(8)).varint(value)
      return writer.position
    })
    expect(lengths).toEqual([1, 1, 2, 2, 3, 3, 4, 5, 5])
  })

  it('refuse varints of more than 32 bits, and longer ones than needed', () => {
    for (const bytes of [[0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0x1f], [0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80]]) {
      expect([reader.start(Uint8Array.from(bytes)).varint(), reader.ok]).toEqual([0, false])
    }
    expect([reader.start(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)).varint(), reader.ok]).toEqual([2 ** 32 - 1, true])
  })

  it('write nothing beyond the limit', () => {
    const bytes = new Uint8Array(16).fill(9)
    writer.start(bytes, 4, 10)
    writer.f64(1.5)
    expect(writer.ok).toBe(false)
    expect([...bytes.subarray(0, 4), ...bytes.subarray(10)].every((byte) => byte === 9)).toBe(true)
    writer.start(bytes, 4, 10).raw(Uint8Array.of(1, 2, 3, 4, 5, 6, 7))
    expect([writer.ok, writer.position]).toEqual([false, 4])
  })

  it('copy byte strings, and give none where too few are left', () => {
    const bytes = new Uint8Array(8)
    writer.start(bytes).raw(Uint8Array.of(9, 1, 2, 3, 9), 1, 4)
    expect([...reader.start(bytes, 0, 3).raw(3)]).toEqual([1, 2, 3])
    expect([reader.start(bytes, 0, 3).raw(4).length, reader.ok]).toEqual([0, false])
    expect([reader.start(bytes, 0, 3).raw(-1).length, reader.ok]).toEqual([0, false])
    expect([reader.u8(), reader.u16(), reader.u32(), reader.f64()]).toEqual([0, 0, 0, 0])
  })

  it('end without a throw on a million random inputs', () => {
    const random = seeded(2)
    const bytes = new Uint8Array(16)
    let odd = 0
    for (let run = 0; run < 1_000_000; run++) {
      const word = random()
      for (let i = 0; i < 16; i++) bytes[i] = (word >>> (i & 7)) | (i % 3 === 0 ? 128 : 0)
      reader.start(bytes, word % 5, word % 19)
      const value = reader.varint()
      const signed = reader.signedVarint()
      const view = reader.raw(reader.u8() & 7)
      if (value !== value >>> 0 || signed !== (signed | 0) || view.length > 7 || reader.position > 16) odd++
      reader.f64()
      reader.u32()
      if (reader.position > 16 || reader.left > 16) odd++
    }
    expect(odd).toBe(0)
  })
})
