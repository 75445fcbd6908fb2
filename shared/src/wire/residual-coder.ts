/**
 * Small signed integers and small symbols through the range coder, with contexts that learn. Called by the frame codecs for each field of each entity
 * (hot). A residual is: zero or not, sign, bit length in unary, the two bits under the leading one, the rest uncoded.
 * Every int32 comes back as it went in; other numbers wrap to int32. Decoding loops at most 32 times, whatever the bytes are.
 */
import type { BitSink, ModelTable } from './bit-model.ts'
import type { RangeDecoder } from './range-coder.ts'

/** Bit lengths from here on share the contexts of the bits under the leading one. */
const LAST_SLOT = 16
const SIGN = 1
/** Bit length 1 to 32: "longer than this?" */
const LENGTH = 2
/** The first bit under the leading one, by bit length 2 to LAST_SLOT. */
const SECOND = LENGTH + 31
/** The next one, by bit length 3 to LAST_SLOT and the bit before. */
const THIRD = SECOND + LAST_SLOT - 1

/**
 * How many models a residual needs, from `base` on. The first of them is the zero flag, which the caller may replace by another through `zeroIndex`,
 * say to tell entities that stirred from those that did not.
 */
export const RESIDUAL_CONTEXTS = THIRD + 2 * (LAST_SLOT - 2)

/** Codes `value` in the contexts from `base` on. */
export function encodeResidual(sink: BitSink, models: ModelTable, base: number, value: number, zeroIndex = base): void {
  const signed = value | 0
  if (signed === 0) {
    sink.encodeBit(models, zeroIndex, 0)
    return
  }
  sink.encodeBit(models, zeroIndex, 1)
  encodeNonZero(sink, models, base, signed)
}

/** Codes a `value` that both sides know not to be 0. */
export function encodeNonZero(sink: BitSink, models: ModelTable, base: number, value: number): void {
  sink.encodeBit(models, base + SIGN, value < 0 ? 1 : 0)
  const magnitude = (value < 0 ? -value : value) >>> 0
  const length = 32 - Math.clz32(magnitude)
  for (let i = 1; i < length; i++) sink.encodeBit(models, base + LENGTH + i - 1, 1)
  if (length < 32) sink.encodeBit(models, base + LENGTH + length - 1, 0)
  if (length < 2) return
  const slot = length < LAST_SLOT ? length : LAST_SLOT
  const second = (magnitude >>> (length - 2)) & 1
  sink.encodeBit(models, base + SECOND + slot - 2, second)
  if (length < 3) return
  sink.encodeBit(models, base + THIRD + (slot - 3) * 2 + second, (magnitude >>> (length - 3)) & 1)
  if (length > 3) sink.encodeDirect(magnitude, length - 3)
}

/** The mirror of `encodeResidual`. */
export function decodeResidual(decoder: RangeDecoder, models: ModelTable, base: number, zeroIndex = base): number {
  return decoder.decodeBit(models, zeroIndex) === 0 ? 0 : decodeNonZero(decoder, models, base)
}

/** The mirror of `encodeNonZero`. */
export function decodeNonZero(decoder: RangeDecoder, models: ModelTable, base: number): number {
  const negative = decoder.decodeBit(models, base + SIGN) === 1
  let length = 1
  while (length < 32 && decoder.decodeBit(models, base + LENGTH + length - 1) === 1) length++
  let magnitude = 1
  if (length > 1) {
    const slot = length < LAST_SLOT ? length : LAST_SLOT
    const second = decoder.decodeBit(models, base + SECOND + slot - 2)
    magnitude = 2 | second
    if (length > 2) magnitude = (magnitude << 1) | decoder.decodeBit(models, base + THIRD + (slot - 3) * 2 + second)
    if (length > 3) magnitude = (magnitude << (length - 3)) | decoder.decodeDirect(length - 3)
  }
  return (negative ? -magnitude : magnitude) | 0
}

/** How many models a symbol of `bits` bits needs. */
export function symbolContexts(bits: number): number {
  return (1 << bits) - 1
}

/** Codes the low `bits` bits (1 to 16) of `value`, highest first, each in the context of those before it. */
export function encodeSymbol(sink: BitSink, models: ModelTable, base: number, bits: number, value: number): void {
  let node = 1
  for (let i = bits - 1; i >= 0; i--) {
    const bit = (value >>> i) & 1
    sink.encodeBit(models, base + node - 1, bit)
    node = (node << 1) | bit
  }
}

/** The mirror of `encodeSymbol`. */
export function decodeSymbol(decoder: RangeDecoder, models: ModelTable, base: number, bits: number): number {
  let node = 1
  for (let i = 0; i < bits; i++) node = (node << 1) | decoder.decodeBit(models, base + node - 1)
  return node - (1 << bits)
}
