/**
 * `npm start`: one process that serves the arena's page and runs its rooms, and a child process with the bots.
 *
 *     --port 8080   where to listen (or the variable PORT); 0 takes any free port
 *     --bots 6      how many bots play along
 *     --dev         the page is rebuilt on change, and the game is checked as strictly as it goes
 *     --duel        players start face to face
 *     --record DIR  each match goes into a file of this folder, to be replayed at /replay.html or by `npm run replay`
 */
import { parseArgs } from 'node:util'
import { preparePage } from '@tickmesh/example-page-server'
import { serve, stopOnSignals } from '@tickmesh/server'
import { NetError } from '@tickmesh/shared'
import { BotProcess } from './bots/process.ts'
import { arena } from './game.ts'
import { terminalLog } from './log.ts'
import { serveRecordings } from './replay/recordings.ts'
import { arenaRules } from './rules.ts'
import { MAX_PLAYERS } from './tuning.ts'

const DEFAULT_PORT = 8080
const DEFAULT_BOTS = 6
/** A match in the arena has no end, so players get just long enough to read that it stops. */
const DRAIN_MS = 2_000

interface Settings {
  readonly port: number
  readonly bots: number
  readonly development: boolean
  readonly duel: boolean
  readonly record: string | undefined
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new Error(`${name} is "${text}", but must be a whole number from 0 to ${most}.`)
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: process.env.PORT ?? String(DEFAULT_PORT) },
      bots: { type: 'string', default: String(DEFAULT_BOTS) },
      dev: { type: 'boolean', default: false },
      duel: { type: 'boolean', default: false },
      record: { type: 'string' },
    },
  })
  return {
    port: wholeNumber('--port', values.port, 65_535),
    bots: wholeNumber('--bots', values.bots, MAX_PLAYERS - 1),
    development: values.dev,
    duel: values.duel,
    record: values.record,
  }
}

/** Its native part is not there for every platform; players then come over WebSockets alone. */
function rtcIfInstalled(): Promise<{ webrtc?: true }> {
  return import('node-datachannel').then(
    () => ({ webrtc: true }),
    () => ({}),
  )
}

async function start({ port, bots, development, duel, record }: Settings): Promise<void> {
  const page = await preparePage({ root: new URL('..', import.meta.url), development, pages: ['index', 'replay'] })
  const handleRequest = record === undefined ? page.handleRequest : serveRecordings(record, page.handleRequest)
  const rules = arenaRules({ spawns: duel ? 'duel' : 'spread' })
  const log = terminalLog(() => performance.now(), console.error)
  const rtc = await rtcIfInstalled()
  const server = await serve(arena, rules, {
    port,
    development,
    handleRequest,
    log,
    spectators: { maxDelayMs: 30_000 },
    ...rtc,
    ...(record === undefined ? {} : { record: { dir: record } }),
  })
  const botProcess = bots > 0 ? new BotProcess([server.url], bots) : undefined
  console.log(`\n  Arena: http://localhost:${server.port}\n`)
  console.log(`  WebSockets by ${server.transport}${rtc.webrtc === true ? ', and WebRTC' : ''}\n`)
  if (record !== undefined)
    console.log(`  Records into ${record}; replays at http://localhost:${server.port}/replay.html\n`)
  console.log(`  ${bots === 0 ? 'No bots' : `${bots} bot${bots === 1 ? '' : 's'}`} in it. Ctrl-C stops it.\n`)

  stopOnSignals(server, {
    // In development the next server waits for this one to end.
    timeoutMs: development ? 0 : DRAIN_MS,
    onStopping() {
      console.log('Stopping …')
      void botProcess?.stop()
    },
    async onStopped() {
      await botProcess?.stop()
      await page.close()
    },
  })
}

try {
  await start(readSettings())
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error)
  console.error(`\n  ${problem}`)
  if (error instanceof NetError && error.code === 'PORT_IN_USE')
    console.error('  For example: npm start -- --port 8081')
  console.error('')
  process.exit(1)
}
