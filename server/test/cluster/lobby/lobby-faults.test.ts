import { describe, expect, it } from 'vitest'
import { expectEqual, LobbyNet, lifeOf, roomOf, viewOf } from './lobby-net.ts'

function started(count: number, seed = 1, ...rest: readonly [object?, object?]): LobbyNet {
  const net = new LobbyNet(seed, ...rest)
  const indices = Array.from({ length: count }, (_, index) => index + 1)
  for (const index of indices) net.add(index)
  net.install(viewOf(1, indices.map(lifeOf)))
  net.run(50)
  return net
}

/** Everybody but 3 forgets a tombstone that 3 has not heard of. */
function tombstoneGoneWhileCut(net: LobbyNet): void {
  net.lobby(1).put(roomOf('old'))
  net.run(500)
  for (const other of [1, 2]) {
    net.cut(other, 3)
    net.cut(3, other)
  }
  net.lobby(1).remove('old')
  net.lobby(1).put(roomOf('new'))
  net.run(1_000)
  net.heal()
}

describe('a lobby', () => {
  it('keeps a tombstone until every member has heard of it', () => {
    const net = started(3)
    tombstoneGoneWhileCut(net)
    expect(net.lobby(1).status().tombstones).toBe(1)
    net.run(2_000)
    expect([...net.lobby(3).rooms()].map(({ id }) => id)).toEqual(['new'])
    expect(net.lobby(1).status().tombstones).toBe(0)
    expectEqual(net)
  })

  it('sends the whole map to a peer from before a tombstone that is gone, and no room flickers', () => {
    const net = started(3, 1, { maxMessageBytes: 2048 }, { mayCollect: () => true })
    for (let i = 0; i < 30; i++) net.lobby(1).put(roomOf(`stays-${i}`, i, { note: 'x'.repeat(100) }))
    tombstoneGoneWhileCut(net)
    net.run(2_000, () => expect(net.lobby(3).room('stays-3')).toBeDefined())
    expect(net.lobby(3).status().resets).toBeGreaterThan(0)
    expect(net.lobby(3).room('old')).toBeUndefined()
    expectEqual(net)
  })

  it('finds by its hash trees what deltas missed, counts it and mends it', () => {
    const net = started(3, 1, {}, { mayCollect: () => true, mustReset: () => false })
    tombstoneGoneWhileCut(net)
    const shown = new Set<boolean>()
    net.run(3_000, () => shown.add(net.lobby(3).room('old') !== undefined && net.lobby(3).room('new') !== undefined))
    expect([...shown], 'the ghost was there').toContain(true)
    expect(net.lobby(3).room('old')).toBeUndefined()
    expect(net.lobby(3).status().alarms).toBeGreaterThan(0)
    expect(net.lobby(3).root).toBe(net.lobby(1).root)
  })

  it('forgets a removed shard at the moment of the view, and refuses what still comes of it', () => {
    const net = started(3)
    net.lobby(3).put(roomOf('ghost'))
    net.lobby(3).setPresent({ id: 'bob', name: 'Bob', where: 'ghost' })
    net.run(100)
    expect(net.lobby(1).room('ghost')?.url).toBe(`ws://${lifeOf(3)}`)
    const before = net.lobby(1).version
    // 3 does not hear of the view, and neither does 2 for a while: it still passes on what 3 says.
    net.lobby(1).viewInstalled(viewOf(2, [1, 2].map(lifeOf)), undefined, net.nowMs)
    expect(net.lobby(1).room('ghost')).toBeUndefined()
    expect(net.lobby(1).changedSince(before)).toEqual(['ghost'])
    net.lobby(3).put(roomOf('ghost', 9))
    net.run(1_000, () => expect([...net.lobby(1).rooms(), ...net.lobby(1).present()]).toEqual([]))
    expect(net.lobby(1).status().refused).toBeGreaterThan(0)
  })

  it('would show ghosts if it took in what comes of removed lives', () => {
    const net = started(3, 1, {}, { acceptsLife: () => true })
    net.lobby(3).put(roomOf('ghost'))
    net.run(100)
    net.install(viewOf(2, [1, 2].map(lifeOf)))
    net.run(500)
    expect(net.lobby(1).room('ghost')).toBeDefined()
  })

  it('shows no answer before its question, however messages overtake each other', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const net = started(4, seed)
      net.badness = { loss: 0.3, duplication: 0.2, maxDelayMs: 80 }
      let asked = 0
      net.run(2_000, () => {
        for (const index of [1, 2, 3, 4]) {
          const lines = net
            .lobby(index)
            .lines('talk')
            .map(({ text }) => text)
          const seen = new Set<string>()
          for (const text of lines) {
            if (text.startsWith('answer') && !seen.has(`question${text.slice(6)}`))
              expect.fail(`seed ${seed}: ${text} came before its question`)
            seen.add(text)
          }
          const open = lines.find((text) => text.startsWith('question') && !seen.has(`answer${text.slice(8)}`))
          if (open !== undefined && net.chance(0.02)) net.lobby(index).say('talk', 'x', `answer${open.slice(8)}`)
        }
        if (net.chance(0.02)) net.lobby(1 + net.below(4)).say('talk', 'x', `question ${asked++}`)
      })
      net.heal()
      net.run(2_000)
      expectEqual(net)
      expect(net.lobby(1).lines('talk').length).toBeGreaterThan(20)
    }
  })

  it('waives what a removed life said and nobody holds, and gives history to whoever joins late', () => {
    const net = started(3)
    // 3 says two lines; only the second reaches anybody, because the first message is cut off.
    for (const other of [1, 2]) net.cut(3, other)
    net.lobby(3).say('talk', 'c', 'lost')
    net.run(30)
    net.heal()
    net.lobby(3).say('talk', 'c', 'orphan')
    // The answer to the push with a gap is cut, so nobody fetches the first.
    for (const other of [1, 2]) net.cut(other, 3)
    net.run(22)
    net.remove(3)
    net.heal()
    expect(net.lobby(1).lines('talk')).toEqual([])
    expect(net.lobby(1).status().waiting).toBe(1)
    net.install(viewOf(2, [1, 2].map(lifeOf)))
    net.run(1_500)
    expect(
      net
        .lobby(2)
        .lines('talk')
        .map(({ text }) => text),
    ).toEqual(['orphan'])
    net.add(9)
    net.install(viewOf(3, [1, 2, 9].map(lifeOf)))
    net.run(1_000)
    expect(
      net
        .lobby(9)
        .lines('talk')
        .map(({ text }) => text),
    ).toEqual(['orphan'])
    expectEqual(net)
  })

  it('forgets the counters of removed lives once all agree, and they stay forgotten', () => {
    const net = started(2)
    let number = 1
    for (let index = 10; index < 20; index++) {
      net.add(index)
      net.install(viewOf(++number, [1, 2, index].map(lifeOf)))
      net.run(300)
      net.lobby(index).ban(`by ${index}`)
      net.run(300)
      net.lobby(1).unban(`by ${index}`)
      net.run(300)
      net.remove(index)
      net.install(viewOf(++number, [1, 2].map(lifeOf)))
      net.run(300)
    }
    expect(net.lobby(1).status().counters).toBeGreaterThan(8)
    net.run(35_000)
    for (const index of [1, 2]) expect(net.lobby(index).status().counters).toBe(1)
    expectEqual(net)
  })

  it('keeps a party together on all shards, and its leader follows by who joined first', () => {
    const net = started(3)
    const { id } = net.lobby(1).parties.create('ada')
    net.run(100)
    expect(net.lobby(2).parties.join(id, 'bob')).toBe(true)
    net.run(100)
    expect(net.lobby(3).parties.join(id, 'cid')).toBe(true)
    net.run(100)
    expect(net.lobby(1).parties.party(id)).toEqual({ id, leader: 'ada', members: ['ada', 'bob', 'cid'] })
    net.lobby(2).parties.leave(id, 'ada')
    net.run(100)
    expect(net.lobby(3).parties.of('cid')).toEqual({ id, leader: 'bob', members: ['bob', 'cid'] })
    net.lobby(1).parties.disband(id)
    expect(net.lobby(1).parties.join(id, 'dan')).toBe(false)
    // At the same time, elsewhere: the disbanding wins in the end, on all.
    net.lobby(2).parties.join(id, 'eve')
    net.run(12_000)
    for (const index of [1, 2, 3]) expect(net.lobby(index).parties.of('eve')).toBeUndefined()
    expectEqual(net)
  })
})
