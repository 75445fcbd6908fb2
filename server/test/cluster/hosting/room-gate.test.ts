/** Who says hello to a shard: let in, sent to another, or told why not. On virtual time, over a cluster that a test makes up. */
import { expect, it } from 'vitest'
import { HostedRooms } from '../../../src/cluster/hosting/hosted-rooms.ts'
import { RoomGate } from '../../../src/cluster/hosting/room-gate.ts'
import type { CreateRequest, LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
import type { HostOptions, RoomHost } from '../../../src/index.ts'
import { makeTickets } from '../../../src/index.ts'
import { type RawClient, TestServer } from '../../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../../test-game.ts'

const epoch = { generation: 7, view: 3, k: 1 }
const url = 'ws://10.0.0.4:8081/tickmesh'
const PATIENCE_MS = 3_000

/** A shard in a cluster of which `answers` says what is known, room by room; what is not there does not exist, and is made here. */
function shard(options: Partial<HostOptions> = {}) {
  const answers = new Map<string, LocateAnswer>()
  const created: CreateRequest[] = []
  const ended: string[] = []
  const listed: { id: string; state: string; players: number; attributes: object }[] = []
  const state = { held: true, asked: 0, standsBy: new Set<string>() }
  let kept: HostedRooms | undefined
  const gate = new RoomGate(
    () => ({
      mayAct: () => state.held,
      locate: async (id) => {
        state.asked++
        return answers.get(id) ?? { kind: 'none' }
      },
      create: async (request) => {
        created.push(request)
        kept?.open(request.id ?? '', epoch, request.attributes ?? {})
        answers.set(request.id ?? '', { kind: 'here', id: 'arena', epoch })
        return { kind: 'here', id: 'arena', epoch }
      },
    }),
    {
      owned: (room) => kept?.epochOf(room),
      standsBy: (room) => state.standsBy.has(room),
      nowMs: () => server.scheduler.now(),
      after: (ms, run) => server.scheduler.at(server.scheduler.now() + ms, run),
      patienceMs: PATIENCE_MS,
    },
  )
  const server: TestServer<Walkers> = new TestServer(
    walkers,
    { ...walkerRules, onCreate: (room) => room.list({ attributes: { mode: 'duel' } }) },
    {
      directory: gate,
      mayAct: () => state.held,
      onRoomEnded: (room) => kept?.ended(room),
      onEffectsDone: (room) => {
        if (kept?.over(room) === true) ended.push(room)
      },
      ...options,
    },
  )
  const lobby = {
    put: (room: (typeof listed)[number]) => listed.push(room),
    remove: (id: string) => listed.push({ id, state: 'removed', players: 0, attributes: {} }),
    setLoad: () => {},
    loadOf: () => 0.5,
  }
  const unprotected = {
    ...{ unprotect: () => {}, append: () => {}, held: new Map(), takeOver: () => {} },
    /** Nobody is to hold it. */
    protect: (room: string) => kept?.heldTo(room, Number.POSITIVE_INFINITY),
  }
  const host = server.host as unknown as RoomHost
  kept = new HostedRooms({
    host,
    life: () => ({ lobby: lobby as never, standby: unprotected as never, view: undefined }),
    nowMs: () => server.scheduler.now(),
    mode: 'inputs',
    wake: () => {},
    note: () => {},
    onOpened: (room) => gate.opened(room),
  })
  return { gate, server, answers, created, ended, listed, state, kept, host }
}

type Shard = ReturnType<typeof shard>

/** Says hello, and lets time pass; promises get their turn. */
async function come({ server }: Shard, hello: object, ms = 100): Promise<RawClient> {
  const client = server.connect()
  client.hello(hello)
  await pass(server, ms)
  return client
}

async function pass(server: TestServer<Walkers>, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 10) {
    server.run(10)
    for (let n = 0; n < 10; n++) await Promise.resolve()
  }
}

const place = (id: string): LocateAnswer => ({ kind: 'there', place: { id, owner: '0'.repeat(16), url, epoch } })

it('lets into rooms that it runs without asking, and makes those that do not exist where the cluster wants them', async () => {
  const near = shard()
  const first = await come(near, { room: 'den' })
  expect(first.welcome).toMatchObject({ roomId: 'den', epoch: [7, 3, 1] })
  expect(near.created).toEqual([{ id: 'den' }])
  const { asked } = near.state
  const second = await come(near, { room: 'den', create: false })
  expect(second.welcome?.seat).toBe(2)
  expect(near.state.asked).toBe(asked)
  expect((await come(near, {})).welcome?.roomId).toBe('main')
  expect((await come(near, { room: 'attic', create: false })).closed?.code).toBe('ROOM_NOT_FOUND')
  expect(near.created).toHaveLength(2)
})

