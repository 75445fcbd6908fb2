/** `npm run cluster` as a script drives it: orders by lines, the table by lines, and nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../src/cluster/main.ts', import.meta.url))
const MAX_SHARDS = 6
const LOOK_MS = 100
const PATIENCE_MS = 60_000

class ClusterCommand {
  output = ''
  readonly child: ChildProcess
  readonly exited: Promise<number | null>

  constructor(args: readonly string[]) {
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

const commands: ClusterCommand[] = []

afterAll(() => {
  for (const { child } of commands.splice(0)) child.kill('SIGKILL')
})

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

async function start(...flags: string[]): Promise<ClusterCommand> {
  const ports = ['--port', String(await freeRow()), '--cluster-port', String(await freeRow())]
  const command = new ClusterCommand([...ports, ...flags])
  commands.push(command)
  return command
}

function pids(rows: Map<string, string>): number[] {
  return [...rows.values()].flatMap((row) => {
    const [, , pid] = row.split(/\s+/)
    return /^\d+$/.test(pid ?? '') ? [Number(pid)] : []
  })
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const inState = (rows: Map<string, string>, shard: string, state: string): boolean =>
  rows.get(shard)?.split(/\s+/)[1] === state

it.concurrent('three shards with bots: kill, start, freeze, drain and add do what they say, quit ends with 0 and leaves no process', async () => {
  const cluster = await start('--bots', '4')
  let rows = await cluster.table('4 players in one view', (_, summary) =>
    /^3 shards, one view, .*\b4 players/.test(summary),
  )
  const seen = new Set(pids(rows))
  expect(seen.size).toBe(3)

  cluster.order('kill 2')
  await cluster.table(
    'two in one view',
    (now, summary) =>
      inState(now, 'shard-2', 'dead') &&
      /^2 shards, one view/.test(summary) &&
      / 2 {2}\d+ ms/.test(now.get('shard-1') ?? ''),
  )
  cluster.order('start 2')
  rows = await cluster.table(
    'three again',
    (now) => inState(now, 'shard-2', 'running') && / 3 {2}\d+ ms/.test(now.get('shard-2') ?? ''),
  )
  for (const pid of pids(rows)) seen.add(pid)

  cluster.order('freeze 3')
  await cluster.table('one frozen', (now) => inState(now, 'shard-3', 'frozen'))
  cluster.order('freeze 3')
  await cluster.table('none frozen', (now) => / 3 {2}\d+ ms/.test(now.get('shard-3') ?? ''))

  cluster.order('drain 1')
  await cluster.table(
    'one left',
    (now, summary) => inState(now, 'shard-1', 'left') && /^2 shards, one view/.test(summary),
  )
  cluster.order('add')
  cluster.order('start 1')
  rows = await cluster.table(
    'four',
    (now, summary) =>
      now.size === 4 && / 4 {2}\d+ ms/.test(now.get('shard-1') ?? '') && /^4 shards, one view/.test(summary),
  )
  for (const pid of pids(rows)) seen.add(pid)
  // Bots whose shard went play elsewhere.
  await cluster.table('4 players', (_, summary) => /\b4 players/.test(summary))

  cluster.order('nonsense')
  cluster.order('kill')
  cluster.order('kill 9')
  cluster.order('quit')
  expect(await cluster.exited).toBe(0)
  expect(cluster.output).toContain('"nonsense" is no command')
  expect(cluster.output).toContain('Which shard?')
  expect(cluster.output).toContain('There is no shard 9.')
  expect([...seen].filter(lives)).toEqual([])
  expect(seen.size).toBe(6)
}, 120_000)

it.concurrent('a second cluster on its ports says so and ends with 1; all shards end with their supervisor, also a frozen one', async () => {
  const cluster = await start('--bots', '0', '--shards', '2')
  const rows = await cluster.table(
    'two in one view',
    (now, summary) =>
      now.size === 2 && / 2 {2}\d+ ms/.test(now.get('shard-1') ?? '') && /^2 shards, one view/.test(summary),
  )
  const all = pids(rows)
  expect(all).toHaveLength(2)
  const second = new ClusterCommand([...cluster.child.spawnargs.slice(-8)])
  commands.push(second)
  expect(await second.exited).toBe(1)
  expect(second.output).toContain('PORT_IN_USE')
  expect(second.output).toContain('--port and --cluster-port choose other ports')
  cluster.order('freeze 2')
  await cluster.table('one frozen', (now) => inState(now, 'shard-2', 'frozen'))
  cluster.child.kill('SIGKILL')
  await expect.poll(() => all.filter(lives), { timeout: 10_000 }).toEqual([])
}, 120_000)
