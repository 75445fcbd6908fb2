/**
 * Bounds what a peer can make the server write: of each event and code the first few lines of a second go through, the rest is counted, and one line says how
 * many there were. Made by the composition root around the log of a server. Pure: clock and alarm are passed in.
 */
import type { Log, LogLine } from './log-line.ts'

export interface LogLimitClock {
  nowMs(): number
  /** Calls `run` once, about `ms` from now. Returns how to take it back. */
  after(ms: number, run: () => void): () => void
}

/** Lines of one event and code that go through in a second. */
const PER_SECOND = 5
const SECOND_MS = 1_000
/** Events and codes come from our own code, so there are few; above this the rest shares one count. */
const MAX_KINDS = 256
const OTHERS = 'others'

interface Kind {
  sinceMs: number
  count: number
  heldBack: number
  newest: LogLine
}

export class LogLimit {
  private readonly kinds = new Map<string, Kind>()
  private readonly log: Log
  private readonly clock: LogLimitClock
  private cancelSweep: (() => void) | undefined

  constructor(log: Log, clock: LogLimitClock) {
    this.log = log
    this.clock = clock
  }

  /** Goes to the logger, now or as a count. */
  readonly take: Log = (line) => {
    const nowMs = this.clock.nowMs()
    const kind = this.kindOf(line, nowMs)
    kind.newest = line
    if (++kind.count <= PER_SECOND) return this.log(line)
    kind.heldBack++
    this.cancelSweep ??= this.clock.after(SECOND_MS, this.sweep)
  }

  /** What was held back is told now, and no alarm is left. */
  flush(): void {
    this.cancelSweep?.()
    this.cancelSweep = undefined
    for (const kind of this.kinds.values()) this.tell(kind)
    this.kinds.clear()
  }

  private kindOf(line: LogLine, nowMs: number): Kind {
    const wanted = `${line.level} ${line.event} ${line.code ?? ''}`
    const name = this.kinds.has(wanted) || this.kinds.size < MAX_KINDS ? wanted : OTHERS
    const known = this.kinds.get(name)
    if (known === undefined) {
      const kind = { sinceMs: nowMs, count: 0, heldBack: 0, newest: line }
      this.kinds.set(name, kind)
      return kind
    }
    if (nowMs - known.sinceMs >= SECOND_MS) {
      this.tell(known)
      known.sinceMs = nowMs
      known.count = 0
    }
    return known
  }

  /** After a second: what nobody asked about any more is told and forgotten. */
  private readonly sweep = (): void => {
    this.cancelSweep = undefined
    const nowMs = this.clock.nowMs()
    let waits = false
    for (const [name, kind] of this.kinds) {
      if (nowMs - kind.sinceMs >= SECOND_MS) {
        this.tell(kind)
        this.kinds.delete(name)
      } else if (kind.heldBack > 0) waits = true
    }
    if (waits) this.cancelSweep = this.clock.after(SECOND_MS, this.sweep)
  }

  private tell(kind: Kind): void {
    const { heldBack, newest } = kind
    if (heldBack === 0) return
    kind.heldBack = 0
    const { level, event, code } = newest
    const message = `${heldBack} more like this within about a second; the newest: ${newest.message}`
    this.log({ level, event, message, heldBack, ...(code === undefined ? {} : { code }) })
  }
}
