/**
 * The real clock, timers and display of a browser or of Node: the client's only contact with them.
 */
import type { ClientHost, ClientPage } from './play/client-host.ts'

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
    random: Math.random,
    page: page === undefined ? undefined : realPage(),
  }
}

function realPage(): ClientPage {
  const on = (type: 'pagehide' | 'pageshow', run: (event: PageTransitionEvent) => void) => {
    addEventListener(type, run)
    return () => removeEventListener(type, run)
  }
  return {
    onHide: (run) => on('pagehide', run),
    onReturn: (run) => on('pageshow', ({ persisted }) => persisted && run()),
    read: (key) => allowed(() => sessionStorage.getItem(key)) ?? undefined,
    write: (key, value) =>
      void allowed(() => (value === undefined ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value))),
    wallMs: Date.now,
  }
}

/** Frames of other sites and private windows may have no storage. */
function allowed<Result>(use: () => Result): Result | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
