/**
 * Buffers for bytes that wait: by powers of two, poisoned when given back. Used by the delay line.
 * Never hands out a buffer that is in use.
 */

/** What borrowed bytes turn into when the borrow is over: whoever kept them sees it. */
export const POISON = 0xdb

const MIN_SIZE = 64
const MAX_POOLED = 256

export class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>()

  /** A buffer that starts with a copy of `bytes`. */
  take(bytes: Uint8Array): Uint8Array {
    const size = capacityFor(bytes.length)
    const buffer = this.#free.get(size)?.pop() ?? new Uint8Array(size)
    buffer.set(bytes)
    return buffer
  }

  give(buffer: Uint8Array): void {
    buffer.fill(POISON)
    const free = this.#free.get(buffer.length)
    if (free === undefined) this.#free.set(buffer.length, [buffer])
    else if (free.length < MAX_POOLED) free.push(buffer)
  }
}

function capacityFor(byteLength: number): number {
  return byteLength <= MIN_SIZE ? MIN_SIZE : 2 ** Math.ceil(Math.log2(byteLength))
}
