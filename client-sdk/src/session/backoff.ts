/**
 * How long to wait before the next attempt: exponential, with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015), so that a thousand players whose
 * server was away do not come back in waves. Shorter where others stand by: one of them will have the room within a second. Pure.
 */
const FIRST_MS = 250
const MOST_MS = 5_000
const STANDBY_FIRST_MS = 100
const STANDBY_MOST_MS = 1_600

/** Attempts count from 0, which is made at once. `random` is 0 up to 1. */
export function backoffMs(attempt: number, random: number, isProtected = false): number {
  if (attempt === 0) return 0
  if (isProtected) return (0.5 + random / 2) * Math.min(STANDBY_MOST_MS, STANDBY_FIRST_MS * 2 ** (attempt - 1))
  return random * Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1))
}
