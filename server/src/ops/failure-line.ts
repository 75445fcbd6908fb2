/**
 * The log line of something that was thrown, and what a player is told of it.
 */
import { type CloseReason, NetError } from '@tickmesh/shared'
import type { Log, LogLine } from './log-line.ts'

export function failureLine(
  event: string,
  problem: string,
  thrown: unknown,
  where: { room?: string; player?: string },
): LogLine {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { level: 'error', event, message: `${problem}: ${error.message}`, ...where, stack: error.stack ?? '' }
}

/** A client found that its own motion of a type is another than the server's. */
export function plainTypeLine(type: string, wholeRoom: boolean, where: { room: string; player: string }): LogLine {
  const whom = wholeRoom ? 'to the whole room' : 'to this client'
  const message = `the motion of "${type}" computes something else on a client; it is now sent without, ${whom}.`
  return { level: 'warn', event: 'motion-disagrees', message, ...where }
}

/** Why onJoin turned a player away. What one player's options did to it must not end the match for all, so any error does that. */
export function turnedAway(log: Log, error: unknown, where: { room: string; player: string }): CloseReason {
  if (error instanceof NetError && error.code === 'JOIN_REFUSED') return error.reason
  log(failureLine('join-rule-failed', 'rules.onJoin threw', error, where))
  return { code: 'INTERNAL', message: 'The server failed at this join.' }
}
