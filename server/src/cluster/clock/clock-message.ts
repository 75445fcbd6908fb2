/**
 * What shards say to each other about the time: one question, one answer, each a datagram. Read by `ClusterClock`; nothing of it is believed before it was parsed.
 */
import { isWhole } from '@tickmesh/shared'
import { isLife, type Life } from '../life.ts'

export interface ClockAsk {
  readonly kind: 'ask'
  /** Comes back with the answer. */
  readonly id: number
}

export interface ClockAnswer {
  readonly kind: 'answer'
  readonly id: number
  /** The answering shard's cluster time when the question came, and when this left. */
  readonly receivedMs: number
  readonly sentMs: number
  /** How far from the root, which is 1; `UNSYNCHRONISED`: it follows nobody and is not the root. */
  readonly stratum: number
  /** What its time may be off by, against the root's. */
  readonly rootErrorMs: number
  /** Whom it follows: none of these may follow it. */
  readonly follows: readonly Life[]
}

export type ClockMessage = ClockAsk | ClockAnswer

/** As in NTP: whoever says so has no time to give. */
export const UNSYNCHRONISED = 16
/** Whom one shard follows at most. */
export const MAX_FOLLOWED = 4

export function parseClockMessage(value: unknown): ClockMessage | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, id, receivedMs, sentMs, stratum, rootErrorMs, follows } = value as Record<string, unknown>
  if (!isWhole(id, 0, 0xffff_ffff)) return undefined
  if (kind === 'ask') return { kind, id }
  if (kind !== 'answer' || !isWhole(stratum, 1, UNSYNCHRONISED)) return undefined
  if (!Number.isFinite(receivedMs) || !Number.isFinite(sentMs) || !Number.isFinite(rootErrorMs)) return undefined
  if ((rootErrorMs as number) < 0 || !Array.isArray(follows) || follows.length > MAX_FOLLOWED) return undefined
  if (!follows.every(isLife)) return undefined
  return {
    kind,
    id,
    receivedMs: receivedMs as number,
    sentMs: sentMs as number,
    stratum,
    rootErrorMs: rootErrorMs as number,
    follows: [...follows],
  }
}
