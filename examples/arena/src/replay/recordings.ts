/**
 * Gives the page the files that this server records: `/recordings` lists them, `/recordings/<name>` is one. Part of the server's process. Names are compared with what is in
 * the folder, never made into paths: nothing outside of it can be asked for. Whoever may open the page may read them, secrets included: fine for an example, and
 * for nothing else.
 */
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const PREFIX = '/recordings'
const MAX_LISTED = 100

interface Recording {
  readonly name: string
  readonly bytes: number
  readonly modifiedMs: number
}

/** Plain files only: no links, which may lead anywhere, and nothing that cannot be read to its end. What goes away meanwhile is left out. */
async function recordingsIn(dir: string): Promise<Recording[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.tickmesh'))
  const found = names.map(async (name): Promise<Recording[]> => {
    const known = await lstat(join(dir, name)).catch(() => undefined)
    return known?.isFile() === true ? [{ name, bytes: known.size, modifiedMs: known.mtimeMs }] : []
  })
  return (await Promise.all(found)).flat()
}

async function list(dir: string, response: ServerResponse): Promise<void> {
  const files = (await recordingsIn(dir)).sort((a, b) => b.modifiedMs - a.modifiedMs).slice(0, MAX_LISTED)
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(files))
}

async function send(dir: string, asked: string, response: ServerResponse): Promise<void> {
  const found = (await recordingsIn(dir)).find(({ name }) => encodeURIComponent(name) === asked)
  if (found === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such recording.\n')
    return
  }
  const file = createReadStream(join(dir, found.name))
  file.once('error', () => response.destroy())
  response.once('close', () => file.destroy())
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
  file.pipe(response)
}

/** Answers for the recordings in `dir`, and leaves the rest to `next`. */
export function serveRecordings(dir: string, next: Handler): Handler {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const isOne = path.startsWith(`${PREFIX}/`)
    if (!isOne && path !== PREFIX) return next(request, response)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    const answered = isOne ? send(dir, path.slice(PREFIX.length + 1), response) : list(dir, response)
    answered.catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
}
