/**
 * Cuts a peer's stream into frames: a uint32 length (big-endian), then as many bytes. Used by peer-transport.ts for each stream that a peer dialled.
 * Keeps at most one frame that is not whole.
 */
import { MAX_ENVELOPE_BYTES } from './peer-codec.ts'

export class FrameGatherer {
  #parts: Buffer[] = []
  #length = 0

  /** Calls `whole` for each frame that is complete now; false: a frame is longer than any may be. */
  take(bytes: Buffer, whole: (frame: Uint8Array) => void): boolean {
    this.#parts.push(bytes)
    this.#length += bytes.length
    while (this.#length >= 4) {
      const size = this.#peek()
      if (size > MAX_ENVELOPE_BYTES) return false
      if (this.#length < 4 + size) return true
      const all = this.#joined()
      const rest = all.subarray(4 + size)
      this.#parts = rest.length > 0 ? [rest] : []
      this.#length = rest.length
      whole(all.subarray(4, 4 + size))
    }
    return true
  }

  #peek(): number {
    const [first] = this.#parts
    return first !== undefined && first.length >= 4 ? first.readUInt32BE() : this.#joined().readUInt32BE()
  }

  #joined(): Buffer {
    const [first] = this.#parts
    if (this.#parts.length === 1 && first !== undefined) return first
    const all = Buffer.concat(this.#parts)
    this.#parts = [all]
    return all
  }
}
