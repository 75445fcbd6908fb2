/**
 * Brings others up to date, and asks them for what is missing here; not the same shard again and again. Pure; `Views` calls it whenever a message shows that
 * somebody is behind or ahead.
 */
import type { Life } from '../life.ts'
import type { ViewChain } from './chain.ts'
import { idOf, type ViewId } from './view.ts'
import type { ChainMessage } from './view-messages.ts'

const TELL_AGAIN_MS = 250
const MAX_TOLD = 4_096

export class Teller {
  readonly #self: Life
  readonly #chain: ViewChain
  readonly #send: (to: Life, message: ChainMessage) => void
  readonly #toldMs = new Map<Life, number>()

  constructor(self: Life, chain: ViewChain, send: (to: Life, message: ChainMessage) => void) {
    this.#self = self
    this.#chain = chain
    this.#send = send
  }

  /** To one at `from` (undefined: in no view). `restMs`: how long from now on nothing may be taken over. */
  tell(to: Life, from: ViewId | undefined, restMs: number, nowMs: number): void {
    if (!this.#may(to, nowMs)) return
    const message = this.#chain.since(from, Math.max(0, restMs))
    if (message !== undefined) this.#send(to, message)
  }

  fetch(from: Life, nowMs: number): void {
    const { view } = this.#chain
    if (view === undefined || !this.#may(from, nowMs)) return
    this.#send(from, { kind: 'fetch', view: idOf(view) })
  }

  #may(to: Life, nowMs: number): boolean {
    if (to === this.#self || nowMs - (this.#toldMs.get(to) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return false
    if (this.#toldMs.size >= MAX_TOLD) this.#toldMs.clear()
    this.#toldMs.set(to, nowMs)
    return true
  }
}
