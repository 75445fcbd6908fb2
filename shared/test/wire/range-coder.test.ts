import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BitSink, FRESH_MODEL, freshModels, type ModelTable, modelWord } from '../../src/wire/bit-model.ts'
import { hashFinish, hashStep } from '../../src/wire/hash.ts'
import { RangeDecoder, RangeEncoder } from '../../src/wire/range-coder.ts'
import {
  decodeResidual,
  decodeSymbol,
  encodeResidual,
  encodeSymbol,
  RESIDUAL_CONTEXTS,
  symbolContexts,
} from '../../src/wire/residual-coder.ts'
import { FIELDS, residualFrame, seeded } from './seeded.ts'

type Op =
  | { readonly kind: 'bit'; readonly context: number; readonly value: number }
  | { readonly kind: 'direct'; readonly bits: number; readonly value: number }
  | { readonly kind: 'symbol'; readonly bits: number; readonly value: number }
  | { readonly kind: 'residual'; readonly context: number; readonly value: number }

const BLOCKS = 3
const SYMBOLS = BLOCKS * RESIDUAL_CONTEXTS
const SYMBOL_BITS = 5
const MODELS = SYMBOLS + symbolContexts(SYMBOL_BITS)

const int32 = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 30, -(2 ** 30) - 1),
)
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('bit' as const), context: fc.nat(SYMBOLS - 1), value: fc.nat(1) }),
  fc.record({ kind: fc.constant('direct' as const), bits: fc.nat(32), value: fc.nat(2 ** 32 - 1) }),
  fc.record({ kind: fc.constant('symbol' as const), bits: fc.constant(SYMBOL_BITS), value: fc.nat(31) }),
  fc.record({ kind: fc.constant('residual' as const), context: fc.nat(BLOCKS - 1), value: int32 }),
)

function encodeOp(sink: BitSink, models: ModelTable, op: Op): void {
  if (op.kind === 'bit') sink.encodeBit(models, op.context, op.value)
  else if (op.kind === 'direct') sink.encodeDirect(op.value, op.bits)
  else if (op.kind === 'symbol') encodeSymbol(sink, models, SYMBOLS, op.bits, op.value)
  else encodeResidual(sink, models, op.context * RESIDUAL_CONTEXTS, op.value)
}

function decodeOp(decoder: RangeDecoder, models: ModelTable, op: Op): number {
  if (op.kind === 'bit') return decoder.decodeBit(models, op.context)
  if (op.kind === 'direct') return decoder.decodeDirect(op.bits)
  if (op.kind === 'symbol') return decodeSymbol(decoder, models, SYMBOLS, op.bits)
  return decodeResidual(decoder, models, op.context * RESIDUAL_CONTEXTS)
}

/** What an op brings back. */
function expected(op: Op): number {
  return op.kind === 'direct' ? (op.bits === 0 ? 0 : op.value % 2 ** op.bits) : op.value
}

/** Codes with the same models in floating point, and adds up what the bits ought to cost. */
class IdealCost implements BitSink {
  bits = 0
  private readonly probability: Float64Array
  private readonly seen: Int32Array

  constructor(models: ModelTable) {
    this.probability = Float64Array.from(models, (word) => (word >>> 10) / 2 ** 22)
    this.seen = Int32Array.from(models, (word) => word & 1023)
  }

  encodeBit(_models: ModelTable, index: number, bit: number): void {
    const p = this.probability[index] ?? 0
    const seen = this.seen[index] ?? 0
    this.bits -= Math.log2(bit === 1 ? p : 1 - p)
    this.probability[index] = p + (bit - p) / (seen + 1.5)
    this.seen[index] = Math.min(255, seen + 1)
  }

  encodeDirect(_value: number, bitCount: number): void {
    this.bits += bitCount
  }
}

