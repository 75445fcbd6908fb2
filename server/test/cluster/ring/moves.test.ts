/** Rooms that change their owner without a change of view: epochs that a home gives, rooms that stopped for good, and who is registered. */
import { describe, expect, it } from 'vitest'
import type { RoomRules } from '../../../src/cluster/ring/room-rules.ts'
import { compareEpochs } from '../../../src/cluster/view/view.ts'
import { idWith } from './ids-with.ts'
import { BAD, FAIR, Rig } from './rooms-rig.ts'
import { lifeOf, memberOf, numbers, viewOf } from './test-view.ts'

const ALL = numbers(4)
/** Its home is shard 2; shard 1 runs it. */
const ID = idWith({ members: ALL, home: 2 }, { members: [0, 1, 2], home: 2 })

function started(rules: Partial<RoomRules> = {}): Rig {
  const rig = new Rig(4, { rules })
  rig.install(ALL)
  rig.run(200)
  for (const [i, shard] of rig.shards.entries()) shard.load = i === 1 ? 0 : 1
  rig.create(0, { id: ID })
  rig.run(100)
  for (const shard of rig.shards) shard.load = 0
  expect(rig.runners(ID)).toEqual([lifeOf(1)])
  return rig
}

function owners(rig: Rig): (string | undefined)[] {
  return rig.shards.map(({ rooms }) => rooms.homed.get(ID)?.owner)
}

