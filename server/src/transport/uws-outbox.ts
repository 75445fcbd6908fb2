/**
 * What links over uWebSockets.js send within one turn of the event loop: collected, and written when the turn is over, all messages of one link in one
 * cork, which is one system call and, over TLS, one record. One for all links of a front; hot: once per message sent.
 * Bounded: a full outbox is written at once. Nothing overtakes: a link's messages are written in the order in which they came.
 */

/** A link as the outbox sees it. */
export interface Sender {
  /** Set by the outbox alone: the link's first and last message in it (NONE if there is none), and how many bytes wait there. */
  waitingFirst: number
  waitingLast: number
  waitingBytes: number
  /** Writes all that waits, and forgets it. */
  write(): void
}

export const NONE = -1
const CAPACITY_BYTES = 1_048_576
const CAPACITY_MESSAGES = 8_192
/** More than that of one link does not wait for the turn's end, so that its limit of what may wait is looked at. */
const MANY_BYTES = 32_768

export class UwsOutbox {
  readonly #bytes = new Uint8Array(CAPACITY_BYTES)
  readonly #starts = new Int32Array(CAPACITY_MESSAGES + 1)
  /** Per message, the next one of the same link. */
  readonly #nexts = new Int32Array(CAPACITY_MESSAGES)
  #messages = 0
  /** Those that have something here, in the order of their first message. */
  readonly #links: (Sender | undefined)[] = []
  #linkCount = 0
  readonly #flush = (): void => this.flush()

  /** Copies; false if it is larger than all there is: then everything before it has been written. */
  add(link: Sender, bytes: Uint8Array): boolean {
    const { length } = bytes
    if (length > CAPACITY_BYTES) {
      this.flush()
      return false
    }
    if (this.#messages === CAPACITY_MESSAGES || (this.#starts[this.#messages] ?? 0) + length > CAPACITY_BYTES)
      this.flush()
    const index = this.#messages++
    if (index === 0) queueMicrotask(this.#flush)
    const start = this.#starts[index] ?? 0
    this.#bytes.set(bytes, start)
    this.#starts[index + 1] = start + length
    this.#nexts[index] = NONE
    if (link.waitingFirst === NONE) {
      link.waitingFirst = index
      this.#links[this.#linkCount++] = link
    } else {
      this.#nexts[link.waitingLast] = index
    }
    link.waitingLast = index
    link.waitingBytes += length
    if (link.waitingBytes > MANY_BYTES) this.flush()
    return true
  }

  /** Writes everything now. */
  flush(): void {
    for (let n = 0; n < this.#linkCount; n++) {
      this.#links[n]?.write()
      this.#links[n] = undefined
    }
    this.#linkCount = 0
    this.#messages = 0
  }

  next(index: number): number {
    return this.#nexts[index] ?? NONE
  }

  message(index: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[index] ?? 0, this.#starts[index + 1] ?? 0)
  }
}
