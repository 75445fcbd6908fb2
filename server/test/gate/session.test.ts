import { NetError, PROTOCOL_VERSION } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TestServer } from '../raw-client.ts'
import { walkerRules, walkers } from '../test-game.ts'

const start = (options = {}) => new TestServer(walkers, walkerRules, options)

describe('the handshake', () => {
  it('welcomes a client that fits, with all that it needs to start', () => {
    const server = start()
    const client = server.join()
    expect(client.welcome).toMatchObject({
      seat: 1,
      roomId: 'main',
      tickRate: 60,
      maxPlayers: 4,
      attributes: { map: 'plain', round: 0 },
    })
    expect(client.welcome?.players).toEqual([[1, { name: '', points: 0 }]])
    expect(client.welcome?.resume).toMatch(/^[0-9a-f]{8}\.[0-9a-f]{32}$/)
    expect(client.welcome?.resume.split('.')[0]).toBe(client.welcome?.playerId)
    expect(client.welcome).toMatchObject({ graceMs: 15_000 })
    expect(client.closed).toBeUndefined()
  })

  const cases = [
    [
      'PROTOCOL_MISMATCH',
      { protocol: PROTOCOL_VERSION + 1 },
      [`protocol ${PROTOCOL_VERSION + 1}`, `server ${PROTOCOL_VERSION}`],
    ],
    ['GAME_MISMATCH', { game: 'runners' }, ['"runners"', '"walkers"']],
    ['SCHEMA_MISMATCH', { schema: 0xabc }, ['00000abc', walkers.schemaHash.toString(16).padStart(8, '0')]],
  ] as const
  for (const [code, hello, names] of cases) {
    it(`refuses with ${code}, naming both sides`, () => {
      const server = start()
      const client = server.connect()
      client.hello(hello)
      server.run(50)
      const [refused] = client.of('refused')
      expect(refused?.code).toBe(code)
      for (const name of names) expect(refused?.message).toContain(name)
      expect(client.closed?.code).toBe(code)
      expect(server.host.stats.peersDropped).toBe(1)
      expect(server.host.rooms.size).toBe(0)
    })
  }

  it('answers a ping with its time', () => {
    const server = start()
    const client = server.join()
    client.control({ t: 'ping', id: 7 })
    server.run(10)
    const [pong] = client.of('pong')
    expect(pong?.id).toBe(7)
    expect(Math.abs((pong?.serverMs ?? 0) - server.scheduler.now())).toBeLessThanOrEqual(10)
  })

  it('ends a connection that says nothing, and forgets it', () => {
    const server = start()
    const client = server.connect()
    server.run(4_900)
    expect(client.closed).toBeUndefined()
    server.run(500)
    expect(client.closed?.code).toBe('HANDSHAKE_TIMEOUT')
    expect(server.host.sessionCount).toBe(0)
  })

  it('refuses a room that is not there if it is not to be made', () => {
    const server = start()
    const client = server.connect()
    client.hello({ room: 'elsewhere', create: false })
    server.run(50)
    expect(client.of('refused')[0]?.code).toBe('ROOM_NOT_FOUND')
  })

  it('turns away whom onJoin turns away, with the reason', () => {
    const server = new TestServer(walkers, {
      ...walkerRules,
      onJoin(_room, player) {
        const options = player.options as { key?: string } | undefined
        if (options?.key !== 'sesame') throw new NetError('JOIN_REFUSED', 'the key is wrong.', '')
      },
    })
    const client = server.connect()
    client.hello({ options: { key: 'barley' } })
    server.run(100)
    expect(client.of('refused')[0]).toMatchObject({ code: 'JOIN_REFUSED' })
    expect(client.of('refused')[0]?.message).toContain('the key is wrong')
    expect(client.welcome).toBeUndefined()
    const other = server.connect()
    other.hello({ options: { key: 'sesame' } })
    server.run(100)
    expect(other.welcome?.seat).toBe(1)
  })
})

describe('limits of one connection', () => {
  it('drops a player that falls silent, after the idle time and with the reason', () => {
    const server = start({ limits: { idleMs: 2_000, stuckMs: 60_000 }, graceMs: 0 })
    const client = server.join()
    server.play([client], 2)
    server.run(3_000)
    expect(client.closed?.code).toBe('TIMED_OUT')
    server.run(50)
    expect(server.host.rooms.get('main')?.players.size).toBe(0)
  })

  it('drops a peer that floods, and leaves its neighbour alone', () => {
    const server = start()
    const [good, bad] = [server.join(), server.join()]
    for (let n = 0; n < 900; n++) bad.control({ t: 'full' })
    server.play([good], 10)
    expect(bad.closed?.code).toBe('TOO_FAST')
    expect(good.closed).toBeUndefined()
    expect(server.host.rooms.get('main')?.players.size).toBe(1)
  })

  it('drops a peer whose message is too large', () => {
    const server = start({ limits: { maxMessageBytes: 100 } })
    const client = server.join()
    client.link.send('reliable', new Uint8Array(101).fill(2))
    server.run(50)
    expect(client.closed?.code).toBe('TOO_LARGE')
  })

  it('takes 240 messages a second for a minute', () => {
    const server = start()
    const client = server.join()
    for (let n = 0; n < 240 * 60; n++) {
      client.control({ t: 'full' })
      if (n % 4 === 0) client.input(server.nextTick(client), [0])
      server.run(1000 / 240)
    }
    expect(client.closed).toBeUndefined()
  })

  it('survives any bytes: the peer is told and dropped, its neighbour plays on, nothing is thrown', () => {
    const server = start()
    const good = server.join()
    let dropped = 0
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((rest) => Uint8Array.from([1, ...rest])),
      fc.uint8Array({ maxLength: 64 }).map((rest) => Uint8Array.from([2, ...rest])),
    )
    fc.assert(
      fc.property(bytes, fc.boolean(), (garbage, joined) => {
        const bad = joined ? server.join() : server.connect()
        bad.link.send('reliable', garbage)
        server.play([good], 2)
        if (bad.closed === undefined) bad.link.close({ code: 'LEFT', message: '' })
        else {
          dropped++
          expect(['MALFORMED', 'TOO_LARGE', 'LEFT']).toContain(bad.closed.code)
        }
        server.play([good], 2)
      }),
      { numRuns: 150, seed: 5 },
    )
    expect(dropped).toBeGreaterThan(100)
    expect(good.closed).toBeUndefined()
    expect(server.host.rooms.get('main')?.players.size).toBe(1)
    expect(server.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})
