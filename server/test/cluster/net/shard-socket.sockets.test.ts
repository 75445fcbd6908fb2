/** Shards as they run, on loopback: the whole stack around the pure node. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { ClusterShell } from '../../../src/cluster/net/shard-socket.ts'
import { ViewFile } from '../../../src/cluster/net/view-file.ts'
import { Ends, eventually, spawnShard, startShard } from './serf-rig.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64')
const ends = new Ends()

afterEach(() => ends.endAll())

function names(shard: ClusterShell): string {
  const members = shard.status()?.views.view?.members ?? []
  return members
    .map(({ name }) => name)
    .sort()
    .join()
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tickmesh-view-'))
  ends.add(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('three shards with a key become one view, hold leases, make rooms that all find, and see one leave', async () => {
  const a = await startShard(ends, { name: 'a', keys: [KEY] })
  const b = await startShard(ends, { name: 'b', keys: [KEY], join: [a.address], found: 'join' })
  const c = await startShard(ends, {
    name: 'c',
    keys: [KEY],
    join: [`localhost:${a.address.split(':')[1]}`],
    found: 'join',
  })
  const all = [a, b, c]
  await eventually('one view of three', () => all.every((shard) => names(shard) === 'a,b,c'))
  await eventually('leases', () => all.every((shard) => shard.mayAct()))
  const made = await b.create({ id: 'room-1' })
  expect(['here', 'there']).toContain(made.kind)
  const found = await Promise.all(all.map((shard) => shard.locate('room-1')))
  expect(found.filter(({ kind }) => kind === 'here')).toHaveLength(1)
  expect(found.filter(({ kind }) => kind === 'there')).toHaveLength(2)
  expect(await a.locate('no-such-room')).toEqual({ kind: 'none' })
  await c.close()
  await eventually('a view of two', () => [a, b].every((shard) => names(shard) === 'a,b'))
  for (const shard of [a, b]) expect(shard.counts).toMatchObject({ undecryptable: 0, malformed: 0, dropped: 0 })
})

test('a process that is stopped for half a second stays, one that is killed is out of the view at once', async () => {
  const a = await startShard(ends, { name: 'a', keys: [KEY] })
  const join = { keys: [KEY], join: [a.address], found: 'join' as const }
  const b = await startShard(ends, { ...join, name: 'b' })
  const { child } = await spawnShard(ends, { ...join, name: 'c' })
  await eventually('one view of three', () => [a, b].every((shard) => names(shard) === 'a,b,c'))
  const view = a.status()?.views.view?.number
  child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 500))
  child.kill('SIGCONT')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(a.status()?.views.view?.number).toBe(view)
  const killedMs = performance.now()
  child.kill('SIGKILL')
  await eventually('a view of two', () => [a, b].every((shard) => names(shard) === 'a,b'))
  expect(performance.now() - killedMs).toBeLessThan(2_000)
  expect([a, b].every((shard) => shard.mayAct())).toBe(true)
})

test('a node that fails ends its life, holds no lease from that moment, and the next life begins by itself', async () => {
  const lives: string[] = []
  const lost: boolean[] = []
  let failNow = false
  const shard = await startShard(
    ends,
    { name: 'a' },
    {
      lifeEnded: (reason) => lives.push(reason),
      leaseChanged: (held) => lost.push(!held),
      breaks: () => failNow,
    },
  )
  await eventually('a lease', () => shard.mayAct())
  failNow = true
  await eventually('the end of a life', () => lives.length === 1)
  expect(lives).toEqual(['it failed'])
  expect(lost.at(-1)).toBe(true)
  expect(shard.mayAct()).toBe(false)
  expect(await shard.locate('x')).toMatchObject({ kind: 'unknown' })
  failNow = false
  await eventually('a lease of the next life', () => shard.mayAct())
})

test('another cluster with the same key stays another, and one with another key is not heard', async () => {
  const a = await startShard(ends, { name: 'a', keys: [KEY] })
  const b = await startShard(ends, { name: 'b', keys: [KEY], join: [a.address], cluster: 'other', found: 'alone' })
  const c = await startShard(ends, { name: 'c', keys: [OTHER_KEY], join: [a.address], found: 'alone' })
  await eventually('all to be alone in their view', () => [a, b, c].every((shard) => shard.mayAct()))
  await eventually('the stranger to be counted', () => a.counts.undecryptable > 0)
  expect([a, b, c].map(names)).toEqual(['a', 'b', 'c'])
  expect(a.status()?.gossip.members.map(({ name }) => name)).toEqual(['a'])
})

test('remembers its view over a restart, and the generation grows', async () => {
  const dataDir = folder()
  const first = await startShard(ends, { name: 'a', dataDir })
  await eventually('a lease', () => first.mayAct())
  const before = first.status()?.views.view?.generation ?? 0
  await first.close()
  const second = await startShard(ends, { name: 'a', dataDir })
  await eventually('a lease', () => second.mayAct())
  expect(second.status()?.views.view?.generation).toBeGreaterThan(before)
  expect(readdirSync(dataDir)).toEqual(['serf-test.view.json'])
})

test('the file of the view is whole at any moment, and a damaged one is not taken for none', () => {
  const dataDir = folder()
  const file = new ViewFile(dataDir, 'c')
  expect(file.read()).toBeUndefined()
  const memory = { generation: 3, number: 4, voterNames: ['a', 'b'] }
  file.write({ ...memory, number: 2 })
  file.write(memory)
  expect(new ViewFile(dataDir, 'c').read()).toEqual(memory)
  const path = join(dataDir, 'c.view.json')
  for (const damaged of ['', readFileSync(path, 'utf8').slice(0, 20), '{"generation":-1,"number":1,"voterNames":[]}']) {
    writeFileSync(path, damaged)
    expect(() => file.read()).toThrow(/damaged/)
  }
})
