/**
 * Writes numbers into bytes that the caller owns, least significant byte first. Called by the frame codecs for heads and for what is not range-coded (hot).
 * Allocates nothing after construction, and never writes at or after the limit: then `ok` turns false, and stays so until `start`.
 */
export class ByteWriter {
  /** False after something did not fit: the bytes written are then useless. */
  ok = true
  /** Offset of the next byte. */
  position = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #limit = 0
  readonly #float = new DataView(new ArrayBuffer(8))

  /** Writes from `offset` of `bytes` on, which are borrowed; not beyond `limit`. */
  start(bytes: Uint8Array, offset = 0, limit = bytes.length): this {
    this.#bytes = bytes
    this.position = offset
    this.#limit = limit < bytes.length ? limit : bytes.length
    this.ok = true
    return this
  }

  u8(value: number): void {
    if (this.position < this.#limit) this.#bytes[this.position++] = value
    else this.ok = false
  }

  u16(value: number): void {
    this.u8(value)
    this.u8(value >>> 8)
  }

  u32(value: number): void {
    this.u16(value)
    this.u16(value >>> 16)
  }

  /** An unsigned 32-bit number in 1 to 5 bytes, seven bits each. */
  varint(value: number): void {
    let rest = value >>> 0
    while (rest > 127) {
      this.u8((rest & 127) | 128)
      rest >>>= 7
    }
    this.u8(rest)
  }

  /** An int32 in 1 to 5 bytes; near zero is short (zigzag). */
  signedVarint(value: number): void {
    this.varint((value << 1) ^ (value >> 31))
  }

  f64(value: number): void {
    this.#float.setFloat64(0, value, true)
    this.u32(this.#float.getUint32(0, true))
    this.u32(this.#float.getUint32(4, true))
  }

  /** Copies `source[from]` to `source[to - 1]`; all or nothing. */
  raw(source: Uint8Array, from = 0, to = source.length): void {
    const length = to - from
    if (length > this.#limit - this.position) {
      this.ok = false
      return
    }
    for (let i = 0; i < length; i++) this.#bytes[this.position + i] = source[from + i] ?? 0
    this.position += length
  }
}
