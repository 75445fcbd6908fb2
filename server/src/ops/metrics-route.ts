/** `/metrics`, for Prometheus. Whom it answers: private-route.ts. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpRoute } from '../gate/http-route.ts'
import { answerPlainly } from './health-route.ts'
import { PrivateRoute } from './private-route.ts'

export interface MetricsText {
  readonly contentType: string
  render(): Promise<string>
}

export class MetricsRoute implements HttpRoute {
  private readonly metrics: MetricsText
  private readonly access: PrivateRoute

  /** Throws BAD_ARGUMENT for a token that could be guessed. */
  constructor(metrics: MetricsText, token: string | undefined) {
    this.metrics = metrics
    this.access = new PrivateRoute('ops.metrics.token', token)
  }

  take(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path !== '/metrics') return false
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const refusal = this.access.refusal(request)
    if (refusal === 'token') answerPlainly(request, response, 401, 'Show the token.', { 'WWW-Authenticate': 'Bearer' })
    else if (refusal === 'machine') {
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
