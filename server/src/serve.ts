/**
 * The composition root of a server: who listens, HTTP, the real clock, randomness, the gate, and the rooms. The only place that makes them; everything else
 * gets them passed in. `close` ends it all and leaves no handle behind.
 */
import { randomInt } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Game, Shape } from '@tickmesh/shared'
import type { ServeClusterOptions, ServerCluster } from './cluster/net/server-cluster.ts'
import type { ShardCluster } from './cluster/net/shard-cluster.ts'
import type { Reserve, TicketSettings } from './gate/admission.ts'
import type { Authenticate } from './gate/authentication.ts'
import { Doorkeeper } from './gate/doorkeeper.ts'
import type { HttpRoute } from './gate/http-route.ts'
import { DEFAULT_LIMITS, type Limits } from './gate/limits.ts'
import type { AllowedOrigins } from './gate/origins.ts'
import { RoomHost } from './gate/room-host.ts'
import { JournalFiles } from './journal-files.ts'
import { Dashboard } from './ops/dashboard/dashboard.ts'
import { failureLine } from './ops/failure-line.ts'
import type { Log } from './ops/log-line.ts'
import { type DrainOptions, OPERATIONS_PATHS, Operations, type OpsOptions } from './ops/operations.ts'
import type { LogLevel } from './ops/pino-log.ts'
import { serverLog } from './ops/server-log.ts'
import type { ServerStats } from './ops/server-stats.ts'
import { RealTickTimer } from './real-timer.ts'
import type { Room, Rules } from './room/api.ts'
import type { SpectatorLimits } from './room/spectator-limits.ts'
import { listenOn } from './transport/choose-front.ts'
import { type Rtc, setUpRtc } from './transport/choose-rtc.ts'
import type { Front, FrontName, RequestHandler, TlsFiles } from './transport/front.ts'
import type { WebRtcOptions } from './transport/rtc-transport.ts'

export interface ServeOptions {
  /** 0, the default, takes any free one. */
  readonly port?: number
  /** The address to listen on; all of the machine's by default. */
  readonly host?: string
  /** Where clients connect; `/tickmesh` by default. */
  readonly path?: string
  /** Answers HTTP requests, such as for the game's page. By default all get 404. */
  readonly handleRequest?: RequestHandler
  /**
   * Who carries WebSockets. `auto`, the default, takes uWebSockets.js where it is installed with native code for this machine, else `ws`; the log line
   * `listening` says which. Naming uWebSockets.js makes its absence an error.
   */
  readonly transport?: 'auto' | FrontName
  /**
   * Takes WebRTC data channels beside WebSockets, for clients with `link: 'auto'`. Needs `node-datachannel` installed, and UDP ports that players reach;
   * left out, they come over WebSockets. `true` takes the defaults.
   */
  readonly webrtc?: true | WebRtcOptions
  /** A certificate of the server's own; left out, a proxy before the server should have one. */
  readonly tls?: TlsFiles
  /** Proxies whose `X-Forwarded-For` is believed: addresses, ranges, or `loopback`, `linklocal`, `private`. None by default. */
  readonly trustedProxies?: readonly string[]
  /** Which pages may connect; by default those of this host and of the same machine. */
  readonly origins?: AllowedOrigins
  readonly maxRooms?: number
  /** How far back a shot may be judged; 500 by default. */
  readonly maxRewindMs?: number
  /** Checks that a game must pass before it is shipped. True by default unless NODE_ENV is `production`. */
  readonly development?: boolean
  /** Computes each tick twice and compares: a difference closes the room, naming the field. As `development` by default. */
  readonly syncTest?: boolean
  readonly limits?: Partial<Limits>
  /** By default JSON lines on stderr (by pino), coloured lines if that is a terminal. Gets no secrets, and few lines of a kind a second. */
  readonly log?: Log
  /** The least that the default log writes; `info`, or what the variable LOG_LEVEL says. */
  readonly logLevel?: LogLevel
  /** Health checks and metrics, on the same port. */
  readonly ops?: OpsOptions
  /** A room that is empty for so long ends; 5,000 by default, and a second at most if nobody ever played there. */
  readonly roomIdleMs?: number
  /** A player whose link was lost keeps its seat for so long, and may come back to it; 15,000 by default, and a second at most if it never played. 0: it leaves at once. */
  readonly graceMs?: number
  /** Says who a newcomer is, or refuses it. Not asked for players who come back, nor for those who show a ticket. */
  readonly authenticate?: Authenticate
  /** Lets in who shows a signed ticket; with `required` nobody else. Needed for `reserve`. */
  readonly tickets?: TicketSettings
  /** Records the journal of each room into a file of this folder. Journals hold secrets: who may read them is up to you. */
  readonly record?: { readonly dir: string }
  /** Lets others watch (`spectate` of the client), each with a delay of its choice; left out, nobody may. `{}` takes the defaults. */
  readonly spectators?: Partial<SpectatorLimits>
  /** Makes this server a shard of a cluster: any of them takes any client, and each room is run by one. Left out: it is a service by itself. */
  readonly cluster?: ServeClusterOptions
}

