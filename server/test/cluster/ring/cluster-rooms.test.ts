import { describe, expect, it } from 'vitest'
import type { LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
import { idsWith, idWith } from './ids-with.ts'
import { BAD, Rig } from './rooms-rig.ts'
import { lifeOf, numbers } from './test-view.ts'

const ALL = numbers(5)
const kindsOf = (answers: readonly LocateAnswer[]) => answers.map(({ kind }) => kind)

function started(count = 5, options: ConstructorParameters<typeof Rig>[1] = {}): Rig {
  const rig = new Rig(count, options)
  rig.install(numbers(count))
  rig.run(2_000)
  return rig
}

describe('creating and finding rooms', () => {
  it('runs a new room at its home, and all shards find it there', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 })
    const created = rig.create(0, { id })
    rig.run(100)
    const epoch = { generation: 1, view: 1, k: 1 }
    const place = { id, owner: lifeOf(3), url: 'ws://shard-3', epoch }
    expect(created).toEqual([{ kind: 'there', place }])
    for (const at of [0, 1, 2, 4]) {
      const found = rig.locate(at, id)
      rig.run(50)
      expect(found).toEqual([{ kind: 'there', place }])
    }
    expect(rig.locate(3, id)).toEqual([{ kind: 'here', id, epoch }])
    expect(rig.shard(3).rooms.homed.get(id)).toEqual(place)
    expect(rig.runners(id)).toEqual([lifeOf(3)])
  })

  it('says that there is no such room, and again when it has ended', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 })
    const before = rig.locate(0, id)
    rig.run(100)
    rig.create(0, { id })
    rig.run(100)
    rig.end(3, id)
    rig.run(1_100)
    const after = rig.locate(0, id)
    rig.run(100)
    expect([...kindsOf(before), ...kindsOf(after)]).toEqual(['none', 'none'])
    expect(rig.shards.map(({ rooms }) => rooms.homed.size + rooms.waiting)).toEqual([0, 0, 0, 0, 0])
  })

  it('asks a home once a second for a room that many want', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 })
    rig.create(0, { id })
    rig.run(100)
    const sent = rig.sent
    const answers = numbers(500).flatMap(() => rig.locate(0, id))
    expect(kindsOf(answers)).toEqual(Array(500).fill('there'))
    expect(rig.sent).toBe(sent)
    rig.run(2_000)
    rig.locate(0, id)
    expect(rig.sent).toBe(sent + 1)
  })

  it('names another owner when the home is full, by load, and passes over those that refuse', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 })
    for (const shard of [3, 0, 1, 4]) rig.shard(shard).load = 1
    const created = rig.create(0, { id })
    rig.run(100)
    expect(created).toMatchObject([{ kind: 'there', place: { owner: lifeOf(2), url: 'ws://shard-2' } }])
    expect(rig.shard(3).rooms.homed.get(id)?.owner).toBe(lifeOf(2))
    expect(rig.shard(2).rooms.owned.has(id)).toBe(true)
    rig.shard(2).load = 1
    const refused = rig.create(0, { id: idWith({ members: ALL, home: 1 }) })
    rig.run(6_000)
    expect(refused).toEqual([{ kind: 'unknown', why: 'no shard has room' }])
  })

  it('creates a room with a drawn id elsewhere when the first home is silent', () => {
    const rig = started()
    rig.shards.forEach((shard, i) => {
      shard.load = i === 3 ? 0 : 0.5
    })
    rig.shard(3).isUp = false
    const created = numbers(20).map(() => rig.create(0))
    rig.run(5_000)
    for (const answers of created) expect(answers).toHaveLength(1)
    expect(new Set(created.flatMap(kindsOf))).not.toContain('unknown')
  })

  it('answers each question once, soon, whatever is lost', () => {
    const rig = started()
    rig.weather = { minMs: 1, maxMs: 5, loss: 1, duplication: 0 }
    const asked = [...numbers(20).map(() => rig.create(0, { id: idWith({ members: ALL, home: 3 }) })), rig.create(0)]
    asked.push(...numbers(20).map((i) => rig.locate(0, idsWith(20, { members: ALL, home: 3 })[i] ?? '')))
    rig.run(5_100)
    for (const answers of asked) expect(answers).toHaveLength(1)
    expect(rig.shard(0).rooms.waiting).toBe(0)
  })

  it('answers with what it waits for when it is in no view, and all at once when its life is over', () => {
    const rig = new Rig(2)
    const created = rig.create(0)
    rig.run(6_000)
    expect(created).toEqual([{ kind: 'unknown', why: 'this shard is in no view' }])
    rig.install([0, 1])
    rig.run(100)
    rig.create(0, { id: idWith({ members: [0, 1], home: 0 }) })
    const open = rig.locate(0, idWith({ members: [0, 1], home: 1 }))
    rig.shard(0).rooms.stop()
    expect(kindsOf(open)).toEqual(['unknown'])
    expect(rig.shard(0).running.size).toBe(0)
    expect(kindsOf(rig.create(0))).toEqual(['unknown'])
  })

  it('refuses ids and attributes that are none, at the caller', () => {
    const rig = started(1)
    expect(() => rig.create(0, { id: 'a room' })).toThrow('no room id')
    expect(() => rig.create(0, { attributes: { score: Number.NaN } })).toThrow('attributes')
  })
})

