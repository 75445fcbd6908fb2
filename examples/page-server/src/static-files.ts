/**
 * A folder of a built page, read once and served from memory: what is not in it cannot be named, whatever the address says, and the folder may go away.
 * Answers GET and HEAD; everything else gets 405. Never throws for what a client sent.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CLUSTER_HEADER, COMMON_HEADERS, contentSecurityPolicy } from './page-headers.ts'

interface StaticFile {
  readonly type: string
  readonly body: Buffer
  readonly zipped: Buffer | undefined
  readonly etag: string
  readonly cacheControl: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
}
const ZIPPED = new Set(['.html', '.js', '.css', '.json', '.svg'])

export class StaticFiles {
  /** By path, as `/assets/page.js`. */
  private readonly files = new Map<string, StaticFile>()

  private readonly cluster: boolean

  /** `cluster`: the pages are of a shard. */
  constructor(folder: string, cluster = false) {
    this.cluster = cluster
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      if (!statSync(path).isFile()) continue
      this.files.set(`/${name.split(sep).join('/')}`, readStatic(path, name))
    }
  }

  readonly handleRequest = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
    response.setHeader('Content-Security-Policy', contentSecurityPolicy(request.headers.host, this.cluster))
    if (this.cluster) response.setHeader(...CLUSTER_HEADER)
    const path = pathOf(request.url)
    const file = path === undefined ? undefined : this.find(path)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      answer(response, 405, 'Only GET and HEAD are answered.\n')
    } else if (path === undefined) answer(response, 400, 'The address is not well-formed.\n')
    else if (file === undefined) answer(response, 404, 'Not found\n')
    else send(request, response, file)
  }

  private find(path: string): StaticFile | undefined {
    return this.files.get(path.endsWith('/') ? `${path}index.html` : path)
  }
}

function readStatic(path: string, name: string): StaticFile {
  const body = readFileSync(path)
  const extension = extname(name)
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    body,
    zipped: ZIPPED.has(extension) ? gzipSync(body) : undefined,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // Vite puts a hash of the content into the names of assets.
    cacheControl: name.startsWith('assets') ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

/** The path that a request names; undefined if it names none. */
function pathOf(url: string | undefined): string | undefined {
  const [path = ''] = (url ?? '').split('?', 1)
  if (!path.startsWith('/')) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function send(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  response.setHeader('ETag', file.etag)
  response.setHeader('Cache-Control', file.cacheControl)
  response.setHeader('Vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end()
    return
  }
  const takesZipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = takesZipped ? (file.zipped ?? file.body) : file.body
  if (body === file.zipped) response.setHeader('Content-Encoding', 'gzip')
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}
