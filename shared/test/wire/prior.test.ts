import { describe, expect, it } from 'vitest'
import { freshModels, modelProbability } from '../../src/wire/bit-model.ts'
import { hashInts, hashText } from '../../src/wire/hash.ts'
import { blankPrior, type Prior, PriorTrainer, parsePrior } from '../../src/wire/prior.ts'
import { RangeEncoder } from '../../src/wire/range-coder.ts'
import { encodeResidual, RESIDUAL_CONTEXTS } from '../../src/wire/residual-coder.ts'
import { FIELDS, residualFrame, seeded } from './seeded.ts'

const MODELS = FIELDS * RESIDUAL_CONTEXTS

function train(frames: readonly Int32Array[]): Prior {
  const models = freshModels(MODELS)
  const trainer = new PriorTrainer(models)
  for (const frame of frames) {
    for (const [i, value] of frame.entries()) encodeResidual(trainer, models, (i % FIELDS) * RESIDUAL_CONTEXTS, value)
    trainer.endFrame()
  }
  return trainer.build()
}

function averageSize(frames: readonly Int32Array[], start: Uint32Array): number {
  const encoder = new RangeEncoder()
  const bytes = new Uint8Array(4096)
  const models = start.slice()
  let total = 0
  for (const frame of frames) {
    models.set(start)
    encoder.start(bytes)
    for (const [i, value] of frame.entries()) encodeResidual(encoder, models, (i % FIELDS) * RESIDUAL_CONTEXTS, value)
    total += encoder.finish()
  }
  return total / frames.length
}

/** A prior for one model, from frames of zeros and ones. */
function trainBits(frames: readonly (readonly number[])[]): { probability: number; seen: number } {
  const models = freshModels(1)
  const trainer = new PriorTrainer(models)
  for (const frame of frames) {
    for (const bit of frame) trainer.encodeBit(models, 0, bit)
    trainer.endFrame()
  }
  const word = trainer.build().models[0] ?? 0
  return { probability: modelProbability(word), seen: word & 1023 }
}

describe('a prior', () => {
  const random = seeded(11)
  const frames = Array.from({ length: 200 }, () => residualFrame(random))
  const others = Array.from({ length: 100 }, () => residualFrame(random))
  const prior = train(frames)

  it('saves a fourteenth on frames that it was not trained on', () => {
    const cold = averageSize(others, freshModels(MODELS))
    expect(averageSize(others, prior.models)).toBeLessThan(cold * 0.93)
  })

  it('comes back from its text word for word', () => {
    const read = parsePrior(prior.text, MODELS)
    expect([...read.models]).toEqual([...prior.models])
    expect(read.hash).toBe(prior.hash)
  })

  it('gives the pinned words for a text: if they change, PRIOR_VERSION must too', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    let body = ''
    for (let code = 0; code < 4096; code++) body += (digits[code >>> 6] ?? '') + (digits[code & 63] ?? '')
    const hash = hashText(`1.${body}`).toString(16).padStart(8, '0')
    const { models } = parsePrior(`1.${hash}.${body}`, 4096)
    expect(hashInts(new Int32Array(models.buffer), 0, 4096, 0)).toBe(2_369_660_134)
    expect([models[0], models[2048], models[2056], models[4095]]).toEqual([
      63 * 1024,
      2 ** 31,
      2 ** 31 + 20,
      4_194_234 * 1024 + 255,
    ])
  })

  it('trusts what was alike in every frame, and doubts what was not', () => {
    const steady = trainBits(Array.from({ length: 200 }, () => [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]))
    expect(steady.probability).toBeCloseTo(0.2, 1)
    expect(steady.seen).toBeGreaterThan(90)
    const fickle = trainBits(Array.from({ length: 200 }, (_, i) => Array.from({ length: 10 }, () => i % 2)))
    expect(fickle.probability).toBeCloseTo(0.5, 1)
    expect(fickle.seen).toBeLessThan(3)
  })

  it('knows nothing of models that were never used, and little of those seen once', () => {
    expect(trainBits([])).toEqual({ probability: 0.5, seen: 1 })
    expect(trainBits([[0]]).seen).toBeLessThan(2)
    expect([...blankPrior(3).models]).toEqual([...freshModels(3)])
  })

  it('listens to its own table alone', () => {
    const models = freshModels(2)
    const trainer = new PriorTrainer(models)
    for (let i = 0; i < 50; i++) trainer.encodeBit(freshModels(2), 0, 1)
    trainer.encodeDirect()
    trainer.endFrame()
    expect([...trainer.build().models]).toEqual([...freshModels(2)])
  })

  it('refuses a text that is damaged, of another version, or for other models', () => {
    const text = prior.text
    expect(() => parsePrior(text, MODELS + 1)).toThrow(/the schema has/)
    expect(() => parsePrior(`2${text.slice(1)}`, MODELS)).toThrow(/version/)
    expect(() => parsePrior(`${text.slice(0, -1)}*`, MODELS)).toThrow(/character/)
    expect(() => parsePrior(`${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`, MODELS)).toThrow(/hash/)
    expect(() => parsePrior('', MODELS)).toThrow(/BAD_DEFINITION/)
  })
})
