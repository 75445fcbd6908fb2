/** A client's link on which the hello may be made another one, by a planted mistake. Put around the links of players. */
import { CONTROL, decodeControl, type Lane, type Link, type LinkReceiver, packControl } from '@tickmesh/shared'
import type { PlayRules } from '../sim-rules.ts'

export class GreetingLink implements Link {
  readonly ordered: boolean
  readonly #inner: Link
  readonly #rules: PlayRules

  constructor(inner: Link, rules: PlayRules) {
    this.ordered = inner.ordered
    this.#inner = inner
    this.#rules = rules
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  attach(receiver: LinkReceiver): void {
    this.#inner.attach(receiver)
  }

  send(lane: Lane, bytes: Uint8Array): void {
    this.#inner.send(lane, bytes[0] === CONTROL ? this.#asSaid(bytes) : bytes)
  }

  close(reason: Parameters<Link['close']>[0]): void {
    this.#inner.close(reason)
  }

  #asSaid(bytes: Uint8Array): Uint8Array {
    const decoded = decodeControl(bytes.subarray(1))
    const message = (decoded.ok ? decoded.value : {}) as Readonly<Record<string, unknown>>
    if (message.t !== 'hello') return bytes
    const said = this.#rules.hello(message)
    return said === message ? bytes : packControl(said)
  }
}
