/**
 * Writes numbers of a few bits each into a ByteWriter, least significant bit first. Called by the input codec (hot).
 * Allocates nothing; what does not fit turns the writer's `ok` false.
 */
import { ByteWriter } from './byte-writer.ts'

export class BitWriter {
  #writer = new ByteWriter()
  #bits = 0
  #count = 0

  /** Goes on at the writer's next byte, until `finish`. */
  start(writer: ByteWriter): void {
    this.#writer = writer
    this.#bits = 0
    this.#count = 0
  }

  /** The low `width` bits (0 to 32) of `value`. */
  write(value: number, width: number): void {
    if (width > 16) {
      this.#push(value & 0xffff, 16)
      this.#push((value >>> 16) & ((1 << (width - 16)) - 1), width - 16)
    } else this.#push(value & ((1 << width) - 1), width)
  }

  /** Fills the last byte with zeros. */
  finish(): void {
    if (this.#count > 0) this.#writer.u8(this.#bits)
    this.#count = 0
  }

  #push(value: number, width: number): void {
    this.#bits |= value << this.#count
    this.#count += width
    while (this.#count >= 8) {
      this.#writer.u8(this.#bits & 255)
      this.#bits >>>= 8
      this.#count -= 8
    }
  }
}
