import { setImmediate as turn } from 'node:timers/promises'
import { NetError } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuthRequest, type HostOptions, makeTickets, type Rules } from '../../src/index.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'

const TICKETS = { audience: 'walkers', keys: [{ id: 'k1', secret: 'a very secret secret of 32 bytes!' }] }

function start(options: Partial<HostOptions> = {}, rules: Partial<Rules<Walkers>> = {}): TestServer<Walkers> {
  return new TestServer(walkers, { ...walkerRules, ...rules } as Rules<Walkers>, options)
}

/** Lets what is checked elsewhere (signatures) come to its end while virtual time stands still, then runs `ms`. */
async function settle(server: TestServer<Walkers>, ms = 100): Promise<void> {
  server.run(0)
  for (let n = 0; n < 100_000 && server.host.stats.authenticating > 0; n++) await turn()
  expect(server.host.stats.authenticating).toBe(0)
  server.run(ms)
}

const isSettled = (client: RawClient): boolean => client.welcome !== undefined || client.closed !== undefined

async function join(server: TestServer<Walkers>, hello: object): Promise<RawClient> {
  const client = server.connect()
  client.hello(hello)
  await settle(server)
  return client
}

const codeOf = (client: RawClient): string | undefined => client.of('refused')[0]?.code

describe('authenticate', () => {
  it('says who a player is, and hears what it needs for it', async () => {
    const asked: AuthRequest[] = []
    const known: unknown[] = []
    const server = start(
      {
        authenticate: async (request) => {
          asked.push(request)
          await turn()
          return { name: `user of ${request.auth}` }
        },
      },
      { onJoin: (_room, player) => known.push(player.identity) },
    )
    const client = await join(server, { auth: 'token', room: 'den', options: { skin: 1 } })
    expect(client.welcome?.roomId).toBe('den')
    expect(asked).toEqual([{ auth: 'token', room: 'den', options: { skin: 1 }, address: '', spectate: false }])
    expect(known).toEqual([{ name: 'user of token' }])
    // Who comes back with the secret is not asked again.
    client.link.close({ code: 'CONNECTION_LOST', message: '' })
    server.run(10)
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume ?? '' })
    server.run(1)
    expect(again.welcome?.resumed).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('refuses by saying so, and by saying nothing', async () => {
    const answers: [string, () => unknown][] = [
      ['UNAUTHENTICATED', () => false],
      ['UNAUTHENTICATED', () => null],
      ['UNAUTHENTICATED', () => undefined],
      ['UNAUTHENTICATED', () => Promise.reject(new NetError('UNAUTHENTICATED', 'the token is old.', 'Sign in again.'))],
      ['JOIN_REFUSED', () => Promise.reject(new NetError('JOIN_REFUSED', 'banned.', ''))],
    ]
    for (const [code, authenticate] of answers) {
      const server = start({ authenticate })
      const client = await join(server, { auth: 'x' })
      expect(codeOf(client)).toBe(code)
      expect(server.host.rooms.size).toBe(0)
    }
  })

  it('that fails is an error of the server: logged without what the client showed, and not told', async () => {
    for (const authenticate of [
      ({ auth }: AuthRequest) => {
        throw new Error(`cannot read ${auth}`)
      },
      ({ auth }: AuthRequest) => Promise.reject(new NetError('CONNECT_FAILED', `no answer to ${auth}.`, '')),
      ({ auth }: AuthRequest) => ({ keep: () => auth }),
    ]) {
      const server = start({ authenticate })
      const client = await join(server, { auth: 'top-secret' })
      expect(codeOf(client)).toBe('INTERNAL')
      expect(server.lines.some(({ event }) => event === 'authenticate-failed')).toBe(true)
      expect(JSON.stringify([server.lines, client.messages])).not.toContain('top-secret')
    }
  })

  it('that quotes what the client showed when it refuses gets that into no log', async () => {
    const server = start({
      authenticate: ({ auth }) => Promise.reject(new NetError('UNAUTHENTICATED', `${auth} is too old.`, 'Sign in.')),
    })
    const client = await join(server, { auth: 'top-secret' })
    expect(client.of('refused')[0]).toMatchObject({ code: 'UNAUTHENTICATED', message: '[auth] is too old. Sign in.' })
    expect(JSON.stringify(server.lines)).not.toContain('top-secret')
  })

  it('may not take longer than a handshake, and hears when nobody waits any more', async () => {
    const signals: AbortSignal[] = []
    const answers: (() => void)[] = []
    const server = start({
      authenticate: (_request, signal) => {
        signals.push(signal)
        return new Promise((resolve) => answers.push(() => resolve({ id: 1 })))
      },
    })
    const [slow, gone, quits] = [server.connect(), server.connect(), server.connect()]
    for (const client of [slow, gone, quits]) client.hello({ auth: 'x' })
    server.run(100)
    gone.link.close({ code: 'LEFT', message: '' })
    quits.control({ t: 'leave' })
    server.run(100)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, true])
    server.run(5_200)
    expect(codeOf(slow)).toBe('HANDSHAKE_TIMEOUT')
    expect(signals[0]?.aborted).toBe(true)
    for (const answer of answers) answer()
    for (let n = 0; n < 5; n++) await turn()
    server.run(100)
    // Answers that came too late let nobody in.
    expect(server.host.stats).toMatchObject({ players: 0, connections: 0, rooms: 0 })
    expect(quits.closed?.code).toBe('LEFT')
  })

  it('is asked for so many at a time, and the places of those who went are free again', async () => {
    let asked = 0
    const server = start({
      limits: { pendingAuthentications: 3 },
      authenticate: () => {
        asked++
        return new Promise(() => {})
      },
    })
    const clients = Array.from({ length: 5 }, () => server.connect())
    for (const client of clients) client.hello({ auth: 'x' })
    server.run(50)
    expect(clients.map(codeOf)).toEqual([
      undefined,
      undefined,
      undefined,
      'TOO_MANY_CONNECTIONS',
      'TOO_MANY_CONNECTIONS',
    ])
    server.run(5_300)
    const later = server.connect()
    later.hello({ auth: 'x' })
    server.run(50)
    expect(later.closed).toBeUndefined()
    expect(asked).toBe(4)
  })

  it('is waited for by a client that plays on already, but not by one that says hello twice', async () => {
    let answer = (): void => {}
    const server = start({
      authenticate: () =>
        new Promise((resolve) => {
          answer = () => resolve('ada')
        }),
    })
    const client = server.connect()
    client.hello({ auth: 'x' })
    client.input(5, [0])
    client.control({ t: 'ping', id: 1 })
    client.control({ t: 'full' })
    server.run(50)
    expect(client.messages).toEqual([])
    answer()
    await settle(server)
    expect(client.welcome).toBeDefined()
    const twice = server.connect()
    twice.hello({ auth: 'x' })
    twice.hello({ auth: 'x' })
    server.run(50)
    expect(codeOf(twice)).toBe('MALFORMED')
  })
})

