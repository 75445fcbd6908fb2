/**
 * `npm run shard`: one shard of a cluster that plays the arena: a whole server, with its page. Alone, by hand, or forked by `npm run cluster`, to which it
 * then reports. The flags: shard-settings.ts.
 */
import { preparePage } from '@tickmesh/example-page-server'
import { type Log, type Server, type ServerCluster, serve, stopOnSignals } from '@tickmesh/server'
import { BotProcess } from '../bots/process.ts'
import { type ArenaShape, arena } from '../game.ts'
import { terminalLog } from '../log.ts'
import { arenaRules } from '../rules.ts'
import { readShardSettings, SHARD_USAGE, type ShardSettings } from './shard-settings.ts'
import type { ShardWord, SupervisorWord } from './words.ts'

const REPORT_MS = 250
const WAITING_MS = 5_000
/** Matches are moved to other shards meanwhile; where there are none, players have the rest of it to read that theirs stops. */
const DRAIN_MS = 5_000

async function start(settings: ShardSettings): Promise<void> {
  const { port, host, publicUrl, clusterPort, advertise, join, found, name, cluster, keys, dataDir, zone, weight } =
    settings
  const { ingress, dashboardToken, bots, standby, journalDir, origins } = settings
  const log = terminalLog(() => performance.now(), console.error)
  const page = await preparePage({ root: new URL('../..', import.meta.url), pages: ['index', 'replay'], cluster: true })
  const server = await serve(arena, arenaRules({ spawns: 'spread' }), {
    port,
    host,
    handleRequest: page.handleRequest,
    log: process.send === undefined ? withCluster(log) : log,
    spectators: { maxDelayMs: 30_000 },
    ...(origins.length === 0 ? {} : { origins }),
    cluster: {
      ...{ cluster, host, port: clusterPort, join, found, keys, zone, weight, ingress },
      ...given({ advertise, name, dataDir, url: publicUrl }),
      standby: { holders: standby, ...given({ journalDir }) },
      ...(dashboardToken === undefined ? {} : { dashboard: { token: dashboardToken } }),
    },
  })
  const shard = server.cluster
  if (shard === undefined) throw new Error('This server is no shard.')
  const botProcess = bots > 0 ? new BotProcess([server.url], bots) : undefined
  const pageUrl = `http://${host === '0.0.0.0' ? 'localhost' : host}:${server.port}`
  if (process.send === undefined) {
    console.log(
      `\n  Arena: ${pageUrl}\n  Cluster "${cluster}": ${shard.address}; dashboard at ${pageUrl}/dashboard\n  Ctrl-C stops it.\n`,
    )
    tellWaiting(shard, join)
  } else reportTo(server, shard, pageUrl)
  stopOnSignals(server, {
    timeoutMs: DRAIN_MS,
    onStopping: () => void botProcess?.stop(),
    async onStopped() {
      await botProcess?.stop()
      await page.close()
    },
  })
}

function reportTo(server: Server<ArenaShape>, shard: ServerCluster, page: string): void {
  const tell = (): void => {
    const status = shard.status()
    if (status === undefined) return
    const { rooms, players, tickLatenessP99Ms } = server.stats
    say({
      t: 'report',
      page,
      url: server.url,
      address: shard.address,
      cluster: status,
      rooms,
      players,
      tickLatenessP99Ms,
    })
    server.resetLateness()
  }
  setInterval(tell, REPORT_MS)
  process.on('message', (word: SupervisorWord) => {
    if (word.t === 'ended') shard.endProven(word.life)
    else void server.drain({ timeoutMs: DRAIN_MS }).then(() => process.exit(0))
  })
  // Whoever forked it is gone.
  process.once('disconnect', () => process.exit(1))
}

/** Without a view nobody can play here; whoever started it by hand should know what it waits for. */
function tellWaiting(shard: ServerCluster, join: readonly string[]): void {
  setInterval(() => {
    const views = shard.status()?.views
    if (views === undefined || views.view !== undefined) return
    const others = join.length === 0 ? 'others' : join.join(', ')
    console.log(
      views.phase === 'founding'
        ? '[waiting] for a majority of those that found the cluster'
        : `[waiting] to be taken in by ${others}: is one of them there, in a view, with the same key and cluster?`,
    )
  }, WAITING_MS).unref()
}

/** By hand nobody else tells of views: what happens to this shard's membership is printed, too. */
function withCluster(log: Log): Log {
  return (line) => {
    if (line.event.startsWith('cluster-')) console.log(`[${line.event.slice('cluster-'.length)}] ${line.message}`)
    else log(line)
  }
}

function say(word: ShardWord): void {
  if (process.connected) process.send?.(word)
}

/** Those that are there. */
function given<Given extends object>(options: Given): { [K in keyof Given]?: Exclude<Given[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof Given]?: Exclude<Given[K], undefined>
  }
}

function settings(): ShardSettings | undefined {
  const args = process.argv.slice(2)
  if (!args.includes('--help') && !args.includes('-h')) return readShardSettings(args, process.env)
  console.log(SHARD_USAGE)
  return undefined
}

try {
  const given = settings()
  if (given !== undefined) await start(given)
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error)
  if (process.send === undefined) console.error(`\n  ${problem}\n\n  \`npm run shard -- --help\` says what there is.\n`)
  else say({ t: 'failed', problem })
  process.exitCode = 1
  if (process.connected) process.disconnect()
  else process.exit(1)
}
