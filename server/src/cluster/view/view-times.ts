/** The default profile of shards: how often leases are asked for, how long they last, and how long silence is no evidence yet. Benches and simulations measure these. */
import type { LeaseTimes } from './view-rules.ts'

export const LEASE_TIMES: LeaseTimes = { leaseMs: 750, clockBound: 1.25 }
export const ASK_EVERY_MS = 100
export const EVIDENCE_MS = 2_000
