/** What players are told of a tick, and when, in a room that others stand by for. */
import { describe, expect, it } from 'vitest'
import { EPOCH, LOST, protectedRoom } from './standby-rig.ts'

describe('in a room that others stand by for', () => {
  it('nothing waits while nobody is to hold it', () => {
    const { server, room, texts } = protectedRoom()
    const client = server.join()
    server.play([client], 30)
    room().broadcast('said', { text: 'a', seat: 0 })
    server.run(1)
    expect(texts(client)).toEqual(['a'])
    expect(client.behinds.length).toBeGreaterThan(5)
    expect(client.behinds.every((behind) => behind === 0)).toBe(true)
  })

  it('messages and attributes wait, in order, until their tick is held, and are said once', () => {
    const { server, core, room, hold, texts, tick } = protectedRoom()
    const client = server.join()
    hold()
    const from = client.messages.length
    tick()
    const first = core.tickNumber
    room().broadcast('said', { text: 'a', seat: 0 })
    room().setAttributes({ round: 1 })
    tick()
    room().broadcast('said', { text: 'b', seat: 0 })
    room().setAttributes({ round: 2 })
    tick(30)
    expect(client.messages.slice(from)).toEqual([])
    hold(first)
    tick()
    expect(client.messages.slice(from)).toEqual([])
    hold(first + 1)
    tick()
    expect(client.messages.slice(from).map(({ t }) => t)).toEqual(['msg', 'attr'])
    hold()
    tick(5)
    expect(texts(client)).toEqual(['a', 'b'])
    expect(client.messages.slice(from).map(({ t }) => t)).toEqual(['msg', 'attr', 'msg', 'attr'])
    expect(client.of('attr').at(-1)?.room).toEqual({ set: { round: 2 } })
  })

  it('a link that ends at what is sent over it gets nothing more, and what waited counts no more', () => {
    const { server, core, room, hold, tick } = protectedRoom()
    server.join()
    hold()
    tick()
    const [player] = core.players
    if (player === undefined) throw new Error('nobody plays')
    for (const text of ['a', 'b', 'c']) room().broadcast('said', { text, seat: 0 })
    expect(core.output.commit?.waitingBytes).toBeGreaterThan(0)
    let sent = 0
    const link = { ...player.link, ordered: true, bufferedBytes: 0, close: () => {} }
    player.link = {
      ...link,
      send: (lane) => {
        if (lane !== 'reliable') return
        sent++
        core.seats.leave(player, LOST)
      },
    }
    tick(2)
    hold()
    expect(sent).toBe(1)
    expect(core.output.commit?.waitingBytes).toBe(0)
  })

  it('order is kept also when nobody is to hold it any more', () => {
    const { server, core, room, hold, line, texts, tick } = protectedRoom()
    const client = server.join()
    hold()
    room().broadcast('said', { text: 'a', seat: 0 })
    tick(3)
    line.heldTick = Number.POSITIVE_INFINITY
    room().broadcast('said', { text: 'b', seat: 0 })
    core.committed()
    room().broadcast('said', { text: 'c', seat: 0 })
    tick()
    expect(texts(client)).toEqual(['a', 'b', 'c'])
  })

  it('what is said at once overtakes nothing but what waits', () => {
    const { server, core, room, hold, line } = protectedRoom()
    const client = server.join()
    hold()
    room().broadcast('said', { text: 'a', seat: 0 })
    server.run(50)
    const from = client.messages.length
    client.control({ t: 'ping', id: 7 })
    line.urls = ['ws://other']
    core.standbyChanged()
    core.announceMove('ws://third')
    core.drain(1000)
    server.run(20)
    expect(client.messages.slice(from)).toMatchObject([
      { t: 'standby', urls: ['ws://other'] },
      { t: 'moving', url: 'ws://third' },
      { t: 'notice', kind: 'stopping' },
      { t: 'pong', id: 7 },
    ])
  })

  it('frames do not wait for who is far behind: it is being brought up, is slow, or is gone', () => {
    const { server, core, hold } = protectedRoom()
    const client = server.join()
    server.play([client], 30)
    hold()
    // The newest tick of whose frame the client has, just after each tick.
    const lags = (ticks: number): number[] => {
      const seen: number[] = []
      for (let n = 0; n < ticks; n++) {
        const before = client.heads.length
        server.play([client], 1)
        if (client.heads.length > before) seen.push(core.tickNumber - (client.heads.at(-1)?.tick ?? 0))
      }
      return seen
    }
    const waited = lags(8)
    lags(4)
    const alone = lags(30)
    expect([waited.length, alone.length]).toEqual([2, 10])
    expect(Math.max(...alone)).toBeLessThan(Math.min(...waited))
    expect(client.behinds.at(-1)).toBeGreaterThan(30)
    const { heads } = client
    expect(new Set(heads.map(({ tick }) => tick)).size).toBe(heads.length)
  })

  it('frames wait for less than a tick: then they leave, and say how many ticks are not held', () => {
    const { server, core, hold, line } = protectedRoom()
    const client = server.join()
    server.play([client], 30)
    hold()
    const held = core.tickNumber
    const from = client.heads.length
    server.play([client], 30, [60])
    const { heads, behinds, statuses } = client
    expect(heads.length - from).toBeGreaterThanOrEqual(9)
    for (let i = from; i < heads.length; i++) expect(behinds[i]).toBe((heads[i]?.tick ?? 0) - held)
    expect(statuses.every((status) => status === 'ok')).toBe(true)
    // Now they answer within the tick.
    line.heldTick = core.tickNumber
    const after = heads.length
    for (let n = 0; n < 30; n++) {
      server.play([client], 1)
      hold()
    }
    server.run(5)
    expect(heads.length - after).toBeGreaterThanOrEqual(9)
    expect(behinds.slice(after + 1).every((behind) => behind === 0)).toBe(true)
    expect(new Set(heads.map((head) => head.tick)).size).toBe(heads.length)
    // Their hash is that of the server's world.
    expect(statuses.every((status) => status === 'ok')).toBe(true)
  })

  it('says 255 for all that is more', () => {
    const { server, hold } = protectedRoom()
    const client = server.join()
    hold()
    server.play([client], 300)
    expect(client.behinds.at(-1)).toBe(255)
  })

  it('a welcome waits for the record that tells its secret, and its frames for it', () => {
    const { server, core, hold } = protectedRoom()
    const first = server.join()
    server.play([first], 10)
    hold()
    first.link.close(LOST)
    const again = server.connect()
    again.hello({ resume: first.welcome?.resume })
    server.run(300)
    expect(again.messages).toEqual([])
    expect(again.heads).toEqual([])
    hold(core.tickNumber - 1)
    server.run(60)
    expect(again.messages[0]).toMatchObject({ t: 'welcome', resumed: true, epoch: EPOCH })
    expect(again.heads.length).toBeGreaterThan(0)
    expect(again.heads[0]?.baselineTick).toBe(-1)
  })

  it('a kick is told once it is held', () => {
    const { server, room, hold } = protectedRoom({
      messages: {
        say(of, player) {
          of.kick(player, 'Enough.')
        },
      },
    })
    const client = server.join()
    hold()
    client.say('say', { text: 'x', n: 1 })
    server.run(100)
    expect(client.of('bye')).toEqual([])
    expect(client.closed).toBeUndefined()
    expect(room().players.get(1)?.connected).toBe(false)
    hold()
    server.run(40)
    expect(client.of('bye')[0]).toMatchObject({ code: 'KICKED', message: 'Enough.' })
    expect(client.closed?.code).toBe('KICKED')
    expect(room().players.size).toBe(0)
  })

  it('its end is told once it is held, and no tick runs after it', () => {
    const { server, core, room, hold, line } = protectedRoom()
    const client = server.join()
    hold()
    room().close('Over.')
    server.run(100)
    const ended = core.tickNumber
    expect(line.records.at(-1)?.tick).toBe(ended)
    expect(line.notes().at(-1)).toEqual(['closing', 'Over.'])
    expect(client.of('bye')).toEqual([])
    hold(ended)
    server.run(1)
    expect(client.of('bye')[0]).toMatchObject({ code: 'ROOM_CLOSED', message: 'Over.' })
    expect(server.host.rooms.size).toBe(0)
  })

  it('its end comes all the same if nobody answers for a second', () => {
    const { server, room, hold } = protectedRoom()
    const client = server.join()
    hold()
    room().close('Over.')
    server.run(1_200)
    expect(client.closed?.code).toBe('ROOM_CLOSED')
  })

  it('what waits is bounded: the player who has most is dropped, and may come back', () => {
    const burst = { size: 0 }
    const { server, room, hold, texts } = protectedRoom({
      onTick(of) {
        const loud = of.players.get(2)
        if (loud === undefined) return
        for (let n = 0; n < burst.size; n++) of.send(loud, 'said', { text: `${n}`.padEnd(40, '.'), seat: 0 })
        burst.size = 0
      },
    })
    const [one, two] = [server.join(), server.join()]
    const loud = room().players.get(2)
    hold()
    burst.size = 40_000
    server.run(20)
    room().broadcast('said', { text: 'last', seat: 0 })
    server.run(40)
    expect(two.closed?.code).toBe('TOO_SLOW')
    expect(one.closed).toBeUndefined()
    const again = server.connect()
    again.hello({ resume: two.welcome?.resume, heard: 0 })
    server.run(40)
    hold()
    server.run(40)
    expect(texts(one)).toEqual(['last'])
    expect(again.welcome?.resumed).toBe(true)
    expect(texts(again)).toHaveLength(64)
    expect(texts(again).at(-1)).toBe('last')
    expect(loud?.stats.lostMessages).toBe(40_001 - 64)
  })

  it('without a lease nothing leaves, held or not', () => {
    const lease = { held: true }
    const { server, room, hold, texts } = protectedRoom({}, { mayAct: () => lease.held })
    const client = server.join()
    hold()
    room().broadcast('said', { text: 'a', seat: 0 })
    server.run(20)
    lease.held = false
    hold()
    server.run(60)
    expect(texts(client)).toEqual([])
    lease.held = true
    server.run(60)
    expect(texts(client)).toEqual(['a'])
  })

  it('spectators see what is held, and nothing else', () => {
    const { server, core, room, hold, texts } = protectedRoom({}, { spectators: { minDelayMs: 0, maxDelayMs: 0 } })
    const player = server.join()
    const spectator = server.connect()
    spectator.hello({ room: 'main', spectate: 0 })
    server.play([player], 30)
    hold()
    const held = core.tickNumber
    room().broadcast('said', { text: 'a', seat: 0 })
    server.play([player], 30)
    expect(spectator.heads.at(-1)?.tick).toBeLessThanOrEqual(held)
    expect(texts(spectator)).toEqual([])
    hold()
    server.run(5)
    expect(texts(spectator)).toEqual(['a'])
    expect(spectator.heads.at(-1)?.tick).toBeGreaterThan(held)
    expect(spectator.behinds.every((behind) => behind === 0)).toBe(true)
  })

  it('clients have cluster time', () => {
    const { server, line } = protectedRoom({}, {}, 50_000)
    const client = server.join()
    client.control({ t: 'ping', id: 1 })
    server.run(1)
    const { epochMs = 0, serverNowMs = 0 } = client.welcome ?? {}
    expect(epochMs).toBeGreaterThan(49_000)
    expect(serverNowMs).toBeGreaterThan(50_000)
    expect(client.of('pong')[0]?.serverMs).toBeCloseTo(server.scheduler.now() + 50_000, -1)
    expect(line.records.length).toBeGreaterThan(0)
  })
})
