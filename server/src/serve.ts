/**
 * The composition root of a server: HTTP, WebSockets, the real clock, randomness, and the rooms. The only place that makes them; everything else gets them
 * passed in. `close` ends it all and leaves no handle behind.
 */
import { randomInt } from 'node:crypto'
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Game, NetError, type Shape } from '@tickmesh/shared'
import { DEFAULT_LIMITS, type Limits } from './gate/limits.ts'
import { type AllowedOrigins, isOriginAllowed } from './gate/origins.ts'
import { RoomHost } from './gate/room-host.ts'
import { JournalFiles } from './journal-files.ts'
import { failureLine } from './ops/failure-line.ts'
import type { Log } from './ops/log-line.ts'
import type { ServerStats } from './ops/server-stats.ts'
import { RealTickTimer } from './real-timer.ts'
import type { Room, Rules } from './room/api.ts'
import type { SpectatorLimits } from './room/spectator-limits.ts'
import { WsTransport } from './transport/ws-transport.ts'

export interface ServeOptions {
  /** 0, the default, takes any free one. */
  readonly port?: number
  /** The address to listen on; all of the machine's by default. */
  readonly host?: string
  /** Where clients connect; `/tickmesh` by default. */
  readonly path?: string
  /** Answers HTTP requests, such as for the game's page. By default all get 404. */
  readonly handleRequest?: (request: IncomingMessage, response: ServerResponse) => void
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
  /** Warnings and errors go to stderr by default. */
  readonly log?: Log
  /** A room that is empty for so long ends; 5,000 by default. */
  readonly roomIdleMs?: number
  /** Records the journal of each room into a file of this folder. Journals hold secrets: who may read them is up to you. */
  readonly record?: { readonly dir: string }
  /** Lets others watch (`spectate` of the client), each with a delay of its choice; left out, nobody may. `{}` takes the defaults. */
  readonly spectators?: Partial<SpectatorLimits>
}

export interface Server<S extends Shape = Shape> {
  readonly port: number
  /** Where clients connect. */
  readonly url: string
  readonly rooms: ReadonlyMap<string, Room<S>>
  readonly stats: ServerStats
  readonly http: HttpServer
  /** Players are told, hooks run, everything ends. */
  close(): Promise<void>
}

/** How long HTTP requests may take to end when the server closes. */
const CUT_AFTER_MS = 2_000

const logToStderr: Log = (line) => {
  if (line.level !== 'info') process.stderr.write(`${JSON.stringify(line)}\n`)
}

/** Starts a server for a game, and returns when it listens. Throws PORT_IN_USE if it cannot. */
export async function serve<S extends Shape>(
  game: Game<S>,
  rules: Rules<S>,
  options: ServeOptions = {},
): Promise<Server<S>> {
  const { record, ...rest } = options
  const { path = '/tickmesh', log = logToStderr, handleRequest = notFound } = rest
  const development = options.development ?? process.env.NODE_ENV !== 'production'
  const files = record === undefined ? undefined : new JournalFiles(record.dir, log)
  const host = new RoomHost<S>(game, rules, {
    ...rest,
    ...(files === undefined ? {} : { record: (room: string) => files.record(room, new Date()) }),
    timer: new RealTickTimer(),
    entropy: () => randomInt(2 ** 32),
    development,
    syncTest: options.syncTest ?? development,
    log,
  })
  const http = createServer(handleRequest)
  const upgrades = new Upgrades(host, path, options, log)
  http.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head))
  await listen(http, options)
  const { port } = http.address() as AddressInfo
  return {
    port,
    url: `ws://${urlHost(options.host)}:${port}${path}`,
    rooms: host.rooms,
    get stats() {
      return host.stats
    },
    http,
    close: () => close(http, host, files),
  }
}

/** Lets connections in, or says why not. */
class Upgrades {
  private readonly host: { accept: RoomHost['accept'] }
  private readonly path: string
  private readonly origins: AllowedOrigins
  private readonly limits: Limits
  private readonly transport: WsTransport
  private readonly perAddress = new Map<string, number>()

  constructor(host: { accept: RoomHost['accept'] }, path: string, options: ServeOptions, log: Log) {
    this.host = host
    this.path = path
    this.origins = options.origins ?? []
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.transport = new WsTransport({
      maxMessageBytes: this.limits.maxMessageBytes,
      maxBufferedBytes: this.limits.maxBufferedBytes,
      onDefect: (error) =>
        log(failureLine('link-failed', 'a connection was ended by a defect of the server', error, {})),
    })
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const address = request.socket.remoteAddress ?? ''
    const [path] = (request.url ?? '').split('?')
    const { origin, host } = request.headers
    const count = this.perAddress.get(address) ?? 0
    if (path !== this.path) return answer(socket, 404, `Clients connect at ${this.path}.`)
    if (!isOriginAllowed(origin, host, this.origins)) {
      return answer(
        socket,
        403,
        `ORIGIN_REFUSED: pages of ${origin} may not connect here. Add it to the option "origins".`,
      )
    }
    if (count >= this.limits.connectionsPerAddress) {
      return answer(
        socket,
        429,
        `TOO_MANY_CONNECTIONS: ${count} connections from one address. Raise limits.connectionsPerAddress if that is right.`,
      )
    }
    this.perAddress.set(address, count + 1)
    socket.once('close', () => {
      const left = (this.perAddress.get(address) ?? 1) - 1
      if (left > 0) this.perAddress.set(address, left)
      else this.perAddress.delete(address)
    })
    this.transport.handleUpgrade(request, socket, head, (link) => this.host.accept(link, { address }))
  }
}

function answer(socket: Duplex, status: number, text: string): void {
  const reason = { 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests' }[status] ?? 'Error'
  const body = `${text}\n`
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end('Nothing is here but a Tickmesh server. Pass handleRequest to serve pages.\n')
}

function listen(http: HttpServer, options: ServeOptions): Promise<void> {
  const { port = 0, host } = options
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      reject(
        new NetError(
          'PORT_IN_USE',
          `port ${port} is taken by another program.`,
          'Stop that program, or choose another port; 0 takes any free one.',
        ),
      )
    }
    http.once('error', onError)
    http.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      http.removeListener('error', onError)
      resolve()
    })
  })
}

function urlHost(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

async function close(http: HttpServer, host: { close(): void }, files: JournalFiles | undefined): Promise<void> {
  host.close()
  await files?.close()
  await new Promise<void>((resolve) => {
    // Links end by themselves soon; what is left are requests that never end.
    const cut = setTimeout(() => http.closeAllConnections(), CUT_AFTER_MS)
    http.close(() => {
      clearTimeout(cut)
      resolve()
    })
    http.closeIdleConnections()
  })
}