export interface Server<S extends Shape = Shape> {
  readonly port: number
  /** Where clients connect. */
  readonly url: string
  readonly rooms: ReadonlyMap<string, Room<S>>
  readonly stats: ServerStats
  /** WebRTC peers, those that are opening or closing included. */
  readonly peerConnections: number
  /** Keeps a seat, in a room that is made if need be, until the ticket expires that this gives. Throws ROOM_FULL, or BAD_STATE without the option `tickets`. */
  reserve(seat: Reserve): Promise<string>
  /** Forgets how late ticks were: for measuring a stretch of time. */
  resetLateness(): void
  /** Who carries its WebSockets. */
  readonly transport: FrontName
  /** What it is part of. */
  readonly cluster: ServerCluster | undefined
  /**
   * Stops kindly: no new rooms and no newcomers, players and rules (`onDrain`) are told, and when all have left, or the time is over, `close`.
   * Players who lost their connection may still resume. Idempotent.
   */
  drain(options?: DrainOptions): Promise<void>
  /** Players are told, hooks run, everything ends. Idempotent. */
  close(): Promise<void>
}

/** Starts a server for a game, and returns when it listens. Throws PORT_IN_USE if it cannot. */
export async function serve<S extends Shape>(
  game: Game<S>,
  rules: Rules<S>,
  options: ServeOptions = {},
): Promise<Server<S>> {
  const { record, cluster: clusterOptions, ...rest } = options
  const { path = '/tickmesh', tls } = rest
  const { log, flush, dashboard } = watchedLog(options)
  const development = options.development ?? process.env.NODE_ENV !== 'production'
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const cluster = clusterOptions && (await shardOf(clusterOptions, limits, log))
  const doorkeeper = new Doorkeeper(limits, {
    origins: options.origins ?? [],
    trustedProxies: options.trustedProxies ?? [],
    ...cluster?.doors,
  })
  const files = record === undefined ? undefined : new JournalFiles(record.dir, log)
  const host = new RoomHost<S>(game, rules, {
    ...cluster?.hostOptions,
    ...rest,
    ...(files === undefined ? {} : { record: (room: string) => files.record(room, new Date()) }),
    timer: new RealTickTimer(),
    choreTimer: new RealTickTimer({ precisionMs: 0 }),
    entropy: () => randomInt(2 ** 32),
    wallMs: () => Date.now(),
    development,
    syncTest: options.syncTest ?? development,
    log,
  })
  const watched = {
    ...{ host, doorkeeper, limits, cluster },
    close: () => close(front, rtc, host, cluster, files).finally(flush),
  }
  const operations = operationsOf(watched, options.ops ?? {}, log)
  const onDefect = (error: unknown): void =>
    log(failureLine('link-failed', 'a connection was ended by a defect of the server', error, {}))
  const rtc = await setUpRtc(options, {
    ...{ path, limits, doorkeeper, onDefect },
    whenTime: (address, go) => host.chores.when(address, go),
    accept: (link, entry) => host.accept(link, { ...entry, transport: 'webrtc' }),
  })
  /** Asked in this order, before the game's own handler. */
  const routes: HttpRoute[] = [...operations.routes, rtc.route, ...(dashboard === undefined ? [] : [dashboard.route])]
  let carrier = 'other'
  const front = await listenOn(options.transport ?? 'auto', {
    ...{ port: options.port ?? 0, host: options.host, path, tls },
    ...{ maxMessageBytes: limits.maxMessageBytes, maxBufferedBytes: limits.maxBufferedBytes, idleMs: limits.idleMs },
    knock: (visit) => doorkeeper.knock(visit, performance.now()),
    ask: (visit, path) => doorkeeper.ask(visit, OPERATIONS_PATHS.has(path), performance.now()),
    whenTime: (address, go) => host.pages.when(address, go),
    accept: (link, entry) => host.accept(link, { ...entry, transport: carrier }),
    handleRequest: routed(routes, options.handleRequest ?? notFound),
    onDefect,
  }).catch(async (error: unknown) => {
    await rtc.close()
    throw error
  })
  carrier = front.name
  await cluster
    ?.start(host as unknown as RoomHost, { port: front.port, path, tls: tls !== undefined })
    .catch(async (error: unknown) => {
      await operations.close()
      throw error
    })
  operations.started()
  const about = { transport: front.name, port: front.port, tls: tls !== undefined }
  const url = `${tls === undefined ? 'ws' : 'wss'}://${urlHost(options.host)}:${front.port}${path}`
  log({ level: 'info', event: 'listening', message: `players connect at ${url}, by ${front.name}.`, ...about })
  const server = serverOf({ url, front, rtc, host, cluster, operations })
  if (cluster !== undefined) {
    // Lateness may be measured by the stretch, and its count with it; this one only grows.
    const stats = () => ({ ...host.stats, ticks: host.counts.durations.count })
    dashboard?.start({ url, cluster, stats })
  }
  return server
}

