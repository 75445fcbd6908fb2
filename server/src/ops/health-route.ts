/**
 * `/healthz`: is the process alive? `/readyz`: does it take new players? For load balancers and whoever restarts processes. Part of each server's port.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpRoute } from '../gate/http-route.ts'

/** What readiness is judged by. */
export interface ReadinessSource {
  readonly phase: 'starting' | 'serving' | 'draining' | 'closed'
  readonly connections: number
  readonly maxConnections: number
  readonly rooms: number
  /** Rooms at overload level 3: thinning snapshots did not help. */
  readonly overloadedRooms: number
  /** On a shard of a cluster: how long its lease still runs. */
  readonly leaseLeftMs?: number | undefined
}

/** More of the rooms than this at overload level 3: new players go elsewhere. */
const OVERLOADED_SHARE = 0.5

/** Why no new players are to be sent here, or undefined. */
export function notReady(source: ReadinessSource): string | undefined {
  const { phase, connections, maxConnections, rooms, overloadedRooms, leaseLeftMs = 1 } = source
  if (phase !== 'serving') return phase
  if (leaseLeftMs <= 0) return 'not in the cluster: no lease'
  if (connections >= maxConnections) return `full: ${connections} connections`
  if (overloadedRooms > rooms * OVERLOADED_SHARE) return `overloaded: ${overloadedRooms} of ${rooms} rooms`
  return undefined
}

export class HealthRoute implements HttpRoute {
  private readonly source: () => ReadinessSource

  constructor(source: () => ReadinessSource) {
    this.source = source
  }

  take(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path === '/healthz') answerPlainly(request, response, 200, 'ok')
    else if (path === '/readyz') {
      const reason = notReady(this.source())
      answerPlainly(request, response, reason === undefined ? 200 : 503, reason ?? 'ready')
    } else return false
    return true
  }
}

/** One line of text, to GET and HEAD. */
export function answerPlainly(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const body = isRead ? `${text}\n` : 'Ask with GET.\n'
  response.writeHead(isRead ? status : 405, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(isRead ? {} : { Allow: 'GET, HEAD' }),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
