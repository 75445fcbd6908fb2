/** What the lobbies of the shards that are left show of a room whose owner died. */
import { describe, expect, it } from 'vitest'
import type { Lobby } from '../../../src/cluster/lobby/lobby.ts'
import type { ListedRoom } from '../../../src/cluster/lobby/lobby-api.ts'
import { RoomFates } from '../../../src/cluster/node/room-fates.ts'
import { lifeOf, memberOf, viewOf } from '../ring/test-view.ts'
import { FailoverRig } from './failover-rig.ts'

function shown(rig: FailoverRig): (string | undefined)[] {
  return rig.shards.filter(({ isUp }) => isUp).map(({ node }) => node.lobby.room('match')?.state)
}

describe('a listed room whose owner died', () => {
  it('comes back everywhere while its leases run out, and is then its successor’s', () => {
    const rig = new FailoverRig(3, 3)
    const owner = rig.start()
    expect(shown(rig)).toEqual(['open', 'open', 'open'])
    rig.dies(owner, 'refused')
    rig.run(400)
    expect(shown(rig)).toEqual(['recovering', 'recovering'])
    rig.run(1_600)
    const heir = rig.shards.find(({ isUp, running }) => isUp && running.has('match'))
    expect(heir).toBeDefined()
    const entries = rig.shards.filter(({ isUp }) => isUp).map(({ node }) => node.lobby.room('match'))
    for (const entry of entries)
      expect(entry).toMatchObject({ owner: heir?.node.life, epoch: heir?.running.get('match') })
    // Its successor has more to say of it, and nothing of that goes away later.
    heir?.node.lobby.put({ ...(entries[0] as ListedRoom), state: 'open' })
    rig.run(70_000)
    expect(shown(rig)).toEqual(['open', 'open'])
  })

  it('is lost everywhere when nobody held it, for a minute', () => {
    const rig = new FailoverRig(3, 4)
    const owner = rig.start({ isHeld: false })
    rig.dies(owner, 'proven')
    rig.run(2_000)
    expect(shown(rig)).toEqual(['lost', 'lost'])
    rig.run(57_000)
    expect(shown(rig)).toEqual(['lost', 'lost'])
    rig.run(4_000)
    expect(shown(rig)).toEqual([undefined, undefined])
  })
})

describe('what a shard shows of rooms that nobody goes on with', () => {
  /** A lobby that lists what it is told, and rooms of a life that is gone as recovering. */
  function started() {
    const [life, gone] = [lifeOf(1), lifeOf(2)]
    const rooms = new Map<string, ListedRoom>()
    const epoch = { generation: 1, view: 1, k: 1 }
    const room = {
      id: 'match',
      epoch,
      state: 'recovering' as const,
      players: 3,
      maxPlayers: 8,
      attributes: { mode: 'duel' },
    }
    rooms.set('match', { ...room, owner: gone, url: '' })
    const lobby: Pick<Lobby, 'put' | 'remove' | 'room' | 'rooms' | 'lost'> = {
      put: (own) => rooms.set(own.id, { ...own, owner: life, url: '' }),
      remove: (id) => rooms.delete(id),
      room: (id) => rooms.get(id),
      rooms: () => rooms.values(),
      lost: (id) => rooms.delete(id),
    }
    const fates = new RoomFates(lobby, life)
    fates.viewInstalled(viewOf([memberOf(1)], 2), 900, 100)
    return { fates, rooms, epoch }
  }

  it('drops a room that no home says anything of, some seconds after it could have been taken over', () => {
    const { fates, rooms } = started()
    fates.tick(15_800)
    expect(rooms.has('match')).toBe(true)
    fates.tick(15_900)
    expect(rooms.has('match')).toBe(false)
  })

  it('keeps what the list said of a room that it takes over, or that is lost', () => {
    for (const [fate, state] of [
      ['takenOver', 'recovering'],
      ['lost', 'lost'],
    ] as const) {
      const { fates, rooms } = started()
      fates[fate]('match', { generation: 1, view: 2, k: 1 }, 200)
      expect(rooms.get('match')).toMatchObject({ state, owner: lifeOf(1), maxPlayers: 8, attributes: { mode: 'duel' } })
    }
  })

  it('says of no room that runs under a higher epoch that it is lost, and removes none that was made anew', () => {
    const { fates, rooms, epoch } = started()
    fates.lost('match', { ...epoch, k: 0 }, 200)
    expect(rooms.get('match')?.state).toBe('recovering')
    fates.lost('match', epoch, 200)
    expect(rooms.get('match')?.state).toBe('lost')
    rooms.set('match', {
      ...(rooms.get('match') as ListedRoom),
      state: 'open',
      epoch: { generation: 1, view: 2, k: 5 },
    })
    fates.tick(60_300)
    expect(rooms.get('match')?.state).toBe('open')
  })
})
