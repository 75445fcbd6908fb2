/**
 * The log of a server that brings none of its own: one JSON object a line on stderr, by pino; on a terminal one coloured line for people.
 * Written at once, so that the last lines before an exit are there.
 */
import { styleText } from 'node:util'
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino'
import type { Log, LogLine } from './log-line.ts'
import { REDACTED, SECRET_NAMES } from './log-scrub.ts'

export type LogLevel = 'silent' | 'error' | 'warn' | 'info'

export interface PinoLogOptions {
  /** The least that is written; `info` by default, or what the variable LOG_LEVEL says. */
  readonly level?: LogLevel
  /** Where lines go; stderr by default. */
  readonly stream?: DestinationStream
  /** Lines for people instead of JSON; by default if stderr is a terminal. */
  readonly pretty?: boolean
}

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info']
const COLOURS = { info: 'cyan', warn: 'yellow', error: 'red' } as const

/** LOG_LEVEL may also be one of pino's finer levels: they say as much as `info`. */
export function levelOf(name: string | undefined): LogLevel {
  const lower = name?.toLowerCase() ?? 'info'
  if (lower === 'fatal') return 'error'
  return LEVELS.find((level) => level === lower) ?? 'info'
}

export function pinoLog(options: PinoLogOptions = {}): Log {
  const level = options.level ?? levelOf(process.env.LOG_LEVEL)
  const stream = options.stream ?? destination({ dest: 2, sync: true })
  const pretty = options.pretty ?? (options.stream === undefined && process.stderr.isTTY === true)
  return pretty ? prettyLog(level, stream) : jsonLog(level, stream)
}

function jsonLog(level: LogLevel, stream: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: REDACTED },
    },
    stream,
  )
  return ({ level: of, message, ...fields }) => logger[of](fields, message)
}

function prettyLog(level: LogLevel, stream: DestinationStream): Log {
  const most = LEVELS.indexOf(level)
  return (line) => {
    if (LEVELS.indexOf(line.level) <= most) stream.write(`${prettyLine(line, new Date())}\n`)
  }
}

/** `12:34:56 warn  peer-dropped room=main player=5c1f: TOO_FAST: more than ...` */
export function prettyLine(line: LogLine, at: Date): string {
  const { level, event, message, room, player, stack } = line
  const where = [room && `room=${room}`, player && `player=${player}`].filter(Boolean).join(' ')
  const force = { validateStream: false }
  const head = [
    styleText('dim', at.toISOString().slice(11, 19), force),
    styleText(COLOURS[level], level.padEnd(5), force),
    styleText('bold', event, force),
    ...(where === '' ? [] : [styleText('dim', where, force)]),
  ].join(' ')
  const trace = stack === undefined || stack === '' ? '' : `\n${styleText('dim', stack, force)}`
  return `${head} ${oneLine(message)}${trace}`
}

/** Nothing that others wrote may draw on the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
