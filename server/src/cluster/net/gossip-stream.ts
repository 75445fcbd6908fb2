/**
 * Gossip over TCP, one request and one answer: gathers what comes, decrypts it, and bounds it. Called by cluster-port.ts.
 * Nobody has said who they are before a whole frame is decrypted, so a request may be far smaller than an answer that was asked for.
 */
import { connect, type Socket } from 'node:net'
import { ENCRYPTED_STREAM, type Keyring, STREAM_HEADER_BYTES } from './keyring.ts'

/** Some 5,000 members. */
const MAX_REQUEST_BYTES = 2 * 1024 * 1024
const MAX_ANSWER_BYTES = 20 * 1024 * 1024

export type StreamFailure = 'undecryptable' | 'limited'

/** What came so far. Without a key it gives all of it each time; with one, the whole frame once it is there. */
export class GossipStream {
  readonly #keyring: Keyring
  readonly #maxBytes: number
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(keyring: Keyring, maxBytes = MAX_REQUEST_BYTES) {
    this.#keyring = keyring
    this.#maxBytes = maxBytes
  }

  /** Adds what came. `more`: the frame is not whole. */
  take(bytes: Uint8Array): Uint8Array | 'more' | StreamFailure {
    if (this.#length + bytes.length > this.#maxBytes) return 'limited'
    this.#append(bytes)
    const all = this.#bytes.subarray(0, this.#length)
    if (!this.#keyring.encrypts) return all
    if (all[0] !== ENCRYPTED_STREAM) return 'undecryptable'
    if (all.length < STREAM_HEADER_BYTES) return 'more'
    const end = STREAM_HEADER_BYTES + all.readUInt32BE(1)
    if (end > this.#maxBytes) return 'limited'
    if (all.length < end) return 'more'
    return this.#keyring.openStream(all.subarray(0, end)) ?? 'undecryptable'
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(length, this.#bytes.length * 2, 4096))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = length
  }
}

/** Asks, and gives the whole answer, or why there is none. `done` is called once, never at once. */
export function exchangeGossip(
  to: { readonly host: string; readonly port: number },
  request: Uint8Array,
  keyring: Keyring,
  timeoutMs: number,
  done: (answer: Uint8Array | StreamFailure | 'failed') => void,
): Socket {
  const stream = new GossipStream(keyring, MAX_ANSWER_BYTES)
  const socket = connect({ host: to.host, port: to.port, noDelay: true })
  let result: Uint8Array | StreamFailure | 'failed' = 'failed'
  const deadline = setTimeout(() => socket.destroy(), timeoutMs)
  socket.on('error', () => {})
  socket.on('connect', () => socket.write(keyring.sealStream(request)))
  socket.on('data', (bytes) => {
    const read = stream.take(bytes)
    if (read === 'more') return
    result = read
    // An encrypted frame says where it ends. Else the other side closes.
    if (keyring.encrypts || typeof read === 'string') socket.destroy()
  })
  socket.on('close', (failed) => {
    clearTimeout(deadline)
    done(failed && !keyring.encrypts ? 'failed' : result)
  })
  return socket
}
