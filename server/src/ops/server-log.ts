/**
 * The log of a server as all its parts get it: without secrets, and bounded, in front of the game's logger or of pino. Made once by the composition root.
 */

import { LogLimit } from './log-limit.ts'
import type { Log } from './log-line.ts'
import { scrubbed } from './log-scrub.ts'
import { type LogLevel, pinoLog } from './pino-log.ts'

export interface ServerLogOptions {
  readonly log?: Log
  readonly logLevel?: LogLevel
}

export function serverLog({ log, logLevel }: ServerLogOptions): { readonly log: Log; flush(): void } {
  const to = log ?? pinoLog(logLevel === undefined ? {} : { level: logLevel })
  const limit = new LogLimit(scrubbed(to), { nowMs: () => performance.now(), after })
  return { log: limit.take, flush: () => limit.flush() }
}

/** An alarm that keeps no process alive. */
function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
