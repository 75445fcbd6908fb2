/**
 * Lets a TCP socket read into one buffer that is used again and again, as `net.connect({ onread })` does; Node offers that for outgoing connections
 * only. Without it every read takes 64 KiB of memory, cuts it to size, and passes through the machinery of streams: about a tenth of what a player costs.
 * Uses what `net.Socket` has inside for `onread`, and touches nothing if a version of Node has it otherwise. Called once per connection.
 */
import type { Duplex } from 'node:stream'

const READING_BYTES = 65_536
/** Most reads are one short message: their chunks are made once. */
const KEPT_CHUNKS = 512

/** The buffer that all sockets of a process may read into: what was read is used up before the next read. */
export class ReadingMemory {
  readonly buffer = Buffer.allocUnsafeSlow(READING_BYTES)
  readonly #chunks: Buffer[] = []

  /** The first `length` bytes. */
  chunk(length: number): Buffer {
    if (length >= KEPT_CHUNKS) return this.buffer.subarray(0, length)
    for (let next = this.#chunks.length; next <= length; next++) this.#chunks.push(this.buffer.subarray(0, next))
    return this.#chunks[length] ?? this.buffer.subarray(0, length)
  }
}

interface ReadingHandle {
  useUserBuffer(buffer: Buffer): void
}

/** Reads everything from now on through `onChunk`, whose chunks are borrowed. False, and nothing changed, if this socket cannot. */
export function readThrough(socket: Duplex, memory: ReadingMemory, onChunk: (chunk: Buffer) => void): boolean {
  const inside = socket as unknown as Record<symbol, unknown> & { readonly _handle?: Partial<ReadingHandle> | null }
  const handle = inside._handle
  const symbols = Object.getOwnPropertySymbols(socket)
  const symbolOf = (name: string) => symbols.find(({ description }) => description === name)
  const kBuffer = symbolOf('kBuffer')
  const kCallback = symbolOf('kBufferCb')
  const kGenerator = symbolOf('kBufferGen')
  if (kBuffer === undefined || kCallback === undefined || kGenerator === undefined) return false
  if (inside[kBuffer] !== null || typeof handle?.useUserBuffer !== 'function') return false
  inside[kBuffer] = memory.buffer
  inside[kGenerator] = null
  inside[kCallback] = (length: number) => {
    onChunk(memory.chunk(length))
    return true
  }
  handle.useUserBuffer(memory.buffer)
  return true
}
