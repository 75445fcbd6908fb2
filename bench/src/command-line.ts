/**
 * What each bench command takes, and a check of what it was given: a run takes minutes, so a mistyped option must not be overlooked. Pure.
 * Called by main.ts before a command is loaded. Values themselves are judged by the commands (`numberOption` and the like).
 */
import { NetError } from '@tickmesh/shared'

export interface CommandOptions {
  /** Options with a value: `--seed 1` or `--seed=1`. */
  readonly values: readonly string[]
  /** Options without one. */
  readonly flags: readonly string[]
  /** How many words that are no options it takes at most. */
  readonly words: number
}

const delivered = ['out', 'html', 'compare'] as const
const measured = ['grid', 'seconds', 'warm-up', 'jitter-shape', 'only', 'seed', 'display-hz'] as const

export const commandOptions = {
  codec: { values: ['seconds'], flags: ['json'], words: 0 },
  gossip: { values: ['seed', 'hours'], flags: ['json', 'quick'], words: 0 },
  interest: {
    values: ['entities', 'players', 'seconds', 'transport', 'sample'],
    flags: ['json', 'no-peer', 'no-interest', 'cpu-prof'],
    words: 0,
  },
  failover: {
    values: ['kills', 'fault', 'word', 'matches', 'bots', 'shards', 'standby', 'seed'],
    flags: ['json'],
    words: 0,
  },
  hostile: {
    values: ['seconds', 'transport', 'attacks', 'seed', 'attack-kb', 'attack-messages', 'attack-connects'],
    flags: ['json', 'no-webrtc'],
    words: 0,
  },
  latency: { values: [...measured, 'real-seconds', ...delivered], flags: ['json', 'no-real'], words: 0 },
  links: {
    values: ['rtt', 'jitter', 'loss', 'burst', 'players', 'seconds', 'warm-up', 'seed'],
    flags: ['json'],
    words: 0,
  },
  load: {
    values: ['hz', 'rooms', 'seconds', 'players', 'pairs', 'only', 'transport'],
    flags: ['json', 'quick', 'cpu-prof'],
    words: 0,
  },
  migrate: { values: ['moves', 'matches', 'bots', 'shards', 'seed'], flags: ['json'], words: 0 },
  quality: { values: [...measured, 'players', 'processes', ...delivered], flags: ['json'], words: 0 },
  report: { values: ['html', 'compare', 'date', 'picture'], flags: ['json'], words: 2 },
  rollback: { values: [], flags: ['json'], words: 0 },
  size: { values: [], flags: ['json', 'all'], words: 0 },
  soak: {
    values: ['minutes', 'transport', 'cycle-seconds', 'seed', 'plant'],
    flags: ['json', 'no-webrtc'],
    words: 0,
  },
  train: { values: [], flags: ['json'], words: 3 },
} as const satisfies Readonly<Record<string, CommandOptions>>

export type CommandName = keyof typeof commandOptions

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commandOptions, name)
}

/** Throws BAD_ARGUMENT for what the command does not know, and for a value that is missing. */
export function checkArguments(command: CommandName, args: readonly string[]): void {
  const { values, flags, words }: CommandOptions = commandOptions[command]
  let wordsLeft = words
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (!arg.startsWith('--')) {
      if (wordsLeft-- === 0) throw wrong(command, `does not know what "${arg}" is for`)
      continue
    }
    const equals = arg.indexOf('=')
    const name = arg.slice(2, equals < 0 ? undefined : equals)
    if (flags.includes(name) && equals < 0) continue
    if (!values.includes(name)) throw wrong(command, `has no option ${arg}`)
    if (equals < 0 && (args[++at] ?? '--').startsWith('--')) throw wrong(command, `lacks a value after ${arg}`)
  }
}

function wrong(command: CommandName, problem: string): NetError {
  const { values, flags }: CommandOptions = commandOptions[command]
  const known = [...values.map((name) => `--${name} …`), ...flags.map((name) => `--${name}`)]
  return new NetError('BAD_ARGUMENT', `bench ${command} ${problem}.`, `It takes ${known.join(' ')}`)
}

/** What a person needs to read of an error. A bug of ours keeps its stack. */
export function problemText(error: unknown): string {
  if (error instanceof NetError) return error.text
  if (!(error instanceof Error)) return String(error)
  // What node:util's parseArgs refuses are TypeErrors with a code.
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return error.message
  const isBug = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return isBug ? (error.stack ?? error.message) : error.message
}
