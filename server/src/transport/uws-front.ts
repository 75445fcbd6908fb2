/**
 * The front by uWebSockets.js: WebSockets natively, and plain HTTP through a Node server that does not listen (UwsHttp).
 * Called by the composition root with the native module. Reads of a request what it needs at once: uWebSockets.js forgets it when the handler returns.
 */
import { STATUS_CODES } from 'node:http'
import type { Entry } from '../gate/doorkeeper.ts'
import { type Front, type FrontOptions, portInUse, type Refusal, VOUCHER_HEADER, wrongPath } from './front.ts'
import { readTlsFiles } from './tls-files.ts'
import { joined, remoteAddressOf, UwsHttp } from './uws-http.ts'
import { UwsLink, type UwsLinkOptions } from './uws-link.ts'
import type { UwsApp, UwsBehaviour, UwsModule, UwsRequest, UwsResponse, UwsSocket } from './uws-module.ts'
import { UwsOutbox } from './uws-outbox.ts'

/** What a socket carries from its handshake to its end. */
interface Connection {
  readonly entry: Entry
  link: UwsLink | undefined
}

const MAX_MESSAGE_BYTES = 65_536

/** Returns when it listens. Throws PORT_IN_USE, or BAD_ARGUMENT for certificates that are none. */
export async function listenUws(uws: UwsModule, options: FrontOptions): Promise<Front> {
  const { tls, path } = options
  if (tls !== undefined) await readTlsFiles(tls)
  const app: UwsApp =
    tls === undefined ? uws.App() : uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile })
  const http = new UwsHttp(options)
  app.ws(path, behaviour(uws, options))
  app.any('/*', (response, request) => {
    if (request.getHeader('upgrade').toLowerCase() !== 'websocket') return http.take(response, request)
    if (request.getUrl() !== path) return refuse(response, wrongPath(path))
    refuse(response, { status: 400, text: 'This is no WebSocket handshake.' })
  })
  const token = listen(uws, app, options)
  return {
    name: 'uWebSockets.js',
    port: uws.us_socket_local_port(token),
    close: () => {
      uws.us_listen_socket_close(token)
      return http.close()
    },
  }
}

function behaviour(uws: UwsModule, options: FrontOptions): UwsBehaviour {
  const limits: UwsLinkOptions = { ...options, maxMessageBytes: Math.min(options.maxMessageBytes, MAX_MESSAGE_BYTES) }
  const outbox = new UwsOutbox()
  return {
    compression: uws.DISABLED,
    // What is a little too large is still read, so that the peer can be told; what is much too large is cut off.
    maxPayloadLength: 2 * limits.maxMessageBytes,
    maxBackpressure: limits.maxBufferedBytes,
    idleTimeout: idleTimeoutS(options.idleMs),
    sendPingsAutomatically: false,
    upgrade: (response, request, context) => takeUpgrade(options, response, request, context),
    open: (socket) => {
      const connection = connectionOf(socket)
      const link = new UwsLink(socket, outbox, limits)
      connection.link = link
      options.accept(link, connection.entry)
    },
    message: (socket, message, isBinary) => connectionOf(socket).link?.arrived(message, isBinary),
    close: (socket, code, text) => {
      const { link, entry } = connectionOf(socket)
      entry.left()
      link?.ended(code, Buffer.from(text).toString())
    },
  }
}

function connectionOf(socket: UwsSocket): Connection {
  return socket.getUserData() as Connection
}

/** Later than the session, which says why; in what uWebSockets.js takes. */
function idleTimeoutS(idleMs: number): number {
  return Math.min(960, Math.max(8, Math.ceil(idleMs / 1000) + 8))
}

function takeUpgrade(options: FrontOptions, response: UwsResponse, request: UwsRequest, context: unknown): void {
  if (request.getHeader('sec-websocket-version') !== '13') {
    return refuse(response, { status: 400, text: 'This is no WebSocket handshake of version 13.' })
  }
  const knock = options.knock({
    peer: remoteAddressOf(response),
    forwardedFor: joined(request, 'x-forwarded-for'),
    origin: request.getHeader('origin') || undefined,
    host: request.getHeader('host') || undefined,
    voucher: request.getHeader(VOUCHER_HEADER) || undefined,
  })
  if (!knock.ok) return refuse(response, { status: knock.status, text: `${knock.code}: ${knock.message}` })
  const connection: Connection = { entry: knock.entry, link: undefined }
  const key = request.getHeader('sec-websocket-key')
  const [protocol = ''] = request.getHeader('sec-websocket-protocol').split(',')
  response.upgrade(connection, key, protocol.trim(), '', context)
}

function refuse(response: UwsResponse, { status, text }: Refusal): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Error'}`)
  response.writeHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`, true)
}

function listen(uws: UwsModule, app: UwsApp, { port, host }: FrontOptions): unknown {
  let token: unknown
  const listening = (given: unknown): void => {
    token = given
  }
  // Exclusive: otherwise a second program on the port would get half of the players.
  const exclusive = uws.LIBUS_LISTEN_EXCLUSIVE_PORT
  if (host === undefined) app.listen(port, exclusive, listening)
  else app.listen(host, port, exclusive, listening)
  if (token === undefined || token === false || token === null) {
    throw portInUse(port, 'is taken by another program, or the address to listen on is not of this machine')
  }
  return token
}
