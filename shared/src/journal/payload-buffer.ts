/**
 * Scratch memory for one record's payload, as large as the largest so far needed. Used by whoever writes journals, to files or as streams.
 */
import { NetError } from '../error.ts'
import { ByteWriter } from '../wire/byte-writer.ts'

const FIRST_BYTES = 16_384
const MAX_BYTES = 2 ** 30

export class PayloadBuffer {
  /** The payload that was written last, from 0 on. */
  bytes = new Uint8Array(FIRST_BYTES)
  private readonly writer = new ByteWriter()

  /** Gives the payload's length. `fill` may be called again, with more room, so it must not change what it reads. */
  write(fill: (writer: ByteWriter) => void): number {
    const { writer } = this
    fill(writer.start(this.bytes))
    while (!writer.ok) {
      if (this.bytes.length >= MAX_BYTES)
        throw new NetError(
          'TOO_LARGE',
          `a record of the journal takes over ${MAX_BYTES} bytes.`,
          'Lower `max` of the entities.',
        )
      this.bytes = new Uint8Array(this.bytes.length * 2)
      fill(writer.start(this.bytes))
    }
    return writer.position
  }
}
