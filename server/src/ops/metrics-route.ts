/**
 * `/metrics`, for Prometheus. Without a token it is for programs of this machine only, and not for requests that came through a proxy, which all seem to be of
 * this machine; with one, for whoever shows it (`Authorization: Bearer ...`).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NetError } from '@tickmesh/shared'
import type { HttpRoute } from '../gate/http-route.ts'
import { answerPlainly } from './health-route.ts'

export interface MetricsText {
  readonly contentType: string
  render(): Promise<string>
}

/** What proxies add. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const
const LEAST_TOKEN_LENGTH = 16

export class MetricsRoute implements HttpRoute {
  private readonly metrics: MetricsText
  private readonly token: Buffer | undefined

  /** Throws BAD_ARGUMENT for a token that could be guessed. */
  constructor(metrics: MetricsText, token: string | undefined) {
    if (token !== undefined && token.length < LEAST_TOKEN_LENGTH) {
      const remedy = `Give at least ${LEAST_TOKEN_LENGTH} random characters, or none to serve this machine only.`
      throw new NetError('BAD_ARGUMENT', `ops.metrics.token has ${token.length} characters.`, remedy)
    }
    this.metrics = metrics
    this.token = token === undefined ? undefined : digest(token)
  }

  take(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path !== '/metrics') return false
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (this.token !== undefined && !hasToken(request, this.token)) {
      answerPlainly(request, response, 401, 'Show the token.', { 'WWW-Authenticate': 'Bearer' })
    } else if (this.token === undefined && !isOfThisMachine(request)) {
      answerPlainly(request, response, 403, 'Metrics are for this machine only. Set ops.metrics.token to open them.')
    } else if (!isRead) answerPlainly(request, response, 405, '')
    else void this.answer(request, response)
    return true
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text: string
    try {
      text = await this.metrics.render()
    } catch {
      return answerPlainly(request, response, 500, 'The metrics could not be made.')
    }
    if (response.destroyed) return
    response.writeHead(200, { 'Content-Type': this.metrics.contentType, 'Cache-Control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Takes as long for a wrong token as for the right one: digests are compared, which are of one length. */
function hasToken(request: IncomingMessage, token: Buffer): boolean {
  const [scheme = '', shown = ''] = (request.headers.authorization ?? '').split(' ')
  return timingSafeEqual(digest(shown), token) && scheme.toLowerCase() === 'bearer'
}

function isOfThisMachine(request: IncomingMessage): boolean {
  if (PROXY_HEADERS.some((name) => request.headers[name] !== undefined)) return false
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address)
}
