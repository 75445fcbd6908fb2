/** `npm run cluster` as a script drives it: orders by lines, the table by lines. Used by the tests of the cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/cluster/main.ts', import.meta.url))
const MAX_SHARDS = 6
const LOOK_MS = 100
const PATIENCE_MS = 60_000

export class ClusterCommand {
  output = ''
  /** Of the first shard's page; the others take the next ones. */
  readonly port: number
  readonly child: ChildProcess
  readonly exited: Promise<number | null>

  constructor(args: readonly string[], port = 0) {
    this.port = port
    this.child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', main, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (bytes) => {
        this.output += bytes
      })
    this.exited = once(this.child, 'exit').then(([code]) => code)
  }

  order(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Until the newest table is so; its rows by shard. */
  async table(
    what: string,
    isSo: (rows: Map<string, string>, summary: string) => boolean,
  ): Promise<Map<string, string>> {
    const endMs = performance.now() + PATIENCE_MS
    for (;;) {
      const before = this.output.length
      this.order('show')
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      const lines = this.output.slice(before).split('\n')
      const rows = new Map(
        lines.filter((line) => line.startsWith('shard-')).map((line) => [line.split(/\s+/)[0] ?? '', line]),
      )
      if (isSo(rows, lines.find((line) => /^\d+ shards?,/.test(line)) ?? '')) return rows
      if (performance.now() > endMs || this.child.exitCode !== null)
        throw new Error(`never: ${what}\n${this.output.slice(-4_000)}`)
    }
  }
}

/** The first of so many ports in a row that are free. */
async function freeRow(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = Array.from({ length: MAX_SHARDS }, (_, at) => first + at)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
  throw new Error('no free ports')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** On ports of its own. */
export async function startCluster(...flags: string[]): Promise<ClusterCommand> {
  const port = await freeRow()
  return new ClusterCommand(['--port', String(port), '--cluster-port', String(await freeRow()), ...flags], port)
}
