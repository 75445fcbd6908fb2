/**
 * Lets a TCP socket read into one buffer that is used again and again, as `net.connect({ onread })` does; Node offers that for outgoing connections
 * only. Without it every read takes 64 KiB of memory, cuts it to size, and passes through the machinery of streams: about a tenth of what a player costs.
 * Uses what `net.Socket` has inside for `onread`, and touches nothing if a version of Node has it otherwise. Called once per connection.
 */
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

const READING_BYTES = 65_536
/** Most reads are one short message: views of these are made once. */
const KEPT_VIEWS = 512

/** The buffer that all sockets of a process may read into: what was read is used up before the next read. */
export class ReadingMemory {
  readonly buffer = Buffer.allocUnsafeSlow(READING_BYTES)
  /** By length: the bytes from `viewsAt` on. */
  readonly #views: Uint8Array[] = []
  readonly #viewsAt: number

  /** Keeps views of what begins at `viewsAt`. */
  constructor(viewsAt: number) {
    this.#viewsAt = viewsAt
  }

  /** `length` bytes of a chunk. Not a Buffer, whose slice() is no copy. */
  view(chunk: Buffer, from: number, length: number): Uint8Array {
    if (chunk !== this.buffer || from !== this.#viewsAt || length >= KEPT_VIEWS)
      return new Uint8Array(chunk.buffer, chunk.byteOffset + from, length)
    const views = this.#views
    for (let next = views.length; next <= length; next++) views.push(new Uint8Array(chunk.buffer, from, next))
    return views[length] ?? new Uint8Array(chunk.buffer, from, length)
  }
}

interface ReadingHandle {
  useUserBuffer(buffer: Buffer): void
}

/** Reads everything from now on into `buffer`, and says each time how much. False, and nothing changed, if this socket cannot. */
export function readThrough(socket: Duplex, buffer: Buffer, onRead: (buffer: Buffer, length: number) => void): boolean {
  // What TLS has decrypted comes by other ways.
  if (socket instanceof TLSSocket) return false
  const inside = socket as unknown as Record<symbol, unknown> & { readonly _handle?: Partial<ReadingHandle> | null }
  const handle = inside._handle
  const symbols = Object.getOwnPropertySymbols(socket)
  const symbolOf = (name: string) => symbols.find(({ description }) => description === name)
  const kBuffer = symbolOf('kBuffer')
  const kCallback = symbolOf('kBufferCb')
  const kGenerator = symbolOf('kBufferGen')
  if (kBuffer === undefined || kCallback === undefined || kGenerator === undefined) return false
  if (inside[kBuffer] !== null || typeof handle?.useUserBuffer !== 'function') return false
  inside[kBuffer] = buffer
  inside[kGenerator] = null
  inside[kCallback] = (length: number) => {
    onRead(buffer, length)
    return true
  }
  handle.useUserBuffer(buffer)
  return true
}
