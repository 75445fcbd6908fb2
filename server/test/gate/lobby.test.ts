import {
  CONTROL,
  createLinkPair,
  decodeControl,
  Impairment,
  type Link,
  type LobbyHello,
  type LobbyPlace,
  type LobbyServerMessage,
  NetError,
  PROTOCOL_VERSION,
  packControl,
  parseLobbyServerMessage,
  parseServerMessage,
  SERVER_CONTROL_LIMITS,
} from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { ChatLine, ListedRoom, LobbyApi, Party, Presence } from '../../src/cluster/lobby/lobby-api.ts'
import type { Seeker } from '../../src/cluster/match/criteria.ts'
import type { LobbyBackend } from '../../src/gate/lobby/lobby-backend.ts'
import { LobbyDesk } from '../../src/gate/lobby/lobby-desk.ts'
import { TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'

/** What a shard knows of the cluster's lobby, as far as the desk asks. */
class FakeLobby {
  readonly listed = new Map<string, ListedRoom>()
  readonly people = new Map<string, Presence>()
  readonly said: ChatLine[] = []
  readonly members: string[] = []
  version = 1
  looks = 0

  readonly parties = {
    create: (leader: string): Party => {
      this.members.push(leader)
      return this.party() as Party
    },
    join: (id: string, player: string): boolean => id === 'PARTY' && this.members.push(player) > 0,
    leave: (_id: string, player: string): void => void this.members.splice(this.members.indexOf(player), 1),
    party: () => this.party(),
    of: (player: string) => (this.members.includes(player) ? this.party() : undefined),
  }

  private party(): Party | undefined {
    const [leader] = this.members
    return leader === undefined ? undefined : { id: 'PARTY', leader, members: [...this.members] }
  }

  put(id: string, players: number, attributes: ListedRoom['attributes'] = {}): void {
    const epoch = { generation: 1, view: 1, k: 1 }
    const about = { owner: 'a'.repeat(16), url: 'ws://a', epoch, state: 'open', maxPlayers: 8 } as const
    this.listed.set(id, { id, players, attributes, ...about })
    this.version++
  }

  *rooms(): Generator<ListedRoom> {
    this.looks++
    yield* this.listed.values()
  }

  say(channel: string, from: string, text: string): void {
    this.said.push({ id: `${this.said.length}`, channel, from, text, atMs: this.said.length })
  }

  lines = (channel: string) => this.said.filter((line) => line.channel === channel)
  setPresent = (one: Presence) => void this.people.set(one.id, one)
  removePresent = (id: string) => void this.people.delete(id)
  present = () => this.people.values()
}

class Rig {
  readonly lobby = new FakeLobby()
  readonly asked: Seeker[] = []
  readonly summoned: ReadonlyMap<string, LobbyPlace>[] = []
  readonly away = new Map<string, unknown>()
  readonly created: unknown[][] = []
  /** Rejects or holds what is asked for. */
  failure: unknown
  holds = false
  readonly server: TestServer<Walkers>
  readonly desk: LobbyDesk

  constructor(authenticate?: (asked: { auth?: string | undefined }) => unknown) {
    let timer: ConstructorParameters<typeof LobbyDesk>[0]['timer'] | undefined
    let drawn = 1
    const backend: LobbyBackend = {
      lobby: this.lobby as unknown as LobbyApi,
      prefix: 'here',
      create: async (room, attributes) => {
        this.created.push([room, attributes])
        return this.place(room ?? 'drawn')
      },
      find: (room) => this.place(room),
      match: async (seeker) => {
        this.asked.push(seeker)
        return seeker.players.map(({ id }) => ({ room: 'match', url: 'ws://b', ticket: `for ${id}` }))
      },
      identitiesOf: async () => this.away,
      summon: (places) => void this.summoned.push(places),
    }
    const late = {
      nowMs: () => timer?.nowMs() ?? 0,
      wakeAt: (ms: number, run: () => void) => timer?.wakeAt(ms, run) ?? (() => {}),
    }
    this.desk = new LobbyDesk({ backend, timer: late, entropy: () => drawn++ * 7919, onFailure: () => {} })
    this.server = new TestServer(walkers, walkerRules, { lobby: this.desk, ...(authenticate && { authenticate }) })
    const { scheduler } = this.server
    timer = { nowMs: () => scheduler.now(), wakeAt: (ms, run) => scheduler.at(ms, run) }
  }

  private async place(room: string): Promise<LobbyPlace> {
    if (this.failure !== undefined) throw this.failure
    if (this.holds) await new Promise(() => {})
    return { room, url: 'ws://a', ticket: 't' }
  }

  async run(ms: number): Promise<void> {
    for (let spent = 0; spent < ms; spent += 50) {
      this.server.run(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async visit(about: Partial<LobbyHello> = {}, back = new Impairment({})): Promise<Visitor> {
    const [near, far] = createLinkPair(this.server.scheduler, {}, back)
    this.server.host.accept(far, { address: '203.0.113.7' })
    const visitor = new Visitor(near)
    const hello = { t: 'lobby', protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash }
    visitor.send({ ...hello, ...about })
    await this.run(100)
    return visitor
  }
}

/** A client made of the codec alone. */
class Visitor {
  readonly link: Link
  readonly heard: LobbyServerMessage[] = []
  readonly others: { t: string; code?: string }[] = []
  closed: string | undefined

  constructor(link: Link) {
    this.link = link
    link.attach({
      onMessage: (_lane, bytes) => this.take(bytes.slice()),
      onClose: ({ code }) => {
        this.closed = code
      },
    })
  }

  private take(bytes: Uint8Array): void {
    if (bytes[0] !== CONTROL) return
    const decoded = decodeControl(bytes.subarray(1), SERVER_CONTROL_LIMITS)
    if (!decoded.ok) throw new Error(decoded.problem)
    const parsed = parseLobbyServerMessage(decoded.value)
    if (parsed.ok) this.heard.push(parsed.message)
    else {
      const other = parseServerMessage(decoded.value)
      if (other.ok) this.others.push(other.message)
    }
  }

  send(message: object): void {
    this.link.send('reliable', packControl(message))
  }

  of<T extends LobbyServerMessage['t']>(t: T): Extract<LobbyServerMessage, { t: T }>[] {
    return this.heard.filter((message): message is Extract<LobbyServerMessage, { t: T }> => message.t === t)
  }

  get you(): string {
    return this.of('lobby-welcome')[0]?.you ?? ''
  }

  get ids(): string[] {
    const ids = new Set<string>()
    for (const { all, put, gone } of this.of('rooms')) {
      if (all) ids.clear()
      for (const { id } of put) ids.add(id)
      for (const id of gone) ids.delete(id)
    }
    return [...ids].sort()
  }
}

describe('the list of rooms', () => {
  it('is shown whole, then as differences only, and made once for all who have the same filter', async () => {
    const rig = new Rig()
    rig.lobby.put('one', 2)
    rig.lobby.put('two', 1, { mode: 'duel' })
    const filter = { attributes: { mode: 'duel' } }
    const [all, some] = [await rig.visit(), await rig.visit({ filter })]
    for (let n = 0; n < 10; n++) await rig.visit({ filter: { attributes: { mode: 'duel' }, prefixes: {} } })
    expect([all.ids, some.ids]).toEqual([['one', 'two'], ['two']])
    await rig.run(400)
    const before = { looks: rig.lobby.looks, told: all.of('rooms').length }
    await rig.run(2_000)
    expect({ looks: rig.lobby.looks, told: all.of('rooms').length }).toEqual(before)
    rig.lobby.put('two', 3, { mode: 'duel' })
    rig.lobby.listed.delete('one')
    await rig.run(400)
    // One count, and one list for each of two filters.
    expect(rig.lobby.looks - before.looks).toBe(3)
    const last = all.of('rooms').at(-1)
    expect(last).toMatchObject({ all: false, gone: ['one'], rooms: 1, players: 3 })
    expect(last?.put.map(({ id, players }) => [id, players])).toEqual([['two', 3]])
    all.send({ t: 'filter', filter: { freeSeats: 6 } })
    await rig.run(100)
    expect([all.ids, all.of('rooms').at(-1)?.all]).toEqual([[], true])
  })

  it('never shows a private room, nor what is the business of the cluster', async () => {
    const rig = new Rig()
    rig.lobby.put('secret', 1, { private: true })
    rig.lobby.put('known', 1)
    const visitor = await rig.visit({ filter: { attributes: { private: true } } })
    await rig.run(400)
    expect(visitor.ids).toEqual([])
    visitor.send({ t: 'filter', filter: {} })
    await rig.run(400)
    expect(visitor.ids).toEqual(['known'])
    expect(Object.keys(visitor.of('rooms').at(-1)?.put[0] ?? {}).sort()).toEqual(
      ['attributes', 'id', 'maxPlayers', 'players', 'state'].sort(),
    )
  })

  it('comes in several messages if it is long, and by filters without end is bounded', async () => {
    const rig = new Rig()
    for (let n = 0; n < 450; n++) rig.lobby.put(`room-${n}`, 1)
    const visitor = await rig.visit({ filter: { limit: 500 } })
    expect(visitor.ids.length).toBe(450)
    expect(Math.max(...visitor.of('rooms').map(({ put }) => put.length))).toBe(100)
    const viewers = await Promise.all([rig.visit({ filter: { limit: 3 } }), rig.visit()])
    expect(viewers.map(({ ids }) => ids.length)).toEqual([3, 100])
  })
})

describe('a visitor', () => {
  it('that breaks the rules of the wire is told why and dropped; its neighbour hears nothing of it', async () => {
    const rig = new Rig()
    const neighbour = await rig.visit()
    for (const rubbish of [
      { t: 'filter', filter: { limit: 0 } },
      { t: 'find', q: 1, room: 'no room!' },
      { t: 'x' },
      [1],
    ]) {
      const visitor = await rig.visit()
      visitor.send(rubbish)
      await rig.run(100)
      expect([visitor.closed, visitor.others.at(-1)?.t]).toEqual(['MALFORMED', 'bye'])
    }
    const shouting = await rig.visit()
    shouting.link.send('reliable', new Uint8Array([1, 2, 3]))
    await rig.run(300)
    expect(shouting.closed).toBe('MALFORMED')
    expect([neighbour.closed, rig.desk.size, rig.lobby.people.size]).toEqual([undefined, 1, 1])
  })

  it('that asks too often is told so, and may ask again later; one question too many at a time is refused, too', async () => {
    const rig = new Rig()
    const visitor = await rig.visit()
    for (let q = 1; q <= 12; q++) visitor.send({ t: 'find', q, room: 'one' })
    await rig.run(100)
    const codes = () => visitor.of('answer').map(({ code }) => code ?? 'ok')
    expect(codes().filter((code) => code === 'ok').length).toBe(8)
    expect(codes().filter((code) => code === 'TOO_FAST').length).toBe(4)
    await rig.run(3_000)
    // Seats come more slowly than other questions.
    visitor.send({ t: 'find', q: 13, room: 'one' })
    visitor.send({ t: 'party', q: 14, act: 'create' })
    await rig.run(2_000)
    visitor.send({ t: 'find', q: 15, room: 'one' })
    await rig.run(100)
    expect(visitor.of('answer').slice(-3)).toMatchObject([
      { q: 13, code: 'TOO_FAST' },
      { q: 14, party: {} },
      { q: 15, place: { room: 'one', url: 'ws://a', ticket: 't' } },
    ])
    for (let n = 0; n < 4; n++) {
      visitor.send({ t: 'ping', id: n })
      await rig.run(10_000)
    }
    rig.holds = true
    for (let q = 20; q < 28; q++) visitor.send({ t: 'find', q, room: 'one' })
    await rig.run(2_000)
    visitor.send({ t: 'find', q: 28, room: 'one' })
    await rig.run(100)
    expect(visitor.of('answer').at(-1)).toMatchObject({ q: 28, code: 'TOO_FAST' })
  })

  it('is told why a question failed, but nothing of what failed inside', async () => {
    const rig = new Rig()
    const visitor = await rig.visit()
    rig.failure = new NetError('ROOM_FULL', 'all seats are taken.', 'Choose another.')
    visitor.send({ t: 'find', q: 1, room: 'one' })
    await rig.run(100)
    expect(visitor.of('answer').at(-1)).toMatchObject({ q: 1, code: 'ROOM_FULL' })
    rig.failure = new Error('password 1234')
    visitor.send({ t: 'find', q: 2, room: 'one' })
    await rig.run(100)
    const answer = visitor.of('answer').at(-1)
    expect(answer).toMatchObject({ q: 2, code: 'INTERNAL' })
    expect(answer?.message).not.toContain('1234')
  })

  it('that chats too fast is not heard, and hears each line once, also one that comes late', async () => {
    const rig = new Rig()
    const [ada, bo] = [await rig.visit({ name: 'Ada' }), await rig.visit()]
    bo.send({ t: 'listen', channel: 'all' })
    await rig.run(50)
    for (let n = 0; n < 20; n++) ada.send({ t: 'say', channel: 'all', text: `line ${n}` })
    await rig.run(50)
    rig.lobby.said.unshift({ id: 'late', channel: 'all', from: 'Cy', text: 'before', atMs: -1 })
    await rig.run(500)
    const texts = bo.of('lines').flatMap(({ lines }) => lines.map(({ from, text }) => `${from} ${text}`))
    expect(texts).toEqual([...[0, 1, 2, 3, 4, 5].map((n) => `Ada line ${n}`), 'Cy before'])
    expect(ada.of('lines')).toEqual([])
    ada.send({ t: 'listen', channel: 'all' })
    await rig.run(100)
    expect(ada.of('lines').flatMap(({ lines }) => lines).length).toBe(7)
  })

  it('hears sixteen channels, and no more', async () => {
    const rig = new Rig()
    const visitor = await rig.visit()
    for (let n = 0; n < 17; n++) {
      visitor.send({ t: 'listen', channel: `c${n}` })
      rig.lobby.say(`c${n}`, 'Bo', 'hello')
    }
    await rig.run(300)
    expect(visitor.of('lines').map(({ channel }) => channel)).toEqual(Array.from({ length: 16 }, (_, n) => `c${n}`))
  })

  it('that does not read is dropped before much waits for it', async () => {
    const rig = new Rig()
    for (let n = 0; n < 500; n++) rig.lobby.put(`room-${n}`, 1, { about: 'x'.repeat(120), more: 'y'.repeat(120) })
    // A narrow way back: nothing is taken from the link.
    const visitor = await rig.visit({ filter: { limit: 500 } }, new Impairment({ bandwidth: 500 }))
    for (let n = 0; n < 10; n++) {
      for (let i = 0; i < 500; i++) rig.lobby.put(`room-${i}`, n, { about: 'x'.repeat(120), more: 'y'.repeat(120) })
      await rig.run(250)
    }
    expect(rig.desk.size).toBe(0)
    expect(rig.server.host.stats.peersDropped).toBe(1)
    visitor.link.close({ code: 'LEFT', message: '' })
  })

  it('that leaves, or is lost, is gone from the people and from its party', async () => {
    const rig = new Rig()
    const [ada, bo] = [await rig.visit({ name: 'Ada' }), await rig.visit({ name: 'Bo' })]
    expect(bo.of('present')[0]?.put.map(({ name }) => name)).toEqual(['Ada', 'Bo'])
    ada.send({ t: 'party', q: 1, act: 'create' })
    await rig.run(50)
    bo.send({ t: 'party', q: 1, act: 'join', code: 'party' })
    await rig.run(300)
    expect(
      ada
        .of('party-is')
        .at(-1)
        ?.party?.members.map(({ name }) => name),
    ).toEqual(['Ada', 'Bo'])
    const { you } = ada
    ada.send({ t: 'leave' })
    await rig.run(300)
    expect(ada.closed).toBe('LEFT')
    expect(bo.of('present').at(-1)).toMatchObject({ all: false, gone: [you] })
    expect(bo.of('party-is').at(-1)?.party).toMatchObject({ leader: bo.you, members: [{ id: bo.you, name: 'Bo' }] })
    bo.link.close({ code: 'CONNECTION_LOST', message: '' })
    await rig.run(300)
    expect([rig.lobby.people.size, rig.lobby.members, rig.desk.size]).toEqual([0, [], 0])
    expect(rig.server.scheduler.pending).toBe(0)
  })
})

describe('making and matching', () => {
  it('makes a room with a short code, which no list shows', async () => {
    const rig = new Rig()
    const visitor = await rig.visit()
    visitor.send({ t: 'create', q: 1, code: true, attributes: { mode: 'duel' } })
    await rig.run(100)
    expect(rig.created[0]?.[0]).toMatch(/^[A-HJKMNP-Z2-9]{6}$/)
    expect(rig.created[0]?.[1]).toEqual({ mode: 'duel', private: true })
  })

  it('takes the party of its leader along: each member gets its own seat, as who it is; nobody else may lead it', async () => {
    const rig = new Rig(({ auth }) => ({ id: auth }))
    const [ada, bo] = [await rig.visit({ auth: 'ada' }), await rig.visit({ auth: 'bo' })]
    rig.lobby.members.push(ada.you, bo.you, 'there-1', 'nowhere-1')
    rig.away.set('there-1', { id: 'cy' })
    bo.send({ t: 'match', q: 1 })
    ada.send({ t: 'match', q: 1, attributes: { region: 'eu' }, skill: 1200 })
    await rig.run(200)
    expect(bo.of('answer')[0]?.code).toBe('BAD_STATE')
    expect(rig.asked).toEqual([
      {
        players: [
          { id: ada.you, identity: { id: 'ada' } },
          { id: bo.you, identity: { id: 'bo' } },
          { id: 'there-1', identity: { id: 'cy' } },
        ],
        attributes: { region: 'eu' },
        skill: 1200,
        skillRange: 300,
      },
    ])
    expect(ada.of('answer')[0]?.place?.ticket).toBe(`for ${ada.you}`)
    expect(bo.of('called')[0]?.place.ticket).toBe(`for ${bo.you}`)
    expect([...(rig.summoned[0]?.keys() ?? [])]).toEqual([bo.you, 'there-1'])
  })

  it('takes members who are nowhere for some seconds out of the party, so that it is led again', async () => {
    const rig = new Rig()
    const bo = await rig.visit()
    rig.lobby.members.push('dead-1', bo.you)
    await rig.run(9_000)
    expect(rig.lobby.members).toEqual(['dead-1', bo.you])
    bo.send({ t: 'ping', id: 1 })
    await rig.run(3_000)
    expect(rig.lobby.members).toEqual([bo.you])
    expect(bo.of('party-is').at(-1)?.party?.leader).toBe(bo.you)
  })
})

it('a server that is no shard has no lobby, and says so', async () => {
  const server = new TestServer(walkers, walkerRules)
  const [near, far] = createLinkPair(server.scheduler)
  server.host.accept(far)
  const visitor = new Visitor(near)
  visitor.send({ t: 'lobby', protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash })
  server.run(100)
  expect(visitor.others[0]).toMatchObject({ t: 'refused', code: 'BAD_STATE' })
})

it('whose address or identity is banned comes in nowhere: neither to play, nor to watch the lobby', async () => {
  const banned = new Set<string>()
  const refused = async (address: string, hello: object): Promise<string | undefined> => {
    const authenticate = ({ auth }: { auth?: string | undefined }) => ({ id: auth })
    const server = new TestServer(walkers, walkerRules, { banned: () => new Set(banned), authenticate })
    const [near, far] = createLinkPair(server.scheduler)
    server.host.accept(far, { address })
    const visitor = new Visitor(near)
    visitor.send({ protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash, create: true, ...hello })
    for (let n = 0; n < 4; n++) {
      server.run(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return visitor.others.find(({ t }) => t === 'refused')?.code
  }
  for (const t of ['hello', 'lobby']) {
    const usual = t === 'hello' ? undefined : 'BAD_STATE'
    banned.clear()
    expect(await refused('203.0.113.7', { t, auth: 'mallory' })).toBe(usual)
    banned.add('203.0.113.7').add('2001:db8:1:2::99')
    expect(await refused('203.0.113.7', { t, auth: 'ada' })).toBe('JOIN_REFUSED')
    expect(await refused('2001:db8:1:2::/64', { t, auth: 'ada' })).toBe('JOIN_REFUSED')
    expect(await refused('203.0.113.8', { t, auth: 'ada' })).toBe(usual)
    banned.add('mallory')
    expect(await refused('203.0.113.8', { t, auth: 'mallory' })).toBe('JOIN_REFUSED')
  }
})