describe('a room that is moved', () => {
  it('is owned by whoever says that it runs it under the epoch that the home gave', () => {
    const rig = started()
    const before = rig.epochOf(ID)
    const epochs = rig.nextEpoch(1, ID, 3)
    rig.run(20)
    expect(epochs).toEqual([{ generation: 1, view: 1, k: (before?.k ?? 0) + 1 }])
    rig.halt(1, ID, 50)
    expect(rig.shard(1).rooms.owned.has(ID)).toBe(false)
    // While it is halted those who come are sent to where it was, and it says that it is being moved.
    const found = [rig.locate(0, ID), rig.locate(1, ID)]
    rig.run(20)
    expect(found).toMatchObject([[{ kind: 'there', place: { owner: lifeOf(1) } }], []])
    rig.hold(3, ID, 50, before)
    rig.drops = (_from, _to, { t }) => t === 'runs'
    if (epochs[0] !== undefined) rig.goOn(3, ID, epochs[0])
    rig.shard(1).rooms.gave(ID, epochs[0] ?? { generation: 0, view: 0, k: 0 }, rig.nowMs)
    rig.run(200)
    // The home has not heard; the old owner does not say that the room ended.
    expect([owners(rig)[2], found[1]]).toEqual([lifeOf(1), []])
    rig.drops = () => false
    rig.run(1_000)
    expect([owners(rig)[2], rig.shard(3).rooms.waiting]).toEqual([lifeOf(3), 0])
    expect(found[1]).toMatchObject([{ kind: 'there', place: { owner: lifeOf(3), epoch: epochs[0] } }])
    expect(rig.violations).toEqual([])
  })

  it('gets no epoch from a home without a lease, for a stranger, under another epoch, or by two askers at a time', () => {
    const rig = started()
    const epoch = rig.epochOf(ID)
    const other = { generation: 1, view: 1, k: 77 }
    const refused = [rig.nextEpoch(0, ID, 3), rig.nextEpoch(1, ID, 9), rig.nextEpoch(1, ID, 3, other)]
    refused.push(rig.nextEpoch(1, 'nothing', 3, other))
    rig.shard(2).leaseEndMs = rig.nowMs + 10
    rig.run(20)
    refused.push(rig.nextEpoch(1, ID, 3))
    rig.run(20)
    expect(refused).toEqual(Array(5).fill([undefined]))
    rig.shard(2).leaseEndMs = Number.POSITIVE_INFINITY
    const first = rig.nextEpoch(1, ID, 3)
    rig.run(20)
    // After a refusal of the one that it was for.
    const second = rig.nextEpoch(1, ID, 1)
    rig.run(20)
    expect(compareEpochs(second[0] ?? other, first[0] ?? other)).toBeGreaterThan(0)
    rig.halt(1, ID, 9)
    if (second[0] !== undefined) rig.goOn(1, ID, second[0])
    rig.run(20)
    expect(rig.shard(2).rooms.homed.get(ID)).toMatchObject({ owner: lifeOf(1), epoch: second[0] })
    // The first is void now: who runs the room under it is told to stop.
    rig.shard(3).running.set(ID, first[0] ?? other)
    rig.shard(3).rooms.runs(ID, first[0] ?? other, rig.nowMs)
    rig.run(50)
    expect([rig.runners(ID), rig.shard(3).rooms.owned.size, rig.shard(3).rooms.waiting]).toEqual([[lifeOf(1)], 0, 0])
    expect(epoch).toBeDefined()
  })

  it('gets one epoch for one question, answered once, whatever is lost or comes twice', () => {
    for (const seed of numbers(10)) {
      const rig = new Rig(4, { seed })
      rig.install(ALL)
      rig.create(1, { id: ID })
      rig.run(300)
      const owner = Number.parseInt(rig.runners(ID)[0] ?? '', 16)
      rig.weather = BAD
      const asked = numbers(5).map(() => rig.nextEpoch(owner, ID, (owner + 1) % 4))
      rig.run(2_500)
      for (const answers of asked) expect(answers).toHaveLength(1)
      const given = asked.flat().flatMap((epoch) => epoch ?? [])
      const newest = given.reduce(
        (a, b) => (compareEpochs(a, b) > 0 ? a : b),
        rig.epochOf(ID) ?? { generation: 0, view: 0, k: 0 },
      )
      rig.weather = FAIR
      const last = rig.nextEpoch(owner, ID, (owner + 1) % 4)
      rig.run(50)
      rig.weather = BAD
      expect(compareEpochs(last[0] ?? newest, newest)).toBeGreaterThan(0)
      rig.halt(owner, ID, 5)
      if (last[0] !== undefined) rig.goOn((owner + 1) % 4, ID, last[0])
      rig.end((owner + 1) % 4, ID)
      rig.run(15_000)
      // The end may have come first: the word that it runs does not bring it back.
      expect(owners(rig)).toEqual([undefined, undefined, undefined, undefined])
      expect([rig.violations, rig.shards.map(({ rooms }) => rooms.waiting)]).toEqual([[], [0, 0, 0, 0]])
    }
  })

  it('loses its epoch when the view changes, is claimed as held by both sides, and goes on at one of them', () => {
    const rig = started()
    const old = rig.nextEpoch(1, ID, 0)
    rig.run(20)
    rig.halt(1, ID, 50)
    rig.hold(0, ID, 50, { generation: 1, view: 1, k: rig.shard(1).held.get(ID)?.epoch.k ?? 0 })
    // A question that is open when the view changes is answered then.
    rig.drops = (_from, _to, { t }) => t === 'renamed'
    const open = rig.nextEpoch(1, ID, 3, rig.shard(1).held.get(ID)?.epoch)
    rig.run(20)
    rig.drops = () => false
    rig.install([0, 1, 2])
    expect(open).toEqual([undefined])
    rig.run(20)
    expect([rig.takeovers, rig.runners(ID).length]).toEqual([1, 1])
    const [runner] = rig.runners(ID)
    expect(owners(rig)[2]).toBe(runner)
    // The other is told; and the old epoch opens nothing.
    expect(rig.shards.map(({ held }) => held.size)).toEqual(runner === lifeOf(0) ? [0, 0, 0, 0] : [1, 0, 0, 0])
    const other = runner === lifeOf(0) ? 1 : 0
    rig.shard(other).running.set(ID, old[0] ?? { generation: 0, view: 0, k: 0 })
    if (old[0] !== undefined) rig.shard(other).rooms.runs(ID, old[0], rig.nowMs)
    rig.run(100)
    expect(rig.runners(ID)).toEqual([runner])
  })

  it('goes on at its target when the view changes and its old owner cannot: whoever is still there hears where', () => {
    const rig = started()
    const epoch = rig.epochOf(ID)
    rig.halt(1, ID, 50)
    rig.hold(0, ID, 50, epoch)
    rig.shard(1).refusesTakeover = true
    rig.install([0, 1, 2])
    rig.run(1_000)
    expect([rig.runners(ID), rig.takeovers]).toEqual([[lifeOf(0)], 1])
    const { url } = memberOf(0)
    expect(rig.shard(1).handed).toEqual([{ id: ID, to: lifeOf(0), url, epoch: rig.epochOf(ID) }])
    expect(rig.violations).toEqual([])
  })

  it('goes on at its target when that runs it, and the view changes before its home has heard', () => {
    const rig = started()
    const [epochs, before] = [rig.nextEpoch(1, ID, 3), rig.epochOf(ID)]
    rig.run(20)
    rig.halt(1, ID, 50)
    rig.drops = (_from, _to, { t }) => t === 'runs'
    if (epochs[0] !== undefined) rig.goOn(3, ID, epochs[0])
    rig.hold(0, ID, 40, before)
    rig.run(20)
    rig.install(ALL)
    rig.drops = () => false
    rig.run(50)
    expect([rig.runners(ID), rig.takeovers, owners(rig)[2]]).toEqual([[lifeOf(3)], 0, lifeOf(3)])
    expect(rig.violations).toEqual([])
  })

  it.each([
    ['a room that stopped for good is claimed as run', { isRun: () => true }],
    ['homes give epochs to whoever asks', { mayRename: () => true }],
    ['whoever says that it runs a room is registered', { mayRegister: () => true }],
  ] satisfies [string, Partial<RoomRules>][])('would not go well if %s', (_mistake, rules) => {
    expect(moving(rules)).not.toEqual([])
  })

  it('goes well', () => {
    expect(moving({})).toEqual([])
  })
})

