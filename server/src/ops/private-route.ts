/**
 * Who may read what is for operators: without a token programs of this machine only, and no request that came through a proxy, which all seem to be of this
 * machine; with one, whoever shows it (`Authorization: Bearer ...`). Used by the routes of metrics and the dashboard.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { NetError } from '@tickmesh/shared'

/** What proxies add. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const
const LEAST_TOKEN_LENGTH = 16

/** `token`: it must be shown and was not. `machine`: it is not of this machine. */
export type Refusal = 'token' | 'machine'

export class PrivateRoute {
  private readonly token: Buffer | undefined

  /** `option` names the token in the error. Throws BAD_ARGUMENT for a token that could be guessed. */
  constructor(option: string, token: string | undefined) {
    if (token !== undefined && token.length < LEAST_TOKEN_LENGTH) {
      const remedy = `Give at least ${LEAST_TOKEN_LENGTH} random characters, or none to serve this machine only.`
      throw new NetError('BAD_ARGUMENT', `${option} has ${token.length} characters.`, remedy)
    }
    this.token = token === undefined ? undefined : digest(token)
  }

  refusal(request: IncomingMessage): Refusal | undefined {
    if (this.token !== undefined) return hasToken(request, this.token) ? undefined : 'token'
    return isOfThisMachine(request) ? undefined : 'machine'
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