describe('a ticket at the door', () => {
  it('lets in once, into its room, as whom it names; authenticate is not asked', async () => {
    const identities: unknown[] = []
    const server = start(
      { tickets: TICKETS, authenticate: () => false },
      { onJoin: (_room, player) => identities.push(player.identity) },
    )
    const tickets = makeTickets({ ...TICKETS, nowMs: () => server.scheduler.now() })
    const ticket = await tickets.issue({ room: 'den', identity: { id: 5 } })
    expect(codeOf(await join(server, { ticket, room: 'other' }))).toBe('TICKET_INVALID')
    expect((await join(server, { ticket })).welcome?.roomId).toBe('den')
    expect(identities).toEqual([{ id: 5 }])
    expect(codeOf(await join(server, { ticket, room: 'den' }))).toBe('TICKET_USED')
    expect(codeOf(await join(server, {}))).toBe('UNAUTHENTICATED')
    server.run(70_000)
    expect(codeOf(await join(server, { ticket }))).toBe('TICKET_EXPIRED')
  })

  it('lets in only one of many who show it at the same moment', async () => {
    const server = start({ tickets: TICKETS })
    const ticket = await server.host.reserve({ room: 'main' })
    const clients = Array.from({ length: 6 }, () => server.connect())
    for (const client of clients) client.hello({ ticket })
    await settle(server)
    expect(clients.filter(({ welcome }) => welcome !== undefined)).toHaveLength(1)
    expect(clients.filter((client) => codeOf(client) === 'TICKET_USED')).toHaveLength(5)
  })

  it('is not used up by a join that fails', async () => {
    let isOpen = false
    const server = start(
      { tickets: TICKETS },
      {
        onJoin() {
          if (!isOpen) throw new NetError('JOIN_REFUSED', 'not yet.', 'Wait.')
        },
      },
    )
    const tickets = makeTickets({ ...TICKETS, nowMs: () => server.scheduler.now() })
    const reserved = await server.host.reserve({ room: 'main' })
    expect(codeOf(await join(server, { ticket: reserved }))).toBe('JOIN_REFUSED')
    isOpen = true
    // The seat is still kept, too.
    const others = [await join(server, {}), await join(server, {}), await join(server, {})]
    expect(others.every(({ welcome }) => welcome !== undefined)).toBe(true)
    const extra = await tickets.issue({ room: 'main' })
    expect(codeOf(await join(server, { ticket: extra }))).toBe('ROOM_FULL')
    expect((await join(server, { ticket: reserved })).welcome?.seat).toBe(1)
    others[0]?.control({ t: 'leave' })
    server.run(40)
    expect((await join(server, { ticket: extra })).welcome).toBeDefined()
  })

  it('keeps the seat of whoever loses its connection before it has played, as of any player', async () => {
    const server = start({ tickets: TICKETS })
    const client = await join(server, { room: 'den', ticket: await server.host.reserve({ room: 'den' }) })
    client.link.close({ code: 'CONNECTION_LOST', message: '' })
    server.run(5_000)
    const again = server.connect()
    again.hello({ room: 'den', resume: client.welcome?.resume ?? '' })
    server.run(1)
    expect(again.welcome?.resumed).toBe(true)
  })

  it('is asked for where it is required, and refused where none are taken', async () => {
    const strict = start({ tickets: { ...TICKETS, required: true } })
    expect(codeOf(await join(strict, {}))).toBe('UNAUTHENTICATED')
    expect((await join(strict, { ticket: await strict.host.reserve({ room: 'den' }) })).welcome?.roomId).toBe('den')
    const loose = start()
    expect(codeOf(await join(loose, { ticket: 'a.b.c' }))).toBe('TICKET_INVALID')
    await expect(loose.host.reserve({ room: 'den' })).rejects.toThrow('BAD_STATE')
  })
})

