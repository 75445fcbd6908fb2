/**
 * Plain HTTP on the port of uWebSockets.js, answered by a Node request handler: each request goes, over a pair of streams in memory, through a Node
 * server that listens nowhere, so that a game's handler meets the same `IncomingMessage` and `ServerResponse` as without uWebSockets.js.
 * Called by the uWS front. A request whose address asks too often is refused before that way, the others go it when there is time, and not if they have been cut by then.
 * Slower than Node alone: this port's pages and signalling are small, and what players exchange does not come this way.
 * Memory is bounded: so many requests at a time, bodies of known and limited length, answers at the pace of who reads them. When there are too many, or too much
 * of them waits to be read, the oldest is cut: who reads takes milliseconds. One request a connection, because uWebSockets.js offers no way to close
 * idle ones.
 */
import {
  request as askNode,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  STATUS_CODES,
} from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { CUT_AFTER_MS, type FrontOptions, type Refusal, refusedBody, TOO_MANY_WAIT } from './front.ts'
import { UwsAnswer } from './uws-answer.ts'
import type { UwsRequest, UwsResponse } from './uws-module.ts'

const MAX_REQUESTS = 256
/** Parts of answers that wait for slow readers, in all. */
const MAX_HELD_BYTES = 67_108_864
/** These belong to one connection, not to the request. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'])

/** What is kept of a request once its handler has returned. */
interface Asked {
  readonly peer: string
  readonly method: string
  readonly path: string
  readonly headers: OutgoingHttpHeaders
}

/** Brings the body of a request, what has come of it and what is to come. */
type Body = (to: ClientRequest) => void

type UwsHttpOptions = Pick<FrontOptions, 'handleRequest' | 'ask' | 'whenTime' | 'tls'>

export class UwsHttp {
  readonly #server
  readonly #options: UwsHttpOptions
  readonly #answers = new Set<UwsAnswer>()
  #onIdle: (() => void) | undefined
  #heldBytes = 0
  #isCutting = false

  constructor(options: UwsHttpOptions) {
    this.#server = createServer(options.handleRequest)
    this.#options = options
  }

  /** Answers now or later; whoever sent the request may be gone at any time. */
  take(response: UwsResponse, request: UwsRequest): void {
    const peer = remoteAddressOf(response)
    const asking = this.#options.ask({ peer, forwardedFor: joined(request, 'x-forwarded-for') }, request.getUrl())
    if (!asking.ok) return refuse(response, { status: asking.status, text: `${asking.code}: ${asking.message}` })
    const refusal = refusedBody(request.getHeader('content-length'), request.getHeader('transfer-encoding'))
    if (refusal !== undefined) return refuse(response, refusal)
    const asked = read(request, peer)
    let way: readonly Duplex[] = []
    const onOver = (): void => {
      this.#answers.delete(answer)
      for (const end of way) end.destroy()
      if (this.#answers.size === 0) this.#onIdle?.()
    }
    const answer = new UwsAnswer(response, asked.method === 'HEAD', onOver, (change) => this.#held(change))
    this.#answers.add(answer)
    if (this.#heldBytes > MAX_HELD_BYTES || this.#answers.size > MAX_REQUESTS) this.#cut()
    const body = bodyOf(response)
    const go = (): void => {
      if (answer.isOver) return
      const [ours, servers] = duplexPair()
      way = [ours, servers]
      this.#ask(asked, body, ours, servers, answer)
    }
    if (asking.address === undefined) go()
    else if (!this.#options.whenTime(asking.address, go)) answer.refuse(TOO_MANY_WAIT)
  }

  /** Ends when all requests have; after a while it cuts them. */
  close(): Promise<void> {
    if (this.#answers.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const answer of [...this.#answers]) answer.fail()
      }, CUT_AFTER_MS)
      this.#onIdle = () => {
        clearTimeout(cut)
        resolve()
      }
    })
  }

  /** Cuts later: uWebSockets.js is busy with that answer. */
  #held(change: number): void {
    this.#heldBytes += change
    if (this.#isCutting || this.#heldBytes <= MAX_HELD_BYTES) return
    this.#isCutting = true
    setImmediate(() => {
      this.#isCutting = false
      this.#cut()
    })
  }

  #cut(): void {
    for (const answer of [...this.#answers]) {
      const isFull = this.#heldBytes > MAX_HELD_BYTES
      if (this.#answers.size > MAX_REQUESTS || (isFull && answer.heldBytes > 0)) answer.fail()
      else if (!isFull) return
    }
  }

  #ask({ peer, method, path, headers }: Asked, body: Body, ours: Duplex, servers: Duplex, answer: UwsAnswer): void {
    dressAsSocket(servers, peer, this.#options.tls !== undefined)
    ours.on('error', () => answer.fail())
    servers.on('error', () => {})
    this.#server.emit('connection', servers)
    try {
      const asking = askNode({ method, path, headers, setHost: false, createConnection: () => ours })
      asking.on('response', (incoming: IncomingMessage) => answer.begin(incoming))
      asking.on('error', () => answer.fail())
      body(asking)
    } catch {
      // Node is stricter about names, values and paths than uWebSockets.js.
      answer.refuse({ status: 400, text: 'This request is malformed.' })
    }
  }
}

function bodyOf(response: UwsResponse): Body {
  const kept: Buffer[] = []
  let isWhole = false
  let to: ClientRequest | undefined
  const bring = (): void => {
    for (const part of kept.splice(0)) to?.write(part)
    if (isWhole) to?.end()
  }
  response.onData((chunk, isLast) => {
    // The bytes are uWebSockets.js's until the handler returns.
    if (chunk.byteLength > 0) kept.push(Buffer.from(chunk.slice(0)))
    isWhole = isLast
    if (to !== undefined) bring()
  })
  return (request) => {
    to = request
    bring()
  }
}

/** All lines of a header in order. */
export function joined(request: UwsRequest, header: string): string | undefined {
  const lines: string[] = []
  request.forEach((name, value) => {
    if (name === header) lines.push(value)
  })
  return lines.length === 0 ? undefined : lines.join(',')
}

function read(request: UwsRequest, peer: string): Asked {
  const headers: Record<string, string[]> = {}
  request.forEach((name, value) => {
    if (HOP_BY_HOP.has(name)) return
    const values = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (values === undefined) headers[name] = [value]
    else values.push(value)
  })
  const query = request.getQuery()
  return {
    peer,
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: query === undefined || query === '' ? request.getUrl() : `${request.getUrl()}?${query}`,
    headers: { ...headers, connection: 'close' },
  }
}

function refuse(response: UwsResponse, { status, text }: Refusal): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Error'}`)
  response.writeHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`, true)
}

/** What handlers use of the socket of a request. */
function dressAsSocket(stream: Duplex, remoteAddress: string, encrypted: boolean): void {
  const same = (): Duplex => stream
  const ofSocket = {
    remoteAddress,
    encrypted,
    setTimeout: same,
    setNoDelay: same,
    setKeepAlive: same,
    ref: same,
    unref: same,
  }
  for (const [name, value] of Object.entries(ofSocket))
    Object.defineProperty(stream, name, { value, configurable: true })
}

/** As Node writes it: `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. */
export function remoteAddressOf(response: UwsResponse): string {
  const bytes = new Uint8Array(response.getRemoteAddress())
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255)
    return `::ffff:${bytes.subarray(12).join('.')}`
  const groups = new DataView(bytes.buffer)
  const text = Array.from({ length: 8 }, (_, n) => groups.getUint16(2 * n).toString(16)).join(':')
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}
