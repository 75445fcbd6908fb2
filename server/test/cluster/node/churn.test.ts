import { expect, test } from 'vitest'
import { NodesRig } from './nodes-rig.ts'

test('of shards that came and died, with their rooms, players, parties and matches, nothing is left after a while', () => {
  const rig = new NodesRig(['a', 'b', 'c', 'd'])
  rig.run(3_000)
  for (let i = 0; i < 20; i++) {
    const { node } = rig.at(3)
    node.lobby.setPresent({ id: `p${i}`, name: 'n', where: '' })
    node.lobby.parties.create(`p${i}`)
    node.create({}, rig.nowMs, () => {})
    const players = [{ id: `x${i}`, identity: undefined }]
    node.services.matchmaker.seek({ players, attributes: {}, skill: undefined, skillRange: 1 }, rig.nowMs, () => {})
    rig.run(300)
    rig.stop(rig.at(3))
    rig.run(700)
    rig.restart(rig.at(3))
    rig.run(1_200)
  }
  const { lobby } = rig.at(0).node
  expect(lobby.status().counters).toBeGreaterThan(10)
  lobby.setPresent({ id: 'here', name: 'n', where: '' })
  const stays = lobby.parties.create('here')
  rig.run(130_000)
  for (const { node } of rig.nodes) {
    expect(node.lobby.status()).toMatchObject({ lives: 4, tombstones: 0, waiting: 0, operations: 0, alarms: 0 })
    expect(node.lobby.status().counters).toBeLessThanOrEqual(1)
    expect(node.lobby.parties.of('p3')).toBeUndefined()
    expect(node.lobby.parties.party(stays.id)).toEqual(stays)
    expect(node.status(rig.nowMs).rooms.waiting).toBe(0)
    expect(node.status(rig.nowMs).gossip.members).toHaveLength(4)
  }
})
