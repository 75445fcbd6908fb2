/** Both fronts for tests: who listens, the links that come in, and raw sockets that misbehave. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Link, Scheduler } from '@tickmesh/shared'
import { AddressBudget } from '../../src/gate/address-budget.ts'
import type { Entry, Visit } from '../../src/gate/doorkeeper.ts'
import { DEFAULT_LIMITS } from '../../src/gate/limits.ts'
import { listenOn } from '../../src/transport/choose-front.ts'
import type { Front, FrontName, FrontOptions, TlsFiles } from '../../src/transport/front.ts'

/** Self-signed, for 127.0.0.1 and localhost; of no worth to anybody. */
export const testTls: TlsFiles = {
  certFile: fileURLToPath(new URL('test-cert.pem', import.meta.url)),
  keyFile: fileURLToPath(new URL('test-key.pem', import.meta.url)),
}

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  at: (timeMs, run) => {
    const timer = setTimeout(run, timeMs - performance.now())
    return () => clearTimeout(timer)
  },
}

export interface TestFront {
  readonly front: Front
  readonly url: string
  readonly httpUrl: string
  readonly defects: unknown[]
  readonly visits: Visit[]
  /** Connections that are in by the gate's count. */
  readonly inside: () => number
  /** Says why the next visits are turned away, while set. */
  refuse: string | undefined
  /** Called synchronously with each new link, as the contract wants. */
  onLink: ((link: Link) => void) | undefined
  /** The server's end of the next connection. */
  accepted(): Promise<Link>
  /** Ends raw sockets and links, too. */
  stop(): Promise<void>
  raw(): Promise<Socket>
}

const PATH = '/play'
const HANDSHAKE = [
  `GET ${PATH} HTTP/1.1`,
  'Host: x',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export async function listenForTest(
  name: FrontName,
  handleRequest: Handler = (_request, response) => response.writeHead(404).end(),
  change: Partial<FrontOptions> = {},
): Promise<TestFront> {
  const waiting: ((link: Link) => void)[] = []
  const defects: unknown[] = []
  const visits: Visit[] = []
  const sockets: Socket[] = []
  const links: Link[] = []
  let inside = 0
  const entry = (): Entry => {
    inside++
    const budget = new AddressBudget(DEFAULT_LIMITS, 0)
    return { address: '127.0.0.1', budget, admitted: () => {}, left: () => inside-- }
  }
  const front = await listenOn(name, {
    ...{ port: 0, host: '127.0.0.1', path: PATH, tls: undefined, handleRequest },
    ...{ maxMessageBytes: 65_536, maxBufferedBytes: 1_048_576, idleMs: 15_000 },
    knock: (visit) => {
      visits.push(visit)
      if (rig.refuse === undefined) return { ok: true, entry: entry() }
      return { ok: false, status: 429, code: 'TOO_MANY_CONNECTIONS', message: rig.refuse }
    },
    ask: ({ peer }) => ({ ok: true, address: peer }),
    whenTime: (_address, go) => {
      go()
      return true
    },
    accept: (link) => {
      links.push(link)
      rig.onLink?.(link)
      waiting.shift()?.(link)
    },
    onDefect: (error) => defects.push(error),
    ...change,
  })
  const s = change.tls === undefined ? '' : 's'
  const rig: TestFront = {
    front,
    url: `ws${s}://127.0.0.1:${front.port}${PATH}`,
    httpUrl: `http${s}://127.0.0.1:${front.port}`,
    ...{ defects, visits, inside: () => inside, refuse: undefined, onLink: undefined },
    accepted: () => new Promise((resolve) => waiting.push(resolve)),
    stop: () => {
      for (const socket of sockets) socket.destroy()
      for (const link of links) link.close({ code: 'SERVER_STOPPING', message: '' })
      return front.close()
    },
    raw: async () => {
      const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true })
      sockets.push(socket)
      socket.on('error', () => {})
      socket.write(HANDSHAKE)
      await new Promise((resolve) => socket.once('data', resolve))
      return socket
    },
  }
  return rig
}
