/**
 * The memory in which a client makes its input messages. Links borrow it only while they are called, so a view of the same length is used again: sending
 * allocates nothing. Hot.
 */
export class Outgoing {
  readonly bytes = new Uint8Array(2048)
  readonly #views: Uint8Array[] = []

  /** The first `length` bytes. */
  view(length: number): Uint8Array {
    let view = this.#views[length]
    if (view === undefined) {
      view = this.bytes.subarray(0, length)
      this.#views[length] = view
    }
    return view
  }
}
