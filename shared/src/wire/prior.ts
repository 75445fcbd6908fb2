/**
 * Priors: what the models of a schema know before a frame begins, learned from a training run and committed as text. The trainer is run
 * by a script (cold) in place of the range encoder; `parsePrior` by every definition. The text gives the same words in every engine: it is read with
 * `+ - * /` and square roots alone. It carries a version and a hash, which belong into the schema's hash.
 */
import { FULL_TEXTS } from '#texts'
import { assert, NetError } from '../error.ts'
import { wrong } from '../game/checks.ts'
import { type BitSink, MAX_SEEN, type ModelTable, modelWord } from './bit-model.ts'
import { hashText } from './hash.ts'

/** Changes when the same text would give other models. */
const PRIOR_VERSION = 1

export interface Prior {
  /** The start value of every model: `models.set(prior.models)` begins a frame. Never written to. */
  readonly models: ModelTable
  /** 32 bits, over version and content. Both sides must have the same. */
  readonly hash: number
  /** The form to commit: `parsePrior(text, count)` gives this prior again. */
  readonly text: string
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** How many observations a prior may be worth, by its 4-bit code. */
const CONFIDENCES = [0, 1, 2, 3, 4, 6, 9, 14, 20, 30, 45, 70, 100, 140, 190, MAX_SEEN] as const
/** Odds of a 1 against a 0 are coded as 2 ^ ((level - 128) / 8), level 0 to 255. */
const EVEN_LEVEL = 128
/** The code of FRESH_MODEL. */
const FRESH_CODE = EVEN_LEVEL * 16 + 1
const MAX_MODELS = 65_536
const REMEDY = 'Train the prior again for this schema and commit its text unchanged.'

/** The probability of a 1 that a level stands for. */
function levelProbability(level: number): number {
  const eighth = Math.sqrt(Math.sqrt(Math.sqrt(2)))
  let odds = 1
  for (let i = EVEN_LEVEL; i < level; i++) odds *= eighth
  for (let i = EVEN_LEVEL; i > level; i--) odds /= eighth
  return odds / (1 + odds)
}

/** The level nearest to a probability, by odds. */
function nearestLevel(probability: number): number {
  const level = Math.round(Math.log2(probability / (1 - probability)) * 8) + EVEN_LEVEL
  return Math.min(255, Math.max(0, level))
}

function makePrior(codes: Uint16Array): Prior {
  const models = new Uint32Array(codes.length)
  let body = ''
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    models[i] = modelWord(levelProbability(code >>> 4), CONFIDENCES[code & 15] ?? 0)
    body += (DIGITS[code >>> 6] ?? '') + (DIGITS[code & 63] ?? '')
  }
  const hash = hashText(`${PRIOR_VERSION}.${body}`)
  return { models, hash, text: `${PRIOR_VERSION}.${hash.toString(16).padStart(8, '0')}.${body}` }
}

/** A prior that knows nothing, for a schema without training: all models fresh. */
export function blankPrior(modelCount: number): Prior {
  return makePrior(new Uint16Array(modelCount).fill(FRESH_CODE))
}

/** Reads a committed prior. Throws BAD_DEFINITION if it is damaged, of another version, or for another number of models. */
export function parsePrior(text: string, modelCount: number): Prior {
  const [version, hash, body] = text.split('.')
  if (version !== String(PRIOR_VERSION)) {
    throw wrong(
      FULL_TEXTS && [`the prior has version ${version?.slice(0, 8)}, this build reads ${PRIOR_VERSION}.`, REMEDY],
    )
  }
  const length = body === undefined ? 0 : body.length
  if (body === undefined || length !== modelCount * 2) {
    throw wrong(FULL_TEXTS && [`the prior holds ${length / 2} models, the schema has ${modelCount}.`, REMEDY])
  }
  const codes = new Uint16Array(modelCount)
  for (let i = 0; i < modelCount; i++) {
    const high = DIGITS.indexOf(body.charAt(2 * i))
    const low = DIGITS.indexOf(body.charAt(2 * i + 1))
    if (high < 0 || low < 0) throw wrong(FULL_TEXTS && [`the prior has a foreign character in model ${i}.`, REMEDY])
    codes[i] = high * 64 + low
  }
  const prior = makePrior(codes)
  if (prior.text !== text) {
    throw wrong(
      FULL_TEXTS && [`the prior's hash is ${prior.hash.toString(16)}, its text says ${hash?.slice(0, 8)}.`, REMEDY],
    )
  }
  return prior
}

