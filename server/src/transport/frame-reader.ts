/**
 * The short way for the frames that games send all day: whole, binary, unfragmented, masked.
 * Sits between a socket and the parser of `ws`: such frames are unmasked in place and handed on at once; from the first byte of anything else
 * on (fragments, text, control frames, a frame cut by the network, nonsense) the bytes go to `ws`, which alone judges them, until it stands between two messages again.
 * Hot: once per arriving chunk. Never decides that bytes are malformed, and never looks past the chunk.
 */

import type { ReadingMemory } from './socket-reading.ts'

/** Bytes before the payload of a masked frame of up to 125 bytes. */
export const SHORT_HEADER_BYTES = 6

const FINAL_BINARY = 0x82
const MASKED = 0x80
const LENGTH_16 = 126
const LENGTH_64 = 127

export class FrameReader {
  readonly #maxPayload: number
  /** Takes one message; `bytes` is borrowed. Returns false to hand everything after it to `passOn`. */
  readonly #onMessage: (bytes: Uint8Array) => boolean
  readonly #passOn: (chunk: Buffer) => void
  readonly #memory: ReadingMemory

  // Where `ws` stands in what was passed on to it.
  /** Payload bytes of its current frame still to come. */
  #payloadLeft = 0
  /** Header bytes of its current frame seen so far, and how many there will be. */
  #headerSeen = 0
  #headerLength = 2
  /** Where the header's length field ends. */
  #lengthEnd = 2
  #headerIsFinal = false
  #headerIsData = false
  #payloadLength = 0
  #inFragments = false

  /** `memory`: of chunks in its buffer most messages need no new view. */
  constructor(
    maxPayload: number,
    onMessage: (bytes: Uint8Array) => boolean,
    memory: ReadingMemory,
    passOn: (chunk: Buffer) => void,
  ) {
    this.#memory = memory
    this.#maxPayload = maxPayload
    this.#onMessage = onMessage
    this.#passOn = passOn
  }

  /** Reads the first `length` bytes of `chunk`. */
  read(chunk: Buffer, length = chunk.length): void {
    const between = this.#payloadLeft === 0 && this.#headerSeen === 0 && !this.#inFragments
    const at = between ? this.#readWhole(chunk, length) : 0
    if (at === length) return
    const rest = chunk.subarray(at, length)
    this.#follow(rest)
    this.#passOn(rest)
  }

  /** Hands on the plain frames at the start of the chunk, and returns how many bytes they took. */
  #readWhole(chunk: Buffer, end: number): number {
    let at = 0
    while (end - at >= SHORT_HEADER_BYTES && chunk[at] === FINAL_BINARY) {
      const second = chunk[at + 1] ?? 0
      let length = second & ~MASKED
      if (second < MASKED || length === LENGTH_64) break
      let mask = at + 2
      if (length === LENGTH_16) {
        length = ((chunk[at + 2] ?? 0) << 8) | (chunk[at + 3] ?? 0)
        mask = at + 4
      }
      const start = mask + 4
      const next = start + length
      if (next > end || length > this.#maxPayload) break
      for (let i = 0; i < length; i++) chunk[start + i] = (chunk[start + i] ?? 0) ^ (chunk[mask + (i & 3)] ?? 0)
      at = next
      if (!this.#onMessage(this.#memory.view(chunk, start, length))) break
    }
    return at
  }

  /** Keeps count of where frames begin and end in what `ws` gets. Wrong only for what makes `ws` close the connection. */
  #follow(chunk: Buffer): void {
    const end = chunk.length
    let at = 0
    while (at < end) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, end - at)
        this.#payloadLeft -= taken
        at += taken
      } else {
        this.#followHeader(chunk[at] ?? 0)
        at++
      }
    }
  }

  #followHeader(byte: number): void {
    const index = this.#headerSeen++
    if (index === 0) {
      this.#headerIsFinal = byte >= 0x80
      this.#headerIsData = (byte & 0x0f) < 8
    } else if (index === 1) {
      const length = byte & ~MASKED
      this.#payloadLength = length < LENGTH_16 ? length : 0
      this.#headerLength = 2 + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0) + (byte >= MASKED ? 4 : 0)
      this.#lengthEnd = length === LENGTH_16 ? 4 : length === LENGTH_64 ? 10 : 2
    } else if (index < this.#lengthEnd) {
      this.#payloadLength = this.#payloadLength * 256 + byte
    }
    if (this.#headerSeen < 2 || this.#headerSeen < this.#headerLength) return
    this.#headerSeen = 0
    this.#headerLength = 2
    this.#payloadLeft = this.#payloadLength
    if (this.#headerIsData) this.#inFragments = !this.#headerIsFinal
  }
}