/** The log, of which a shard's dashboard shows the newest lines. */
function watchedLog(options: ServeOptions): { log: Log; flush: () => void; dashboard: Dashboard | undefined } {
  const { log, flush } = serverLog(options)
  const { dashboard: wanted = true } = options.cluster ?? { dashboard: false }
  if (wanted === false) return { log, flush, dashboard: undefined }
  const dashboard = new Dashboard(wanted)
  const end = (): void => {
    dashboard.stop()
    flush()
  }
  return { log: dashboard.listening(log), flush: end, dashboard }
}

interface Made<S extends Shape> extends Pick<Server<S>, 'url' | 'cluster'> {
  readonly front: Front
  readonly rtc: Rtc
  readonly host: RoomHost<S>
  readonly operations: Operations
}

function serverOf<S extends Shape>({ url, front, rtc, host, cluster, operations }: Made<S>): Server<S> {
  return {
    port: front.port,
    url,
    transport: front.name,
    cluster,
    rooms: host.rooms,
    get stats() {
      return host.stats
    },
    get peerConnections() {
      return rtc.peerCount()
    },
    resetLateness: () => host.resetLateness(),
    reserve: (seat) => host.reserve(seat),
    drain: (drainOptions) => operations.drain(drainOptions),
    close: () => operations.close(),
  }
}

interface Watched {
  readonly host: Pick<RoomHost, 'stats' | 'counts' | 'drain'>
  readonly doorkeeper: Doorkeeper
  readonly limits: Limits
  readonly cluster: ShardCluster | undefined
  close(): Promise<void>
}

/** Loaded only where it is wanted: most servers are no shards. */
async function shardOf(options: ServeClusterOptions, limits: Limits, log: Log): Promise<ShardCluster> {
  const { ShardCluster } = await import('./cluster/net/shard-cluster.ts')
  const { ClusterNode } = await import('./cluster/node/cluster-node.ts')
  return new ShardCluster(options, {
    log,
    handshakeMs: limits.handshakeMs,
    timer: new RealTickTimer({ precisionMs: 0 }),
    entropy: () => randomInt(2 ** 32),
    wallMs: () => Date.now(),
    makeNode: (nodeOptions, host, nowMs) => new ClusterNode(nodeOptions, host, nowMs),
  })
}

function operationsOf(
  { host, doorkeeper, limits, cluster, close }: Watched,
  options: OpsOptions,
  log: Log,
): Operations {
  const server = {
    maxConnections: limits.maxConnections,
    drain: (ms: number) => {
      host.drain(ms)
      cluster?.drain()
    },
    ...(cluster === undefined ? {} : { moveAway: (withinMs: number) => cluster.moveAway(withinMs) }),
    close,
    get cluster() {
      return cluster?.figures
    },
    get stats() {
      return host.stats
    },
    get counts() {
      return host.counts
    },
    get refused() {
      return doorkeeper.counts.refused
    },
  }
  return new Operations(server, options, log)
}

/** The first route that takes a request, or else the game. */
function routed(routes: readonly HttpRoute[], orElse: RequestHandler): RequestHandler {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (!routes.some((route) => route.take(request, response, path))) orElse(request, response)
  }
}

function notFound(_request: unknown, response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end('Nothing is here but a Tickmesh server. Pass handleRequest to serve pages.\n')
}

function urlHost(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

async function close(
  front: Front,
  rtc: Rtc,
  host: { close(): void },
  cluster: ShardCluster | undefined,
  files: JournalFiles | undefined,
): Promise<void> {
  cluster?.stopping()
  host.close()
  await Promise.all([files?.close(), cluster?.close()])
  await Promise.all([front.close(), rtc.close()])
}
