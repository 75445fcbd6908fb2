/** Rooms that go on at a holder when their owner is removed; what is lost, and what is over. */
import { describe, expect, it } from 'vitest'
import type { RoomRules } from '../../../src/cluster/ring/room-rules.ts'
import { idWith } from './ids-with.ts'
import { BAD, FAIR, Rig } from './rooms-rig.ts'
import { lifeOf, numbers } from './test-view.ts'

const ALL = numbers(5)
const REST = [0, 1, 2, 3]
/** A room whose home is shard 2 before and after shard 4 goes. */
const ID = idWith({ members: ALL, home: 2 }, { members: REST, home: 2 })

/** Shard 4 runs the room. */
function started(id = ID, rules: Partial<RoomRules> = {}): Rig {
  const rig = new Rig(5, { rules })
  rig.install(ALL)
  rig.run(200)
  for (const [i, shard] of rig.shards.entries()) shard.load = i === 4 ? 0 : 1
  rig.create(0, { id })
  rig.run(100)
  for (const shard of rig.shards) shard.load = 0
  expect(rig.runners(id)).toEqual([lifeOf(4)])
  return rig
}

describe('a room whose owner was removed', () => {
  it('goes on at the holder with most of it, under a new epoch, without anybody asking', () => {
    const rig = started()
    rig.hold(0, ID, 90)
    rig.hold(3, ID, 94)
    rig.kill(4)
    rig.install(REST)
    // A claim, the grant: two ways.
    rig.run(10)
    expect(rig.runners(ID)).toEqual([lifeOf(3)])
    rig.run(5)
    const found = rig.locate(1, ID)
    rig.run(10)
    expect(found).toMatchObject([{ kind: 'there', place: { owner: lifeOf(3), epoch: { view: 2, k: 1 } } }])
    expect(rig.shard(3).rooms.owned.get(ID)).toEqual({ generation: 1, view: 2, k: 1 })
    expect([rig.violations, rig.shards.flatMap(({ lost }) => lost)]).toEqual([[], []])
  })

  it('prefers a newer epoch to a later tick, and of equal holders the home', () => {
    const older = started()
    older.hold(0, ID, 900, { generation: 1, view: 0, k: 7 })
    older.hold(3, ID, 10)
    older.kill(4)
    older.install(REST)
    older.run(10)
    expect(older.runners(ID)).toEqual([lifeOf(3)])
    const equal = started()
    for (const at of REST) equal.hold(at, ID, 50)
    equal.kill(4)
    equal.install(REST)
    equal.run(10)
    expect(equal.runners(ID)).toEqual([lifeOf(2)])
  })

  it('goes to the next best holder when the best refuses, and is lost when all do, for good, told once', () => {
    const rig = started()
    for (const [tick, at] of [3, 2, 0].entries()) rig.hold(at, ID, 90 - tick)
    rig.shard(3).refusesTakeover = rig.shard(2).refusesTakeover = true
    rig.kill(4)
    rig.install(REST)
    rig.run(20)
    expect(rig.runners(ID)).toEqual([lifeOf(0)])
    // Its new owner goes, too; those who refused still have the old journal.
    rig.kill(0)
    rig.install([1, 2, 3])
    rig.run(20)
    expect(rig.runners(ID)).toEqual([])
    const found = rig.locate(1, ID)
    rig.run(20)
    expect(found).toEqual([{ kind: 'lost' }])
    expect(rig.shards.flatMap(({ lost }) => lost)).toEqual([ID])
    rig.shard(3).refusesTakeover = rig.shard(2).refusesTakeover = false
    rig.install([1, 2])
    rig.run(500)
    rig.install([1, 2, 3])
    rig.run(500)
    expect([rig.runners(ID), rig.violations]).toEqual([[], []])
    expect(rig.shards.map(({ held }) => held.size)).toEqual([0, 0, 0, 0, 0])
  })

  it('is lost with its owner and its only holder, and its home hears of that', () => {
    const rig = started()
    rig.hold(3, ID, 90)
    rig.kill(4)
    rig.kill(3)
    rig.install([0, 1, 2])
    rig.run(20)
    expect(rig.shards.map(({ lost }) => lost)).toEqual([[], [], [ID], [], []])
    // Asked for anew it is made anew.
    const made = rig.create(1, { id: ID })
    rig.run(20)
    expect(made).toMatchObject([{ kind: 'there', place: { epoch: { view: 2 } } }])
  })

  it('waits for the claims of all, and for the leases of those who were removed, to the millisecond', () => {
    const rig = started()
    rig.hold(0, ID, 90)
    rig.hold(3, ID, 94)
    rig.shard(4).leaseEndMs = rig.nowMs + 700
    rig.install(REST, { takeoverInMs: 900, by: [0, 1, 2] })
    rig.run(300)
    rig.installAt([3], 600)
    rig.run(599)
    expect(rig.takeovers).toBe(0)
    const asked = [rig.locate(1, ID), rig.create(1, { id: ID })]
    rig.run(1 + 5)
    expect(rig.runners(ID)).toContain(lifeOf(3))
    rig.run(200)
    expect(asked).toMatchObject([[{ kind: 'there' }], [{ kind: 'there' }]])
    const late = started()
    late.hold(3, ID, 94)
    late.kill(4)
    late.install(REST, { by: [0, 1, 2] })
    late.run(2_000)
    expect(late.takeovers).toBe(0)
    late.installAt([3])
    late.run(10)
    expect(late.runners(ID)).toEqual([lifeOf(3)])
    expect([...rig.violations, ...late.violations]).toEqual([])
  })

  it('names nobody without a lease, answers that it is not known, and goes on when the lease is back', () => {
    const rig = started()
    rig.hold(3, ID, 94)
    rig.kill(4)
    rig.shard(2).leaseEndMs = rig.nowMs
    rig.install(REST)
    const found = rig.locate(1, ID)
    rig.run(500)
    expect([rig.takeovers, found]).toEqual([0, []])
    rig.shard(2).leaseEndMs = Number.POSITIVE_INFINITY
    rig.run(30)
    expect(rig.runners(ID)).toEqual([lifeOf(3)])
  })

  it('waits for its only holder while that has no lease: it is not lost', () => {
    const rig = started()
    rig.hold(0, ID, 50)
    rig.kill(4)
    rig.shard(0).leaseEndMs = rig.nowMs
    rig.install(REST)
    rig.run(300)
    expect([rig.runners(ID), rig.shards.flatMap(({ lost }) => lost)]).toEqual([[], []])
    rig.shard(0).leaseEndMs = Number.POSITIVE_INFINITY
    rig.run(300)
    expect(rig.runners(ID)).toEqual([lifeOf(0)])
  })

  it('says that a room is being taken over while the holder does not answer: neither none nor lost', () => {
    const rig = started()
    rig.hold(3, ID, 94)
    rig.kill(4)
    rig.drops = (_from, _to, { t }) => t === 'opened'
    rig.install(REST)
    const asked = [rig.locate(1, ID), rig.create(1, { id: ID })]
    rig.run(5_500)
    const unknown = { kind: 'unknown', why: 'it is being taken over' }
    expect(asked).toEqual([[unknown], [unknown]])
    rig.drops = () => false
    rig.run(1_300)
    const found = rig.locate(1, ID)
    rig.run(10)
    expect(found).toMatchObject([{ kind: 'there', place: { owner: lifeOf(3) } }])
    expect([rig.takeovers, rig.violations]).toEqual([1, []])
  })

  it('is not taken over by a grant of a view that is over, and runs on where it was', () => {
    for (const opensFirst of [true, false]) {
      const rig = started()
      rig.hold(3, ID, 94)
      rig.hold(0, ID, 93)
      rig.kill(4)
      rig.drops = (_from, _to, { t }) => (opensFirst ? t === 'opened' : false)
      if (!opensFirst) rig.weather = { ...FAIR, minMs: 5, maxMs: 5 }
      rig.install(REST)
      // The grant is on its way, or obeyed and the answer lost.
      rig.run(opensFirst ? 50 : 7)
      expect(rig.takeovers).toBe(opensFirst ? 1 : 0)
      rig.install([0, 2, 3], { by: [2, 3] })
      rig.run(50)
      rig.drops = () => false
      rig.installAt([0])
      rig.run(3_000)
      expect(rig.runners(ID)).toEqual([lifeOf(3)])
      expect(rig.shard(3).running.get(ID)?.view).toBe(opensFirst ? 2 : 3)
      expect([rig.takeovers, rig.violations]).toEqual([1, []])
    }
  })

  it('opens once, however often grants and claims come, and however late', () => {
    for (const seed of numbers(8)) {
      const rig = new Rig(5, { seed })
      rig.install(ALL)
      rig.create(4, { id: ID })
      rig.run(200)
      const owner = Number.parseInt(rig.runners(ID)[0] ?? '', 16)
      const holders = REST.filter((at) => at !== owner)
      rig.hold(holders[0] ?? 0, ID, 5)
      rig.hold(holders[1] ?? 0, ID, 7)
      rig.kill(owner)
      rig.weather = { minMs: 1, maxMs: 1_500, loss: 0.2, duplication: 0.8 }
      rig.install(ALL.filter((at) => at !== owner))
      rig.run(12_000)
      expect(rig.runners(ID)).toEqual([lifeOf(holders[1] ?? 0)])
      rig.end(holders[1] ?? 0, ID)
      rig.run(12_000)
      expect([rig.runners(ID), rig.takeovers, rig.violations]).toEqual([[], 1, []])
    }
  })
})

