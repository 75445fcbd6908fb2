/**
 * A pair of links inside one process, over virtual (or real) time and a modelled network.
 * Used by simulations, tests, the latency bench, and servers that are played in their own process.
 * Keeps the borrow rule strictly: bytes are copied when sent, and overwritten as soon as the receiver's call returns.
 */
import type { Scheduler } from '../time/scheduler.ts'
import type { ImpairmentOptions } from './impairment.ts'
import { Impairment, NEVER } from './impairment.ts'
import type { CloseReason, Lane, Link, LinkReceiver } from './link.ts'

export interface LinkPairOptions {
  /** True: one ordered stream, like a WebSocket (default). False: two lanes, like WebRTC; the reliable one stays ordered. */
  readonly ordered?: boolean
  /** A larger message closes the link with TOO_LARGE where it arrives. */
  readonly maxMessageBytes?: number
  /** More bytes than this waiting at the bottleneck close the link with TOO_SLOW. */
  readonly maxBufferedBytes?: number
}

/** What borrowed bytes turn into when the borrow is over: whoever kept them sees it. */
export const POISON = 0xdb

const DEFAULT_MAX_MESSAGE_BYTES = 65_536
const DEFAULT_MAX_BUFFERED_BYTES = 1_048_576
const MAX_POOLED = 256

/** Two links: what is sent into one comes out of the other. */
export function createLinkPair(
  scheduler: Scheduler,
  modelAtoB: Impairment | ImpairmentOptions = {},
  modelBtoA: Impairment | ImpairmentOptions = {},
  options: LinkPairOptions = {},
): readonly [Link, Link] {
  const pool = new BufferPool()
  const a = new MemoryLink(scheduler, asModel(modelAtoB), options, pool)
  const b = new MemoryLink(scheduler, asModel(modelBtoA), options, pool)
  a.connect(b)
  b.connect(a)
  return [a, b]
}

function asModel(model: Impairment | ImpairmentOptions): Impairment {
  return model instanceof Impairment ? model : new Impairment(model)
}

class MemoryLink implements Link {
  readonly ordered: boolean
  readonly #scheduler: Scheduler
  readonly #model: Impairment
  readonly #pool: BufferPool
  readonly #maxMessageBytes: number
  readonly #maxBufferedBytes: number
  #peer: MemoryLink | undefined
  #receiver: LinkReceiver | undefined
  /** Set as soon as the end is decided; nothing but `onClose` is delivered from then on. */
  #ended = false

  constructor(scheduler: Scheduler, model: Impairment, options: LinkPairOptions, pool: BufferPool) {
    this.ordered = options.ordered ?? true
    this.#scheduler = scheduler
    this.#model = model
    this.#pool = pool
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
    this.#maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES
  }

  connect(peer: MemoryLink): void {
    this.#peer = peer
  }

  get bufferedBytes(): number {
    return Math.ceil(this.#model.queuedBytes(this.#scheduler.now()))
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
  }

  send(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended) return
    const nowMs = this.#scheduler.now()
    if (this.ordered || lane === 'reliable') {
      this.#dispatch(this.#model.orderedArrival(nowMs, bytes.length), lane, bytes)
    } else {
      const arrivalMs = this.#model.datagramArrival(nowMs, bytes.length)
      this.#dispatch(arrivalMs, lane, bytes)
      if (arrivalMs !== NEVER) this.#dispatch(this.#model.duplicateArrival(arrivalMs), lane, bytes)
    }
    if (this.bufferedBytes > this.#maxBufferedBytes) {
      this.close({ code: 'TOO_SLOW', message: `more than ${this.#maxBufferedBytes} bytes wait to be sent.` })
    }
  }

  close(reason: CloseReason): void {
    if (this.#ended) return
    this.#end(reason)
    const peer = this.#peer
    this.#scheduler.at(this.#model.orderedArrival(this.#scheduler.now(), 0), () => {
      if (peer !== undefined) peer.#end(reason)
    })
  }

  #dispatch(arrivalMs: number, lane: Lane, bytes: Uint8Array): void {
    if (arrivalMs === NEVER) return
    const copy = this.#pool.take(bytes)
    const peer = this.#peer
    const length = bytes.length
    const arrivedOn: Lane = this.ordered ? 'reliable' : lane
    this.#scheduler.at(arrivalMs, () => {
      try {
        if (peer !== undefined) peer.#arrive(arrivedOn, copy.subarray(0, length))
      } finally {
        this.#pool.give(copy)
      }
    })
  }

  #arrive(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended) return
    if (bytes.length > this.#maxMessageBytes) {
      this.close({
        code: 'TOO_LARGE',
        message: `a message of ${bytes.length} bytes; at most ${this.#maxMessageBytes} are taken.`,
      })
      return
    }
    this.#receiver?.onMessage(lane, bytes)
  }

  #end(reason: CloseReason): void {
    if (this.#ended) return
    this.#ended = true
    // Never from inside the owner's own call.
    this.#scheduler.at(this.#scheduler.now(), () => this.#receiver?.onClose(reason))
  }
}

/** Buffers by powers of two, poisoned when given back. */
class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>()

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
  return byteLength <= 64 ? 64 : 2 ** Math.ceil(Math.log2(byteLength))
}