describe('one owner at a time', () => {
  it('makes each room once over a network that loses, doubles and reorders', () => {
    for (const seed of [1, 2, 3]) {
      const rig = started(5, { seed })
      rig.weather = BAD
      const created = numbers(300).map((i) => {
        rig.shard(i % 5).load = i % 3 === 0 ? 1 : 0.3
        const answers = rig.create(i % 5, i % 2 === 0 ? {} : { id: `named-${i % 40}` })
        rig.run(20)
        if (i % 4 === 0) {
          const shard = rig.shard((i + 1) % 5)
          const [oldest] = shard.running.keys()
          if (oldest !== undefined) rig.end((i + 1) % 5, oldest)
        }
        return answers
      })
      rig.run(6_000)
      rig.weather = { ...BAD, loss: 0 }
      rig.run(6_000)
      expect(rig.violations).toEqual([])
      for (const answers of created) expect(answers).toHaveLength(1)
      expect(created.flat().filter(({ kind }) => kind === 'here' || kind === 'there').length).toBeGreaterThan(200)
      for (const { rooms, running } of rig.shards) {
        expect([...rooms.owned.keys()].sort()).toEqual([...running.keys()].sort())
        for (const id of running.keys()) expect(rig.runners(id)).toHaveLength(1)
        for (const [id, { owner }] of rooms.homed) expect(rig.shardOf(owner)?.running.has(id)).toBe(true)
      }
      const homed = rig.shards.reduce((sum, { rooms }) => sum + rooms.homed.size, 0)
      expect(homed).toBe(rig.shards.reduce((sum, { running }) => sum + running.size, 0))
      expect(rig.shards.map(({ rooms }) => rooms.waiting)).toEqual([0, 0, 0, 0, 0])
    }
  })

  it('names nobody before all members of the view have claimed, and then finds the room where it runs', () => {
    const members = [0, 1, 2, 3]
    const id = idWith({ members: ALL, home: 4 }, { members, home: 2 })
    const rig = started()
    rig.shard(4).load = 1
    for (const shard of [0, 2, 3]) rig.shard(shard).load = 1
    rig.create(0, { id })
    rig.run(100)
    expect(rig.runners(id)).toEqual([lifeOf(1)])
    rig.shard(2).load = 0
    rig.kill(4)
    // The owner has not installed the new view, and goes on.
    rig.install(members, { by: [0, 2, 3] })
    const created = rig.create(0, { id })
    rig.run(2_000)
    expect(created).toEqual([])
    expect(rig.shard(2).rooms.waitingFor).toEqual([lifeOf(1)])
    rig.installAt([1])
    rig.run(1_500)
    expect(created).toMatchObject([{ kind: 'there', place: { owner: lifeOf(1), epoch: { view: 1 } } }])
    expect(rig.violations).toEqual([])
  })

  it('opens nothing by a grant of an older view, however late it comes', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 }, { members: [0, 1, 2], home: 0 })
    for (const shard of [0, 3, 4]) rig.shard(shard).load = 1
    rig.weather = { minMs: 3_000, maxMs: 3_000, loss: 0, duplication: 0 }
    rig.create(3, { id })
    rig.run(100)
    rig.weather = { minMs: 1, maxMs: 1, loss: 0, duplication: 0 }
    rig.shard(0).load = 0
    rig.install([0, 1, 2])
    rig.create(1, { id })
    rig.run(5_000)
    expect(rig.runners(id)).toEqual([lifeOf(0)])
    expect(rig.violations).toEqual([])
  })

  it('does not open a room again that ended, when the grant or the request comes twice, also long after its answer', () => {
    for (const seed of numbers(10)) {
      const rig = started(5, { seed })
      const [id = '', ...others] = idsWith(5, { members: ALL, home: 3 })
      rig.weather = { minMs: 1, maxMs: 2_000, loss: 0, duplication: 1 }
      for (const shard of [3, 0, 1, 4]) rig.shard(shard).load = 1
      const created = rig.create(0, { id })
      for (let i = 0; i < 200 && created.length === 0; i++) rig.run(20)
      rig.end(2, id)
      // What comes after says that the first answers are no longer waited for.
      for (const other of others) {
        rig.create(0, { id: other })
        rig.run(200)
      }
      rig.run(10_000)
      expect(rig.runners(id)).toEqual([])
      expect(rig.shard(3).rooms.homed.has(id)).toBe(false)
    }
  })

  it('takes nothing over before the leases of removed shards are over', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 4 }, { members: [0, 1, 2, 3], home: 1 })
    rig.create(0, { id })
    rig.run(100)
    const ownerLeaseEndMs = rig.nowMs + 900
    rig.shard(4).leaseEndMs = ownerLeaseEndMs
    rig.install([0, 1, 2, 3], { takeoverInMs: 900 })
    const created = rig.create(0, { id })
    rig.run(890)
    expect(created).toEqual([])
    rig.run(300)
    expect(created).toMatchObject([{ kind: 'there', place: { owner: lifeOf(1), epoch: { view: 2, k: 1 } } }])
    expect(rig.violations).toEqual([])
  })

  it('keeps waiting for the leases of an earlier removal when the next view comes', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 4 }, { members: [0, 1, 2], home: 1 })
    rig.install([0, 1, 2, 3], { takeoverInMs: 900 })
    rig.install([0, 1, 2])
    const created = rig.create(0, { id })
    rig.run(800)
    expect(created).toEqual([])
    rig.run(300)
    expect(kindsOf(created)).toEqual(['there'])
  })

  it('names nobody and says nothing without a lease', () => {
    const rig = started()
    const id = idWith({ members: ALL, home: 3 })
    rig.shard(3).leaseEndMs = rig.nowMs
    const answers = [rig.create(0, { id }), rig.locate(1, id)]
    rig.run(6_000)
    expect(answers.map(([answer]) => answer)).toEqual(Array(2).fill({ kind: 'unknown', why: 'its home has no lease' }))
    expect(rig.runners(id)).toEqual([])
  })

  it('closes a copy whose home knows an owner under a higher epoch, also if that word is lost at first', () => {
    const rig = started(3, { rules: { mayName: ({ mayAct }) => mayAct } })
    const id = idWith({ members: [0, 1, 2], home: 2 }, { members: [0, 1], home: 1 })
    rig.shard(2).load = 1
    rig.shard(1).load = 1
    rig.create(1, { id })
    rig.run(50)
    expect(rig.runners(id)).toEqual([lifeOf(0)])
    rig.shard(1).load = 0
    // With this mistake the new home makes the room before shard 0 claims it.
    rig.install([0, 1], { by: [1] })
    rig.create(1, { id })
    rig.installAt([0])
    let lost = 0
    rig.drops = (_from, _to, { t }) => t === 'outranked' && lost++ < 3
    rig.run(3_000)
    expect(rig.violations).toHaveLength(1)
    expect(lost).toBeGreaterThan(3)
    expect(rig.runners(id)).toEqual([lifeOf(1)])
    expect(rig.shard(0).rooms.owned.size + rig.shard(0).rooms.waiting).toBe(0)
    expect(rig.shard(1).rooms.homed.get(id)?.owner).toBe(lifeOf(1))
  })

  it.each([
    ['an owner is named before all claims came', { mayName: ({ mayAct }) => mayAct }],
    ['nobody waits for the leases of the removed', { mayName: (home) => home.claimsComplete && home.mayAct }],
    ['messages of older views count', { acceptsView: () => true, mayOpen: ({ seen }) => !seen }],
    ['a grant is obeyed each time that it comes', { mayOpen: () => true }],
    ['epochs do not grow', { nextEpoch: () => ({ generation: 1, view: 1, k: 1 }) }],
  ] satisfies [string, NonNullable<ConstructorParameters<typeof Rig>[1]>['rules']][])(
    'would not hold if %s',
    (_mistake, rules) => {
      expect(numbers(6).flatMap((seed) => churn(seed, rules).violations)).not.toEqual([])
    },
  )

  it('holds over changes of view in bad weather', () => {
    for (const seed of numbers(6)) {
      const rig = churn(seed)
      expect(rig.violations).toEqual([])
      expect(rig.opens).toBeGreaterThan(50)
      const members = rig.shards.filter(({ leaseEndMs }) => leaseEndMs > rig.nowMs)
      expect(members.map(({ rooms }) => rooms.waiting)).toEqual([0, 0, 0, 0, 0])
      for (const { rooms } of members)
        for (const [id, { owner }] of rooms.homed) expect(rig.shardOf(owner)?.running.has(id)).toBe(true)
    }
  })
})

