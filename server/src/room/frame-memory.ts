/**
 * The memory in which frames are made: a body first, then each client's tail after it and head before it. One for all rooms of a process.
 */
import { ByteWriter, MAX_FRAME_HEAD_BYTES, NetError } from '@tickmesh/shared'

/** Where bodies begin: there is room for a message's kind, a room's tag, how far others are behind, and a head before them. */
export const BODY_AT = MAX_FRAME_HEAD_BYTES + 3

const FIRST_CAPACITY = 32 * 1024
const MAX_CAPACITY = 16 * 1024 * 1024
/** Most frames are shorter, and so are most heads; all views together stay under 1 MB. */
const KEPT_LENGTH = 511
const KEPT_HEAD_BYTES = 17

export class FrameMemory {
  bytes = new Uint8Array(FIRST_CAPACITY)
  readonly head = new Uint8Array(BODY_AT)
  readonly writer = new ByteWriter()
  /** By offset: views of the frames of all lengths up to KEPT_LENGTH, made together when the first frame begins there: a server has soon made its last. */
  private views = noViews()

  /** What was written so far stays where it was. */
  grow(): void {
    if (this.bytes.length >= MAX_CAPACITY) {
      throw new NetError('TOO_LARGE', `a frame takes more than ${MAX_CAPACITY} bytes.`, 'Lower `max` of the entities.')
    }
    const larger = new Uint8Array(this.bytes.length * 4)
    larger.set(this.bytes)
    this.bytes = larger
    this.views = noViews()
  }

  /** The frame between two offsets, of which the first is at most BODY_AT. Links borrow it only while they are called, so views are used again. */
  view(from: number, to: number): Uint8Array {
    const length = to - from
    if (length > KEPT_LENGTH || from < BODY_AT - KEPT_HEAD_BYTES) return this.bytes.subarray(from, to)
    const views = this.views[from] ?? this.viewsFrom(from)
    return views[length] ?? this.bytes.subarray(from, to)
  }

  private viewsFrom(from: number): readonly Uint8Array[] {
    const { bytes } = this
    const views = Array.from({ length: KEPT_LENGTH + 1 }, (_, length) => bytes.subarray(from, from + length))
    this.views[from] = views
    return views
  }
}

function noViews(): (readonly Uint8Array[] | undefined)[] {
  return Array.from({ length: BODY_AT + 1 })
}
