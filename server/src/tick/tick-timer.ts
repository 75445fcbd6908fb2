/**
 * The clock and the alarm of a tick loop. Implemented by RealTickTimer in production and over virtual time in tests.
 */
export interface TickTimer {
  /** Monotonic, fractional milliseconds. */
  nowMs(): number
  /** Calls `run` once, near `timeMs`: a little early or late does no harm. Never from inside this call. Returns how to take it back. */
  wakeAt(timeMs: number, run: () => void): () => void
}
