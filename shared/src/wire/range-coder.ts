/**
 * Adaptive binary range coder (after LZMA's, with carry). Called by the frame codecs: start, code the bits, finish.
 * Reusable, allocates nothing, stays inside the bytes given; the decoder never throws and never loops on what it reads.
 * `low` and `range` stay under 30 bits, which engines keep as plain integers. The flush takes one byte at most:
 * `range` is never under the weight of the top byte, so some multiple of that weight always lies in it, and missing bytes read as zeros.
 */
import { type BitSink, LEARNING_RATES, MAX_SEEN, type ModelTable } from './bit-model.ts'

const WHOLE = 0x3fff_ffff
const TOP_BYTE = 1 << 22
/** The decoder reads this many bytes ahead of the encoder's position. */
const LOOKAHEAD = 4

export class RangeEncoder implements BitSink {
  /** True if the bytes given did not suffice: what was written is then useless. */
  overflowed = false
  #low = 0
  #range = WHOLE
  #bytes: Uint8Array = new Uint8Array(0)
  #first = 0
  #position = 0
  #limit = 0

  /** Begins a stream at `offset` of `bytes`, which are borrowed until `finish`; never writes at or after `limit`. */
  start(bytes: Uint8Array, offset = 0, limit = bytes.length): void {
    this.#bytes = bytes
    this.#first = offset
    this.#position = offset
    this.#limit = limit < bytes.length ? limit : bytes.length
    this.#low = 0
    this.#range = WHOLE
    this.overflowed = false
  }

  /** What the stream takes if it ends now, without the flush (one byte or none). */
  get byteLength(): number {
    return this.#position - this.#first
  }

  encodeBit(models: ModelTable, index: number, bit: number): void {
    const word = models[index] ?? 0
    const rate = LEARNING_RATES[word & 1023] ?? 0
    const counted = (word & 1023) < MAX_SEEN ? word + 1 : word
    // The 1 takes its share at the top, at least 1 and less than `range`; what rounding leaves falls to the 0.
    const share = Math.imul(this.#range >>> 15, (word >>> 17) | 1)
    if (bit === 0) {
      models[index] = counted - (((Math.imul(word >>> 16, rate) + 511) >> 9) << 10)
      this.#range -= share
    } else {
      models[index] = counted + ((Math.imul(65535 - (word >>> 16), rate) >> 9) << 10)
      this.#add(this.#range - share)
      this.#range = share
    }
    if (this.#range < TOP_BYTE) this.#normalise()
  }

  encodeDirect(value: number, bitCount: number): void {
    for (let left = bitCount < 32 ? bitCount : 32; left > 0; ) {
      const count = left > 8 ? 8 : left
      left -= count
      this.#range >>>= count
      this.#add(Math.imul(this.#range, (value >>> left) & ((1 << count) - 1)))
      if (this.#range < TOP_BYTE) this.#normalise()
    }
  }

  /** Ends the stream. Returns the offset after its last byte. Call it once. */
  finish(): number {
    if (this.#low > 0) {
      this.#add(TOP_BYTE - 1)
      if (this.#low >= TOP_BYTE) this.#put(this.#low >>> 22)
    }
    return this.#position
  }

  /** Raises `low`; what exceeds 30 bits is carried into the bytes already written. */
  #add(amount: number): void {
    const low = this.#low + amount
    if (low > WHOLE) this.#carry()
    this.#low = low & WHOLE
  }

  #carry(): void {
    let at = this.#position - 1
    while (at > this.#first && this.#bytes[at] === 255) this.#bytes[at--] = 0
    if (at >= this.#first) this.#bytes[at] = (this.#bytes[at] ?? 0) + 1
  }

  #normalise(): void {
    while (this.#range < TOP_BYTE) {
      this.#put(this.#low >>> 22)
      this.#low = (this.#low << 8) & WHOLE
      this.#range <<= 8
    }
  }

  #put(byte: number): void {
    if (this.#position < this.#limit) this.#bytes[this.#position++] = byte
    else this.overflowed = true
  }
}

export class RangeDecoder {
  #code = 0
  #range = WHOLE
  #bytes: Uint8Array = new Uint8Array(0)
  #position = 0
  #end = 0
  /** The last byte read: two of its bits are not yet in `code`. */
  #last = 0

  /** Begins to read the stream of `length` bytes at `offset`. `bytes` are borrowed until the last bit is decoded. */
  start(bytes: Uint8Array, offset = 0, length = bytes.length - offset): void {
    this.#bytes = bytes
    this.#position = offset
    this.#end = Math.min(offset + length, bytes.length)
    this.#range = WHOLE
    this.#code = 0
    this.#last = 0
    for (let i = 0; i < LOOKAHEAD; i++) this.#shift()
  }

  /** How many bytes were read past the end (as zeros). More than 4: a damaged stream, and what comes now means nothing. */
  get overrun(): number {
    return this.#position > this.#end ? this.#position - this.#end : 0
  }

  /** After the last bit: did the stream have just the length that an encoder gives it? If not, it is damaged or not ours. */
  get exact(): boolean {
    const overrun = this.#position - this.#end
    return overrun === LOOKAHEAD || overrun === LOOKAHEAD - 1
  }

  /** The mirror of `encodeBit`. */
  decodeBit(models: ModelTable, index: number): number {
    const word = models[index] ?? 0
    const rate = LEARNING_RATES[word & 1023] ?? 0
    const counted = (word & 1023) < MAX_SEEN ? word + 1 : word
    const share = Math.imul(this.#range >>> 15, (word >>> 17) | 1)
    const rest = this.#range - share
    let bit = 0
    if (this.#code < rest) {
      models[index] = counted - (((Math.imul(word >>> 16, rate) + 511) >> 9) << 10)
      this.#range = rest
    } else {
      models[index] = counted + ((Math.imul(65535 - (word >>> 16), rate) >> 9) << 10)
      this.#code -= rest
      this.#range = share
      bit = 1
    }
    if (this.#range < TOP_BYTE) this.#normalise()
    return bit
  }

  /** The mirror of `encodeDirect`. Unsigned, up to 2^32 - 1. */
  decodeDirect(bitCount: number): number {
    let value = 0
    for (let left = bitCount < 32 ? bitCount : 32; left > 0; ) {
      const count = left > 8 ? 8 : left
      left -= count
      this.#range >>>= count
      const most = (1 << count) - 1
      const quotient = (this.#code / this.#range) | 0
      const part = quotient < most ? quotient : most
      this.#code -= Math.imul(this.#range, part)
      value = (value << count) | part
      if (this.#range < TOP_BYTE) this.#normalise()
    }
    return value >>> 0
  }

  #normalise(): void {
    while (this.#range < TOP_BYTE) {
      this.#shift()
      this.#range <<= 8
    }
  }

  /** Moves eight more bits into `code`. The encoder's first unit is its top byte, so `code` is two bits short of the bytes read. */
  #shift(): void {
    const next = this.#position < this.#end ? (this.#bytes[this.#position] ?? 0) : 0
    this.#position++
    this.#code = ((this.#code << 8) | ((this.#last << 6) & 0xff) | (next >>> 2)) & WHOLE
    this.#last = next
  }
}