/**
 * Watches a training run: code the frames into it as into a range encoder, with the table given here, and call `endFrame` after each.
 * It counts zeros and ones per model and frame, because how much the frames differ tells how far the prior may be trusted within one.
 */
export class PriorTrainer implements BitSink {
  readonly #watched: ModelTable
  readonly #zeros: Uint32Array
  readonly #ones: Uint32Array
  /** Per model: zeros and ones of each frame that used it, in turn. */
  readonly #frames: number[][]

  constructor(models: ModelTable) {
    if (models.length > MAX_MODELS) {
      throw new NetError('BAD_ARGUMENT', `${models.length} models are too many to train.`, `Use at most ${MAX_MODELS}.`)
    }
    this.#watched = models
    this.#zeros = new Uint32Array(models.length)
    this.#ones = new Uint32Array(models.length)
    this.#frames = Array.from({ length: models.length }, () => [])
  }

  /** Counts the bit, if it belongs to the watched table. Models do not learn meanwhile. */
  encodeBit(models: ModelTable, index: number, bit: number): void {
    if (models !== this.#watched) return
    assert(index >= 0 && index < models.length, `a coded bit names model ${index} of ${models.length}`)
    const counts = bit === 0 ? this.#zeros : this.#ones
    counts[index] = (counts[index] ?? 0) + 1
  }

  encodeDirect(): void {
    // Even chances need no prior.
  }

  endFrame(): void {
    for (let i = 0; i < this.#frames.length; i++) {
      const zeros = this.#zeros[i] ?? 0
      const ones = this.#ones[i] ?? 0
      if (zeros + ones > 0) this.#frames[i]?.push(zeros, ones)
    }
    this.#zeros.fill(0)
    this.#ones.fill(0)
  }

  /** The prior that would have coded the frames seen so far in the fewest bits. Models never used know nothing. */
  build(): Prior {
    const codes = new Uint16Array(this.#frames.length)
    for (let i = 0; i < codes.length; i++) codes[i] = bestCode(this.#frames[i] ?? [])
    return makePrior(codes)
  }
}

/** The best start of one model, by trying every confidence at the pooled probability. `counts`: zeros and ones, frame by frame. */
function bestCode(counts: readonly number[]): number {
  let zeros = 0
  let ones = 0
  for (let i = 0; i < counts.length; i += 2) {
    zeros += counts[i] ?? 0
    ones += counts[i + 1] ?? 0
  }
  if (zeros + ones === 0) return FRESH_CODE
  const level = nearestLevel((ones + 0.4) / (zeros + ones + 0.8))
  const probability = levelProbability(level)
  let best = 0
  let bestBits = Number.POSITIVE_INFINITY
  for (let code = 0; code < CONFIDENCES.length; code++) {
    const confidence = CONFIDENCES[code] ?? 0
    // A few observations cannot vouch for more than themselves.
    if (confidence > zeros + ones) break
    const bits = codedBits(counts, probability, confidence)
    if (bits < bestBits) {
      bestBits = bits
      best = code
    }
  }
  return (level << 4) | best
}

/** What the frames cost with a model that starts each so. Learning by 1 / (seen + 1.5) is a Beta prior worth seen + 0.5: the order does not matter. */
function codedBits(counts: readonly number[], probability: number, confidence: number): number {
  const weight = confidence + 0.5
  let bits = 0
  for (let i = 0; i < counts.length; i += 2) {
    const zeros = counts[i] ?? 0
    const ones = counts[i + 1] ?? 0
    for (let k = 0; k < zeros; k++) bits -= Math.log2(((1 - probability) * weight + k) / (weight + k))
    for (let k = 0; k < ones; k++) bits -= Math.log2((probability * weight + k) / (weight + zeros + k))
  }
  return bits
}
