import type { CloseReason } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { Room, Rules } from '../../src/index.ts'
import { TestServer } from '../raw-client.ts'
import { makeWalkers, type Walkers, walkerRules, walkers } from '../test-game.ts'

function withRules(rules: Partial<Rules<Walkers>>, options = {}) {
  return new TestServer(walkers, { ...walkerRules, ...rules } as Rules<Walkers>, options)
}
const left = (client: { link: { close(reason: CloseReason): void } }) =>
  client.link.close({ code: 'LEFT', message: 'bye' })

describe('the life of a room', () => {
  it('seats no more players than there are seats, however many join at the same moment', () => {
    const server = withRules({})
    const clients = Array.from({ length: 7 }, () => server.connect())
    for (const client of clients) client.hello()
    server.run(100)
    const seats = clients.flatMap(({ welcome }) => (welcome === undefined ? [] : [welcome.seat]))
    expect(seats.sort()).toEqual([1, 2, 3, 4])
    expect(clients.filter((client) => client.of('refused')[0]?.code === 'ROOM_FULL')).toHaveLength(3)
    left(clients[0] as (typeof clients)[0])
    server.run(100)
    expect(server.join().welcome?.seat).toBe(1)
  })

  it('calls its hooks in order: create, join, leave, dispose', () => {
    const calls: string[] = []
    const server = withRules({
      onCreate: (room) => calls.push(`create ${room.id} ${room.tick}`),
      onJoin: (room, player) => calls.push(`join ${player.seat} ${room.players.size}`),
      onLeave: (room, player, reason) => calls.push(`leave ${player.seat} ${reason.code} ${room.players.size}`),
      onDispose: (room) => calls.push(`dispose ${room.players.size}`),
    })
    const client = server.join('den')
    server.play([client], 2)
    left(client)
    server.run(4_900)
    expect(server.host.rooms.size).toBe(1)
    server.run(300)
    expect(calls).toEqual(['create den 0', 'join 1 1', 'leave 1 LEFT 1', 'dispose 0'])
    expect(server.host.rooms.size).toBe(0)
    expect(server.host.sessionCount).toBe(0)
    expect(server.scheduler.pending).toBe(0)
  })

  it('frees everything of a player who left before it sat down', () => {
    const calls: string[] = []
    const server = withRules({ onJoin: () => calls.push('join'), onLeave: () => calls.push('leave') })
    const client = server.connect()
    client.hello()
    server.run(0)
    left(client)
    server.run(100)
    expect(calls).toEqual([])
    expect(server.host.rooms.get('main')?.stats.players).toBe(0)
  })

  it('despawns what a player owned, or keeps it for nobody', () => {
    for (const keepEntities of [false, true]) {
      const server = withRules({ keepEntities })
      const [stays, goes] = [server.join(), server.join()]
      left(goes)
      server.play([stays], 6)
      const owners = [...(server.host.rooms.get('main')?.world.walker ?? [])].map(({ owner }) => owner)
      expect(owners).toEqual(keepEntities ? [1, 0] : [1])
    }
  })

  it('tells the players when the server stops, runs the hooks, and makes no new rooms', () => {
    const calls: string[] = []
    const server = withRules({
      onLeave: (_room, _player, { code }) => calls.push(code),
      onDispose: () => calls.push('dispose'),
    })
    const client = server.join()
    server.host.close()
    server.run(50)
    expect(calls).toEqual(['SERVER_STOPPING', 'dispose'])
    expect(client.of('bye')[0]?.code).toBe('SERVER_STOPPING')
    expect(client.closed?.code).toBe('SERVER_STOPPING')
    const late = server.connect()
    late.hello()
    server.run(50)
    expect(late.closed?.code).toBe('SERVER_STOPPING')
    expect(server.host.rooms.size).toBe(0)
    expect(server.scheduler.pending).toBe(0)
  })

  it('closes only the room whose step throws, and logs where', () => {
    const trace = { presses: [], throwAt: -1 }
    const server = new TestServer(makeWalkers(trace), walkerRules)
    const [one, two] = [server.join('one'), server.join('two')]
    // Whichever room comes to that tick first.
    trace.throwAt = Math.max(...[...server.host.rooms.values()].map(({ tick }) => tick)) + 3
    while (server.host.rooms.size === 2) server.play([one, two], 1)
    trace.throwAt = -1
    server.play([one, two], 10)
    const [ended, other] = server.host.rooms.has('one') ? [two, one] : [one, two]
    expect(ended.closed?.code).toBe('INTERNAL')
    expect(other.closed).toBeUndefined()
    const line = server.lines.find(({ event }) => event === 'room-failed')
    expect(line?.message).toContain('the game is broken')
    expect(line?.stack).toContain('test-game.ts')
  })

  it('closes a room on request of its rules, and kicks on request', () => {
    const server = withRules({})
    const [one, two] = [server.join(), server.join()]
    const room = server.host.rooms.get('main') as Room<Walkers>
    const second = room.players.get(2)
    if (second !== undefined) room.kick(second, 'Too loud.')
    server.play([one], 3)
    expect(two.closed).toEqual({ code: 'KICKED', message: 'Too loud.' })
    expect(room.players.size).toBe(1)
    room.close('The match is over.')
    server.run(50)
    expect(one.of('bye')[0]).toEqual({ t: 'bye', code: 'ROOM_CLOSED', message: 'The match is over.' })
    expect(server.host.rooms.size).toBe(0)
  })

  it('refuses rules that do not fit the game', () => {
    expect(() => new TestServer(walkers, {} as Rules<Walkers>)).toThrow('rules.commands.score')
    const wrong = { ...walkerRules, messages: { shout: () => {} } } as unknown as Rules<Walkers>
    expect(() => new TestServer(walkers, wrong)).toThrow('rules.messages.shout')
  })
})

