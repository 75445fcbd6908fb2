/**
 * Which datagrams of one sender came already: the counters of the last 1,024, as bits. Called by datagram-seal.ts.
 * What is older than the window is refused, as if it had come.
 */
const WINDOW = 1024

export class ReplayWindow {
  #newest = -1
  readonly #seen = new Uint8Array(WINDOW)

  /** Takes a counter: false if it came before, or is too old to say. */
  take(counter: number): boolean {
    if (counter <= this.#newest - WINDOW) return false
    if (counter > this.#newest) {
      const from = Math.max(this.#newest + 1, counter - WINDOW + 1)
      for (let missed = from; missed <= counter; missed++) this.#seen[missed % WINDOW] = 0
      this.#newest = counter
    }
    if (this.#seen[counter % WINDOW] === 1) return false
    this.#seen[counter % WINDOW] = 1
    return true
  }
}