/** A move in the middle of which the view changes, and one that was void says late that it runs the room. */
function moving(rules: Partial<RoomRules>): string[] {
  const rig = started(rules)
  const wrong: string[] = []
  const epoch = rig.epochOf(ID) ?? { generation: 0, view: 0, k: 0 }
  const stranger = rig.nextEpoch(0, ID, 0)
  rig.run(20)
  if (stranger[0] !== undefined) wrong.push('a stranger got an epoch')
  rig.shard(3).rooms.runs(ID, { ...epoch, k: epoch.k + 5 }, rig.nowMs)
  rig.run(20)
  if (owners(rig)[2] === lifeOf(3)) wrong.push('somebody runs it under an epoch that nobody gave')
  rig.halt(1, ID, 50)
  rig.hold(0, ID, 50, epoch)
  rig.install([0, 1, 2])
  rig.run(50)
  if (rig.runners(ID).length !== 1) wrong.push('nobody runs it')
  return [...wrong, ...rig.violations]
}

it('a room may be held by those that stay; by those that drain only where there are no others; never by its own shard', () => {
  const rig = new Rig(4)
  let number = 1
  const candidates = (...draining: number[]): string[] => {
    const members = ALL.map((shard) => ({ ...memberOf(shard), draining: draining.includes(shard) }))
    rig.shard(0).rooms.viewInstalled(viewOf(members, number++), undefined, 0, 0)
    return [...rig.shard(0).rooms.candidatesFor(ID)].sort()
  }
  expect(candidates()).toEqual([lifeOf(1), lifeOf(2), lifeOf(3)])
  expect(candidates(1, 2)).toEqual([lifeOf(3)])
  expect(candidates(1, 2, 3)).toEqual([lifeOf(1), lifeOf(2), lifeOf(3)])
})
