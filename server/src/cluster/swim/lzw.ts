/**
 * LZW as memberlist compresses: as in GIF, least significant bit first, literals of 8 bits, codes of 9 to 12 bits. Pure; called for each compressed
 * message by packets.ts and streams.ts. Only the decoder: peers take what is not compressed.
 * Never throws, and never gives more than it was allowed to: a few bytes may announce thousands of times as many.
 */

const CLEAR = 256
const END = 257
const FIRST_FREE = 258
const MAX_WIDTH = 12
const MAX_CODES = 1 << MAX_WIDTH
const MAX_KEPT_BYTES = 65_536

/** Its tables are used again for each message. */
export class LzwDecoder {
  readonly #prefix = new Uint16Array(MAX_CODES)
  readonly #suffix = new Uint8Array(MAX_CODES)
  readonly #first = new Uint8Array(MAX_CODES)
  readonly #length = new Uint16Array(MAX_CODES)
  #out: Uint8Array = new Uint8Array(4096)

  constructor() {
    for (let literal = 0; literal < 256; literal++) {
      this.#suffix[literal] = literal
      this.#first[literal] = literal
      this.#length[literal] = 1
    }
  }

  /** The text, which is the caller's own. Undefined: unsound, cut off, or longer than `maxBytes`. */
  decode(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
    let bits = 0
    let bitCount = 0
    let at = 0
    let width = 9
    let next = FIRST_FREE
    let before = -1
    let written = 0
    for (;;) {
      while (bitCount < width) {
        if (at >= bytes.length) return undefined
        bits |= (bytes[at++] ?? 0) << bitCount
        bitCount += 8
      }
      const code = bits & ((1 << width) - 1)
      bits >>>= width
      bitCount -= width
      if (code === END) break
      if (code === CLEAR) {
        width = 9
        next = FIRST_FREE
        before = -1
        continue
      }
      if (before < 0 ? code > 255 : code > next || (code === next && next === MAX_CODES)) return undefined
      if (before >= 0 && next < MAX_CODES) {
        // The text of the code before, and the first byte of this one; which may be the very code that is made here.
        this.#prefix[next] = before
        this.#suffix[next] = this.#first[code === next ? before : code] ?? 0
        this.#first[next] = this.#first[before] ?? 0
        this.#length[next] = (this.#length[before] ?? 0) + 1
        next++
        if (next === 1 << width && width < MAX_WIDTH) width++
      }
      const end = written + (this.#length[code] ?? 0)
      if (end > maxBytes) return undefined
      this.#write(code, written, end)
      written = end
      before = code
    }
    const text = this.#out.slice(0, written)
    if (this.#out.length > MAX_KEPT_BYTES) this.#out = new Uint8Array(MAX_KEPT_BYTES)
    return text
  }

  #write(code: number, from: number, end: number): void {
    if (end > this.#out.length) {
      const grown = new Uint8Array(Math.max(end, this.#out.length * 2))
      grown.set(this.#out.subarray(0, from))
      this.#out = grown
    }
    let rest = code
    for (let at = end - 1; at >= from; at--) {
      this.#out[at] = this.#suffix[rest] ?? 0
      rest = this.#prefix[rest] ?? 0
    }
  }
}
