/**
 * Puts a bad network between a WebRTC client and a server: an HTTP server that passes offers on, without the client's addresses, and rewrites each
 * answer so that its only address is that of a UDP relay of its own. Called by the links bench. What flows then flows through the relay, both ways.
 * WebSockets pass as they are.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ImpairmentOptions } from '@tickmesh/shared'
import type { Relay } from '../relay/relay.ts'
import { startUdpRelay } from '../relay/udp-relay.ts'

const LOCAL = '127.0.0.1'
const MAX_OFFER_BYTES = 65_536
const BLOCKED_MS = 60_000
/** Of an SDP: `a=candidate:foundation component protocol priority address port typ …`. */
const CANDIDATE = /^(a=candidate:\S+ \d+ (\S+) \d+) (\S+) (\d+) typ (\S+)/

export interface SignalRelay {
  readonly port: number
  /** One for each peer that was signalled. */
  readonly relays: readonly Relay[]
  /** From now on no datagram gets through for a minute, of peers to come neither: a firewall. */
  blockDatagrams(): void
  close(): Promise<void>
}

export interface SignalRelayOptions {
  readonly toPort: number
  readonly out: ImpairmentOptions & { readonly seed: number }
  readonly in: ImpairmentOptions & { readonly seed: number }
}

type OpenRelay = (toHost: string, toPort: number) => Promise<Relay>

export async function startSignalRelay(options: SignalRelayOptions): Promise<SignalRelay> {
  const relays: Relay[] = []
  let blocked = false
  /** Each has seeds of its own, or all peers would lose the same packets. */
  const open: OpenRelay = async (toHost, toPort) => {
    const shift = 2 * relays.length
    const relay = await startUdpRelay({
      listenPort: 0,
      toHost,
      toPort,
      out: { ...options.out, seed: options.out.seed + shift },
      in: { ...options.in, seed: options.in.seed + shift },
    })
    relays.push(relay)
    if (blocked) relay.freeze(BLOCKED_MS)
    return relay
  }
  const http = createServer((request, response) => {
    passOn(request, response, options.toPort, open).catch((error: unknown) => {
      response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${String(error)}\n`)
    })
  })
  const sockets = new Set<Duplex>()
  http.on('upgrade', (request, socket, head) => passWebSocket(request, socket, head, options.toPort, sockets))
  const port = await listen(http)
  return {
    port,
    relays,
    blockDatagrams() {
      blocked = true
      for (const relay of relays) relay.freeze(BLOCKED_MS)
    },
    async close() {
      http.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      await Promise.all([new Promise((resolve) => http.close(resolve)), ...relays.map((relay) => relay.close())])
    },
  }
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  toPort: number,
  open: OpenRelay,
): Promise<void> {
  const { sdp } = JSON.parse(await bodyOf(request)) as { readonly sdp: string }
  const answer = await fetch(`http://${LOCAL}:${toPort}${request.url ?? '/'}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sdp: withoutCandidates(sdp) }),
  })
  const body = (await answer.json()) as { readonly sdp?: string }
  const sent = body.sdp === undefined ? body : { ...body, sdp: await throughRelay(body.sdp, open) }
  response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(sent))
}

function passWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  toPort: number,
  sockets: Set<Duplex>,
): void {
  const target = connect({ host: LOCAL, port: toPort, noDelay: true })
  const headers = Array.from({ length: request.rawHeaders.length / 2 }, (_, n) =>
    request.rawHeaders.slice(2 * n, 2 * n + 2).join(': '),
  )
  target.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
  target.write(head)
  for (const [from, to] of [
    [socket, target],
    [target, socket],
  ] as const) {
    sockets.add(from)
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_OFFER_BYTES) throw new Error('the offer is too large.')
  }
  return text
}

/** So that the server cannot reach the client past the relay. */
export function withoutCandidates(sdp: string): string {
  return linesOf(sdp)
    .filter((line) => !line.startsWith('a=candidate:'))
    .join('\r\n')
}

/** Only the first UDP candidate on an IPv4 address stays, and leads to a new relay. */
async function throughRelay(sdp: string, open: OpenRelay): Promise<string> {
  const lines: string[] = []
  let relay: Relay | undefined
  for (const line of linesOf(sdp)) {
    const match = CANDIDATE.exec(line)
    if (match === null) {
      lines.push(line)
      continue
    }
    const [, head = '', protocol = '', address = '', port = ''] = match
    if (relay !== undefined || protocol.toLowerCase() !== 'udp' || address.includes(':')) continue
    relay = await open(address, Number(port))
    lines.push(`${head} ${LOCAL} ${relay.port} typ host`)
  }
  return lines.join('\r\n')
}

function linesOf(sdp: string): string[] {
  return sdp.split(/\r?\n/)
}

function listen(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(0, LOCAL, () => resolve((http.address() as AddressInfo).port))
  })
}