it('sends whoever belongs elsewhere there, whether to join, to come back, or with a ticket that names the room', async () => {
  const keys = { audience: 'walkers', keys: [{ id: 'a', secret: 'x'.repeat(32) }] }
  const near = shard({ tickets: keys, authenticate: () => false })
  near.answers.set('den', place('den'))
  const ticket = await makeTickets({ ...keys, nowMs: () => near.server.scheduler.now() }).issue({ room: 'den' })
  for (const hello of [{ room: 'den' }, { room: 'den', resume: 'abc.def' }, { room: 'den', spectate: 0 }, { ticket }]) {
    const client = await come(near, hello)
    for (let n = 0; n < 50 && client.closed === undefined; n++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      await pass(near.server, 10)
    }
    expect(client.messages).toEqual([{ t: 'moved', url, room: 'den', epoch: [7, 3, 1] }])
    expect(client.closed?.code).toBe('MOVED')
  }
  expect(near.server.host.stats).toMatchObject({ players: 0, rooms: 0, authenticating: 0 })
})

it('makes no room for somebody whom nobody knows, and asks who it is before', async () => {
  const near = shard({ authenticate: ({ auth }) => (auth === 'good' ? { name: auth } : false) })
  expect((await come(near, { room: 'den', auth: 'bad' })).closed?.code).toBe('UNAUTHENTICATED')
  expect(near.created).toEqual([])
  expect((await come(near, { room: 'den', auth: 'good' })).welcome).toBeDefined()
})

it('waits a while for what the cluster does not know yet, says NOT_READY after that', async () => {
  const near = shard()
  near.answers.set('den', { kind: 'unknown', why: 'no view' })
  const waits = await come(near, { room: 'den' }, 1_000)
  expect(waits.closed).toBeUndefined()
  near.answers.set('den', place('den'))
  await pass(near.server, 200)
  expect(waits.closed?.code).toBe('MOVED')
  near.answers.set('hall', { kind: 'unknown', why: 'no view' })
  const late = await come(near, { room: 'hall' }, PATIENCE_MS - 200)
  expect(late.closed).toBeUndefined()
  await pass(near.server, 400)
  expect(late.closed).toMatchObject({ code: 'NOT_READY', message: expect.stringContaining('no view') })
})

it('says ROOM_LOST at once to who comes back to a room whose shard is gone, and makes it anew for who is new', async () => {
  const near = shard()
  near.answers.set('loft', { kind: 'lost' })
  expect((await come(near, { room: 'loft', resume: 'x'.repeat(22) })).closed?.code).toBe('ROOM_LOST')
  expect((await come(near, { room: 'loft', create: false })).closed?.code).toBe('ROOM_LOST')
  expect(near.created).toEqual([])
  expect((await come(near, { room: 'loft' })).welcome).toBeDefined()
  expect(near.created).toHaveLength(1)
})

it('asks no more for somebody who has gone', async () => {
  const near = shard()
  near.answers.set('den', { kind: 'unknown', why: 'no view' })
  const client = await come(near, { room: 'den' })
  client.link.close({ code: 'LEFT', message: '' })
  await pass(near.server, 200)
  const { asked } = near.state
  await pass(near.server, 1_000)
  expect(near.state.asked).toBe(asked)
  expect(near.server.host.stats.authenticating).toBe(0)
})

it('lets nobody into its own rooms without a lease: they wait until it is back', async () => {
  const near = shard()
  const first = await come(near, { room: 'den' })
  await pass(near.server, 100)
  near.state.held = false
  const client = await come(near, { room: 'den', resume: first.welcome?.resume ?? '' }, 1_000)
  expect([client.welcome, client.closed]).toEqual([undefined, undefined])
  near.state.held = true
  await pass(near.server, 300)
  expect(client.welcome).toMatchObject({ resumed: true })
})

it('refuses a client that knows of a later owner, and one that would be sent to an earlier one', async () => {
  const near = shard()
  await come(near, { room: 'den' })
  expect((await come(near, { room: 'den', epoch: [7, 3, 2] })).closed?.code).toBe('STALE_EPOCH')
  expect((await come(near, { room: 'den', epoch: [7, 3, 1] })).welcome).toBeDefined()
  near.answers.set('hall', place('hall'))
  expect((await come(near, { room: 'hall', epoch: [8, 0, 0] })).closed?.code).toBe('STALE_EPOCH')
  expect((await come(near, { room: 'hall', epoch: [7, 3, 1] })).closed?.code).toBe('MOVED')
})

