/**
 * A TCP relay with a bad network inside. Called by `npm run relay` and by the latency bench.
 * Brings every byte, in order, however bad the network: a loss is a stall. Half-closes and resets travel as the bytes do; only connecting takes no time.
 * Memory is bounded: a source is not read while too much of it waits.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { DelayLine, type Impairment } from '@tickmesh/shared'
import { listenError, type PathModels, type Relay, RelayModels, type RelayOptions, type RelayTotals } from './relay.ts'
import { RelayClock } from './relay-clock.ts'

/** What one packet carries on the internet: losses and delays are drawn for each. */
const SEGMENT_BYTES = 1400
const PAUSE_ABOVE_BYTES = 1_048_576
const RESUME_BELOW_BYTES = 524_288
const MAX_CONNECTIONS = 1000

export async function startTcpRelay(options: RelayOptions): Promise<Relay> {
  const clock = new RelayClock()
  const models = new RelayModels(clock, options)
  const totals: RelayTotals = { paths: 0, outBytes: 0, inBytes: 0 }
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    totals.paths++
    const pair = models.make()
    const target = connectTo(options)
    relayPair(clock, { client, target, pair, totals })
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        if (client.closed && target.closed) models.forget(pair)
      })
    }
  })
  server.maxConnections = MAX_CONNECTIONS
  const port = await listen(server, options)
  return {
    port,
    totals,
    change: (change) => models.change(change),
    freeze: (durationMs) => models.freeze(durationMs),
    close: () =>
      new Promise((resolve) => {
        clock.stop()
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function connectTo({ toHost, toPort, onProblem }: RelayOptions): Socket {
  const target = connect({ host: toHost, port: toPort, allowHalfOpen: true, noDelay: true })
  const refused = (error: NodeJS.ErrnoException) =>
    onProblem?.(`${toHost}:${toPort} cannot be reached (${error.code ?? error.message}). Is the server running?`)
  target.once('error', refused)
  target.once('connect', () => target.off('error', refused))
  return target
}

interface Path {
  readonly client: Socket
  readonly target: Socket
  readonly pair: PathModels
  readonly totals: RelayTotals
}

function relayPair(clock: RelayClock, { client, target, pair, totals }: Path): void {
  relayDirection(clock, client, target, pair.out, (byteLength) => {
    totals.outBytes += byteLength
  })
  relayDirection(clock, target, client, pair.in, (byteLength) => {
    totals.inBytes += byteLength
  })
}

function relayDirection(
  clock: RelayClock,
  source: Socket,
  sink: Socket,
  model: Impairment,
  count: (byteLength: number) => void,
): void {
  const line = new DelayLine(clock, model, {
    ordered: true,
    deliver: (_lane, bytes) => {
      if (sink.writable) sink.write(bytes.slice())
      flow()
    },
  })
  const flow = () => {
    const waitingBytes = Math.max(line.heldBytes, sink.writableLength)
    if (waitingBytes > PAUSE_ABOVE_BYTES) source.pause()
    else if (waitingBytes < RESUME_BELOW_BYTES && source.isPaused()) source.resume()
  }
  source.on('data', (chunk) => {
    count(chunk.length)
    for (let at = 0; at < chunk.length; at += SEGMENT_BYTES) {
      line.send('reliable', chunk.subarray(at, at + SEGMENT_BYTES))
    }
    flow()
  })
  sink.on('drain', flow)
  source.once('end', () => line.after(() => sink.end()))
  source.on('error', () => line.after(() => sink.resetAndDestroy()))
}

function listen(server: Server, { listenHost = '127.0.0.1', listenPort }: RelayOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    // Once it listens, this changes nothing: what fails then is one connection, and its client hears of it.
    server.on('error', (error) => reject(listenError(error, listenHost, listenPort)))
    server.listen(listenPort, listenHost, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : listenPort)
    })
  })
}
