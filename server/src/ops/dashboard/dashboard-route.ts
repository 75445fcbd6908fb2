/**
 * `/dashboard`: a page that shows the cluster as this shard sees it, and the JSON that the page asks for twice a second. The page itself says nothing; who may
 * read the JSON: private-route.ts.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HttpRoute } from '../../gate/http-route.ts'
import { answerPlainly } from '../health-route.ts'
import { PrivateRoute } from '../private-route.ts'
import type { DashboardState } from './dashboard-state.ts'

const STATE_PATH = '/dashboard/state.json'
/** Beside src and dist alike. */
const folder = fileURLToPath(new URL('../../../dashboard/', import.meta.url))

/** Nothing but its own files, and no page around it. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
}
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

interface PageFile {
  readonly type: string
  readonly bytes: Buffer
}

export class DashboardRoute implements HttpRoute {
  private readonly state: () => DashboardState | undefined
  private readonly access: PrivateRoute
  private files: ReadonlyMap<string, PageFile> | undefined

  /** Throws BAD_ARGUMENT for a token that could be guessed. */
  constructor(state: () => DashboardState | undefined, token: string | undefined) {
    this.state = state
    this.access = new PrivateRoute('the dashboard token', token)
  }

  take(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path === STATE_PATH) this.tell(request, response)
    else if (path === '/dashboard' || path.startsWith('/dashboard/')) this.serve(request, response, path)
    else return false
    return true
  }

  private tell(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.access.refusal(request)
    if (refusal === 'token') {
      answerPlainly(request, response, 401, 'Show the token.', { 'WWW-Authenticate': 'Bearer' })
      return
    }
    if (refusal === 'machine') {
      answerPlainly(request, response, 403, 'The dashboard is for this machine only. Give it a token to open it.')
      return
    }
    if (request.method !== 'GET') return answerPlainly(request, response, 405, '')
    const state = this.state()
    if (state === undefined) return answerPlainly(request, response, 503, 'This shard is between two lives.')
    const bytes = Buffer.from(JSON.stringify(state))
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.length, 'Cache-Control': 'no-store' }
    response.writeHead(200, { ...headers, 'X-Content-Type-Options': 'nosniff' })
    response.end(bytes)
  }

  private serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    this.files ??= pageFiles()
    const file = this.files.get(path)
    if (file === undefined) return answerPlainly(request, response, 404, 'Nothing is here.')
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerPlainly(request, response, 405, '')
    response.writeHead(200, { ...PAGE_HEADERS, 'Content-Type': file.type, 'Content-Length': file.bytes.length })
    response.end(request.method === 'HEAD' ? undefined : file.bytes)
  }
}

/** By path. Read when somebody asks for the first time. */
function pageFiles(): ReadonlyMap<string, PageFile> {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  const names = ['dashboard.css', 'dashboard.js', 'draw-ring.js', 'plots.js', 'tables.js', 'icon.svg']
  const files = new Map(names.map((name) => [`/dashboard/${name}`, read(folder, name)]))
  files.set('/dashboard', read(folder, 'dashboard.html'))
  files.set('/dashboard/uplot.js', read(uplot, 'dist/uPlot.esm.js'))
  files.set('/dashboard/uplot.css', read(uplot, 'dist/uPlot.min.css'))
  return files
}

function read(from: string, name: string): PageFile {
  return { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain', bytes: readFileSync(join(from, name)) }
}
