/**
 * Reads what BitWriter wrote. Called by the input codec with bytes from the network (hot): never throws, allocates nothing.
 * Reading past the end gives zeros and turns the ByteReader's `ok` false.
 */
import { ByteReader } from './byte-reader.ts'

export class BitReader {
  private reader = new ByteReader()
  private bits = 0
  private count = 0

  /** Goes on at the reader's next byte. */
  start(reader: ByteReader): void {
    this.reader = reader
    this.bits = 0
    this.count = 0
  }

  /** The next `width` bits (0 to 32), unsigned. */
  read(width: number): number {
    if (width <= 16) return this.pull(width)
    const low = this.pull(16)
    return (low | (this.pull(width - 16) << 16)) >>> 0
  }

  /** True if the rest of the last byte is zeros, as the writer leaves it. */
  finish(): boolean {
    return this.bits === 0
  }

  private pull(width: number): number {
    while (this.count < width) {
      this.bits |= this.reader.u8() << this.count
      this.count += 8
    }
    const value = this.bits & ((1 << width) - 1)
    this.bits >>>= width
    this.count -= width
    return value
  }
}
