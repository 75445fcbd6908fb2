import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type HomeAmong, idsWith, idWith } from './ids-with.ts'
import { BAD, FAIR, Rig } from './rooms-rig.ts'
import { lifeOf, numbers } from './test-view.ts'

const ALL = numbers(5)
const REST = [0, 1, 2, 3]

function started(): Rig {
  const rig = new Rig(5)
  rig.install(ALL)
  rig.run(2_000)
  return rig
}

describe('homes that move', () => {
  it('tells the new homes where rooms run, and moves no running room', () => {
    const rig = new Rig(5)
    rig.install(REST)
    rig.run(100)
    const ids = idsWith(40, { members: REST, home: 1 }, { members: ALL, home: 4 })
    for (const id of ids) rig.create(0, { id })
    rig.run(100)
    rig.weather = BAD
    rig.install(ALL)
    rig.run(10_000)
    rig.weather = FAIR
    expect([...rig.shard(4).rooms.homed.keys()].sort()).toEqual([...ids].sort())
    expect(rig.shard(1).rooms.homed.size).toBe(0)
    for (const id of ids) expect(rig.runners(id)).toEqual([lifeOf(1)])
    const found = rig.locate(2, ids[0] ?? '')
    rig.run(50)
    expect(found).toMatchObject([{ kind: 'there', place: { owner: lifeOf(1), epoch: { view: 1 } } }])
  })

  it('forgets no end of a room that comes before the claim of it', () => {
    const rig = new Rig(5)
    rig.install(REST)
    rig.run(100)
    const id = idWith({ members: REST, home: 1 }, { members: ALL, home: 4 })
    rig.create(0, { id })
    rig.run(100)
    // The first claim is lost, and its repetition comes after the word of the end.
    let claims = 0
    rig.drops = (from, to, { t }) => t === 'claims' && from === lifeOf(1) && to === lifeOf(4) && claims++ === 0
    rig.install(ALL)
    rig.end(1, id)
    rig.run(3_000)
    expect(claims).toBeGreaterThan(1)
    expect(rig.shard(4).rooms.waitingFor).toEqual([])
    expect(rig.shard(4).rooms.homed.size).toBe(0)
  })

  it('claims 10,000 rooms in chunks, over a bad network', () => {
    const rig = new Rig(3)
    rig.install([0])
    const created = numbers(10_000).map(() => rig.create(0))
    expect(created.flat().filter(({ kind }) => kind === 'here')).toHaveLength(10_000)
    rig.run(10)
    rig.weather = BAD
    rig.install([0, 1, 2])
    rig.run(60_000)
    const homed = rig.shards.map(({ rooms }) => rooms.homed.size)
    expect(homed.reduce((sum, count) => sum + count, 0)).toBe(10_000)
    expect(Math.min(...homed)).toBeGreaterThan(2_500)
    expect(rig.shards.map(({ rooms }) => rooms.waitingFor)).toEqual([[], [], []])
    expect(rig.shards.map(({ rooms }) => rooms.nextMs)).toEqual(Array(3).fill(Number.POSITIVE_INFINITY))
    expect(rig.violations).toEqual([])
  })
})

describe('claims that come before their view', () => {
  it('count as soon as the home installs it, and are not waited for again', () => {
    const rig = started()
    rig.install(REST, { by: [0, 1, 3] })
    rig.run(50)
    rig.installAt([2])
    expect(rig.shard(2).rooms.waitingFor).toEqual([])
    // Of a view that it skips they are forgotten.
    rig.install([0, 1, 2, 3], { by: [0, 1] })
    rig.run(50)
    rig.install([0, 1, 2])
    expect(rig.shard(2).rooms.waitingFor).toEqual([lifeOf(0), lifeOf(1)])
  })
})

describe('lost rooms', () => {
  /** A room that shard 4 runs, which then goes, with this home now and the other after. */
  function orphaned(home: number, after: HomeAmong): { readonly rig: Rig; readonly id: string } {
    const rig = started()
    const id = idWith({ members: ALL, home }, after)
    rig.shards.forEach((shard, i) => {
      shard.load = i === 4 ? 0 : 1
    })
    rig.create(0, { id })
    rig.run(100)
    expect(rig.runners(id)).toEqual([lifeOf(4)])
    rig.kill(4)
    for (const shard of rig.shards) shard.load = 0
    return { rig, id }
  }

  it('says that a room is lost when its owner was removed and nobody claims it', () => {
    const { rig, id } = orphaned(2, { members: REST, home: 2 })
    rig.install(REST)
    rig.run(500)
    const found = rig.locate(0, id)
    rig.run(100)
    expect(found).toEqual([{ kind: 'lost' }])
  })

  it('goes on saying so while homes move, until somebody makes it anew under a higher epoch', () => {
    const { rig, id } = orphaned(2, { members: [...REST, 5], home: 5 })
    rig.weather = BAD
    rig.install(REST)
    rig.run(8_000)
    rig.add()
    rig.install([...REST, 5])
    rig.run(8_000)
    const found = rig.locate(0, id)
    rig.run(5_000)
    expect(found).toEqual([{ kind: 'lost' }])
    const created = rig.create(3, { id })
    rig.run(8_000)
    expect(created).toMatchObject([{ kind: 'there', place: { owner: lifeOf(5), epoch: { view: 3, k: 1 } } }])
    const again = rig.locate(0, id)
    rig.run(5_000)
    expect(again).toMatchObject([{ kind: 'there' }])
  })

  it('knows rooms whose home went with their owner by what the lobby says', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 4 }, { members: REST, home: 1 })
    rig.create(0, { id })
    rig.run(100)
    rig.kill(4)
    rig.install(REST)
    for (const shard of REST) rig.shard(shard).rooms.ownersGone([{ id, epoch: { generation: 1, view: 1, k: 1 } }])
    rig.run(500)
    const found = rig.locate(0, id)
    rig.run(100)
    expect(found).toEqual([{ kind: 'lost' }])
  })

  it('remembers at most 10,000', () => {
    const rig = new Rig(2)
    rig.install([0])
    const gone = numbers(12_000).map((i) => ({ id: `gone-${i}`, epoch: { generation: 1, view: 1, k: i } }))
    rig.shard(0).rooms.ownersGone(gone)
    const kinds = [1_999, 2_000, 11_999].map((i) => rig.locate(0, `gone-${i}`)[0]?.kind)
    expect(kinds).toEqual(['none', 'lost', 'lost'])
  })
})

describe('memory', () => {
  it('holds nothing of 100,000 rooms that were made and ended', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const heap = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const rig = new Rig(3)
    rig.watches = false
    rig.install([0, 1, 2])
    rig.run(100)
    let made = 0
    const rounds = (count: number) => {
      for (let round = 0; round < count; round++) {
        // Every other round a home is full, and names others.
        rig.shard(0).load = round % 2
        for (let i = 0; i < 250; i++)
          rig.shard(i % 3).rooms.create(round % 2 === 0 ? {} : { id: `room-${made++}` }, rig.nowMs, () => {})
        rig.run(20)
        for (const [number, { running }] of rig.shards.entries())
          for (const id of [...running.keys()]) rig.end(number, id)
        rig.run(20)
      }
    }
    // So many that what is remembered of rooms that are over is full.
    rounds(60)
    const before = heap()
    rounds(360)
    expect(heap() - before).toBeLessThan(300_000)
    expect(rig.opens).toBeGreaterThanOrEqual(100_000)
    expect(rig.shards.map(({ rooms }) => rooms.homed.size + rooms.owned.size + rooms.waiting)).toEqual([0, 0, 0])
  })
})