describe('the range coder', () => {
  const encoder = new RangeEncoder()
  const decoder = new RangeDecoder()

  it('brings back any sequence of bits, direct bits, symbols and residuals, anywhere in the bytes', () => {
    const words = fc.array(fc.nat(2 ** 32 - 1), { minLength: 1, maxLength: MODELS })
    fc.assert(
      fc.property(fc.array(anyOp, { maxLength: 200 }), words, fc.nat(9), (ops, start, offset) => {
        const models = freshModels(MODELS)
        models.set(start)
        const bytes = new Uint8Array(8192).fill(0xaa)
        encoder.start(bytes, offset)
        for (const op of ops) encodeOp(encoder, models, op)
        const end = encoder.finish()
        expect(encoder.overflowed).toBe(false)
        models.fill(FRESH_MODEL).set(start)
        decoder.start(bytes, offset, end - offset)
        for (const op of ops) expect(decodeOp(decoder, models, op)).toBe(expected(op))
        expect(decoder.exact).toBe(true)
        expect(decoder.overrun).toBeLessThanOrEqual(4)
        expect(bytes.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true)
        expect(bytes.subarray(end).every((byte) => byte === 0xaa)).toBe(true)
      }),
      { numRuns: 500, seed: 21 },
    )
  })

  it('carries through runs of 255, however long', () => {
    const random = seeded(31)
    let longest = 0
    for (let run = 0; run < 2_000; run++) {
      // Bits that a decoder reads from 7f ff ff ... lead the encoder to that point; ones after them push it over to 80 00 00 ...
      const pursued = new Uint8Array(40).fill(0xff)
      pursued[0] = 0x7f
      const models = freshModels(4).fill(modelWord((1 + (random() % 99)) / 100, 255))
      const start = models.slice()
      decoder.start(pursued)
      const bits = Array.from({ length: 60 + (random() % 200) }, (_, i) => decoder.decodeBit(models, i % 4))
      for (let i = 0; i < 12; i++) bits.push(1)
      const bytes = new Uint8Array(256)
      models.set(start)
      encoder.start(bytes)
      for (const [i, bit] of bits.entries()) encoder.encodeBit(models, i % 4, bit)
      const end = encoder.finish()
      if (bytes[0] === 0x80)
        longest = Math.max(
          longest,
          bytes.subarray(1, end).findIndex((byte) => byte !== 0),
        )
      models.set(start)
      decoder.start(bytes, 0, end)
      expect(bits.map((_, i) => decoder.decodeBit(models, i % 4))).toEqual(bits)
      expect(decoder.exact).toBe(true)
    }
    expect(longest).toBeGreaterThan(10)
  })

  it('flushes in one byte at most, and codes what was expected in none', () => {
    const bytes = new Uint8Array(64)
    const models = new Uint32Array(1).fill(modelWord(2 ** -16, 255))
    encoder.start(bytes)
    for (let i = 0; i < 500; i++) encoder.encodeBit(models, 0, 0)
    expect(encoder.finish()).toBe(0)
    for (let bits = 0; bits <= 32; bits++) {
      encoder.start(bytes)
      encoder.encodeDirect(0xffff_ffff, bits)
      // Ones cost a whole number of bits: only what does not fill a byte may be rounded up, with a trace of rounding.
      expect(encoder.finish()).toBeLessThanOrEqual(Math.ceil((bits + 0.01) / 8))
    }
  })

  it('stays within 1 % and 2 bytes of the ideal adaptive cost on frames of mostly zeros', () => {
    const random = seeded(3)
    const bytes = new Uint8Array(4096)
    let ideal = 0
    let real = 0
    for (let frame = 0; frame < 200; frame++) {
      const residuals = residualFrame(random)
      const models = freshModels(FIELDS * RESIDUAL_CONTEXTS)
      const cost = new IdealCost(models)
      encoder.start(bytes)
      for (const [i, residual] of residuals.entries()) {
        encodeResidual(cost, models, (i % FIELDS) * RESIDUAL_CONTEXTS, residual)
        encodeResidual(encoder, models, (i % FIELDS) * RESIDUAL_CONTEXTS, residual)
      }
      const size = encoder.finish()
      expect(size).toBeLessThanOrEqual((cost.bits / 8) * 1.01 + 2)
      expect(size).toBeGreaterThanOrEqual((cost.bits / 8) * 0.99 - 1)
      ideal += cost.bits / 8
      real += size
    }
    // On average the flush costs half a byte.
    expect(real / ideal).toBeLessThan(1.005 + 0.7 / (ideal / 200))
    expect(real / ideal).toBeGreaterThan(1)
  })

  it('writes the pinned bytes: if they change, so has the protocol', () => {
    const bytes = new Uint8Array(8192)
    const models = freshModels(FIELDS * RESIDUAL_CONTEXTS)
    const random = seeded(13)
    encoder.start(bytes)
    for (let frame = 0; frame < 20; frame++) {
      const residuals = residualFrame(random)
      for (const [i, residual] of residuals.entries()) {
        encodeResidual(encoder, models, (i % FIELDS) * RESIDUAL_CONTEXTS, residual << (i % 13))
      }
    }
    const end = encoder.finish()
    let hash = 0
    for (let i = 0; i < end; i++) hash = hashStep(hash, bytes[i] ?? 0)
    expect([end, hashFinish(hash, end), RESIDUAL_CONTEXTS]).toEqual([2_269, 1_065_246_502, 76])
  })

  it('writes nothing outside its bytes when they are too few, and says so', () => {
    const random = seeded(5)
    for (let limit = 2; limit < 40; limit++) {
      const bytes = new Uint8Array(64).fill(0x5a)
      encoder.start(bytes, 2, limit)
      for (let i = 0; i < 100; i++) encoder.encodeDirect(random(), 32)
      expect(encoder.finish()).toBeLessThanOrEqual(limit)
      expect(encoder.overflowed).toBe(true)
      expect([...bytes.subarray(0, 2), ...bytes.subarray(limit)].every((byte) => byte === 0x5a)).toBe(true)
    }
  })

  it('tells a stream that is too short, or has bytes to spare', () => {
    const bytes = new Uint8Array(256)
    const random = seeded(9)
    encoder.start(bytes)
    for (let i = 0; i < 20; i++) encoder.encodeDirect(random(), 32)
    const end = encoder.finish()
    const read = (length: number): void => {
      decoder.start(bytes, 0, length)
      for (let i = 0; i < 20; i++) decoder.decodeDirect(32)
    }
    read(end)
    expect(decoder.exact).toBe(true)
    read(end - 2)
    expect([decoder.exact, decoder.overrun > 4]).toEqual([false, true])
    read(end + 2)
    expect(decoder.exact).toBe(false)
  })

  it('ends without a throw on a million random inputs, whatever the models hold', () => {
    const random = seeded(1_000_003)
    const bytes = new Uint8Array(32)
    const models = freshModels(MODELS)
    let odd = 0
    for (let run = 0; run < 1_000_000; run++) {
      const length = random() % 24
      for (let i = 0; i < length; i += 4) {
        const word = random()
        bytes[i] = word
        bytes[i + 1] = word >>> 8
        bytes[i + 2] = word >>> 16
        bytes[i + 3] = word >>> 24
      }
      if (run % 64 === 0) for (let i = 0; i < MODELS; i++) models[i] = run % 128 === 0 ? random() : FRESH_MODEL
      decoder.start(bytes, 0, length)
      for (let i = 0; i < 4; i++) {
        const residual = decodeResidual(decoder, models, (i % BLOCKS) * RESIDUAL_CONTEXTS)
        const symbol = decodeSymbol(decoder, models, SYMBOLS, SYMBOL_BITS)
        const direct = decoder.decodeDirect(run & 31)
        if (residual !== (residual | 0) || symbol < 0 || symbol > 31 || direct < 0 || direct >= 2 ** (run & 31)) odd++
      }
      // 4 rounds read at most 4 * (33 + 2 + 29 + 5 + 31) coded bits, of at most 15 bits each.
      if (decoder.overrun > 4 + (4 * 100 * 15) / 8) odd++
    }
    expect(odd).toBe(0)
  })
})
