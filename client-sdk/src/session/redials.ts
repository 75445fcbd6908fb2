/**
 * The dials that lead back into a room whose link was lost: one at a time, at the addresses that are known in turn; or side by side, there and where others stand by for
 * its server, each at its own pace. Made by the session, which hears of waits and of the end. A refusal of one address does not end the dials at the others.
 */
import { type Cancel, type CloseReason, retryOf } from '@tickmesh/shared'
import type { ClientHost } from '../play/client-host.ts'
import type { Attempt, Plan } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import type { Whereabouts } from './whereabouts.ts'

export interface RedialsOwner {
  readonly where: Whereabouts
  dial(plan: Plan): Attempt
  /** The `attempt`th dial at the room's own address begins after `waitMs`. */
  onWait(attempt: number, waitMs: number): void
  /** There is nothing to be tried any more; because of a refusal, or of time. */
  onGivenUp(refusal: CloseReason | undefined): void
}

/** One address, or all that are known in turn. */
interface Slot {
  readonly isFirst: boolean
  /** Undefined: whichever is next. */
  url: string | undefined
  tries: number
  attempt: Attempt | undefined
  cancel: Cancel
}

/** A refusal at one address may be overruled at another one for so long. */
const OVERRULE_MS = 1_000
const NOTHING = () => {}

export class Redials {
  readonly #owner: RedialsOwner
  readonly #host: ClientHost
  #slots: Slot[] = []
  #deadlineMs = 0
  #refusal: CloseReason | undefined

  constructor(owner: RedialsOwner, host: ClientHost) {
    this.#owner = owner
    this.#host = host
  }

  /** Dials until a welcome, a refusal, or the deadline. `tries` were made shortly before. */
  start(tries: number, deadlineMs: number, waitMs = this.#backoffMs(tries)): void {
    const { where } = this.#owner
    this.#deadlineMs = deadlineMs
    this.#refusal = undefined
    const others = where.standbys.filter((url) => url !== where.newest)
    this.#slots = [undefined, ...others].map((url) => ({
      isFirst: url === undefined,
      url,
      tries,
      attempt: undefined,
      cancel: NOTHING,
    }))
    for (const slot of this.#slots) this.#again(slot, waitMs)
  }

  #backoffMs(tries: number): number {
    return backoffMs(tries, this.#host.random(), this.#owner.where.isProtected)
  }

  #again(slot: Slot, waitMs = this.#backoffMs(slot.tries)): void {
    const startMs = this.#host.now() + waitMs
    if (startMs > this.#deadlineMs) return this.#giveUp(slot)
    if (waitMs > 0) this.#owner.where.rest()
    const attempt = slot.tries++
    slot.cancel = this.#host.at(startMs, () => {
      const url = slot.url ?? this.#owner.where.next(this.#slots.flatMap((other) => other.url ?? []))
      slot.attempt = this.#owner.dial({ attempt, url, purpose: 'again' })
    })
    if (slot.isFirst) this.#owner.onWait(slot.tries, waitMs)
  }

  #giveUp(slot: Slot): void {
    this.#slots = this.#slots.filter((other) => other !== slot)
    if (this.#slots.length === 0) this.#owner.onGivenUp(this.#refusal)
  }

  /** One of its attempts failed. */
  failed(attempt: Attempt, reason: CloseReason): void {
    const slot = this.#slots.find((slot) => slot.attempt === attempt)
    if (slot === undefined) return
    slot.attempt = undefined
    if (retryOf(reason.code) === 'never') {
      this.#refusal ??= reason
      this.#deadlineMs = Math.min(this.#deadlineMs, this.#host.now() + OVERRULE_MS)
      return this.#giveUp(slot)
    }
    const { newest } = this.#owner.where
    const isTaken = this.#slots.some((other) => other !== slot && (other.url ?? other.attempt?.plan.url) === newest)
    if (reason.code !== 'MOVED' || isTaken) return this.#again(slot)
    if (slot.url !== undefined) slot.url = newest
    this.#again(slot, 0)
  }

  stop(reason: CloseReason): void {
    const slots = this.#slots
    this.#slots = []
    for (const { cancel, attempt } of slots) {
      cancel()
      attempt?.cancel(reason)
    }
  }
}