/** Shards come and go, views are installed late by some, rooms are made and end, in bad weather. */
function churn(seed: number, rules: NonNullable<ConstructorParameters<typeof Rig>[1]>['rules'] = {}): Rig {
  const rig = new Rig(5, { seed, rules })
  rig.install(numbers(5))
  rig.weather = BAD
  let guest = 4
  for (let step = 0; step < 80; step++) {
    const at = step % 4
    rig.shards.forEach((shard, i) => {
      shard.load = (step + i) % 3 === 0 ? 1 : 0.2
    })
    for (const n of numbers(3)) rig.create((at + n) % 4, { id: `churn-${(step * 3 + n) % 25}` })
    rig.run(100)
    const [some] = rig.shard(at).running.keys()
    if (some !== undefined && step % 3 === 0) rig.end(at, some)
    if (step % 16 !== 15) continue
    // One goes and does not know it, for as long as its lease runs; another comes; and not all hear of the new view at once.
    rig.shard(guest).leaseEndMs = rig.nowMs + 700
    rig.add()
    guest = rig.shards.length - 1
    rig.install([0, 1, 2, 3, guest], { takeoverInMs: 700, by: [guest, step % 3] })
    rig.run(300)
    rig.installAt([0, 1, 2, 3], 400)
  }
  rig.run(6_000)
  return rig
}
