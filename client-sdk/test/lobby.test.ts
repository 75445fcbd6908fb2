import {
  CONTROL,
  createLinkPair,
  decodeControl,
  type Link,
  type LobbyLine,
  NetError,
  packControl,
  VirtualScheduler,
} from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type Lobby, type LobbyOptions, lobbyOver } from '../src/index.ts'
import { pond } from './pond-game.ts'
import { TestHost } from './pond-lab.ts'

type Plain = Readonly<Record<string, unknown>>

/** Shards that a test speaks for: what a lobby says to each of its connections, and its ends. */
class Shards {
  readonly scheduler = new VirtualScheduler()
  readonly host = new TestHost(this.scheduler, 0, 60)
  readonly dialled: string[] = []
  readonly links: Link[] = []
  readonly heard: Plain[] = []
  readonly ends: string[] = []
  /** These cannot be reached. */
  readonly down = new Set<string>()
  /** What comes instead of a welcome. */
  refusal: Plain | undefined
  private visits = 0

  readonly dial = async (url: string): Promise<Link> => {
    this.dialled.push(url)
    if (this.down.has(url)) throw new NetError('CONNECT_FAILED', 'no such server.', '')
    const [near, far] = createLinkPair(this.scheduler, { delayMs: 10 }, { delayMs: 10 })
    far.attach({
      onMessage: (_lane, bytes) => {
        const decoded = bytes[0] === CONTROL ? decodeControl(bytes.subarray(1)) : undefined
        const message = (decoded?.ok === true ? decoded.value : {}) as Plain
        this.heard.push(message)
        if (message.t === 'lobby') this.greet(far)
      },
      onClose: ({ code }) => void this.ends.push(code),
    })
    this.links.push(far)
    return near
  }

  private greet(link: Link): void {
    if (this.refusal === undefined) {
      this.say({ t: 'lobby-welcome', you: `me-${++this.visits}` }, link)
      return this.say(rooms([], [], true), link)
    }
    this.say(this.refusal, link)
    link.close({ code: 'BAD_STATE', message: '' })
  }

  say(message: object, link = this.links.at(-1)): void {
    link?.send('reliable', packControl(message))
  }

  of(t: string): Plain[] {
    return this.heard.filter((message) => message.t === t)
  }

