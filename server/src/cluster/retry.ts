/** When things are said again that were not answered. Pure; used by the parts that keep such things in maps. */

export interface Retried {
  /** When it is said again. */
  dueMs: number
  /** How long after it is said the next time. */
  retryMs: number
}

/** It is said now: again later, and each time twice as long after. */
export function postpone(said: Retried, maxRetryMs: number, nowMs: number): void {
  said.dueMs = nowMs + said.retryMs
  said.retryMs = Math.min(2 * said.retryMs, maxRetryMs)
}

/** When the first of them is due; Infinity: none is. */
export function firstDue(entries: Iterable<{ readonly dueMs: number }>): number {
  let next = Number.POSITIVE_INFINITY
  for (const { dueMs } of entries) next = Math.min(next, dueMs)
  return next
}
