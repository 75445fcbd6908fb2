import { expect, test } from 'vitest'
import { type NodesRig, NodesRig as Rig, type RigNode } from './nodes-rig.ts'

function membersOf({ node }: RigNode): string {
  return (node.view?.members ?? [])
    .map(({ name }) => name)
    .sort()
    .join()
}

function grown(names: readonly string[]): NodesRig {
  const rig = new Rig(names)
  rig.run(3_000)
  for (const one of rig.nodes) expect(membersOf(one)).toBe(names.join())
  return rig
}

test('who founds alone does so within half a second', () => {
  const rig = new Rig(['a'])
  rig.run(500)
  expect(rig.at(0).node.mayAct(rig.nowMs)).toBe(true)
})

test('who founded alone, and restarts without memory, joins those who still take it for a member: there is no second cluster', () => {
  for (let downMs = 0; downMs <= 200; downMs += 40) {
    const rig = grown(['a', 'b', 'c'])
    rig.stop(rig.at(0))
    rig.run(downMs)
    rig.restart(rig.at(0), true)
    rig.run(6_000)
    const [generation] = [rig.at(1).node.view?.generation]
    for (const one of rig.nodes) {
      expect(membersOf(one)).toBe('a,b,c')
      expect(one.node.view?.generation).toBe(generation)
      expect(one.node.mayAct(rig.nowMs)).toBe(true)
    }
    for (const one of [rig.at(1), rig.at(2)]) expect(one.ended).toEqual([])
  }
})

test('one that comes back after it was removed founds alone, hears by gossip of those who go on, and joins them in a new life', () => {
  const rig = grown(['a', 'b', 'c'])
  rig.stop(rig.at(0))
  rig.run(5_000)
  expect(membersOf(rig.at(1))).toBe('b,c')
  rig.restart(rig.at(0), true)
  rig.run(1_000)
  expect(membersOf(rig.at(0))).toBe('a')
  for (let waited = 0; waited < 60 && rig.at(0).ended.length === 0; waited++) rig.run(1_000)
  expect(rig.at(0).remembered?.voterNames).toEqual(expect.arrayContaining(['b']))
  rig.restart(rig.at(0), true)
  for (let waited = 0; waited < 60 && membersOf(rig.at(1)) !== 'a,b,c'; waited++) rig.run(1_000)
  for (const one of rig.nodes) expect(membersOf(one)).toBe('a,b,c')
  for (const one of [rig.at(1), rig.at(2)]) expect(one.ended).toEqual([])
})

test('a second one that is told to found alone, and whose seeds lead to the first, joins it', () => {
  const rig = new Rig(['a'])
  rig.run(3_000)
  rig.restart(rig.add('b'), true)
  rig.run(5_000)
  expect(rig.nodes.map(membersOf)).toEqual(['a,b', 'a,b'])
})

test('where the other one cannot go on without it, it founds anew, and the other hears that its view is over', () => {
  const rig = grown(['a', 'b'])
  rig.restart(rig.at(0), true)
  rig.run(8_000)
  expect(rig.at(0).node.mayAct(rig.nowMs)).toBe(true)
  expect(rig.at(1).ended).toHaveLength(1)
})