describe('a held room that needs nobody', () => {
  it('is left alone while its owner is a member and claims it, and comes to nobody when it ended', () => {
    const rig = started()
    rig.hold(3, ID, 94)
    rig.install([...REST, 4])
    rig.run(500)
    expect([rig.runners(ID), rig.takeovers]).toEqual([[lifeOf(4)], 0])
    rig.end(4, ID)
    // Neither has heard of it, but the owner is there to say so.
    rig.install([0, 2, 3, 4])
    rig.run(500)
    expect([rig.runners(ID), rig.takeovers, rig.shard(3).held.size]).toEqual([[], 0, 0])
  })

  it('stays over when its owner goes after its home was told, also at another home', () => {
    const moves = idWith({ members: ALL, home: 2 }, { members: [...REST, 5], home: 5 })
    const rig = started(moves)
    const epoch = rig.epochOf(moves)
    rig.hold(3, moves, 94)
    rig.end(4, moves)
    rig.run(20)
    rig.kill(4)
    rig.install(REST)
    rig.run(20)
    // It was told to drop it; one that does not obey claims it again, at a home that has only heard of it.
    expect(rig.shard(3).held.size).toBe(0)
    rig.hold(3, moves, 94, epoch)
    rig.add()
    rig.install([...REST, 5])
    rig.run(500)
    expect(rig.shard(3).held.size).toBe(0)
    expect([rig.takeovers, rig.violations, rig.shards.flatMap(({ lost }) => lost)]).toEqual([0, [], []])
    const found = rig.locate(1, moves)
    rig.run(20)
    expect(found).toEqual([{ kind: 'none' }])
  })

  it('makes its owner stop first when somebody holds it under a higher epoch', () => {
    const rig = started()
    rig.hold(3, ID, 94, { generation: 1, view: 1, k: 50 })
    rig.drops = (_from, _to, { t }) => t === 'ended'
    rig.install([0, 1, 2, 3, 4])
    rig.run(400)
    expect([rig.runners(ID), rig.takeovers]).toEqual([[], 0])
    rig.drops = () => false
    rig.run(400)
    expect(rig.runners(ID)).toEqual([lifeOf(3)])
    expect(rig.violations).toEqual([])
  })
})

