import { describe, expect, it } from 'vitest'
import { countRooms, listRooms } from '../../../src/cluster/lobby/filters.ts'
import { LifeMap } from '../../../src/cluster/lobby/life-map.ts'
import { parseLobbyMessage } from '../../../src/cluster/lobby/lobby-messages.ts'
import { LOBBY_RULES } from '../../../src/cluster/lobby/lobby-rules.ts'
import { expectEqual, LobbyNet, lifeOf, roomOf, viewOf } from './lobby-net.ts'

const ROOMS = 200_000

describe('the bounds of a lobby', () => {
  it('keeps nothing of rooms that were created and closed, wherever', () => {
    const net = new LobbyNet(1)
    for (const index of [1, 2, 3]) net.add(index)
    net.install(viewOf(1, [1, 2, 3].map(lifeOf)))
    net.run(20)
    let most = 0
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 2_000; i++) {
        const id = `${round}-${i}`
        net.lobby(1).put(roomOf(id))
        net.lobby(1).remove(id)
        if (i % 200 === 0) net.lobby(1).put(roomOf(`kept-${i}`, round))
      }
      if (round % 2 === 1) {
        net.run(1_200)
        most = Math.max(most, net.lobby(2).status().tombstones)
      }
    }
    net.run(2_000)
    for (const index of [1, 2, 3]) {
      const { entries, tombstones } = net.lobby(index).status()
      expect({ entries, tombstones }).toEqual({ entries: 10, tombstones: 0 })
    }
    expectEqual(net)
  })

  it('grows by nothing with 200,000 rooms that were created and closed', () => {
    const hash = (text: string): number => text.length
    const author = new LifeMap(lifeOf(1), hash, LOBBY_RULES)
    const replica = new LifeMap(lifeOf(1), hash, LOBBY_RULES)
    for (let room = 1; room <= ROOMS; room++) {
      author.write(`r/${room}`, 1)
      author.write(`r/${room}`, null)
      if (room % 10_000 !== 0) continue
      for (let chunk = author.chunk(replica, 40_000); chunk !== undefined; chunk = author.chunk(replica, 40_000))
        replica.follow(chunk.chunk)
      for (const map of [author, replica]) {
        map.collect(replica.version)
        expect([map.size, map.tombstones]).toEqual([0, 0])
      }
    }
    expect(replica.version).toBe(2 * ROOMS)
  })

  it('has no message over 48 kB, and a large lobby with a full chat reaches a newcomer in parts', () => {
    const net = new LobbyNet(2)
    for (const index of [1, 2]) net.add(index)
    net.install(viewOf(1, [1, 2].map(lifeOf)))
    for (let i = 0; i < 2_000; i++) net.lobby(1).put(roomOf(`room-${i}`, i, { note: 'é'.repeat(80) }))
    for (let i = 0; i < 600; i++) net.lobby(2).say(`channel-${i % 5}`, 'ada', 'ß'.repeat(300))
    net.run(3_000)
    net.add(3)
    net.install(viewOf(2, [1, 2, 3].map(lifeOf)))
    net.run(3_000)
    expect([...net.lobby(3).rooms()]).toHaveLength(2_000)
    expect(net.lobby(3).lines('channel-0')).toHaveLength(120)
    expectEqual(net)
    // Measured as JSON, which is larger than msgpack but for text beyond ASCII (JS units: at most 3 bytes each).
    expect(net.largest).toBeLessThan(48 * 1024)
  })

  it('refuses what is malformed, poisoned or too long', () => {
    const digest = { type: 'digest', view: { generation: 1, number: 1 }, asks: 'both', maps: [], held: [], root: '' }
    expect(parseLobbyMessage(digest)).toBeDefined()
    const entry = { key: 'r/a', sequence: 3, value: 1 }
    const chunk = { life: lifeOf(1), from: 0, upTo: 5, target: 5, asOf: 5, reset: false, entries: [entry] }
    const delta = (change: object) => ({ type: 'delta', maps: [{ ...chunk, ...change }], operations: [], goal: 'end' })
    expect(parseLobbyMessage(delta({}))).toBeDefined()
    for (const bad of [
      undefined,
      'digest',
      { ...digest, asks: 'all' },
      { ...digest, view: {} },
      { ...digest, maps: [{ life: 'x', version: 1, asOf: 1, root: '' }] },
      delta({ upTo: 2 }),
      delta({ entries: [entry, entry] }),
      delta({ entries: [{ ...entry, value: JSON.parse('{"__proto__":1}') }] }),
      delta({ entries: [{ ...entry, value: Number.NaN }] }),
      delta({ entries: [{ ...entry, value: [[[[[[[1]]]]]]] }] }),
      delta({ life: 'FFFF' }),
      { type: 'mend', version: 1, leaves: [1] },
    ])
      expect(parseLobbyMessage(bad), JSON.stringify(bad)).toBeUndefined()
  })
})

describe('the list of rooms', () => {
  it('filters, sorts, counts, and tells what changed since', () => {
    const net = new LobbyNet(3)
    const lobby = net.add(1)
    net.install(viewOf(1, [lifeOf(1)]))
    net.run(1)
    for (let i = 0; i < 20; i++)
      lobby.put(roomOf(`room-${i}`, i, { mode: i % 2 === 0 ? 'duel' : 'team', code: `AB${i}` }))
    const version = lobby.version
    const found = listRooms(lobby.rooms(), {
      attributes: { mode: 'duel' },
      freeSeats: 3,
      sort: 'most-players',
      limit: 3,
    })
    expect(found.map(({ id, players }) => [id, players])).toEqual([
      ['room-12', 4],
      ['room-4', 4],
      ['room-10', 2],
    ])
    expect(listRooms(lobby.rooms(), { prefixes: { code: 'ab19' } }).map(({ id }) => id)).toEqual(['room-19'])
    expect(listRooms(lobby.rooms(), { attributes: { constructor: 'x' } })).toEqual([])
    expect(countRooms(lobby.rooms(), 'mode').get('duel')?.rooms).toBe(10)
    lobby.remove('room-3')
    lobby.put(roomOf('room-4', 99))
    expect(lobby.changedSince(version)).toEqual(['room-3', 'room-4'])
    expect(lobby.changedSince(lobby.version)).toEqual([])
    expect(lobby.changedSince(lobby.version + 1)).toBeUndefined()
  })

  it('of 10,000 rooms passes 1,000 changes a second on in few bytes', () => {
    const net = new LobbyNet(4)
    const indices = Array.from({ length: 5 }, (_, index) => index + 1)
    for (const index of indices) net.add(index)
    net.install(viewOf(1, indices.map(lifeOf)))
    for (const index of indices) for (let i = 0; i < 2_000; i++) net.lobby(index).put(roomOf(`${index}-${i}`))
    net.run(2_000)
    expect([...net.lobby(1).rooms()]).toHaveLength(10_000)
    const { bytes } = net
    let k = 0
    net.run(1_000, () => net.lobby(1 + (net.nowMs % 5)).put(roomOf(`${1 + (net.nowMs % 5)}-${net.below(2_000)}`, ++k)))
    // Per shard, to all four others, as JSON.
    expect((net.bytes - bytes) / 5).toBeLessThan(600_000)
    net.run(500)
    for (const index of indices) expect(net.lobby(index).root).toBe(net.lobby(1).root)
  })
})
