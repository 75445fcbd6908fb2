/**
 * The real clock, timers and display of a browser or of Node: the client's only contact with them.
 */
import type { ClientHost } from './play/client-host.ts'

/** The host of this engine. Without a display (Node), frames are left to the ticks. */
export function realHost(): ClientHost {
  const page = typeof document === 'undefined' ? undefined : document
  const display = typeof requestAnimationFrame === 'undefined' ? undefined : requestAnimationFrame
  return {
    now: () => performance.now(),
    at(timeMs, run) {
      const timer = setTimeout(run, Math.max(0, timeMs - performance.now()))
      return () => clearTimeout(timer)
    },
    requestFrame:
      display === undefined
        ? undefined
        : (run) => {
            const frame = display(run)
            return () => cancelAnimationFrame(frame)
          },
    isAway: () => page !== undefined && (page.hidden || !page.hasFocus()),
  }
}
