/**
 * `npm run bench -- size`: what a player's browser must load before a minimal client runs, as a production build delivers it.
 */
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { round } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import { charactersBySource } from './source-map.ts'

const GOAL_BYTES = 25_000
const SHOWN_MODULES = 25
const directory = fileURLToPath(new URL('.', import.meta.url))

export interface Weighed {
  readonly minimalClientBytes: number
  readonly minimalClientGzipBytes: number
  readonly minimalClientBrotliBytes: number
  readonly modules: readonly { readonly module: string; readonly bytes: number }[]
}

/** Short names of modules, whatever machine built them. */
export function shortName(id: string): string {
  const path = id.replaceAll('\\', '/').replace(/\?.*$/, '').replace(/^\0/, '')
  const inPackage = path.lastIndexOf('/node_modules/')
  if (inPackage >= 0) return path.slice(inPackage + '/node_modules/'.length)
  return path.match(/(?:shared|client-sdk|bench)\/src\/.*$/)?.[0] ?? path
}

/** Deployed pages do without. */
export function withoutMapComment(code: string): string {
  return code.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, '')
}

/** Builds the minimal client in memory, with the newest sources, and weighs the code that it loads first. */
export async function weigh(): Promise<Weighed> {
  const result = await build({
    configFile: false,
    root: directory,
    logLevel: 'error',
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { conditions: ['source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      sourcemap: true,
      reportCompressedSize: false,
      rolldownOptions: { input: `${directory}minimal-client.ts` },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]) as readonly Rolldown.RolldownOutput[]
  const chunks = loadedFirst(outputs.flatMap(({ output }) => output).filter((file) => file.type === 'chunk'))
  const code = chunks.map((chunk) => Buffer.from(withoutMapComment(chunk.code)))
  const modules = chunks
    .flatMap((chunk) => (chunk.map === null ? [] : [...charactersBySource(withoutMapComment(chunk.code), chunk.map)]))
    .map(([source, bytes]) => ({ module: shortName(source), bytes }))
  const sum = (size: (bytes: Buffer) => number) => code.reduce((total, bytes) => total + size(bytes), 0)
  return {
    minimalClientBytes: sum((bytes) => bytes.length),
    minimalClientGzipBytes: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
    minimalClientBrotliBytes: sum((bytes) => brotliCompressSync(bytes).length),
    modules: modules.sort((a, b) => b.bytes - a.bytes),
  }
}

/** Entries and what they import. What is imported while the client runs, such as WebRTC, is loaded only by who asks for it. */
function loadedFirst(chunks: readonly Rolldown.OutputChunk[]): readonly Rolldown.OutputChunk[] {
  const names = new Set<string>()
  const add = (name: string): void => {
    if (names.has(name)) return
    names.add(name)
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) add(imported)
  }
  for (const { isEntry, fileName } of chunks) if (isEntry) add(fileName)
  return chunks.filter(({ fileName }) => names.has(fileName))
}

export async function run(args: readonly string[]): Promise<void> {
  heading('size: a minimal client, built for production')
  progress('bundling with vite')
  const weighed = await weigh()
  const { modules, ...bytes } = weighed
  const shown = args.includes('--all') ? modules : modules.slice(0, SHOWN_MODULES)
  const total = modules.reduce((sum, { bytes }) => sum + bytes, 0)
  table([
    ['module', 'bytes, minified', '%'],
    ...shown.map(({ module, bytes }) => [module, String(bytes), String(round((bytes / total) * 100, 1))]),
    ...(shown.length < modules.length ? [[`and ${modules.length - shown.length} more (--all)`, '', '']] : []),
  ])
  table([
    ['', 'bytes'],
    ['minified', String(bytes.minimalClientBytes)],
    ['gzip', judged(bytes.minimalClientGzipBytes, GOAL_BYTES)],
    ['brotli', String(bytes.minimalClientBrotliBytes)],
  ])
  finish(args, bytes)
}
