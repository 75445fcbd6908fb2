/**
 * A pair of links inside one process, over virtual (or real) time and a modelled network.
 * Used by simulations, tests, the latency bench, and servers that are played in their own process.
 * Keeps the borrow rule strictly: bytes are copied when sent, and overwritten as soon as the receiver's call returns.
 */
import type { Scheduler } from '../time/scheduler.ts'
import { BufferPool } from './buffer-pool.ts'
import { DelayLine } from './delay-line.ts'
import { Impairment, type ImpairmentOptions } from './impairment.ts'
import type { CloseReason, Lane, Link, LinkReceiver } from './link.ts'

export interface LinkPairOptions {
  /** True: one ordered stream, like a WebSocket (default). False: two lanes, like WebRTC; the reliable one stays ordered. */
  readonly ordered?: boolean
  /** A larger message closes the link with TOO_LARGE where it arrives. */
  readonly maxMessageBytes?: number
  /** More bytes than this waiting at the bottleneck close the link with TOO_SLOW. */
  readonly maxBufferedBytes?: number
}

const DEFAULT_MAX_MESSAGE_BYTES = 65_536
const DEFAULT_MAX_BUFFERED_BYTES = 1_048_576

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
  readonly #line: DelayLine
  readonly #maxMessageBytes: number
  readonly #maxBufferedBytes: number
  #peer: MemoryLink | undefined
  #receiver: LinkReceiver | undefined
  /** Set as soon as the end is decided; nothing but `onClose` is delivered from then on. */
  #ended = false

  constructor(scheduler: Scheduler, model: Impairment, options: LinkPairOptions, pool: BufferPool) {
    this.ordered = options.ordered ?? true
    this.#scheduler = scheduler
    this.#line = new DelayLine(scheduler, model, {
      ordered: this.ordered,
      deliver: (lane, bytes) => this.#peer?.arrive(this.ordered ? 'reliable' : lane, bytes),
      pool,
    })
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
    this.#maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES
  }

  connect(peer: MemoryLink): void {
    this.#peer = peer
  }

  get bufferedBytes(): number {
    return this.#line.queuedBytes
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
  }

  send(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended) return
    this.#line.send(lane, bytes)
    if (this.bufferedBytes > this.#maxBufferedBytes) {
      this.close({ code: 'TOO_SLOW', message: `more than ${this.#maxBufferedBytes} bytes wait to be sent.` })
    }
  }

  close(reason: CloseReason): void {
    if (this.#ended) return
    this.end(reason)
    this.#line.after(() => this.#peer?.end(reason))
  }

  /** What the peer's line brings. */
  arrive(lane: Lane, bytes: Uint8Array): void {
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

  end(reason: CloseReason): void {
    if (this.#ended) return
    this.#ended = true
    // Never from inside the owner's own call.
    this.#scheduler.at(this.#scheduler.now(), () => this.#receiver?.onClose(reason))
  }
}
