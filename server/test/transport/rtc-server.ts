/** A server of WebRTC links alone, for tests: signalling over HTTP, a gate that counts, and a path of UDP that can be cut. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Link, Scheduler } from '@tickmesh/shared'
import type { Entry, Visit } from '../../src/gate/doorkeeper.ts'
import { RtcRoute } from '../../src/transport/rtc-route.ts'
import { RtcTransport, type RtcTransportOptions } from '../../src/transport/rtc-transport.ts'

export const scheduler: Scheduler = {
  now: () => performance.now(),
  at: (timeMs, run) => {
    const timer = setTimeout(run, timeMs - performance.now())
    return () => clearTimeout(timer)
  },
}

/** A gate that lets everybody in, and counts. */
export class CountingGate {
  readonly visits: Visit[] = []
  inside = 0
  leftTwice = 0
  refusal: { status: number; code: 'TOO_FAST'; message: string } | undefined

  knock(visit: Visit) {
    this.visits.push(visit)
    if (this.refusal !== undefined) return { ok: false as const, ...this.refusal }
    this.inside++
    let isIn = true
    const left = (): void => {
      if (isIn) this.inside--
      else this.leftTwice++
      isIn = false
    }
    return { ok: true as const, entry: { address: visit.peer, admitted: () => {}, left } as unknown as Entry }
  }
}

/** Stands between a peer and the server's UDP port; once it is cut nothing passes. */
class UdpPath {
  isCut = false
  private readonly socket: UdpSocket
  private clientPort = 0

  private constructor(socket: UdpSocket, serverPort: number) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('message', (bytes, { port }) => {
      if (this.isCut) return
      if (port !== serverPort) this.clientPort = port
      socket.send(bytes, port === serverPort ? this.clientPort : serverPort, '127.0.0.1')
    })
  }

  static async before(serverPort: number): Promise<UdpPath> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new UdpPath(socket, serverPort)
  }

  get port(): number {
    return this.socket.address().port
  }

  close(): void {
    this.socket.close()
  }
}

export interface RtcServer {
  readonly transport: RtcTransport
  readonly gate: CountingGate
  readonly defects: unknown[]
  readonly port: number
  /** Links are signalled at `/play`, and at `/cuttable` over a path that `cut` ends. */
  url(path?: 'play' | 'cuttable'): string
  /** The server's end of the next connection. */
  accepted(): Promise<Link>
  /** Called synchronously with each new link, as the contract wants. */
  onLink: ((link: Link) => void) | undefined
  /** Nothing passes on any `/cuttable` path from now on. */
  cut(): void
  stop(): Promise<void>
}

export async function startRtcServer(options: Partial<RtcTransportOptions> = {}): Promise<RtcServer> {
  const defects: unknown[] = []
  const transport = await RtcTransport.load({
    webrtc: { bindAddress: '127.0.0.1' },
    maxMessageBytes: 65_536,
    maxBufferedBytes: 1_048_576,
    openTimeoutMs: 5_000,
    closeTimeoutMs: 300,
    onDefect: (error) => defects.push(error),
    ...options,
  })
  const gate = new CountingGate()
  const waiting: ((link: Link) => void)[] = []
  const accept = (link: Link): void => {
    server.onLink?.(link)
    waiting.shift()?.(link)
  }
  const route = new RtcRoute({ path: '/play', origins: [], bodyTimeoutMs: 500, doorkeeper: gate, transport, accept })
  const paths: UdpPath[] = []
  const cuttable = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { sdp } = JSON.parse(Buffer.concat(chunks).toString()) as { sdp: string }
    const result = await transport.answer(sdp, accept, () => {})
    if (!result.ok) return void response.writeHead(result.status).end()
    const [, port = ''] = / (\d+) typ host/.exec(result.answer) ?? []
    const path = await UdpPath.before(Number(port))
    paths.push(path)
    response.end(JSON.stringify({ sdp: result.answer.replaceAll(` ${port} typ`, ` ${path.port} typ`) }))
  }
  const http = createServer((request, response) => {
    if (request.url === '/cuttable/rtc') void cuttable(request, response)
    else if (!route.take(request, response, request.url ?? '')) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const server: RtcServer = {
    transport,
    gate,
    defects,
    port,
    url: (path = 'play') => `ws://127.0.0.1:${port}/${path}`,
    onLink: undefined,
    accepted: () => new Promise((resolve) => waiting.push(resolve)),
    cut: () => {
      for (const path of paths) path.isCut = true
    },
    stop: async () => {
      await transport.close(50)
      for (const path of paths) path.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  return server
}
