/**
 * Signalling for WebRTC over the port that players connect to: `POST <path>/rtc` with `{"sdp": offer}` is answered by `{"sdp": answer}`, which names all
 * candidates; there is no more to it. Asks the gate as a WebSocket's handshake does. Without a transport it says so, and clients take a WebSocket.
 * Never throws for what a client sent; a request is bounded in size and time.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Link } from '@tickmesh/shared'
import type { Doorkeeper, Entry } from '../gate/doorkeeper.ts'
import type { HttpRoute } from '../gate/http-route.ts'
import { type AllowedOrigins, isOriginAllowed } from '../gate/origins.ts'
import type { RtcTransport } from './rtc-transport.ts'

export interface RtcRouteOptions {
  /** Where clients connect; signalling is at `<path>/rtc`. */
  readonly path: string
  readonly origins: AllowedOrigins
  /** How long the body of a request may take. */
  readonly bodyTimeoutMs: number
  readonly doorkeeper: Pick<Doorkeeper, 'knock'>
  /** Undefined: no WebRTC here. */
  readonly transport: RtcTransport | undefined
  /** Making a peer takes long at once: calls back when there is time for it; false: too many wait. At once by default. */
  readonly whenTime?: (address: string, go: () => void) => boolean
  /** Must attach to the link before it returns. */
  readonly accept: (link: Link, entry: Entry) => void
}

const MAX_BODY_BYTES = 16_384

export class RtcRoute implements HttpRoute {
  readonly #options: RtcRouteOptions
  readonly #path: string

  constructor(options: RtcRouteOptions) {
    this.#options = options
    this.#path = `${options.path}/rtc`
  }

  take(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path !== this.#path) return false
    const { origin, host } = request.headers
    response.setHeader('Vary', 'Origin')
    response.setHeader('Cache-Control', 'no-store')
    if (origin !== undefined && isOriginAllowed(origin, host, this.#options.origins)) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Methods', 'POST')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
      response.setHeader('Access-Control-Max-Age', '600')
    }
    response.on('error', () => response.destroy())
    if (request.method === 'OPTIONS') {
      request.resume()
      response.writeHead(204).end()
    } else if (this.#options.transport === undefined) {
      request.resume()
      say(response, 200, { webrtc: false })
    } else if (request.method !== 'POST') {
      request.resume()
      refuse(response, 405, 'MALFORMED', 'WebRTC is signalled by a POST of {"sdp": offer}.')
    } else {
      void this.#signal(request, response, this.#options.transport)
    }
    return true
  }

  #whenTime(address: string): Promise<boolean> {
    return new Promise((resolve) => {
      const { whenTime } = this.#options
      if (whenTime === undefined) resolve(true)
      else if (!whenTime(address, () => resolve(true))) resolve(false)
    })
  }

  async #signal(request: IncomingMessage, response: ServerResponse, transport: RtcTransport): Promise<void> {
    const { doorkeeper, bodyTimeoutMs, accept } = this.#options
    const { origin, host } = request.headers
    const forwarded = request.headers['x-forwarded-for']
    const visit = {
      peer: request.socket.remoteAddress ?? '',
      forwardedFor: Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
      origin,
      host,
    }
    const knock = doorkeeper.knock(visit, performance.now())
    if (!knock.ok) {
      request.resume()
      return refuse(response, knock.status, knock.code, knock.message)
    }
    const { entry } = knock
    const sdp = offerIn(await readBody(request, bodyTimeoutMs))
    if (sdp === undefined || response.destroyed) {
      entry.left()
      return refuse(response, 400, 'MALFORMED', `send {"sdp": offer} of at most ${MAX_BODY_BYTES} bytes.`)
    }
    if (!(await this.#whenTime(entry.address)) || response.destroyed) {
      entry.left()
      return refuse(response, 503, 'TOO_MANY_CONNECTIONS', 'too many peers are being made. Connect over a WebSocket.')
    }
    const result = await transport.answer(
      sdp,
      (link) => accept(link, entry),
      () => entry.left(),
    )
    if (result.ok) say(response, 200, { sdp: result.answer })
    else refuse(response, result.status, result.code, result.message)
  }
}

/** Undefined if it is too long, too slow or cut off. */
function readBody(request: IncomingMessage, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let byteLength = 0
    const end = (body: string | undefined): void => {
      clearTimeout(timer)
      resolve(body)
    }
    const timer = setTimeout(() => end(undefined), timeoutMs)
    request.on('data', (chunk: Buffer) => {
      byteLength += chunk.length
      if (byteLength <= MAX_BODY_BYTES) chunks.push(chunk)
      else end(undefined)
    })
    request.on('end', () => end(byteLength > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString()))
    request.on('error', () => end(undefined))
    request.on('close', () => end(undefined))
  })
}

function offerIn(body: string | undefined): string | undefined {
  if (body === undefined) return undefined
  try {
    const { sdp } = JSON.parse(body) as { sdp?: unknown }
    return typeof sdp === 'string' ? sdp : undefined
  } catch {
    return undefined
  }
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent) return
  // What is still to come of a request that was not wanted is not read.
  response.setHeader('Connection', 'close')
  say(response, status, { code, message })
}

function say(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
