/**
 * Reads what ByteWriter wrote. Called with bytes from the network (hot): never throws, allocates nothing after construction but the views of `raw`.
 * Reading past the end gives 0 and turns `ok` false for good, so a codec may read all it expects and look at `ok` once.
 */
const EMPTY: Uint8Array = new Uint8Array(0)

export class ByteReader {
  /** False after a read past the end, or a number that no writer would write. */
  ok = true
  /** Offset of the next byte. */
  position = 0
  #bytes: Uint8Array = EMPTY
  #end = 0
  readonly #float = new DataView(new ArrayBuffer(8))

  /** Reads `length` bytes from `offset` on. They are borrowed. */
  start(bytes: Uint8Array, offset = 0, length = bytes.length - offset): this {
    this.#bytes = bytes
    this.position = offset
    this.#end = Math.min(offset + length, bytes.length)
    this.ok = true
    return this
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.position < this.#end ? this.#end - this.position : 0
  }

  u8(): number {
    if (this.position < this.#end) return this.#bytes[this.position++] ?? 0
    this.ok = false
    return 0
  }

  u16(): number {
    if (!this.#has(2)) return 0
    const low = this.u8()
    return low | (this.u8() << 8)
  }

  u32(): number {
    if (!this.#has(4)) return 0
    const low = this.u16()
    return (low | (this.u16() << 16)) >>> 0
  }

  /** An unsigned 32-bit number. More than 32 bits, or a needless last zero, turn `ok` false: every number has one form. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value |= (byte & 127) << shift
      if (byte < 128) {
        if (this.ok && !(byte === 0 && shift > 0) && !(shift === 28 && byte > 15)) return value >>> 0
        break
      }
    }
    this.ok = false
    return 0
  }

  signedVarint(): number {
    const zigzag = this.varint()
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  /** May be NaN or infinite: the caller judges. */
  f64(): number {
    if (!this.#has(8)) return 0
    this.#float.setUint32(0, this.u32(), true)
    this.#float.setUint32(4, this.u32(), true)
    return this.#float.getFloat64(0, true)
  }

  /** A view of the next `length` bytes, borrowed like the rest; empty if there are fewer. Allocates the view. */
  raw(length: number): Uint8Array {
    if (!this.#has(length)) return EMPTY
    this.position += length
    return this.#bytes.subarray(this.position - length, this.position)
  }

  /** Are that many bytes left? If not, nothing more can be read. */
  #has(length: number): boolean {
    if (length >= 0 && length <= this.#end - this.position) return true
    this.ok = false
    this.position = this.#end
    return false
  }
}