describe('a reserved seat', () => {
  it('is kept until its ticket expires, and keeps its room open', async () => {
    const server = start({ tickets: TICKETS, roomIdleMs: 1_000 })
    const held = await server.host.reserve({ room: 'main', ms: 20_000 })
    server.run(15_000)
    expect(server.host.rooms.size).toBe(1)
    const others = [await join(server, {}), await join(server, {}), await join(server, {}), await join(server, {})]
    expect(others.map(codeOf)).toEqual([undefined, undefined, undefined, 'ROOM_FULL'])
    await expect(server.host.reserve({ room: 'main' })).rejects.toThrow('ROOM_FULL')
    const { scheduler } = server
    scheduler.runUntil(scheduler.now() + 6_000)
    expect(others[0]?.closed).toBeUndefined()
    expect((await join(server, {})).welcome?.seat).toBe(1)
    // The others kept playing; whoever comes too late finds no seat.
    expect(['TICKET_EXPIRED', 'ROOM_FULL']).toContain(codeOf(await join(server, { ticket: held })))
  })

  it('whose owner leaves before it sat down stays kept, and is given to nobody else meanwhile', async () => {
    const server = start({ tickets: TICKETS })
    for (let n = 0; n < 3; n++) await join(server, {})
    const ticket = await server.host.reserve({ room: 'main' })
    const hasty = server.connect()
    hasty.hello({ ticket })
    await settle(server, 0)
    expect(server.host.stats.players).toBe(4)
    hasty.control({ t: 'leave' })
    server.run(0)
    await expect(server.host.reserve({ room: 'main' })).rejects.toThrow('ROOM_FULL')
    server.run(50)
    expect((await join(server, { ticket })).welcome?.seat).toBe(4)
  })

  it('of nobody who comes lets its room end', async () => {
    const server = start({ tickets: TICKETS, roomIdleMs: 1_000 })
    await server.host.reserve({ room: 'den', ms: 5_000 })
    server.run(4_900)
    expect(server.host.rooms.size).toBe(1)
    server.run(1_300)
    expect(server.host.rooms.size).toBe(0)
    expect(server.scheduler.pending).toBe(0)
  })

  it('is never given twice, however many join and reserve at the same moment: whoever has one gets in, and none is lost in the end', async () => {
    const deed = fc.constantFrom('join', 'auth', 'reserve', 'reserve', 'use', 'use', 'leave', 'wait')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(deed, { maxLength: 8 }), { maxLength: 6 }), async (rounds) => {
        let most = 0
        const server = start(
          { tickets: TICKETS, authenticate: ({ auth }) => (auth === undefined ? 'guest' : turn().then(() => auth)) },
          {
            onTick(room) {
              most = Math.max(most, room.players.size)
            },
          },
        )
        const kept: { readonly ticket: string; readonly untilMs: number }[] = []
        const clients: RawClient[] = []
        const entitled: RawClient[] = []
        const come = (hello: object): RawClient => {
          const client = server.connect()
          client.hello({ room: 'main', ...hello })
          clients.push(client)
          return client
        }
        const reserve = async (): Promise<void> => {
          const untilMs = server.scheduler.now() + 5_000
          try {
            kept.push({ ticket: await server.host.reserve({ room: 'main', ms: 5_000 }), untilMs })
          } catch (error) {
            expect(error).toMatchObject({ code: 'ROOM_FULL' })
          }
        }
        const use = (): void => {
          const { ticket, untilMs } = kept.pop() ?? { ticket: undefined, untilMs: 0 }
          const client = come(ticket === undefined ? {} : { ticket })
          if (untilMs - server.scheduler.now() > 1_000) entitled.push(client)
        }
        for (const round of rounds) {
          const reserving: Promise<void>[] = []
          for (const what of round) {
            if (what === 'wait') await settle(server, 2_000)
            else if (what === 'leave')
              clients
                .find(({ closed, welcome }) => closed === undefined && welcome !== undefined)
                ?.control({ t: 'leave' })
            else if (what === 'reserve') reserving.push(reserve())
            else if (what === 'use') use()
            else come(what === 'auth' ? { auth: 'a' } : {})
          }
          await Promise.all(reserving)
          await settle(server)
          expect(clients.every(isSettled)).toBe(true)
          const nowMs = server.scheduler.now()
          const taken = server.host.stats.players + kept.filter(({ untilMs }) => untilMs > nowMs).length
          expect(taken).toBeLessThanOrEqual(4)
        }
        expect(most).toBeLessThanOrEqual(4)
        for (const client of entitled) expect(client.welcome).toBeDefined()
        for (const client of clients) client.link.close({ code: 'LEFT', message: '' })
        server.run(25_000)
        const late = await Promise.all(Array.from({ length: 4 }, () => join(server, {})))
        expect(late.map(({ welcome }) => welcome?.seat).sort()).toEqual([1, 2, 3, 4])
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})
