/**
 * Section 9 of PROTOCOL.md, without anything of the project: the range decoder, residuals, symbols, start values and the hash. Used by stranger.ts.
 */

function rate(seen: number): number {
  return Math.round(32768 / (Math.min(seen, 255) + 1.5))
}

function word(chance: number, seen: number): number {
  return Math.min(4194303, Math.max(1, Math.floor(chance * 4194304))) * 1024 + seen
}

export class Stream {
  private readonly bytes: Uint8Array
  private readonly models: Uint32Array
  private range = 2 ** 30 - 1
  private code = 0
  private bitsRead = 0
  private reads = 0

  private readonly watch: ((line: string) => void) | undefined

  /** `watch` is told of every coded bit: model, its word, share, code, bit. */
  constructor(bytes: Uint8Array, models: Uint32Array, watch?: (line: string) => void) {
    this.bytes = bytes
    this.models = models
    this.watch = watch
    this.code = this.next(30)
  }

  get exact(): boolean {
    return this.reads === this.bytes.length || this.reads === this.bytes.length - 1
  }

  private next(count: number): number {
    let value = 0
    for (let n = 0; n < count; n++, this.bitsRead++) {
      value = value * 2 + (((this.bytes[this.bitsRead >> 3] ?? 0) >> (7 - (this.bitsRead & 7))) & 1)
    }
    return value
  }

  private normalise(): void {
    while (this.range < 2 ** 22) {
      this.range *= 256
      this.code = ((this.code * 256) % 2 ** 30) + this.next(8)
      this.reads++
    }
  }

  bit(model: number): number {
    const m = this.models[model]
    if (m === undefined) throw new Error(`there is no model ${model}`)
    const share = (this.range >>> 15) * ((m >>> 17) | 1)
    const rest = this.range - share
    const bit = this.code < rest ? 0 : 1
    this.watch?.([model, m.toString(16).padStart(8, '0'), this.range, share, this.code, bit].join(' '))
    if (bit === 0) this.range = rest
    else {
      this.range = share
      this.code -= rest
    }
    const p = m >>> 16
    const r = rate(m % 1024)
    const n = m % 1024 < 255 ? m + 1 : m
    const change = bit === 0 ? -((p * r + 511) >> 9) : ((65535 - p) * r) >> 9
    this.models[model] = n + change * 1024
    this.normalise()
    return bit
  }

  direct(bits: number): number {
    let value = 0
    for (let left = bits; left > 0; ) {
      const count = Math.min(8, left)
      left -= count
      this.range >>>= count
      const piece = Math.min(Math.floor(this.code / this.range), 2 ** count - 1)
      this.code -= this.range * piece
      value = value * 2 ** count + piece
      this.normalise()
    }
    return value
  }

  residual(c: number): number {
    return this.bit(c) === 0 ? 0 : this.nonzero(c)
  }

  nonzero(c: number): number {
    const sign = this.bit(c + 1) === 1 ? -1 : 1
    let n = 1
    while (n < 32 && this.bit(c + 1 + n) === 1) n++
    const j = Math.min(n, 16)
    let magnitude = 1
    if (n >= 2) {
      const second = this.bit(c + 33 + j - 2)
      magnitude = 2 + second
      if (n >= 3) magnitude = magnitude * 2 + this.bit(c + 48 + 2 * (j - 3) + second)
      if (n > 3) magnitude = magnitude * 2 ** (n - 3) + this.direct(n - 3)
    }
    return (sign * magnitude) | 0
  }

  symbol(bits: number, c: number): number {
    let node = 1
    for (let n = 0; n < bits; n++) node = 2 * node + this.bit(c + node - 1)
    return node - 2 ** bits
  }
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CONFIDENCES = [0, 1, 2, 3, 4, 6, 9, 14, 20, 30, 45, 70, 100, 140, 190, 255]

/** The start values of all models: of a prior's text, or of chances. */
export function entropyStart(prior: string, chances: readonly number[]): Uint32Array {
  if (prior === '') return Uint32Array.from(chances, (chance) => word(chance, 2))
  const [, hash, digits = ''] = prior.split('.')
  if (hashOfText(`1.${digits}`).toString(16).padStart(8, '0') !== hash) throw new Error('the prior is damaged')
  const e = Math.sqrt(Math.sqrt(Math.sqrt(2)))
  return Uint32Array.from(chances, (_, n) => {
    const code = DIGITS.indexOf(digits.charAt(2 * n)) * 64 + DIGITS.indexOf(digits.charAt(2 * n + 1))
    const level = code >> 4
    let odds = 1
    for (let k = 128; k < level; k++) odds *= e
    for (let k = 128; k > level; k--) odds /= e
    return word(odds / (1 + odds), CONFIDENCES[code & 15] ?? 0)
  })
}

function rotl(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by))
}

export function step(hash: number, int: number): number {
  const k = Math.imul(rotl(Math.imul(int, 0xcc9e2d51), 15), 0x1b873593)
  return (Math.imul(rotl(hash ^ k, 13), 5) + 0xe6546b64) | 0
}

export function finish(hash: number, length: number): number {
  let h = hash ^ length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

export function hashOfText(text: string): number {
  let h = 0
  for (let n = 0; n < text.length; n++) h = step(h, text.charCodeAt(n))
  return finish(h, 4 * text.length)
}
