/**
 * How long to wait before the next attempt: exponential, with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015), so that a thousand players whose
 * server was away do not come back in waves. Pure.
 */
const FIRST_MS = 250
const MOST_MS = 5_000

/** Attempts count from 0, which is made at once. `random` is 0 up to 1. */
export function backoffMs(attempt: number, random: number): number {
  return attempt === 0 ? 0 : random * Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1))
}
