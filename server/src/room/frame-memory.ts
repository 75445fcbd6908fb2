/**
 * The memory in which frames are made: a body first, then each client's tail after it and head before it. One for all rooms of a process.
 */
import { ByteWriter, MAX_FRAME_HEAD_BYTES, NetError } from '@tickmesh/shared'

/** Where bodies begin: there is room for a message's kind and a head before them. */
export const BODY_AT = MAX_FRAME_HEAD_BYTES + 1

const FIRST_CAPACITY = 32 * 1024
const MAX_CAPACITY = 16 * 1024 * 1024

export class FrameMemory {
  bytes = new Uint8Array(FIRST_CAPACITY)
  readonly head = new Uint8Array(BODY_AT)
  readonly writer = new ByteWriter()
  private lastView = new Uint8Array(0)

  /** What was written so far stays where it was. */
  grow(): void {
    if (this.bytes.length >= MAX_CAPACITY) {
      throw new NetError('TOO_LARGE', `a frame takes more than ${MAX_CAPACITY} bytes.`, 'Lower `max` of the entities.')
    }
    const larger = new Uint8Array(this.bytes.length * 4)
    larger.set(this.bytes)
    this.bytes = larger
  }

  /** The frame between two offsets. Links borrow it only while they are called, so a view that fits is used again. */
  view(from: number, to: number): Uint8Array {
    const last = this.lastView
    if (last.buffer === this.bytes.buffer && last.byteOffset === from && last.length === to - from) return last
    this.lastView = this.bytes.subarray(from, to)
    return this.lastView
  }
}
