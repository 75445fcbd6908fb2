/**
 * Pings, and what their answers say of the server's clock. Kept by the live room: a burst after each welcome, single ones while nothing else tells the time.
 */
import type { ClientHost } from '../play/client-host.ts'
import type { ClockSync } from '../play/clock-sync.ts'

/** Extra exchanges right after a welcome, and the time between them. */
const BURST = 5
const BURST_INTERVAL_MS = 40
/** Exchanges that may be under way; older ones are taken for lost. */
const MAX_PINGS = 16

export class ClockExchange {
  /** When the last ping left. */
  lastMs = 0
  readonly #host: ClientHost
  readonly #clock: ClockSync
  readonly #send: (message: object) => void
  readonly #sentMs = new Map<number, number>()
  #lastId = 0

  constructor(host: ClientHost, clock: ClockSync, send: (message: object) => void) {
    this.#host = host
    this.#clock = clock
    this.#send = send
  }

  burst(): void {
    for (let n = 0; n < BURST; n++) this.#host.at(this.#host.now() + n * BURST_INTERVAL_MS, () => this.ping())
  }

  ping(): void {
    this.#lastId = (this.#lastId + 1) % 65_536
    this.lastMs = this.#host.now()
    this.#sentMs.set(this.#lastId, this.lastMs)
    for (const id of this.#sentMs.keys()) if (this.#sentMs.size > MAX_PINGS) this.#sentMs.delete(id)
    this.#send({ t: 'ping', id: this.#lastId })
  }

  onPong(id: number, serverMs: number, nowMs: number): void {
    const sentMs = this.#sentMs.get(id)
    if (sentMs === undefined) return
    this.#sentMs.delete(id)
    this.#clock.onSample(sentMs, serverMs, serverMs, nowMs)
  }
}
