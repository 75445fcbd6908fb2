/**
 * One stream to a peer: dials it by TLS-PSK when there is something to send or it is to be kept open, and again with backoff. Used by peer-transport.ts.
 * Frames are a uint32 length (big-endian) and an envelope. What waits is bounded: at 8 MiB the connection is dropped with all that waits.
 * A stream is only written by who dialled it, so two peers have one each way.
 */
import { connect, type TLSSocket } from 'node:tls'
import type { Keyring } from './keyring.ts'

export const MAX_QUEUE_BYTES = 8 * 1024 * 1024
/** TLS 1.2 with pre-shared keys: both sides prove that they have the key, and nobody who gets it later reads what was said. */
export const PEER_TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const
const CONNECT_MS = 3_000
const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 2_000
/** A connection that broke before was no good one. */
const LASTED_MS = 200
/** What cannot be sent for so long is dropped: protocols ask again. */
const MAX_WAIT_MS = 5_000
/** A connection that takes no bytes for so long is broken. */
const STALLED_MS = 5_000
const IDLE_MS = 30_000

export interface PeerStreamOptions {
  readonly host: string
  readonly port: number
  readonly cluster: string
  readonly keyring: Keyring
  /** The other side refused the connection: nobody listens there. */
  readonly refused: () => void
  /** What waited was dropped. */
  readonly dropped: (frames: number) => void
}

export class PeerStream {
  /** Dialled and kept open although nothing is to be sent. */
  #kept = false
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #socket: TLSSocket | undefined
  #connected = false
  #retryMs = FIRST_RETRY_MS
  #retry: NodeJS.Timeout | undefined
  /** When bytes began to wait; undefined: none do. */
  #waitingSinceMs: number | undefined
  #usedMs = performance.now()
  #openedMs = 0
  #closed = false
  readonly #options: PeerStreamOptions

  constructor(options: PeerStreamOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Neither kept nor used for a while. */
  get idle(): boolean {
    return !this.#kept && this.#queueBytes === 0 && performance.now() - this.#usedMs > IDLE_MS
  }

  keep(kept: boolean): void {
    this.#kept = kept
    if (kept) this.#dial()
  }

  send(envelope: Uint8Array): void {
    if (this.#closed) return
    this.#usedMs = performance.now()
    const frame = Buffer.alloc(4 + envelope.length)
    frame.writeUInt32BE(envelope.length)
    frame.set(envelope, 4)
    const waiting = this.#queueBytes + (this.#socket?.writableLength ?? 0)
    if (waiting + frame.length > MAX_QUEUE_BYTES) {
      this.#drop()
      this.#socket?.destroy()
    }
    if (this.#socket !== undefined && this.#connected) {
      this.#together(this.#socket)
      this.#socket.write(frame)
      return
    }
    this.#queue.push(frame)
    this.#queueBytes += frame.length
    this.#waitingSinceMs ??= performance.now()
    this.#dial()
  }

  /** What is sent in one turn, such as the ticks of many rooms, leaves as one. */
  #together(socket: TLSSocket): void {
    if (socket.writableCorked > 0) return
    socket.cork()
    process.nextTick(() => socket.uncork())
  }

  /** Called a few times a second: ends what is stalled or idle. */
  look(nowMs: number): void {
    if (this.#connected && (this.#socket?.writableLength ?? 0) > 0) this.#waitingSinceMs ??= nowMs
    else if (this.#connected) this.#waitingSinceMs = undefined
    const waitedMs = this.#waitingSinceMs === undefined ? 0 : nowMs - this.#waitingSinceMs
    if (this.#connected && waitedMs > STALLED_MS) this.#socket?.destroy()
    else if (!this.#connected && waitedMs > MAX_WAIT_MS) this.#drop()
    if (this.#connected && this.idle) this.#socket?.end()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#queue = []
    this.#queueBytes = 0
    if (this.#connected) this.#socket?.end()
    const socket = this.#socket
    setTimeout(() => socket?.destroy(), 100)
  }

  #dial(): void {
    if (this.#closed || this.#socket !== undefined || this.#retry !== undefined) return
    const { host, port, cluster, keyring } = this.#options
    const identity = `${cluster}/${keyring.names()[0] ?? ''}`
    const [psk = Buffer.alloc(0)] = keyring.derive('peer streams')
    const socket = connect({
      ...PEER_TLS,
      host,
      port,
      pskCallback: () => ({ psk, identity }),
      checkServerIdentity: () => undefined,
    })
    this.#socket = socket
    let refused = false
    const deadline = setTimeout(() => socket.destroy(), CONNECT_MS)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 2_000)
    socket.on('secureConnect', () => {
      clearTimeout(deadline)
      this.#opened(socket)
    })
    // Peers say nothing on a stream that we dialled.
    socket.on('data', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    socket.on('drain', () => {
      this.#waitingSinceMs = undefined
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') refused = true
    })
    socket.on('close', () => {
      clearTimeout(deadline)
      this.#lost(refused)
    })
  }

  #opened(socket: TLSSocket): void {
    this.#connected = true
    this.#openedMs = performance.now()
    for (const frame of this.#queue) socket.write(frame)
    this.#queue = []
    this.#queueBytes = 0
    this.#waitingSinceMs = undefined
  }

  #lost(refused: boolean): void {
    const lasted = this.#connected && performance.now() - this.#openedMs > LASTED_MS
    if (lasted) this.#retryMs = FIRST_RETRY_MS
    this.#socket = undefined
    this.#connected = false
    if (this.#closed) return
    if (refused) this.#options.refused()
    if (!this.#kept && this.#queueBytes === 0) return
    // An established connection that broke is dialled at once: if its process died, that is refused.
    const waitMs = lasted ? 0 : this.#retryMs * (0.75 + Math.random() / 2)
    if (!lasted) this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      if (this.#kept || this.#queueBytes > 0) this.#dial()
    }, waitMs)
  }

  #drop(): void {
    if (this.#queue.length > 0) this.#options.dropped(this.#queue.length)
    this.#queue = []
    this.#queueBytes = 0
    this.#waitingSinceMs = undefined
  }
}
