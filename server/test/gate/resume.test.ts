import { createLinkPair, type Link } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Doorkeeper } from '../../src/gate/doorkeeper.ts'
import type { HostOptions, Room, Rules } from '../../src/index.ts'
import { RawClient, TestServer } from '../raw-client.ts'
import { makeWalkers, type Trace, type Walkers, walkerRules, walkers } from '../test-game.ts'

const LOST = { code: 'CONNECTION_LOST', message: 'gone' } as const
const GRACE_MS = 3_000

/** A server whose hooks leave a trace. */
function start(options: Partial<HostOptions> = {}, rules: Partial<Rules<Walkers>> = {}) {
  const calls: string[] = []
  const traced: Rules<Walkers> = {
    ...walkerRules,
    onJoin(room, player) {
      calls.push(`join ${player.seat}`)
      walkerRules.onJoin?.(room, player)
    },
    onDisconnect: (_room, player, { code }) => calls.push(`disconnect ${player.seat} ${code} ${player.connected}`),
    onReconnect: (_room, player) => calls.push(`reconnect ${player.seat} ${player.connected}`),
    onLeave: (_room, player, { code }) => calls.push(`leave ${player.seat} ${code}`),
    ...rules,
  }
  const server = new TestServer(walkers, traced, { graceMs: GRACE_MS, ...options })
  const room = (): Room<Walkers> => server.host.rooms.get('main') as Room<Walkers>
  return { server, calls, room }
}

function drop(server: TestServer<Walkers>, client: RawClient): void {
  client.link.close(LOST)
  server.run(20)
}

/** Comes over a new link. Takes no tick more than it must. */
function resume(server: TestServer<Walkers>, secret: string | undefined): RawClient {
  const client = server.connect()
  client.hello({ resume: secret ?? '' })
  server.run(1)
  return client
}

const secretOf = (client: RawClient): string => client.welcome?.resume ?? ''

