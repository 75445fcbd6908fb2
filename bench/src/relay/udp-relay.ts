/**
 * A UDP relay with a bad network inside: it loses, reorders, duplicates and delays. Called by `npm run relay -- --udp`.
 * Each address that sends gets a socket to the target, so that answers find their way back. Idle addresses are forgotten, and there are never
 * more than `MAX_ADDRESSES`: further ones are not heard.
 */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { DelayLine, type Impairment, NetError } from '@tickmesh/shared'
import { listenError, type PathModels, type Relay, RelayModels, type RelayOptions, type RelayTotals } from './relay.ts'
import { RelayClock } from './relay-clock.ts'

const MAX_ADDRESSES = 256
const IDLE_MS = 60_000
const SWEEP_MS = 10_000
/** What may wait of one direction of one address; more is lost. */
const MAX_HELD_BYTES = 4_194_304

interface Path {
  readonly socket: Socket
  readonly out: DelayLine
  readonly models: PathModels
  heardMs: number
}

export async function startUdpRelay(options: RelayOptions): Promise<Relay> {
  const { listenHost = '127.0.0.1', listenPort, toHost } = options
  const target = await lookup(toHost).catch((error: NodeJS.ErrnoException) => {
    throw new NetError('BAD_ARGUMENT', `${toHost} has no address (${error.code ?? error.message}).`, 'Look at --to.')
  })
  const relay = new UdpRelay(createSocket(isIPv6(listenHost) ? 'udp6' : 'udp4'), options, target)
  try {
    await relay.listen(listenPort, listenHost)
  } catch (error) {
    await relay.close()
    throw listenError(error as NodeJS.ErrnoException, listenHost, listenPort)
  }
  return relay
}

class UdpRelay implements Relay {
  readonly totals: RelayTotals = { paths: 0, outBytes: 0, inBytes: 0 }
  readonly #socket: Socket
  readonly #options: RelayOptions
  readonly #target: { readonly address: string; readonly family: number }
  readonly #clock = new RelayClock()
  readonly #models: RelayModels
  readonly #paths = new Map<string, Path>()
  #closed = false

  constructor(socket: Socket, options: RelayOptions, target: { readonly address: string; readonly family: number }) {
    this.#socket = socket
    this.#options = options
    this.#target = target
    this.#models = new RelayModels(this.#clock, options)
  }

  get port(): number {
    return this.#socket.address().port
  }

  listen(port: number, host: string): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, host, () => {
        socket.off('error', reject)
        socket.on('error', (error) => this.#options.onProblem?.(error.message))
        socket.on('message', (bytes, from) => this.#hear(bytes, from.address, from.port))
        this.#sweepLater()
        resolve()
      })
    })
  }

  change(options: Parameters<Relay['change']>[0]): void {
    this.#models.change(options)
  }

  freeze(durationMs: number): void {
    this.#models.freeze(durationMs)
  }

  close(): Promise<void> {
    this.#closed = true
    this.#clock.stop()
    for (const [key, path] of this.#paths) this.#forget(key, path)
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  #hear(bytes: Uint8Array, address: string, port: number): void {
    const key = `${address} ${port}`
    const path = this.#paths.get(key) ?? this.#open(key, address, port)
    if (path === undefined) return
    path.heardMs = this.#clock.now()
    this.totals.outBytes += bytes.length
    if (path.out.heldBytes <= MAX_HELD_BYTES) path.out.send('datagram', bytes)
  }

  #open(key: string, address: string, port: number): Path | undefined {
    if (this.#paths.size >= MAX_ADDRESSES) {
      this.#options.onProblem?.(`${address}:${port} is not heard: ${MAX_ADDRESSES} addresses send already.`)
      return undefined
    }
    const { toHost, toPort, onProblem } = this.#options
    const socket = createSocket(this.#target.family === 6 ? 'udp6' : 'udp4')
    const models = this.#models.make()
    const isOpen = () => this.#paths.get(key) === path
    const back = this.#line(models.in, (bytes) => {
      if (isOpen()) this.#socket.send(bytes, port, address)
    })
    const out = this.#line(models.out, (bytes) => {
      if (isOpen()) socket.send(bytes, toPort, this.#target.address)
    })
    const path: Path = { socket, models, out, heardMs: 0 }
    socket.on('message', (bytes, from) => {
      if (from.port !== toPort) return
      path.heardMs = this.#clock.now()
      this.totals.inBytes += bytes.length
      if (back.heldBytes <= MAX_HELD_BYTES) back.send('datagram', bytes)
    })
    socket.on('error', (error) => onProblem?.(`${toHost}:${toPort} cannot be reached (${error.message}).`))
    this.#paths.set(key, path)
    this.totals.paths++
    return path
  }

  /** Sending is done later, so the bytes are copied. */
  #line(model: Impairment, send: (bytes: Uint8Array) => void): DelayLine {
    return new DelayLine(this.#clock, model, { ordered: false, deliver: (_lane, bytes) => send(bytes.slice()) })
  }

  #forget(key: string, path: Path): void {
    this.#paths.delete(key)
    this.#models.forget(path.models)
    path.socket.close()
  }

  #sweepLater(): void {
    const nowMs = this.#clock.now()
    this.#clock.at(nowMs + SWEEP_MS, () => {
      if (this.#closed) return
      for (const [key, path] of this.#paths) {
        if (this.#clock.now() - path.heardMs > IDLE_MS) this.#forget(key, path)
      }
      this.#sweepLater()
    })
  }
}
