/**
 * Gives the page the files that this server records: `/recordings` lists them, `/recordings/<name>` is one. Part of the server's process. Names are compared with what is in
 * the folder, never made into paths: nothing outside of it can be asked for. Whoever may open the page may read them, secrets included: fine for an example, and
 * for nothing else.
 */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const PREFIX = '/recordings'
const MAX_LISTED = 100

async function namesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir)
  return names.filter((name) => name.endsWith('.tickmesh'))
}

async function list(dir: string, response: ServerResponse): Promise<void> {
  const found = (await namesIn(dir)).map(async (name) => {
    const { size, mtimeMs } = await stat(join(dir, name))
    return { name, bytes: size, modifiedMs: mtimeMs }
  })
  const files = (await Promise.all(found)).sort((a, b) => b.modifiedMs - a.modifiedMs).slice(0, MAX_LISTED)
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(files))
}

async function send(dir: string, asked: string, response: ServerResponse): Promise<void> {
  const name = (await namesIn(dir)).find((there) => encodeURIComponent(there) === asked)
  if (name === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such recording.\n')
    return
  }
  const file = createReadStream(join(dir, name))
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
    const answered = isOne ? send(dir, path.slice(PREFIX.length + 1), response) : list(dir, response)
    answered.catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
}