describe('a player whose link is lost', () => {
  it('keeps its seat, its entities and its id, and goes on with a full frame', () => {
    const { server, calls, room } = start()
    const [one, two] = [server.join(), server.join()]
    server.play([one, two], 30, [50])
    const player = room().players.get(2)
    player?.setAttributes({ points: 7 })
    drop(server, two)
    expect(player?.connected).toBe(false)
    expect(server.host.stats).toMatchObject({ players: 2, away: 1, connections: 1 })
    const walkersBefore = [...room().world.walker].length
    server.play([one], 60)
    room().setAttributes({ round: 3 })
    server.play([one], 1)
    const again = resume(server, secretOf(two))
    expect(again.welcome).toMatchObject({
      seat: 2,
      resumed: true,
      graceMs: GRACE_MS,
      playerId: two.welcome?.playerId,
      attributes: { round: 3 },
      players: [
        [2, { name: '', points: 7 }],
        [1, { name: '', points: 0 }],
      ],
    })
    expect(secretOf(again)).not.toBe(secretOf(two))
    server.play([one, again], 30, [50])
    expect(again.heads[0]?.baselineTick).toBe(-1)
    expect(again.statuses.length).toBeGreaterThan(5)
    expect(again.statuses.every((status) => status === 'ok')).toBe(true)
    expect(again.heads.at(-1)?.usedMask).not.toBe(0)
    expect([...room().world.walker]).toHaveLength(walkersBefore)
    expect(player?.stats.lateInputs).toBe(0)
    expect(calls).toEqual(['join 1', 'join 2', 'disconnect 2 CONNECTION_LOST false', 'reconnect 2 true'])
    // Nobody else heard of it.
    expect(one.of('attr').flatMap(({ players = [] }) => players.filter(([, patch]) => patch === null))).toEqual([])
    expect(server.host.stats).toMatchObject({ away: 0, resumes: 1, resumesRefused: 0 })
  })

  it('goes on over a link that loses messages as over one that does not, from either to the other', () => {
    const { server } = start({ graceMs: 30_000 })
    let client = server.join()
    for (const ordered of [false, false, true]) {
      server.play([client], 30)
      client.link.close(LOST)
      server.run(12_000)
      const next = server.connect({}, undefined, ordered)
      next.hello({ resume: secretOf(client) })
      server.run(1)
      // Longer than a silent reader is borne with: what was sent over the old link is not waited for.
      server.play([next], 60 * 11)
      expect(next.closed).toBeUndefined()
      expect(next.statuses.every((status) => status === 'ok')).toBe(true)
      expect(next.heads.length).toBeGreaterThan(200)
      expect(next.heads.filter(({ baselineTick }) => baselineTick < 0).length).toBeLessThan(3)
      client = next
    }
  })

  it('leaves when its time is over, with the reason of the loss, in the first ticks that are computed after that time', () => {
    const { server, calls, room } = start()
    const one = server.join()
    server.play([one], 2)
    drop(server, one)
    const lostMs = server.scheduler.now() - 20
    server.run(GRACE_MS - 21)
    expect(calls).toEqual(['join 1', 'disconnect 1 CONNECTION_LOST false'])
    expect(server.scheduler.now()).toBe(lostMs + GRACE_MS - 1)
    // In a room for nobody they are computed some at a time.
    server.run(1 + 100)
    expect(calls.at(-1)).toBe('leave 1 CONNECTION_LOST')
    expect(room().players.size).toBe(0)
    expect(resume(server, secretOf(one)).of('refused')[0]?.code).toBe('RESUME_REFUSED')
  })

  it('gets in until the very tick that frees its seat, and a moment later does not', () => {
    for (const late of [false, true]) {
      const { server } = start({ graceMs: 1000 })
      const one = server.join()
      const { epochMs = 0 } = one.welcome ?? {}
      // Its time ends just before a tick, which frees the seat: until then it may have it.
      const dueMs = epochMs + 120 * (1000 / 60)
      server.scheduler.runUntil(dueMs - 1000.01)
      one.link.close(LOST)
      const client = server.connect()
      server.scheduler.runUntil(late ? dueMs + 1 : dueMs - 0.001)
      client.hello({ resume: secretOf(one) })
      server.run(0.0005)
      expect(client.welcome?.resumed).toBe(late ? undefined : true)
      server.run(100)
      expect(server.host.stats.players).toBe(late ? 0 : 1)
    }
  })

  it('leaves at once if it said so, was dropped for what it sent, was kicked, or if there is no grace', () => {
    const ends: [string, Partial<HostOptions>, (client: RawClient, room: Room<Walkers>) => void][] = [
      ['LEFT', {}, (client) => client.control({ t: 'leave' })],
      ['LEFT', {}, (client) => client.link.close({ code: 'LEFT', message: '' })],
      ['MALFORMED', {}, (client) => client.link.send('reliable', Uint8Array.of(9))],
      ['KICKED', {}, (_client, room) => [...room.players.values()].map((player) => room.kick(player, 'Out.'))],
      ['CONNECTION_LOST', { graceMs: 0 }, (client) => client.link.close(LOST)],
    ]
    for (const [code, options, end] of ends) {
      const { server, calls, room } = start(options)
      const one = server.join()
      end(one, room())
      server.run(40)
      expect(calls).toEqual(['join 1', `leave 1 ${code}`])
      expect(resume(server, secretOf(one)).of('refused')[0]?.code).toBe('RESUME_REFUSED')
    }
  })

  it('keeps its seat for a second if it never played, and so does a room of such', () => {
    const { server, calls } = start()
    const player = server.join()
    server.play([player], 2)
    const strangers = [server.join(), server.join('den')]
    for (const stranger of strangers) drop(server, stranger)
    server.run(900)
    expect(server.host.stats).toMatchObject({ rooms: 2, away: 2 })
    server.run(400)
    expect(server.host.stats).toMatchObject({ away: 0, players: 1 })
    expect([...server.host.rooms.keys()]).toEqual(['main'])
    expect(calls.filter((call) => call.startsWith('leave'))).toHaveLength(2)
    expect(player.closed).toBeUndefined()
  })

  it('counts as a connection of its address while it is away: joining and vanishing fills no room', () => {
    const { server } = start({ limits: { connectionsPerAddress: 2, pendingShare: 1 } })
    const { limits, clock } = server.host
    const keeper = new Doorkeeper(limits, { origins: [], trustedProxies: [] })
    const come = (peer: string, hello: object = {}): { client: RawClient; vanish: () => void } => {
      const knock = keeper.knock({ peer, forwardedFor: undefined, origin: undefined, host: undefined }, clock.nowMs())
      if (!knock.ok) throw new Error(knock.message)
      const client = server.connect({}, undefined, true, knock.entry)
      client.hello(hello)
      server.run(50)
      const vanish = (): void => {
        drop(server, client)
        knock.entry.left()
      }
      return { client, vanish }
    }
    const one = come('203.0.113.1')
    server.play([one.client], 2)
    one.vanish()
    const two = come('203.0.113.1')
    expect(two.client.welcome).toBeDefined()
    server.play([two.client], 2)
    two.vanish()
    const third = come('203.0.113.1')
    expect(third.client.of('refused')[0]?.code).toBe('TOO_MANY_CONNECTIONS')
    third.vanish()
    // Others may come, and who was there may come back: also from elsewhere.
    const other = come('203.0.113.2')
    expect(other.client.welcome).toBeDefined()
    other.client.control({ t: 'leave' })
    other.vanish()
    const back = come('203.0.113.2', { resume: secretOf(one.client) })
    expect(back.client.welcome?.resumed).toBe(true)
    const three = come('203.0.113.1')
    expect(three.client.welcome).toBeDefined()
    three.client.control({ t: 'leave' })
    three.vanish()
    back.vanish()
    server.run(GRACE_MS + 1_000)
    expect(server.host.stats.away).toBe(0)
    const [four, five] = [come('203.0.113.1'), come('203.0.113.2')]
    expect(four.client.welcome && five.client.welcome).toBeDefined()
  })

  it('may be kicked while it is away, and does not come back then', () => {
    const { server, calls, room } = start()
    const one = server.join()
    drop(server, one)
    const player = room().players.get(1)
    if (player !== undefined) room().kick(player, 'Too late.')
    expect(resume(server, secretOf(one)).of('refused')[0]?.code).toBe('RESUME_REFUSED')
    server.run(20)
    expect(calls.at(-1)).toBe('leave 1 KICKED')
  })

  it('may be kicked between the end of its link and the news of it', () => {
    const { server, calls, room } = start()
    // As a socket whose peer has gone: it hears of its own close a while later.
    const [near, far] = createLinkPair(server.scheduler)
    const late: Link = {
      ordered: true,
      bufferedBytes: 0,
      send: (lane, bytes) => far.send(lane, bytes),
      close: (reason) => far.close(reason),
      attach: (receiver) =>
        far.attach({
          onMessage: (lane, bytes) => receiver.onMessage(lane, bytes),
          onClose: (reason) => void server.scheduler.at(server.scheduler.now() + 50, () => receiver.onClose(reason)),
        }),
    }
    server.host.accept(late)
    const one = new RawClient(walkers, near)
    one.hello()
    server.run(100)
    server.play([one], 5)
    for (let n = 0; n < 1_000 && room().players.get(1)?.connected; n++) server.run(20)
    const player = room().players.get(1)
    expect([player?.connected, one.closed?.code, calls]).toEqual([false, 'TOO_SLOW', ['join 1']])
    if (player !== undefined) room().kick(player, 'Out.')
    server.run(100)
    expect(calls).toEqual(['join 1', 'leave 1 KICKED'])
  })

  it('leaves once, whatever onLeave throws', () => {
    const left: number[] = []
    const onLeave = (_room: unknown, { seat }: { seat: number }): void => {
      left.push(seat)
      throw new Error('a defect of the game')
    }
    const { server } = start({}, { onLeave })
    const [one] = [server.join(), server.join()]
    one.control({ t: 'leave' })
    server.run(100)
    expect(left).toEqual([1, 2])
    expect(server.host.rooms.size).toBe(0)
  })

  it('leaves with its room, or with its server', () => {
    for (const code of ['ROOM_CLOSED', 'SERVER_STOPPING'] as const) {
      const { server, calls, room } = start()
      const one = server.join()
      drop(server, one)
      if (code === 'ROOM_CLOSED') room().close()
      else server.host.close()
      server.run(40)
      expect(calls.at(-1)).toBe(`leave 1 ${code}`)
      const refusal = resume(server, secretOf(one)).of('refused')[0]
      expect(refusal?.code).toBe(code === 'ROOM_CLOSED' ? 'RESUME_REFUSED' : 'SERVER_STOPPING')
      server.run(GRACE_MS + 6_000)
      expect(calls.filter((call) => call.startsWith('leave'))).toHaveLength(1)
      expect(server.scheduler.pending).toBe(0)
    }
  })

  it('gets what the game said meanwhile, the newest 64 messages', () => {
    const { server, room } = start()
    const one = server.join()
    drop(server, one)
    for (let n = 0; n < 100; n++) room().broadcast('said', { text: `${n}`, seat: 0 })
    const player = room().players.get(1)
    if (player !== undefined) room().warn(player, 'Mind the gap.')
    const again = resume(server, secretOf(one))
    const texts = again.of('msg').map(({ v }) => v[0])
    expect(again.messages[0]?.t).toBe('welcome')
    expect(texts).toEqual(Array.from({ length: 64 }, (_, n) => `${n + 36}`))
    expect(again.of('notice')).toEqual([{ t: 'notice', kind: 'warning', message: 'Mind the gap.' }])
    expect(player?.stats.lostMessages).toBe(36)
    // Who got none goes on counting from here; over a third link it gets what follows its count, and no other.
    expect(again.welcome?.said).toBe(36)
    drop(server, again)
    const third = server.connect()
    third.hello({ resume: secretOf(again), heard: 36 + 60 })
    server.run(1)
    expect(third.of('msg').map(({ v }) => v[0])).toEqual(['96', '97', '98', '99'])
    expect(third.welcome?.said).toBe(96)
  })

  it('may be on a page that was loaded anew, which knows nothing of presses that are still to be applied', () => {
    const trace: Trace = { presses: [], throwAt: -1 }
    const server = new TestServer<Walkers>(makeWalkers(trace), walkerRules)
    const one = server.join()
    server.play([one], 10)
    // Early, as with an input delay.
    const next = server.nextTick(one)
    for (let ahead = 0; ahead < 20; ahead++) one.input(next + ahead, [50], [ahead === 12 ? 3 : 0])
    const again = resume(server, secretOf(one))
    server.play([again], 5)
    expect(again.closed).toBeUndefined()
    again.input(server.nextTick(again), [0], [1])
    server.run(20)
    server.play([again], 30)
    expect(again.closed).toBeUndefined()
    expect(trace.presses).toMatchObject([{ count: 1 }])
    expect(server.host.rooms.get('main')?.players.get(1)?.stats.contradictedInputs).toBeLessThanOrEqual(5)
  })

  it('is told by no rule of more than one change a tick, however often it comes and goes', () => {
    const { server, calls } = start()
    let client = server.join()
    calls.length = 0
    for (let n = 0; n < 4; n++) {
      client.link.close(LOST)
      server.run(0.5)
      client = resume(server, secretOf(client))
      client.control({ t: 'full' })
      server.run(0.5)
    }
    server.run(20)
    expect(calls).toEqual(['disconnect 1 CONNECTION_LOST true', 'reconnect 1 true'])
  })
})

