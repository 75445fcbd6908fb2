import { describe, expect, it } from 'vitest'
import type { Life } from '../../../src/cluster/life.ts'
import { expectEqual, LobbyNet, lifeOf, roomOf, viewOf } from './lobby-net.ts'

/** A plain model that sees every operation as it is made. */
class Oracle {
  readonly rooms = new Map<string, { readonly life: Life; readonly k: number }>()
  readonly texts = new Set<string>()
}

/** One random thing on a random lobby. */
function act(net: LobbyNet, oracle: Oracle, indices: readonly number[]): void {
  const index = indices[net.below(indices.length)] ?? 0
  const lobby = net.lobby(index)
  const life = lifeOf(index)
  const id = `${index}-${net.below(12)}`
  const choice = net.below(14)
  if (choice < 5) {
    const k = net.below(1000)
    lobby.put(roomOf(id, k, { mode: 'arena', note: 'x'.repeat(net.below(200)) }))
    oracle.rooms.set(id, { life, k })
  } else if (choice < 8) {
    lobby.remove(id)
    oracle.rooms.delete(id)
  } else if (choice === 8) {
    const text = `line ${oracle.texts.size}`
    lobby.say(`channel-${net.below(3)}`, life, text)
    oracle.texts.add(text)
  } else if (choice === 9) lobby.set(`key-${net.below(4)}`, net.chance(0.2) ? undefined : net.below(1000))
  else if (choice === 10) lobby.ban(`player-${net.below(5)}`)
  else if (choice === 11) lobby.unban(`player-${net.below(5)}`)
  else if (choice === 12) lobby.setPresent({ id: `${index}-p${net.below(3)}`, name: 'Ada', where: 'lobby' })
  else partyAct(net, index)
}

function partyAct(net: LobbyNet, index: number): void {
  const { parties } = net.lobby(index)
  const player = `player-${net.below(6)}`
  const party = parties.of(player)
  if (party === undefined) {
    const other = parties.of(`player-${net.below(6)}`)
    if (other === undefined) parties.create(player)
    else parties.join(other.id, player)
  } else if (net.chance(0.3)) parties.disband(party.id)
  else parties.leave(party.id, player)
}

describe('lobbies on bad networks', () => {
  it('are byte-identical after healing, and hold what an all-seeing model holds, whatever was lost, doubled, overtaken, cut, and whoever joined or was removed', () => {
    for (let seed = 1; seed <= 16; seed++) {
      const net = new LobbyNet(seed, {
        maxMessageBytes: seed % 2 === 0 ? 4096 : 48 * 1024,
        maxLog: seed % 3 === 0 ? 8 : 2048,
      })
      const oracle = new Oracle()
      let members = [1, 2, 3, 4, 5].slice(0, 2 + net.below(4))
      for (const index of members) net.add(index)
      let number = 1
      net.install(viewOf(number, members.map(lifeOf)))
      net.badness = { loss: 0.2, duplication: 0.1, maxDelayMs: 40 }
      let next = 10
      for (let phase = 0; phase < 6; phase++) {
        net.run(300 + net.below(500), () => {
          if (net.chance(0.08)) act(net, oracle, members)
        })
        const event = net.below(4)
        if (event === 0) for (const a of members) for (const b of members) if (net.chance(0.3)) net.cut(a, b)
        if (event === 1) {
          net.add(next)
          members = [...members, next++]
        }
        if (event === 2 && members.length > 2) {
          const gone = members[net.below(members.length)] ?? 0
          members = members.filter((index) => index !== gone)
          net.remove(gone)
          for (const [id, { life }] of oracle.rooms) if (life === lifeOf(gone)) oracle.rooms.delete(id)
        }
        if (event === 1 || event === 2) net.install(viewOf(++number, members.map(lifeOf)), 200)
        if (event === 3) net.heal()
      }
      net.heal()
      net.run(4_000)
      expectEqual(net)
      const lobby = net.lobby(members[0] ?? 0)
      const rooms = [...lobby.rooms()].map(({ id, owner, epoch }) => `${id} ${owner} ${epoch.k}`).sort()
      expect(rooms, `seed ${seed}`).toEqual([...oracle.rooms].map(([id, { life, k }]) => `${id} ${life} ${k}`).sort())
      for (const channel of [0, 1, 2])
        for (const { text } of lobby.lines(`channel-${channel}`)) expect(oracle.texts.has(text)).toBe(true)
      expect(lobby.status().tombstones, `seed ${seed}`).toBe(0)
    }
  })
})
