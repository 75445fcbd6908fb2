/**
 * `npm run cluster`: a cluster of arena shards on this machine under a supervisor, with bots, and a live table of what each shard says.
 *
 *     --shards 3            how many to begin with
 *     --port 8080           of the first shard's page; the others take the next ones
 *     --cluster-port 7946   of the first shard; the others take the next ones
 *     --bots 12             how many bots play, in two matches for each shard
 *     --standby 1           how many other shards stand by for each match
 *     --journal-dir DIR     keeps matches and views there: a cluster that was stopped goes on with them
 *
 * Keys: a number chooses a shard, then k kills it, f freezes it or lets it go on, d drains it, s starts it again; a adds a shard, r restarts all of them in turn, q stops all.
 * Where no keyboard is, the same as lines on the standard input: `kill 2`, `freeze 2`, `drain 2`, `start 2`, `add`, `roll`, `quit`, and
 * `show` for the table at once.
 */
import { parseArgs, styleText } from 'node:util'
import { preparePage } from '@tickmesh/example-page-server'
import { BotProcess } from '../bots/process.ts'
import { carryOut, KEYS_HELP, listen } from './commands.ts'
import { Screen } from './screen.ts'
import { wholeNumber } from './shard-settings.ts'
import { Supervisor } from './supervisor.ts'
import { tableOf } from './table.ts'

const PAINT_MS = 250
/** Where nobody watches. */
const PRINT_MS = 5_000
const SAID_LINES = 6
const MATCHES_PER_SHARD = 2
const SAME_SIGNAL_MS = 300
const SMALL: Readonly<Record<number, string>> = {
  1: 'One shard alone: nothing takes over when it dies.',
  2: 'Two shards cannot fail over: when one is silent, the other cannot tell a death from a cut cable. Take three.',
}

interface Settings {
  readonly shards: number
  readonly bots: number
  readonly port: number
  readonly clusterPort: number
  readonly shardArgs: readonly string[]
  readonly dir: string | undefined
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      shards: { type: 'string', default: '3' },
      port: { type: 'string', default: process.env.PORT ?? '8080' },
      'cluster-port': { type: 'string', default: '7946' },
      bots: { type: 'string', default: '12' },
      standby: { type: 'string', default: '1' },
      'journal-dir': { type: 'string' },
    },
  })
  return {
    shards: wholeNumber('--shards', values.shards, 50, 1),
    bots: wholeNumber('--bots', values.bots, 200),
    port: wholeNumber('--port', values.port, 65_000),
    clusterPort: wholeNumber('--cluster-port', values['cluster-port'], 65_000, 1),
    shardArgs: ['--standby', String(wholeNumber('--standby', values.standby, 2))],
    dir: values['journal-dir'],
  }
}

async function start({ shards, bots, port, clusterPort, shardArgs, dir }: Settings): Promise<void> {
  const screen = new Screen()
  const said: string[] = []
  const say = (line: string): void => {
    if (!screen.watched) console.log(line)
    said.push(line)
    if (said.length > SAID_LINES) said.shift()
  }
  // Once, instead of once in each shard.
  await (await preparePage({ root: new URL('../..', import.meta.url), pages: ['index', 'replay'] })).close()
  let botProcess: BotProcess | undefined
  let stoppingMs: number | undefined
  const stop = async (code: number, why: string): Promise<void> => {
    if (stoppingMs !== undefined) {
      // One Ctrl-C under npm comes twice; a second one means it.
      if (performance.now() - stoppingMs < SAME_SIGNAL_MS) return
      supervisor.killAll()
      process.exit(1)
    }
    stoppingMs = performance.now()
    say(why)
    await botProcess?.stop()
    await supervisor.stop()
    clearInterval(looking)
    if (screen.watched) look()
    process.exit(code)
  }
  let failed = false
  let allListened = false
  const supervisor = new Supervisor({
    ...{ shards, port, clusterPort, cluster: 'arena', say, shardArgs, dir },
    failed() {
      if (failed) return
      failed = true
      void stop(1, 'Is another cluster running here? --port and --cluster-port choose other ports.')
    },
  })
  if (SMALL[shards] !== undefined) say(SMALL[shards])
  const commands = listen(
    (verb, shard) => {
      if (verb === 'quit') void stop(0, 'Stopping …')
      else if (verb === 'show') look()
      else if (stoppingMs === undefined) say(carryOut(supervisor, verb, shard))
    },
    (shard) => supervisor.find(shard) !== undefined,
  )
  const look = (): void => {
    const { urls } = supervisor
    if (!allListened && stoppingMs === undefined && urls.length >= shards) {
      allListened = true
      supervisor.announce()
      if (bots > 0) botProcess = new BotProcess(urls, bots, { rooms: shards * MATCHES_PER_SHARD, print: say })
    }
    const { colours, width } = screen
    const table = tableOf(supervisor.rows, { colours, width })
    if (!screen.watched) return screen.show(table)
    const chosen = commands.chosen === '' ? 'number: choose a shard' : `shard ${commands.chosen}:`
    const keys = `${chosen}   ${KEYS_HELP}`
    screen.show(['', ...table, '', ...said, '', colours ? styleText('dim', keys, { validateStream: false }) : keys])
  }
  const looking = setInterval(look, screen.watched ? PAINT_MS : PRINT_MS)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(0, 'Stopping …'))
}

try {
  await start(readSettings())
} catch (error) {
  console.error(`\n  ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