describe('a resume secret', () => {
  it('that is wrong changes nothing, however often it is tried', () => {
    const { server, calls } = start({ graceMs: 60_000 })
    const [one, two] = [server.join(), server.join()]
    drop(server, two)
    const id = two.welcome?.playerId ?? ''
    const wrong = [
      '',
      '.',
      id,
      `${id}.`,
      `${id}.${'0'.repeat(32)}`,
      `${secretOf(two)}0`,
      secretOf(one).replace(/^\w+/, id),
      'x'.repeat(256),
    ]
    const before = calls.length
    for (let n = 0; n < 1_000; n++) {
      const client = server.connect()
      client.hello({ resume: wrong[n % wrong.length] })
      if (n % 50 === 0) server.play([one], 1)
    }
    server.play([one], 10)
    expect(server.host.stats).toMatchObject({ players: 2, away: 1, resumesRefused: 1_000, resumes: 0, connections: 1 })
    expect(calls.slice(before)).toEqual([])
    // The grace time went on as it was.
    expect(resume(server, secretOf(two)).welcome?.resumed).toBe(true)
    expect(one.closed).toBeUndefined()
  })

  it('that is wrong leaves a link alone that is in use', () => {
    const { server } = start()
    const one = server.join()
    const thief = resume(server, `${one.welcome?.playerId}.${'f'.repeat(32)}`)
    expect(thief.closed?.code).toBe('RESUME_REFUSED')
    server.play([one], 10)
    expect(one.closed).toBeUndefined()
    expect(one.heads.at(-1)?.usedMask).not.toBe(0)
  })

  it('replaces a link that still lives: the newest connection wins, and nobody leaves', () => {
    const { server, calls } = start()
    const one = server.join()
    server.play([one], 10)
    const again = resume(server, secretOf(one))
    server.play([again], 30)
    expect(one.of('bye')[0]?.code).toBe('REPLACED')
    expect(one.closed?.code).toBe('REPLACED')
    expect(again.closed).toBeUndefined()
    expect(calls).toEqual(['join 1', 'disconnect 1 REPLACED true', 'reconnect 1 true'])
    expect(server.host.stats).toMatchObject({ players: 1, away: 0, connections: 1 })
  })

  it('of before works until the new one is known to have come, and not after', () => {
    const { server } = start()
    const one = server.join()
    server.play([one], 5)
    // The welcome of the second link is lost, say; so is that of the third.
    const two = resume(server, secretOf(one))
    const three = resume(server, secretOf(one))
    expect(three.welcome?.resumed).toBe(true)
    // A ping may have been sent before the welcome came: it proves nothing.
    three.control({ t: 'ping', id: 1 })
    server.run(20)
    const four = resume(server, secretOf(one))
    expect(four.welcome?.resumed).toBe(true)
    four.input(server.nextTick(four), [0])
    server.run(20)
    for (const old of [one, two, three]) expect(resume(server, secretOf(old)).closed?.code).toBe('RESUME_REFUSED')
    expect(four.closed).toBeUndefined()
    expect(resume(server, secretOf(four)).welcome?.resumed).toBe(true)
  })

  it('lets one of two in that race with the same one: the later one, as long as the earlier said nothing', () => {
    const { server } = start()
    const one = server.join()
    drop(server, one)
    const racers = [server.connect(), server.connect()]
    for (const racer of racers) racer.hello({ resume: secretOf(one) })
    server.run(50)
    expect(racers.map(({ closed }) => closed?.code)).toEqual(['REPLACED', undefined])
    expect(server.host.stats).toMatchObject({ players: 1, connections: 1, resumes: 2 })
  })

  it('is empty where there is no grace, and for spectators', () => {
    const server = new TestServer(walkers, walkerRules, { graceMs: 0, spectators: {} })
    expect(server.join().welcome).toMatchObject({ resume: '' })
    const watcher = server.connect()
    watcher.hello({ spectate: 0 })
    server.run(100)
    expect(watcher.welcome).toMatchObject({ resume: '', seat: 0 })
  })
})

