/** What a person tells the cluster: keys where there is a keyboard, else lines of the standard input. Used by main.ts. */
import { createInterface, emitKeypressEvents } from 'node:readline'
import type { ShardProcess } from './shard-process.ts'
import type { Supervisor } from './supervisor.ts'

export const KEYS_HELP = 'k kill   f freeze   d drain   s start   a add   r roll   q quit'

const VERBS: Readonly<Record<string, string>> = {
  k: 'kill',
  f: 'freeze',
  d: 'drain',
  s: 'start',
  a: 'add',
  r: 'roll',
  q: 'quit',
}
const HELP =
  'kill, freeze, drain, start (each with the number of a shard), add, roll (restarts all, one after another), show, quit'
const MOST_DIGITS = 2

export interface Commands {
  /** The shard that keys mean at the moment. */
  readonly chosen: string
}

/** Calls `order` with a verb and a shard's number. `exists`: is there a shard with this number? */
export function listen(order: (verb: string, shard: string) => void, exists: (shard: string) => boolean): Commands {
  const commands = { chosen: '' }
  const { stdin } = process
  if (stdin.isTTY !== true) {
    createInterface({ input: stdin }).on('line', (line) => {
      const [verb = '', shard = ''] = line.trim().split(/\s+/)
      if (verb !== '') order(verb, shard)
    })
    return commands
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', (_text: string | undefined, key: { name?: string; ctrl?: boolean; sequence?: string }) => {
    const pressed = key.sequence ?? ''
    const verb = VERBS[pressed]
    if (key.ctrl === true && key.name === 'c') order('quit', '')
    else if (/^\d$/.test(pressed)) {
      // 1, then 2: shard 12, if there is one.
      const both = commands.chosen + pressed
      commands.chosen = both.length <= MOST_DIGITS && exists(both) ? both : exists(pressed) ? pressed : ''
    } else if (verb !== undefined) order(verb, commands.chosen)
  })
  return commands
}

/** Does it, and says in a line what became of it. */
export function carryOut(supervisor: Supervisor, verb: string, number: string): string {
  if (verb === 'add') {
    const added = supervisor.add()
    return added === undefined ? 'There are enough shards.' : `shard-${added} starts.`
  }
  if (verb === 'roll')
    return supervisor.roll() ? 'All shards are restarted, one after another.' : 'They are being restarted already.'
  if (!(verb in ORDERS)) return `"${verb}" is no command. There are: ${HELP}.`
  const shard = supervisor.find(number)
  if (shard === undefined)
    return number === '' ? `Which shard? Choose it by its number, then ${verb}.` : `There is no shard ${number}.`
  return ORDERS[verb]?.(supervisor, shard) ?? ''
}

const ORDERS: Readonly<Record<string, (supervisor: Supervisor, shard: ShardProcess) => string>> = {
  kill(supervisor, shard) {
    if (shard.isGone) return `${shard.name} does not run.`
    supervisor.kill(shard)
    return `${shard.name} is killed.`
  },
  freeze(_, shard) {
    if (shard.isGone) return `${shard.name} does not run.`
    shard.toggleFreeze()
    return shard.state === 'frozen' ? `${shard.name} is frozen; once more lets it go on.` : `${shard.name} goes on.`
  },
  drain(supervisor, shard) {
    const { name, state } = shard
    if (state === 'frozen') return `${name} is frozen and cannot hear; freeze it once more to let it go on.`
    if (state !== 'running') return `${name} is ${state}: nothing to drain.`
    supervisor.drain(shard)
    return `${name} drains: its matches move to other shards, then it goes.`
  },
  start(supervisor, shard) {
    if (!shard.isGone) return `${shard.name} is ${shard.state}: nothing to start.`
    supervisor.restart(shard)
    return `${shard.name} starts.`
  },
}
