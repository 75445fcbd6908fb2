/**
 * The log line of something that was thrown.
 */
import type { LogLine } from './log-line.ts'

export function failureLine(
  event: string,
  problem: string,
  thrown: unknown,
  where: { room?: string; player?: string },
): LogLine {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { level: 'error', event, message: `${problem}: ${error.message}`, ...where, stack: error.stack ?? '' }
}
