/** `npm run cluster` as a script drives it: orders by lines, the table by lines, and nothing left behind. */
import { afterAll, expect, it } from 'vitest'
import { ClusterCommand, startCluster } from './cluster-command.ts'

const commands: ClusterCommand[] = []

afterAll(() => {
  for (const { child } of commands.splice(0)) child.kill('SIGKILL')
})

async function start(...flags: string[]): Promise<ClusterCommand> {
  const command = await startCluster(...flags)
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
