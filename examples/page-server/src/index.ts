/**
 * Serves an example's page: `index.html` and what it imports, straight from the sources. Built with Vite once per content of the sources
 * (about a second; the next start finds it) and served from memory; or, for development, by Vite itself, which rebuilds on change.
 * Tooling of the examples, no part of Tickmesh: a game of your own is built and served however you like.
 */
import { createHash, type Hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, createServer, defaultClientConditions, type InlineConfig } from 'vite'
import { CLUSTER_HEADER, COMMON_HEADERS } from './page-headers.ts'
import { StaticFiles } from './static-files.ts'

export interface PageOptions {
  /** Folder of `index.html`; a `file:` URL such as `new URL('..', import.meta.url)`. */
  readonly root: URL
  /** Names of the pages in it, without `.html`; `index` alone by default. */
  readonly pages?: readonly string[]
  /** Rebuild on change. */
  readonly development?: boolean
  /** The server is a shard of a cluster: the page may connect to others, and is told by a header. */
  readonly cluster?: boolean
}

export interface Page {
  handleRequest(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

const repository = new URL('../../../', import.meta.url)
/** What a page is built from besides its own folder. */
const ingredients = ['shared/src', 'client-sdk/src', 'package-lock.json', 'examples/page-server/src']
const notIngredients = new Set(['node_modules', 'dist', 'test', '.vite'])

function viteConfig(root: string): InlineConfig {
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', ...defaultClientConditions] },
    clearScreen: false,
  }
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n')
}

function addToHash(hash: Hash, path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (notIngredients.has(entry.name)) continue
    const child = join(path, entry.name)
    if (entry.isDirectory()) addToHash(hash, child)
    else hash.update(entry.name).update('\0').update(readFileSync(child)).update('\0')
  }
}

function hashSources(root: string): string {
  const hash = createHash('sha256')
  addToHash(hash, root)
  for (const name of ingredients) {
    const path = fileURLToPath(new URL(name, repository))
    if (name.includes('.')) hash.update(readFileSync(path))
    else addToHash(hash, path)
  }
  return hash.digest('hex').slice(0, 16)
}

/**
 * The built page. What other sources made is deleted, which another process may have been about to read: then it builds again. Servers that run
 * have read all of theirs.
 */
async function builtFiles(root: string, pages: readonly string[], cluster: boolean): Promise<StaticFiles> {
  const folder = await buildOnce(root, pages)
  try {
    return new StaticFiles(folder, cluster)
  } catch (error) {
    if (existsSync(join(folder, 'index.html'))) throw error
    return new StaticFiles(await buildOnce(root, pages), cluster)
  }
}

/** Folder of the built page. */
async function buildOnce(root: string, pages: readonly string[]): Promise<string> {
  const dist = join(root, 'dist')
  const built = join(dist, `page-${hashSources(root)}`)
  if (existsSync(built)) return built
  const startedAt = performance.now()
  console.log('[page] building the page')
  const unfinished = join(dist, `unfinished-${process.pid}`)
  await build({
    ...viteConfig(root),
    build: {
      outDir: unfinished,
      emptyOutDir: true,
      chunkSizeWarningLimit: 4000,
      rollupOptions: { input: pages.map((name) => join(root, `${name}.html`)), checks: { pluginTimings: false } },
    },
  })
  for (const old of readdirSync(dist))
    if (old.startsWith('page-') && join(dist, old) !== built) rmSync(join(dist, old), { recursive: true, force: true })
  // Another process may have built the same meanwhile.
  if (existsSync(built)) rmSync(unfinished, { recursive: true, force: true })
  else renameSync(unfinished, built)
  console.log(`[page] built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  return built
}

/** Makes a page ready to be served. */
export async function preparePage(options: PageOptions): Promise<Page> {
  const root = fileURLToPath(options.root)
  if (options.development === true) {
    const vite = await createServer({ ...viteConfig(root), server: { middlewareMode: true }, appType: 'mpa' })
    return {
      // Without the policy: Vite puts styles into the page itself.
      handleRequest(request, response) {
        for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
        if (options.cluster === true) response.setHeader(...CLUSTER_HEADER)
        vite.middlewares(request, response, () => notFound(response))
      },
      close: () => vite.close(),
    }
  }
  const files = await builtFiles(root, options.pages ?? ['index'], options.cluster === true)
  return { handleRequest: files.handleRequest, close: async () => {} }
}
