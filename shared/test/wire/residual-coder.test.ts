import { describe, expect, it } from 'vitest'
import { freshModels } from '../../src/wire/bit-model.ts'
import { RangeDecoder, RangeEncoder } from '../../src/wire/range-coder.ts'
import {
  decodeNonZero,
  decodeResidual,
  decodeSymbol,
  encodeNonZero,
  encodeResidual,
  encodeSymbol,
  RESIDUAL_CONTEXTS,
  symbolContexts,
} from '../../src/wire/residual-coder.ts'

const bytes = new Uint8Array(65_536)
const encoder = new RangeEncoder()
const decoder = new RangeDecoder()

function roundTrip(values: readonly number[]): number[] {
  const models = freshModels(RESIDUAL_CONTEXTS)
  encoder.start(bytes)
  for (const value of values) encodeResidual(encoder, models, 0, value)
  const end = encoder.finish()
  models.set(freshModels(RESIDUAL_CONTEXTS))
  decoder.start(bytes, 0, end)
  return values.map(() => decodeResidual(decoder, models, 0))
}

describe('the residual coder', () => {
  it('brings back every power of two and its neighbours, to both ends of int32', () => {
    const values = [0, 1, -1]
    for (let bit = 1; bit < 31; bit++) for (const near of [-1, 0, 1]) values.push(2 ** bit + near, -(2 ** bit) - near)
    values.push(2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1)
    expect(roundTrip(values)).toEqual(values)
  })

  it('wraps what is no int32', () => {
    expect(roundTrip([2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1])).toEqual([-(2 ** 31), 5, 2 ** 31 - 1])
  })

  it('touches no model outside its block', () => {
    const guard = 0x1234_5678
    const models = new Uint32Array(RESIDUAL_CONTEXTS + 2).fill(guard)
    models.set(freshModels(RESIDUAL_CONTEXTS), 1)
    encoder.start(bytes)
    for (let bit = 0; bit < 32; bit++)
      for (const lead of [2, 3, 4, 5, 6, 7]) encodeResidual(encoder, models, 1, (lead << bit) | bit)
    expect([models[0], models[RESIDUAL_CONTEXTS + 1]]).toEqual([guard, guard])
    // And it uses all of it, so that nobody pays for dead models.
    expect(models.subarray(1, -1).every((word, i) => word !== freshModels(RESIDUAL_CONTEXTS)[i])).toBe(true)
  })

  it('takes its zero flag from another context if the caller says so', () => {
    const models = freshModels(RESIDUAL_CONTEXTS + 2)
    const start = models.slice()
    const values = [0, 5, 0, -9, 0]
    encoder.start(bytes)
    for (const [i, value] of values.entries()) encodeResidual(encoder, models, 0, value, RESIDUAL_CONTEXTS + (i % 2))
    const end = encoder.finish()
    expect(models[0]).toBe(start[0])
    models.set(start)
    decoder.start(bytes, 0, end)
    expect(values.map((_, i) => decodeResidual(decoder, models, 0, RESIDUAL_CONTEXTS + (i % 2)))).toEqual(values)
  })

  it('leaves the zero flag out where both sides know that there is a difference', () => {
    const models = freshModels(RESIDUAL_CONTEXTS)
    encoder.start(bytes)
    for (const value of [1, -1, 300, -(2 ** 31)]) encodeNonZero(encoder, models, 0, value)
    const end = encoder.finish()
    models.set(freshModels(RESIDUAL_CONTEXTS))
    decoder.start(bytes, 0, end)
    expect([0, 0, 0, 0].map(() => decodeNonZero(decoder, models, 0))).toEqual([1, -1, 300, -(2 ** 31)])
  })

  it('codes symbols of 1 to 8 bits, each in contexts of its own', () => {
    for (let bits = 1; bits <= 8; bits++) {
      const models = freshModels(symbolContexts(bits))
      encoder.start(bytes)
      for (let value = 0; value < 2 ** bits; value++) encodeSymbol(encoder, models, 0, bits, value)
      const end = encoder.finish()
      models.set(freshModels(symbolContexts(bits)))
      decoder.start(bytes, 0, end)
      for (let value = 0; value < 2 ** bits; value++) expect(decodeSymbol(decoder, models, 0, bits)).toBe(value)
    }
  })
})
