/**
 * A tap on a link: hears of every message that passes, and alters nothing. For benches that follow a message on its way.
 */
import type { CloseReason, Lane, Link, LinkReceiver } from '@tickmesh/shared'

/** `bytes` is borrowed until the call returns. */
export interface Tap {
  /** Right before the owner's message goes out. */
  onSend?(bytes: Uint8Array): void
  /** Right before and after the owner takes a message in. */
  onArrive?(bytes: Uint8Array): void
  afterArrive?(bytes: Uint8Array): void
}

export class TapLink implements Link {
  readonly #link: Link
  readonly #tap: Tap

  constructor(link: Link, tap: Tap) {
    this.#link = link
    this.#tap = tap
  }

  get ordered(): boolean {
    return this.#link.ordered
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes
  }

  attach(receiver: LinkReceiver): void {
    this.#link.attach({
      onMessage: (lane, bytes) => {
        this.#tap.onArrive?.(bytes)
        receiver.onMessage(lane, bytes)
        this.#tap.afterArrive?.(bytes)
      },
      onClose: (reason) => receiver.onClose(reason),
    })
  }

  send(lane: Lane, bytes: Uint8Array): void {
    this.#tap.onSend?.(bytes)
    this.#link.send(lane, bytes)
  }

  close(reason: CloseReason): void {
    this.#link.close(reason)
  }
}
