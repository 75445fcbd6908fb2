/**
 * Takes secrets out of log lines: the second line of defence. The first is that no code of ours puts one in; but the message of an error that a game's hook
 * threw is not ours. Called for every line of a server, whichever logger it goes to. Pure.
 */
import type { Log, LogLine } from './log-line.ts'

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]'

/** Names whose values are secrets, wherever they stand in an object that is logged. */
export const SECRET_NAMES = [
  'resume',
  'ticket',
  'auth',
  'authorization',
  'proxyAuthorization',
  'cookie',
  'setCookie',
  'token',
  'secret',
  'password',
] as const

/** `ticket: abc`, `"resume":"abc"`, `auth=abc`, `set-cookie: a=b; c=d`. What is between quotes goes whole. */
const NAMED =
  /\b(resume|ticket|auth|(?:proxy-?)?authorization|(?:access|id|refresh|bearer|session)?[_-]?token|secret|password|(?:set-?)?cookie)(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:Bearer |Basic )?[^\s"',;&})\]]+)/gi
const SCHEME = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi
/** A JSON Web Token, whatever stands before it. */
const WEB_TOKEN = /\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*/g

export function scrubText(text: string): string {
  return text.replace(WEB_TOKEN, REDACTED).replace(SCHEME, `$1 ${REDACTED}`).replace(NAMED, `$1$2${REDACTED}`)
}

/** The same logger, without secrets. */
export function scrubbed(log: Log): Log {
  return (line) => log(scrubLine(line))
}

function scrubLine(line: LogLine): LogLine {
  const message = scrubText(line.message)
  const { stack } = line
  return stack === undefined ? { ...line, message } : { ...line, message, stack: scrubText(stack) }
}
