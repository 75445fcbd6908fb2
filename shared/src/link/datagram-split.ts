/**
 * Keeps datagrams under the size that every path carries whole: larger ones travel in parts. Used by links whose datagrams are real ones (WebRTC).
 * A message that fits goes as it is, without a header, unless its first byte is the one that marks a part. A receiver holds the parts of one
 * message, the newest: state that a newer one has overtaken is worth nothing. Never gives out a message that is not whole and as it was sent.
 */

/** The largest datagram that we send. With the headers of SCTP, DTLS, UDP and IPv6 it stays under 1,280 bytes, which every path carries. */
export const MAX_DATAGRAM_BYTES = 1_150

/** The first byte of a part: none of the kinds of message that a game's link carries. */
const PART_MARKER = 0xff

const HEADER_BYTES = 4
const PART_BYTES = MAX_DATAGRAM_BYTES - HEADER_BYTES
const MAX_PARTS = 16
const GROUPS = 0x1_00_00

/** The largest message that goes as datagrams. */
export const MAX_SPLIT_BYTES = MAX_PARTS * PART_BYTES

// A part: marker, group (u16, little-endian), last index (high four bits) and own index (low four bits), bytes. All but the last part are full.

export class DatagramSplitter {
  /** Takes one datagram; `bytes` is borrowed. */
  readonly #emit: (bytes: Uint8Array) => void
  readonly #part = new Uint8Array(MAX_DATAGRAM_BYTES)
  #group = GROUPS - 1

  constructor(emit: (bytes: Uint8Array) => void) {
    this.#emit = emit
  }

  /** False, and nothing sent, if it is too large for datagrams: send it on the reliable lane. */
  send(bytes: Uint8Array): boolean {
    const length = bytes.length
    if (length <= MAX_DATAGRAM_BYTES && bytes[0] !== PART_MARKER) {
      this.#emit(bytes)
      return true
    }
    if (length > MAX_SPLIT_BYTES) return false
    this.#group = (this.#group + 1) % GROUPS
    const last = Math.ceil(length / PART_BYTES) - 1
    const part = this.#part
    part[0] = PART_MARKER
    part[1] = this.#group & 0xff
    part[2] = this.#group >> 8
    for (let index = 0; index <= last; index++) {
      const from = index * PART_BYTES
      const taken = Math.min(PART_BYTES, length - from)
      part[3] = (last << 4) | index
      // Bytes one by one would cost more than this view.
      part.set(bytes.subarray(from, from + taken), HEADER_BYTES)
      this.#emit(part.subarray(0, HEADER_BYTES + taken))
    }
    return true
  }
}

/** What became of a datagram. `partial`: kept or of no use; nothing is lost but what was. */
export type Joined = 'message' | 'partial' | 'malformed'

export class DatagramJoiner {
  /** Takes one whole message; `bytes` is borrowed. */
  readonly #deliver: (bytes: Uint8Array) => void
  /** Made when the first part comes: most links never get one. */
  #buffer: Uint8Array | undefined
  #group = -1
  #last = 0
  #lastLength = 0
  /** One bit for each part that is here; 0 once the message was delivered. */
  #seen = 0
  #isDone = true

  constructor(deliver: (bytes: Uint8Array) => void) {
    this.#deliver = deliver
  }

  /** `datagram` is borrowed. */
  receive(datagram: Uint8Array): Joined {
    if (datagram[0] !== PART_MARKER) {
      this.#deliver(datagram)
      return 'message'
    }
    const length = datagram.length - HEADER_BYTES
    const place = datagram[3] ?? 0
    const last = place >> 4
    const index = place & 0x0f
    const isLast = index === last
    if (index > last || length <= 0 || length > PART_BYTES || (!isLast && length < PART_BYTES)) return 'malformed'
    const group = (datagram[1] ?? 0) | ((datagram[2] ?? 0) << 8)
    if (group !== this.#group) {
      const ahead = (group - this.#group + GROUPS) % GROUPS
      if (this.#group >= 0 && ahead >= GROUPS / 2) return 'partial'
      this.#begin(group, last)
    }
    const bit = 1 << index
    if (this.#isDone || (this.#seen & bit) !== 0) return 'partial'
    // Parts of one message agree on how many they are.
    if (last !== this.#last) return 'malformed'
    return this.#keep(datagram, index, length)
  }

  #begin(group: number, last: number): void {
    this.#group = group
    this.#last = last
    this.#seen = 0
    this.#isDone = false
  }

  #keep(datagram: Uint8Array, index: number, length: number): Joined {
    this.#buffer ??= new Uint8Array(MAX_SPLIT_BYTES)
    this.#buffer.set(datagram.subarray(HEADER_BYTES), index * PART_BYTES)
    this.#seen |= 1 << index
    if (index === this.#last) this.#lastLength = length
    if (this.#seen !== 2 ** (this.#last + 1) - 1) return 'partial'
    this.#isDone = true
    this.#deliver(this.#buffer.subarray(0, this.#last * PART_BYTES + this.#lastLength))
    return 'message'
  }
}
