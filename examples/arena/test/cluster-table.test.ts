/** The table of `npm run cluster`. */
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { type ShardRow, type ShardState, tableOf } from '../src/cluster/table.ts'

function row(n: number, state: ShardState, leaseLeftMs = 700): ShardRow {
  const view = { generation: 1_795_380_272, number: 12, members: [1, 2, 3] }
  const views = { view, leaseLeftMs, survives: 1, phase: 'member' }
  const report = {
    ...{
      t: 'report',
      page: `http://127.0.0.1:${8080 + n}`,
      cluster: { views, standby: { held: ['den', 'pit', 'hut'] } },
    },
    ...{ rooms: 2, players: 4, tickLatenessP99Ms: 1.25 },
  }
  return { name: `shard-${n}`, pid: 123_456, state, report: report as unknown as ShardRow['report'] }
}

const all = [row(1, 'running'), row(2, 'frozen'), row(3, 'dead'), row(4, 'draining', -5)]

it('fits 120 and 80 columns, aligned, and leaves out the less important ones', () => {
  for (const width of [120, 80, 40]) {
    const lines = tableOf(all, { colours: true, width }).map(stripVTControlCharacters)
    for (const line of lines.slice(0, 5)) expect(line.length).toBeLessThan(width)
    const [heads = '', first = ''] = lines
    expect(heads.indexOf('view') + 'view'.length).toBe(first.indexOf('80272.12') + '80272.12'.length)
  }
  expect(tableOf(all, { colours: false, width: 120 })[0]).toContain('tick late p99  page')
  expect(tableOf(all, { colours: false, width: 120 })[0]).toContain('stands by')
  expect(tableOf(all, { colours: false, width: 80 })[1]).toMatch(/127\.0\.0\.1:8081$/)
})

it('says nothing of what a shard does that it cannot know, and where no lease is', () => {
  const lines = tableOf(all, { colours: false, width: 120 })
  expect(lines[1]).toContain('700 ms')
  expect(lines[2]).not.toContain('700 ms')
  expect(lines[3]).toBe('shard-3  dead')
  expect(lines[4]).toContain('none')
  expect(lines.at(-1)).toBe('3 shards, one view, 6 rooms, 12 players; 1 may be lost at once')
  const none = tableOf([row(1, 'running', -1), row(2, 'dead')], { colours: false, width: 120 })
  expect(none.at(-1)).toContain('No majority')
})

it('is plain text without colours', () => {
  const plain = tableOf(all, { colours: false, width: 120 }).join('\n')
  expect(plain).toBe(stripVTControlCharacters(plain))
  expect(tableOf(all, { colours: true, width: 120 }).join('\n')).not.toBe(plain)
})