  async run(ms: number): Promise<void> {
    for (let spent = 0; spent < ms; spent += 20) {
      this.scheduler.runUntil(this.scheduler.now() + 20)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async enter(options: LobbyOptions = {}, urls: readonly string[] = ['ws://a']): Promise<Lobby> {
    const entering = lobbyOver(pond, urls, options, this.host, this.dial)
    entering.catch(() => {})
    await this.run(100)
    return entering
  }
}

const room = (id: string, players: number) => ({ id, state: 'open', players, maxPlayers: 8, attributes: {} })
const rooms = (put: object[], gone: string[] = [], all = false) => ({
  t: 'rooms',
  all,
  put,
  gone,
  rooms: 9,
  players: 20,
})
const place = { room: 'one', url: 'ws://b', ticket: 't' }
const codeOf = (question: Promise<unknown>): Promise<string> =>
  question.then(
    () => 'answered',
    (error: unknown) => (error instanceof NetError ? error.code : String(error)),
  )
const ids = (lobby: Lobby): string => lobby.rooms.map(({ id, players }) => `${id} ${players}`).join()

describe('a lobby', () => {
  it('says who comes, and keeps the list by its differences, the fullest first', async () => {
    const shards = new Shards()
    const filter = { attributes: { mode: 'duel' } }
    const lobby = await shards.enter({ name: 'Ada', auth: async () => 'secret', filter })
    expect(shards.heard[0]).toMatchObject({
      t: 'lobby',
      game: pond.id,
      schema: pond.schemaHash,
      name: 'Ada',
      auth: 'secret',
      filter,
    })
    expect([lobby.you, lobby.connected]).toEqual(['me-1', true])
    const seen: string[] = []
    lobby.onRooms(() => seen.push(ids(lobby)))
    const { rooms: before } = lobby
    shards.say(rooms([room('a', 1), room('b', 3), room('c', 3)], [], true))
    await shards.run(40)
    shards.say(rooms([room('a', 4)], ['b']))
    await shards.run(40)
    shards.say(rooms([room('d', 0)], [], true))
    await shards.run(40)
    expect(seen).toEqual(['b 3,c 3,a 1', 'a 4,c 3', 'd 0'])
    expect(lobby.counts).toEqual({ rooms: 9, players: 20 })
    expect(lobby.rooms).not.toBe(before)
    lobby.setFilter({ freeSeats: 2 })
    await shards.run(40)
    expect(shards.of('filter')).toEqual([{ t: 'filter', filter: { freeSeats: 2 } }])
  })

  it('gives each question its own answer, in whatever order, with the error that the shard names', async () => {
    const shards = new Shards()
    const lobby = await shards.enter()
    const [found, made, matched, party] = [
      lobby.find('one'),
      codeOf(lobby.create({ code: true })),
      lobby.quickMatch({ skill: 3, skillRange: 9 }),
      lobby.joinParty('ABC'),
    ]
    await shards.run(40)
    const q = (t: string) => shards.of(t)[0]?.q
    expect(shards.of('match')[0]).toMatchObject({ skill: 3, range: 9 })
    shards.say({ t: 'answer', q: q('party'), party: { code: 'ABC', leader: 'x', members: [] } })
    shards.say({ t: 'answer', q: q('match'), place: { room: 'two', url: 'ws://c' } })
    shards.say({ t: 'answer', q: q('create'), code: 'NOT_READY', message: 'no view' })
    shards.say({ t: 'answer', q: q('find'), place })
    shards.say({ t: 'answer', q: q('find'), code: 'INTERNAL', message: 'twice' })
    await shards.run(40)
    expect(await Promise.all([found, made, matched])).toEqual([place, 'NOT_READY', { room: 'two', url: 'ws://c' }])
    expect((await party).code).toBe('ABC')
  })

  it('gives up a question that nobody answers, and takes no answer that is none', async () => {
    const shards = new Shards()
    const lobby = await shards.enter()
    const [silent, strange] = [codeOf(lobby.find('one')), codeOf(lobby.find('two'))]
    await shards.run(40)
    shards.say({ t: 'answer', q: shards.of('find')[1]?.q, place: { room: 7 } })
    shards.say({ t: 'rooms', put: 'nonsense' })
    shards.say({ t: 'later', than: 'this client' })
    await shards.run(40)
    expect(await strange).toBe('MALFORMED')
    await shards.run(15_000)
    expect([await silent, lobby.connected]).toEqual(['TIMED_OUT', true])
  })

  it('sends nothing that a shard would hang up at, and says what is wrong with it', async () => {
    const shards = new Shards()
    const lobby = await shards.enter()
    const heard = shards.heard.length
    expect(await codeOf(lobby.find('no room!'))).toBe('BAD_ARGUMENT')
    expect(await codeOf(lobby.joinParty('x'.repeat(13)))).toBe('BAD_ARGUMENT')
    expect(() => lobby.say('all', 'x'.repeat(301))).toThrow(/say.text/)
    expect(() => lobby.setFilter({ limit: 0 })).toThrow(/filter/)
    await shards.run(40)
    expect([shards.heard.length, lobby.connected]).toEqual([heard, true])
  })

  it('connects again to the next address when it is lost, hears its channels again, and is somebody new', async () => {
    const shards = new Shards()
    const lobby = await shards.enter({}, ['ws://a', 'ws://b', 'ws://c'])
    const states: boolean[] = []
    const parties: unknown[] = []
    lobby.onConnection((connected) => states.push(connected))
    lobby.onParty((party) => parties.push(party?.code))
    expect(lobby.lines('all')).toEqual([])
    shards.say(rooms([room('a', 1)], [], true))
    shards.say({ t: 'party-is', party: { code: 'ABC', leader: 'me-1', members: [] } })
    const line = (id: string, atMs: number): LobbyLine => ({ id, from: 'Bo', text: id, atMs })
    shards.say({ t: 'lines', channel: 'all', lines: [line('one', 1), line('three', 3)] })
    await shards.run(40)
    shards.down.add('ws://b')
    const asked = codeOf(lobby.find('one'))
    shards.links[0]?.close({ code: 'SERVER_STOPPING', message: '' })
    await shards.run(30)
    expect([await asked, lobby.connected, ids(lobby)]).toEqual(['SERVER_STOPPING', false, 'a 1'])
    expect(await codeOf(lobby.find('one'))).toBe('CONNECTION_LOST')
    await shards.run(2_000)
    expect(shards.dialled).toEqual(['ws://a', 'ws://b', 'ws://c'])
    expect([states, lobby.you, parties]).toEqual([[false, true], 'me-2', ['ABC', undefined]])
    expect(shards.of('listen').map(({ channel }) => channel)).toEqual(['all', 'all'])
    // What was heard before is not heard twice, and what came late stands in its place.
    shards.say({ t: 'lines', channel: 'all', lines: [line('one', 1), line('two', 2), line('three', 3)] })
    await shards.run(40)
    expect(lobby.lines('all').map(({ id }) => id)).toEqual(['one', 'two', 'three'])
    shards.say(rooms([], [], true))
    await shards.run(40)
    expect(lobby.rooms).toEqual([])
  })

  it('waits longer from try to try, and goes on for as long as nobody is there', async () => {
    const shards = new Shards()
    const lobby = await shards.enter()
    shards.down.add('ws://a')
    shards.links[0]?.close({ code: 'CONNECTION_LOST', message: '' })
    await shards.run(60_000)
    const tries = shards.dialled.length
    expect(tries).toBeGreaterThan(12)
    expect(tries).toBeLessThan(60)
    shards.down.clear()
    await shards.run(6_000)
    expect(lobby.connected).toBe(true)
  })

  it('ends when it is closed: the shard is told, questions fail, nothing is dialled or woken any more', async () => {
    const shards = new Shards()
    const lobby = await shards.enter()
    const ended: string[] = []
    lobby.onClose(({ code }) => ended.push(code))
    const asked = codeOf(lobby.find('one'))
    lobby.close()
    lobby.close()
    expect(await asked).toBe('LEFT')
    await shards.run(200)
    expect([ended, shards.of('leave').length, shards.dialled.length, shards.scheduler.pending]).toEqual([
      ['LEFT'],
      1,
      1,
      0,
    ])
  })

  it('is not entered where there is none, where nobody answers in time, or when that is taken back', async () => {
    const shards = new Shards()
    shards.refusal = { t: 'refused', code: 'BAD_STATE', message: 'no shard of a cluster' }
    expect(await codeOf(shards.enter())).toBe('BAD_STATE')
    shards.down.add('ws://a').add('ws://b')
    shards.dialled.length = 0
    const vain = codeOf(shards.enter({}, ['ws://a', 'ws://b']))
    await shards.run(2_000)
    expect([await vain, shards.dialled]).toEqual(['CONNECT_FAILED', ['ws://a', 'ws://b']])
    shards.down.clear()
    shards.refusal = { t: 'nothing' }
    const late = codeOf(lobbyOver(pond, ['ws://a'], { timeoutMs: 500 }, shards.host, () => new Promise(() => {})))
    const abort = new AbortController()
    const taken = codeOf(lobbyOver(pond, ['ws://a'], { signal: abort.signal }, shards.host, shards.dial))
    abort.abort()
    await shards.run(600)
    expect([await late, await taken]).toEqual(['TIMED_OUT', 'LEFT'])
    expect(await codeOf(lobbyOver(pond, [], {}, shards.host, shards.dial))).toBe('BAD_ARGUMENT')
  })
})
