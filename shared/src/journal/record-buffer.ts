/**
 * Puts records together and hands them on in chunks. Used by the journal's writer only.
 */
import { ByteWriter } from '../wire/byte-writer.ts'
import { crc32 } from './crc32.ts'
import { JOURNAL_MAGIC, JOURNAL_VERSION, MAX_RECORD_FRAME_BYTES } from './format.ts'
import { PayloadBuffer } from './payload-buffer.ts'

/** Where a journal goes. */
export interface JournalSink {
  /** The next bytes of the file. They are the sink's own. */
  write(bytes: Uint8Array): void
  /** Nothing follows. */
  end(): void
}

const FIRST_BYTES = 16_384
const FULL_BYTES = 65_536

export class RecordBuffer {
  private readonly sink: JournalSink
  private readonly writer = new ByteWriter()
  private readonly payload = new PayloadBuffer()
  private waiting = new Uint8Array(FIRST_BYTES)
  private length = 0

  constructor(sink: JournalSink) {
    this.sink = sink
    for (const byte of JOURNAL_MAGIC) this.waiting[this.length++] = byte
    this.waiting[this.length++] = JOURNAL_VERSION
    this.waiting[this.length++] = 0
  }

  /** Adds a record. `fill` may be called again, with more room, so it must not change what it reads. */
  append(kind: number, fill: (writer: ByteWriter) => void): void {
    this.frame(kind, this.payload.write(fill))
    if (this.length >= FULL_BYTES) this.flush()
  }

  private frame(kind: number, payloadBytes: number): void {
    const needed = this.length + payloadBytes + MAX_RECORD_FRAME_BYTES
    if (needed > this.waiting.length) {
      const larger = new Uint8Array(Math.max(needed, this.waiting.length * 2))
      larger.set(this.waiting)
      this.waiting = larger
    }
    const { writer, waiting } = this
    writer.start(waiting, this.length)
    writer.u8(kind)
    writer.varint(payloadBytes)
    writer.raw(this.payload.bytes, 0, payloadBytes)
    writer.u32(crc32(waiting, this.length, writer.position))
    this.length = writer.position
  }

  /** Hands on what waits. */
  flush(): void {
    if (this.length > 0) this.sink.write(this.waiting.slice(0, this.length))
    this.length = 0
  }

  end(): void {
    this.flush()
    this.sink.end()
  }
}
