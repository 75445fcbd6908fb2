/**
 * The front that is always there: Node's HTTP server, and `ws` through WsTransport. Called by the composition root.
 * Never throws for what a client sent; a connection that is not let in is told why by an HTTP answer.
 */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Visit } from '../gate/doorkeeper.ts'
import {
  CUT_AFTER_MS,
  type Front,
  type FrontOptions,
  portInUse,
  type Refusal,
  refusedBody,
  TOO_MANY_WAIT,
  VOUCHER_HEADER,
  wrongPath,
} from './front.ts'
import { readTlsFiles } from './tls-files.ts'
import { WsTransport } from './ws-transport.ts'

/** Who connects must ask for something by then. */
const HEADERS_TIMEOUT_MS = 10_000

/** Returns when it listens. Throws PORT_IN_USE, or BAD_ARGUMENT for certificates that are none. */
export async function listenWs(options: FrontOptions): Promise<Front> {
  const { tls, handleRequest } = options
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2 }
  const http =
    tls === undefined
      ? createServer(timeouts)
      : createTlsServer({ ...timeouts, handshakeTimeout: HEADERS_TIMEOUT_MS, ...(await readTlsFiles(tls)) })
  const sockets = socketsOf(http)
  http.on('request', (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const asking = options.ask(visitorOf(request), path)
    if (!asking.ok) {
      return answerPlainly(response, { status: asking.status, text: `${asking.code}: ${asking.message}` })
    }
    const refusal = refusedBody(request.headers['content-length'], request.headers['transfer-encoding'])
    if (refusal !== undefined) return answerPlainly(response, refusal)
    const go = (): void => {
      if (!request.socket.destroyed) handleRequest(request, response)
    }
    if (asking.address === undefined) go()
    else if (!options.whenTime(asking.address, go)) answerPlainly(response, TOO_MANY_WAIT)
  })
  const transport = new WsTransport({
    maxMessageBytes: options.maxMessageBytes,
    maxBufferedBytes: options.maxBufferedBytes,
    onDefect: options.onDefect,
  })
  http.on('upgrade', (request, socket, head) => takeUpgrade(options, transport, request, socket, head))
  await listen(http, options)
  const { port } = http.address() as AddressInfo
  return { name: 'ws', port, close: () => close(http, sockets) }
}

function takeUpgrade(
  options: FrontOptions,
  transport: WsTransport,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on('error', () => socket.destroy())
  const [path] = (request.url ?? '').split('?')
  if (path !== options.path) return refuse(socket, wrongPath(options.path))
  const { origin, host } = request.headers
  const voucher = request.headers[VOUCHER_HEADER]
  const vouched = typeof voucher === 'string' ? { voucher } : {}
  const knock = options.knock({ ...visitorOf(request), origin, host, ...vouched })
  if (!knock.ok) return refuse(socket, { status: knock.status, text: `${knock.code}: ${knock.message}` })
  socket.once('close', () => knock.entry.left())
  transport.handleUpgrade(request, socket, head, (link) => options.accept(link, knock.entry))
}

function answerPlainly(response: ServerResponse, { status, text }: Refusal): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end(`${text}\n`)
}

function visitorOf({ socket, headers }: IncomingMessage): Pick<Visit, 'peer' | 'forwardedFor'> {
  const forwarded = headers['x-forwarded-for']
  return {
    peer: socket.remoteAddress ?? '',
    forwardedFor: Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
  }
}

function refuse(socket: Duplex, { status, text }: Refusal): void {
  const body = `${text}\n`
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}

function listen(http: HttpServer, { port, host }: FrontOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(error.code === 'EADDRINUSE' ? portInUse(port, 'is taken by another program') : error)
    }
    http.once('error', onError)
    http.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      http.removeListener('error', onError)
      resolve()
    })
  })
}

/** All connections, those whose TLS handshake is not over included: Node's server waits for them when it closes, and cannot name them. */
function socketsOf(http: HttpServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  http.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

function close(http: HttpServer, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // Links end by themselves soon; what is left are requests that never end, and handshakes.
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, CUT_AFTER_MS)
    http.close(() => {
      clearTimeout(cut)
      resolve()
    })
    http.closeIdleConnections()
  })
}
