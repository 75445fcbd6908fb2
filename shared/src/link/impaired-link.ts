/**
 * A real link with a bad network before it: what is sent is delayed by one model before it reaches the link, what arrives by another before it
 * reaches the receiver. Made by the client SDK's development options.
 * Keeps the contract of Link. Memory is bounded: whatever overfills a direction ends the link with TOO_SLOW.
 */
import type { Scheduler } from '../time/scheduler.ts'
import { DelayLine } from './delay-line.ts'
import type { Impairment } from './impairment.ts'
import type { CloseReason, Lane, Link, LinkReceiver } from './link.ts'

/** One model for each direction, seen from whoever holds the link. */
export interface LinkImpairments {
  readonly out: Impairment
  readonly in: Impairment
}

/** A minute of what a server sends at most, about. */
const MAX_HELD_BYTES = 8_388_608

/** The link to use instead of `link`, which nobody may have attached to yet. Change the models at any time. */
export function impairLink(link: Link, scheduler: Scheduler, models: LinkImpairments): Link {
  return new ImpairedLink(link, scheduler, models)
}

class ImpairedLink implements Link {
  readonly ordered: boolean
  readonly #link: Link
  readonly #scheduler: Scheduler
  readonly #out: DelayLine
  readonly #in: DelayLine
  #receiver: LinkReceiver | undefined
  /** Set as soon as the end is decided; nothing but `onClose` is delivered from then on. */
  #ended = false

  constructor(link: Link, scheduler: Scheduler, models: LinkImpairments) {
    const { ordered } = link
    this.ordered = ordered
    this.#link = link
    this.#scheduler = scheduler
    this.#out = new DelayLine(scheduler, models.out, { ordered, deliver: (lane, bytes) => link.send(lane, bytes) })
    this.#in = new DelayLine(scheduler, models.in, {
      ordered,
      deliver: (lane, bytes) => this.#receiver?.onMessage(lane, bytes),
    })
  }

  get bufferedBytes(): number {
    return this.#out.queuedBytes + this.#link.bufferedBytes
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
    this.#link.attach({
      onMessage: (lane, bytes) => this.#arrive(lane, bytes),
      onClose: (reason) => this.#in.after(() => this.#end(reason)),
    })
  }

  send(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended) return
    this.#out.send(lane, bytes)
    this.#bound(this.#out)
  }

  close(reason: CloseReason): void {
    if (this.#ended) return
    this.#ended = true
    this.#in.discard()
    this.#out.after(() => this.#link.close(reason))
    this.#scheduler.at(this.#scheduler.now(), () => this.#receiver?.onClose(reason))
  }

  #arrive(lane: Lane, bytes: Uint8Array): void {
    if (this.#ended) return
    this.#in.send(lane, bytes)
    this.#bound(this.#in)
  }

  /** Called by the line of what arrives, so never from inside the owner's own call. */
  #end(reason: CloseReason): void {
    this.#ended = true
    this.#in.discard()
    this.#out.discard()
    this.#receiver?.onClose(reason)
  }

  #bound(line: DelayLine): void {
    if (line.heldBytes <= MAX_HELD_BYTES) return
    this.close({ code: 'TOO_SLOW', message: `more than ${MAX_HELD_BYTES} bytes wait in the model of the network.` })
  }
}
