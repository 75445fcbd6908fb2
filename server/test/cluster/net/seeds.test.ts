import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Seeds } from '../../../src/cluster/net/seeds.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A name server, and what the seeds made of it. */
function rig(names: string[]) {
  const records = new Map<string, string[]>()
  const changes: (readonly string[])[] = []
  const notes: string[] = []
  let lookups = 0
  const seeds = new Seeds({
    names,
    changed: (addresses) => changes.push(addresses),
    note: (_, message) => notes.push(message),
    resolve: async (host) => {
      lookups++
      const found = records.get(host)
      if (found === undefined) throw new Error('ENOTFOUND')
      return found
    },
  })
  return { records, changes, notes, seeds, lookups: () => lookups }
}

test('takes addresses as they are, and all addresses of a name, again every 30 seconds', async () => {
  const { records, changes, seeds } = rig(['10.0.0.1', '[fd00::1]:7000', 'shards.example:7001'])
  expect(seeds.addresses).toEqual(['10.0.0.1:7946', '[fd00::1]:7000'])
  records.set('shards.example', ['10.1.0.2', '10.1.0.1', 'fd00::9'])
  seeds.start()
  await vi.advanceTimersByTimeAsync(1)
  const all = ['10.0.0.1:7946', '[fd00::1]:7000', '10.1.0.1:7001', '10.1.0.2:7001', '[fd00::9]:7001']
  expect(changes).toEqual([all])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(changes).toHaveLength(1)
  records.set('shards.example', ['10.1.0.7'])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(changes[1]).toEqual(['10.0.0.1:7946', '[fd00::1]:7000', '10.1.0.7:7001'])
  seeds.close()
})

test('looks sooner after a failure, says it seldom, never gives up, and keeps what the name said before', async () => {
  const { records, changes, notes, seeds, lookups } = rig(['shards.example'])
  seeds.start()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(lookups()).toBe(4)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(notes).toHaveLength(1)
  records.set('shards.example', ['10.1.0.1'])
  await vi.advanceTimersByTimeAsync(31_000)
  expect(changes).toEqual([['10.1.0.1:7946']])
  records.delete('shards.example')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(seeds.addresses).toEqual(['10.1.0.1:7946'])
  records.set('shards.example', ['10.1.0.2'])
  await vi.advanceTimersByTimeAsync(31_000)
  expect(seeds.addresses).toEqual(['10.1.0.2:7946'])
  seeds.close()
})
