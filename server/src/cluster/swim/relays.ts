/**
 * What this member probes on behalf of others: it pings for them, and tells them of the answer, or in time that there was none (a nack). Called by swim.ts.
 * Bounded: who asks for more than fits gets nothing.
 * Nacks go out at 80 % of the timeout, as in Lifeguard's paper: memberlist sends them at its end, which with its own times is just too late for who asked.
 */
import type { ClusterAddress } from '../life.ts'

const MAX_RELAYS = 1_024
const NACK_AT = 0.8

interface Relay {
  readonly requester: ClusterAddress
  readonly requesterSeqNo: number
  /** When it is told that there was no answer; Infinity: not at all, or already. */
  nackMs: number
  readonly deadlineMs: number
}

export class Relays {
  readonly #timeoutMs: number
  /** By our own sequence number. */
  readonly #bySeqNo = new Map<number, Relay>()
  #nextMs = Number.POSITIVE_INFINITY

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  get nextMs(): number {
    return this.#nextMs
  }

  add(seqNo: number, requester: ClusterAddress, requesterSeqNo: number, nack: boolean, nowMs: number): boolean {
    if (this.#bySeqNo.size >= MAX_RELAYS) return false
    const nackMs = nack ? nowMs + NACK_AT * this.#timeoutMs : Number.POSITIVE_INFINITY
    const deadlineMs = nowMs + this.#timeoutMs
    this.#bySeqNo.set(seqNo, { requester, requesterSeqNo, nackMs, deadlineMs })
    this.#nextMs = Math.min(this.#nextMs, nackMs, deadlineMs)
    return true
  }

  /** The one that waited for this answer; it is over with that. */
  answered(seqNo: number): Relay | undefined {
    const relay = this.#bySeqNo.get(seqNo)
    if (relay !== undefined) this.#bySeqNo.delete(seqNo)
    return relay
  }

  /** Those that are to be told now that there was no answer. An answer may still come until the timeout. */
  nacksDue(nowMs: number): Relay[] {
    if (nowMs < this.#nextMs) return []
    const told: Relay[] = []
    this.#nextMs = Number.POSITIVE_INFINITY
    for (const [seqNo, relay] of this.#bySeqNo) {
      if (relay.nackMs <= nowMs) {
        relay.nackMs = Number.POSITIVE_INFINITY
        told.push(relay)
      }
      if (relay.deadlineMs <= nowMs) this.#bySeqNo.delete(seqNo)
      else this.#nextMs = Math.min(this.#nextMs, relay.nackMs, relay.deadlineMs)
    }
    return told
  }
}
