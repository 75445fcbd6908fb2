/** What the server's log says on the terminal: one plain line, and the same kind of line at most every ten seconds. Used by main.ts. */
import type { Log } from '@tickmesh/server'

const EVERY_MS = 10_000

/** `now` gives milliseconds. */
export function terminalLog(now: () => number, print: (line: string) => void): Log {
  const printedAt = new Map<string, number>()
  const heldBack = new Map<string, number>()
  return ({ level, event, message }) => {
    if (level === 'info') return
    const held = heldBack.get(event) ?? 0
    if (level === 'warn' && now() - (printedAt.get(event) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) {
      heldBack.set(event, held + 1)
      return
    }
    print(`[server] ${message}${held === 0 ? '' : ` (and ${held} more like it)`}`)
    printedAt.set(event, now())
    heldBack.delete(event)
  }
}
