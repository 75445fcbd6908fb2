/**
 * A part of the server that answers some HTTP requests of the port that players connect to: signalling, health, metrics. The composition root asks
 * each in turn, before the game's own `handleRequest`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface HttpRoute {
  /** True: it answers this request, now or later. `path` is without the query. Never throws for what a client sent. */
  take(request: IncomingMessage, response: ServerResponse, path: string): boolean
}