/** One client of a random story. */
interface Actor {
  client: RawClient | undefined
  secret: string
}

describe('any story of joins, losses, resumes and departures', () => {
  it('never gives a player two links, a seat two players, or a room more players than seats; each joins and leaves once', () => {
    const deed = fc.record({
      who: fc.nat({ max: 5 }),
      what: fc.constantFrom('join', 'lose', 'resume', 'wrong', 'again', 'leave', 'talk', 'wait', 'grace'),
      ms: fc.nat({ max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        const joined: string[] = []
        const left: string[] = []
        const { server } = start(
          { graceMs: 300 },
          { onJoin: (_room, { id }) => joined.push(id), onLeave: (_room, { id }) => left.push(id) },
        )
        const actors: Actor[] = Array.from({ length: 6 }, () => ({ client: undefined, secret: '' }))
        const everybody: RawClient[] = []
        const dial = (actor: Actor, hello: object): void => {
          actor.client = server.connect()
          everybody.push(actor.client)
          actor.client.hello(hello)
        }
        for (const { who, what, ms } of deeds) {
          const actor = actors[who] as Actor
          actor.secret = actor.client?.welcome?.resume ?? actor.secret
          if (what === 'join') dial(actor, {})
          else if (what === 'lose') actor.client?.link.close(LOST)
          else if (what === 'resume') dial(actor, { resume: actor.secret })
          else if (what === 'again') dial(actors[(who + 1) % 6] as Actor, { resume: actor.secret })
          else if (what === 'wrong') dial(actor, { resume: `${actor.secret.slice(0, -1)}!` })
          else if (what === 'leave') actor.client?.control({ t: 'leave' })
          else if (what === 'talk') actor.client?.control({ t: 'full' })
          server.run(what === 'grace' ? 350 : ms)
          const { away } = server.host.stats
          const seated = [...(server.host.rooms.get('main')?.players.values() ?? [])]
          expect(seated.length).toBeLessThanOrEqual(4)
          expect(new Set(seated.map(({ id }) => id)).size).toBe(seated.length)
          expect(new Set(seated.map(({ seat }) => seat)).size).toBe(seated.length)
          expect(away).toBeLessThanOrEqual(seated.length)
          // One living link per player, once those that were closed have heard of it.
          server.run(1)
          const living = everybody.flatMap(({ closed, welcome }) =>
            closed === undefined ? (welcome?.playerId ?? []) : [],
          )
          expect(new Set(living).size).toBe(living.length)
        }
        for (const client of everybody) client.link.close({ code: 'LEFT', message: '' })
        server.run(12_000)
        expect(server.host.rooms.size).toBe(0)
        expect([...left].sort()).toEqual([...joined].sort())
        expect(new Set(joined).size).toBe(joined.length)
        expect(server.host.sessionCount).toBe(0)
        expect(server.scheduler.pending).toBe(0)
        expect(server.lines.filter(({ level }) => level === 'error')).toEqual([])
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