describe('what a room does in its ticks', () => {
  it('runs timers in ticks, in order, once or again and again, until they are cancelled', () => {
    const runs: string[] = []
    const server = withRules({
      onCreate(room) {
        room.after(100, () => runs.push(`once ${room.tick}`))
        room.after(100, () => runs.push(`second ${room.tick}`))
        const again = room.every(50, () => {
          runs.push(`again ${room.tick}`)
          if (room.tick >= 9) again.cancel()
        })
        room.after(100, () => runs.push('never')).cancel()
      },
    })
    server.join()
    server.run(500)
    expect(runs).toEqual(['again 3', 'once 6', 'second 6', 'again 6', 'again 9'])
  })

  it('carries typed messages both ways', () => {
    const heard: unknown[] = []
    const server = withRules({
      messages: {
        say(room, player, values) {
          heard.push([room.tick > 0, player.seat, values])
          room.broadcast('said', { text: values.text, seat: player.seat })
          room.send(player, 'said', { text: 'for you', seat: 0 })
        },
      },
    })
    const [one, two] = [server.join(), server.join()]
    one.say('say', { text: 'hello', n: 7 })
    server.play([one, two], 5)
    expect(heard).toEqual([[true, 1, { text: 'hello', n: 7 }]])
    expect(one.of('msg').map(({ v }) => v)).toEqual([
      ['hello', 1],
      ['for you', 0],
    ])
    expect(two.of('msg').map(({ v }) => v)).toEqual([['hello', 1]])
  })

  it('drops the player whose message makes a rule throw, and goes on', () => {
    const server = withRules({
      messages: {
        say() {
          throw new Error('oops')
        },
      },
    })
    const [one, two] = [server.join(), server.join()]
    one.say('say', { text: 'x' })
    server.play([one, two], 5)
    expect(one.closed?.code).toBe('INTERNAL')
    expect(two.closed).toBeUndefined()
    expect(server.lines.some(({ event, stack }) => event === 'message-rule-failed' && stack?.includes('oops'))).toBe(
      true,
    )
  })

  it('tells attributes once per tick as patches, newcomers all of them, and leavers as null', () => {
    const server = withRules({
      onJoin(_room, player) {
        player.setAttributes({ name: `p${player.seat}` })
      },
    })
    const one = server.join()
    expect(one.welcome?.players).toEqual([[1, { name: 'p1', points: 0 }]])
    const two = server.join()
    expect(two.welcome?.players).toEqual([
      [2, { name: 'p2', points: 0 }],
      [1, { name: 'p1', points: 0 }],
    ])
    expect(one.of('attr').at(-1)?.players).toEqual([[2, { set: { name: 'p2', points: 0 } }]])
    const room = server.host.rooms.get('main') as Room<Walkers>
    const before = one.of('attr').length
    room.setAttributes({ round: 1 })
    room.setAttributes({ round: 2 })
    room.players.get(1)?.setAttributes({ points: 3 })
    server.play([one, two], 3)
    expect(one.of('attr').slice(before)).toEqual([
      { t: 'attr', tick: expect.any(Number), room: { set: { round: 2 } }, players: [[1, { set: { points: 3 } }]] },
    ])
    left(two)
    server.play([one], 3)
    expect(one.of('attr').at(-1)?.players).toEqual([[2, null]])
  })

  it('carries out each command once, and shows events of rules', () => {
    const server = withRules({})
    const client = server.join()
    server.play([client], 5)
    client.input(server.nextTick(client), [0], [1])
    server.run(20)
    server.play([client], 30)
    expect(server.host.rooms.get('main')?.players.get(1)?.attributes.points).toBe(5)
    const room = server.host.rooms.get('main') as Room<Walkers>
    room.emit('shot', { by: 1 })
    server.play([client], 6)
    expect(client.statuses.every((status) => status === 'ok')).toBe(true)
    expect(() => room.emit('bang' as 'shot', {})).toThrow('BAD_ARGUMENT')
  })
})