it('ends the rooms that it loses, so that players dial again, and tells the cluster only of rooms that ended by themselves', async () => {
  const near = shard({ roomIdleMs: 500 })
  const client = await come(near, { room: 'den' })
  near.kept.close('den', 'lost-ownership')
  await pass(near.server, 50)
  expect(client.closed?.code).toBe('STALE_EPOCH')
  expect(near.ended).toEqual([])
  near.answers.delete('den')
  const other = await come(near, { room: 'hall' })
  other.control({ t: 'leave' })
  await pass(near.server, 2_500)
  expect(near.ended).toEqual(['hall'])
  expect(near.server.host.rooms.size).toBe(0)
})

it('lists its rooms with what the game says of them, once for each change, and takes them off', async () => {
  const near = shard()
  await come(near, { room: 'den' })
  near.kept.list()
  near.kept.list()
  const mode = { mode: 'duel' }
  const entry = { id: 'den', state: 'open', maxPlayers: 4, attributes: mode, epoch }
  // At once when it is opened, then with who came.
  expect(near.listed).toMatchObject([
    { ...entry, players: 0 },
    { ...entry, players: 1 },
  ])
  for (let n = 0; n < 3; n++) await come(near, { room: 'den' })
  near.server.host.rooms.get('den')?.list({ attributes: { map: 'hills' } })
  near.kept.list()
  expect(near.listed.at(-1)).toMatchObject({ state: 'full', players: 4, attributes: { mode: 'duel', map: 'hills' } })
  near.server.host.rooms.get('den')?.list({ state: 'closed' })
  near.kept.list()
  expect(near.listed.at(-1)?.state).toBe('closed')
  expect(() => near.server.host.rooms.get('den')?.list({ attributes: { big: 'x'.repeat(2_000) } })).toThrow(
    'BAD_ARGUMENT',
  )
  near.kept.close('den', 'removed')
  expect(near.listed.at(-1)).toMatchObject({ id: 'den', state: 'removed' })
})

it('lists a new room at once, with what it was created with, as far as that can be listed, and the game has the last word', () => {
  const near = shard()
  const asked = { region: 'eu', mode: 'ffa', nested: { a: 1 }, long: 'x'.repeat(500), private: true }
  expect(near.kept.open('secret', epoch, asked)).toBe(true)
  expect(near.server.host.rooms.get('secret')?.options).toEqual(asked)
  expect(near.listed.map(({ attributes }) => attributes)).toEqual([{ region: 'eu', mode: 'duel', private: true }])
})

it('lets who lost the owner of a room that it stands by for wait, until the room goes on here', async () => {
  const near = shard()
  near.state.standsBy.add('den')
  near.answers.set('den', place('den'))
  const back = await come(near, { room: 'den', resume: 'x.y', epoch: [7, 3, 1] }, 540)
  expect([back.closed, back.messages]).toEqual([undefined, []])
  // It opens here: no next look is waited for, and its secret is looked at.
  near.kept.open('den', { generation: 7, view: 4, k: 1 }, {})
  await pass(near.server, 40)
  expect(back.closed?.code).toBe('RESUME_REFUSED')
})

it('sends who lost an owner on as soon as another is named elsewhere, and who asks for the first time at once', async () => {
  const near = shard()
  near.state.standsBy.add('den')
  near.answers.set('den', place('den'))
  const newcomer = await come(near, { room: 'den' })
  expect(newcomer.of('moved')[0]?.url).toBe(url)
  const back = await come(near, { room: 'den', resume: 'x.y', epoch: [7, 3, 1] }, 300)
  expect(back.messages).toEqual([])
  near.answers.set('den', {
    kind: 'there',
    place: { id: 'den', owner: '1'.repeat(16), url: 'ws://10.0.0.5:8081/tickmesh', epoch: { ...epoch, view: 4 } },
  })
  await pass(near.server, 300)
  expect(back.of('moved')[0]?.url).toBe('ws://10.0.0.5:8081/tickmesh')
})

it('lets all who come back wait for a room to go on, asks for it once at a time, and keeps no newcomer from being asked who it is', async () => {
  const near = shard({ limits: { pendingAuthentications: 2 }, authenticate: () => ({ name: 'x' }) })
  near.state.standsBy.add('den')
  near.answers.set('den', place('den'))
  const hello = { room: 'den', resume: 'x.y', epoch: [7, 3, 1] }
  const waiting = Array.from({ length: 3 }, () => near.server.connect())
  for (const client of waiting) client.hello(hello)
  await pass(near.server, 10)
  const { asked } = near.state
  await pass(near.server, 1_000)
  // Ten looks in that second, whoever looks.
  expect(near.state.asked - asked).toBeLessThanOrEqual(12)
  expect((await come(near, { room: 'hall' })).welcome).toBeDefined()
  expect(waiting.map(({ closed }) => closed)).toEqual([undefined, undefined, undefined])
})
