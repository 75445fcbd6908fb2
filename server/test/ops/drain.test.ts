/** A draining host on virtual time: who still comes in, and what players and rules hear. */
import { describe, expect, it } from 'vitest'
import type { Room, Rules } from '../../src/index.ts'
import { TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'

const LOST = { code: 'CONNECTION_LOST', message: '' } as const

describe('a draining server', () => {
  it('refuses newcomers and spectators, in old rooms and new, and takes back who lost the connection', () => {
    const server = new TestServer(walkers, walkerRules, { spectators: {} })
    const player = server.join('main')
    server.host.drain(5_000)
    server.host.drain(9_000)
    server.run(50)
    expect(player.of('notice')).toEqual([{ t: 'notice', kind: 'stopping', ms: 5_000 }])
    for (const more of [{ room: 'main' }, { room: 'new', create: true }, { room: 'main', spectate: 0 }]) {
      const late = server.connect()
      late.hello(more)
      server.run(50)
      expect(late.of('refused')[0]?.code).toBe('SERVER_STOPPING')
      expect(late.closed?.code).toBe('SERVER_STOPPING')
    }
    expect([...server.host.rooms.keys()]).toEqual(['main'])
    player.link.close(LOST)
    server.run(200)
    const back = server.connect()
    back.hello({ resume: player.welcome?.resume })
    server.run(200)
    expect(back.welcome).toMatchObject({ resumed: true, seat: 1 })
    // A wrong secret is no way around.
    const liar = server.connect()
    liar.hello({ room: 'new', resume: 'x'.repeat(40) })
    server.run(200)
    expect(liar.of('refused')).toHaveLength(1)
    expect(liar.welcome).toBeUndefined()
  })

  it('tells those who were away when they come back', () => {
    const server = new TestServer(walkers, walkerRules)
    const player = server.join()
    player.link.close(LOST)
    server.run(50)
    server.host.drain(5_000)
    server.run(50)
    const back = server.connect()
    back.hello({ resume: player.welcome?.resume })
    server.run(50)
    expect(back.of('notice')).toEqual([{ t: 'notice', kind: 'stopping', ms: 5_000 }])
  })

  it('tells rules of each room once, within a tick, and lets them end it', () => {
    const told: string[] = []
    const rules: Rules<Walkers> = {
      ...walkerRules,
      onDrain(room: Room<Walkers>, ms) {
        told.push(`${room.id} ${ms}`)
        room.broadcast('said', { text: 'last round', seat: 0 })
        room.after(500, () => room.close('The match is over.'))
      },
    }
    const server = new TestServer(walkers, rules)
    const [a, b] = [server.join('a'), server.join('b')]
    server.host.drain(5_000)
    expect(told).toEqual([])
    server.run(100)
    expect(told.sort()).toEqual(['a 5000', 'b 5000'])
    expect(a.of('msg')).toHaveLength(1)
    expect(server.host.rooms.size).toBe(2)
    server.run(600)
    expect(server.host.rooms.size).toBe(0)
    expect(b.of('bye')[0]).toMatchObject({ code: 'ROOM_CLOSED', message: 'The match is over.' })
    expect(told).toHaveLength(2)
  })

  it('closes the room alone whose hook throws', () => {
    const server = new TestServer(walkers, {
      ...walkerRules,
      onDrain(room) {
        if (room.id === 'bad') throw new Error('no')
      },
    })
    server.join('bad')
    server.join('good')
    server.host.drain(5_000)
    server.run(100)
    expect([...server.host.rooms.keys()]).toEqual(['good'])
    expect(server.lines.find(({ event }) => event === 'room-failed')?.room).toBe('bad')
  })
})
