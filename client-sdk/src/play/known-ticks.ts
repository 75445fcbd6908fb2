/** The ticks of the newest frames that came, so that one that comes twice (datagrams may) is known. Asked once per frame by the room client; allocates nothing. */
const KEPT = 64

export class KnownTicks {
  readonly #ticks = new Int32Array(KEPT).fill(-1)

  /** False if it was added already. */
  add(tick: number): boolean {
    const slot = tick % KEPT
    if (this.#ticks[slot] === tick) return false
    this.#ticks[slot] = tick
    return true
  }

  clear(): void {
    this.#ticks.fill(-1)
  }
}