describe('over changes of view in bad weather', () => {
  it('holds that each room has one owner, that none is lost while somebody holds it, and none comes back that is over', () => {
    let takeovers = 0
    for (const seed of numbers(12)) {
      const rig = churn(seed)
      expect(rig.violations, `seed ${seed}`).toEqual([])
      takeovers += rig.takeovers
      const members = rig.shards.filter(({ leaseEndMs }) => leaseEndMs > rig.nowMs)
      expect(members.map(({ rooms }) => rooms.waiting)).toEqual(members.map(() => 0))
      for (const { rooms } of members)
        for (const [id, { owner }] of rooms.homed) expect(rig.shardOf(owner)?.running.has(id)).toBe(true)
    }
    expect(takeovers).toBeGreaterThan(60)
  })

  it.each([
    [
      'rooms are taken over before all claims came',
      { mayName: ({ mayAct, nowMs, takeoverFromMs }) => mayAct && nowMs >= takeoverFromMs },
    ],
    ['nobody waits for the leases of the removed', { mayName: (home) => home.claimsComplete && home.mayAct }],
    ['what is over is taken over', { needsHeir: ({ run }) => run === undefined }],
    ['a grant is obeyed each time that it comes', { mayOpen: () => true }],
    ['grants of older views are obeyed', { acceptsView: () => true, mayOpen: ({ seen }) => !seen }],
  ] satisfies [string, Partial<RoomRules>][])('would not hold if %s', (_mistake, rules) => {
    expect(numbers(12).flatMap((seed) => churn(seed, rules).violations)).not.toEqual([])
  })
})

/** Shards come and go, views are installed late by some, rooms are made, held, taken over and end; holders are never told that a room is over. */
function churn(seed: number, rules: Partial<RoomRules> = {}): Rig {
  const rig = new Rig(5, { seed, rules })
  rig.install(ALL)
  rig.weather = BAD
  let guest = 4
  for (let step = 0; step < 64; step++) {
    const at = step % 4
    for (const [i, shard] of rig.shards.entries()) shard.load = (step + i) % 3 === 0 ? 1 : 0.2
    for (const n of numbers(2)) rig.create((at + n) % 4, { id: `churn-${(step * 3 + n) % 25}` })
    rig.run(100)
    holdAll(rig, step)
    const [some] = rig.shard(at).running.keys()
    if (some !== undefined && step % 3 === 0) rig.end(at, some)
    if (step % 16 !== 15) continue
    // One goes and does not know it, for as long as its lease runs; another comes; and not all hear of the new view at once.
    rig.shard(guest).leaseEndMs = rig.nowMs + 700
    rig.add()
    guest = rig.shards.length - 1
    rig.install([...REST, guest], { takeoverInMs: 700, by: [guest, step % 3] })
    rig.run(300)
    rig.installAt(REST, 400)
  }
  rig.run(6_000)
  rig.weather = FAIR
  rig.run(2_000)
  return rig
}

/** Each room that runs is held by one or two others, up to now; older holders keep what they had. */
function holdAll(rig: Rig, step: number): void {
  for (const [at, { isUp, running, leaseEndMs }] of rig.shards.entries()) {
    if (!isUp || rig.nowMs >= leaseEndMs) continue
    for (const [n, id] of [...running.keys()].entries())
      for (const holder of new Set([n % 4, (n + step) % 4]))
        if (holder !== at && !rig.shard(holder).running.has(id)) rig.hold(holder, id, step, running.get(id))
  }
}
