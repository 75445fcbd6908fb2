import { CONTROL, INPUT, NetError } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { DEFAULT_SPECTATORS, type HostOptions, RoomHost, type Rules } from '../../src/index.ts'
import { MAX_SAID_BYTES, MAX_SAID_MESSAGES, SaidLog } from '../../src/room/said-log.ts'
import { type RawClient, TestServer } from '../raw-client.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'

const TICK_MS = 1000 / 60

function served(spectators: HostOptions['spectators'], rules: Partial<Rules<Walkers>> = {}, more = {}) {
  const options = spectators === undefined ? more : { spectators, ...more }
  return new TestServer(walkers, { ...walkerRules, ...rules } as Rules<Walkers>, options)
}

/** Somebody who watches, so many ms behind. */
function watch(server: TestServer<Walkers>, delayMs: number, room = 'main'): RawClient {
  const client = server.connect()
  client.hello({ room, spectate: delayMs })
  server.run(50)
  return client
}

/** Lets time pass, with players that play and spectators that acknowledge. */
function play(
  server: TestServer<Walkers>,
  players: readonly RawClient[],
  watchers: readonly RawClient[],
  ticks: number,
) {
  for (let n = 0; n < ticks; n++) {
    for (const watcher of watchers) if (watcher.newest >= 0) watcher.input(server.nextTick(watcher), [0])
    server.play(players, 1, [60])
  }
}

function refusalOf(client: RawClient): string {
  const [refused] = client.of('refused')
  return `${refused?.code}: ${refused?.message}`
}

describe('who may watch', () => {
  it('nobody, unless the server allows it; the refusal says how', () => {
    const server = served(undefined)
    server.join()
    const client = watch(server, 0)
    expect(refusalOf(client)).toBe(
      'JOIN_REFUSED: this server lets nobody watch. Give `serve` the option `spectators`, or join as a player.',
    )
    expect(client.closed?.code).toBe('JOIN_REFUSED')
  })

  it('with a delay within the bounds of the server, which the refusal names', () => {
    const server = served({ minDelayMs: 1_000, maxDelayMs: 5_000 })
    server.join()
    for (const delayMs of [0, 999, 5_001]) {
      expect(refusalOf(watch(server, delayMs))).toBe(
        `JOIN_REFUSED: a delay of ${delayMs} ms cannot be chosen here. Choose a \`delayMs\` from 1000 to 5000.`,
      )
    }
    for (const delayMs of [1_000, 2_345.6, 5_000]) expect(watch(server, delayMs).welcome?.seat).toBe(0)
  })

  it('as many as there are places, and again when one is free', () => {
    const server = served({ max: 2 })
    const player = server.join()
    const first = watch(server, 0)
    watch(server, 10_000)
    expect(refusalOf(watch(server, 0))).toMatch(
      /^ROOM_FULL: all 2 places for spectators of the room "main" are taken\./,
    )
    expect(server.host.stats).toMatchObject({ players: 1, spectators: 2 })
    first.control({ t: 'leave' })
    play(server, [player], [], 10)
    expect(first.closed?.code).toBe('LEFT')
    expect(watch(server, 0).welcome).toBeDefined()
  })

  it('rooms that are there: it makes none, and keeps none open', () => {
    const server = served({})
    expect(refusalOf(watch(server, 0))).toMatch(/^ROOM_NOT_FOUND/)
    expect(server.host.rooms.size).toBe(0)
    const player = server.join()
    const watcher = watch(server, 1_000)
    play(server, [player], [watcher], 2)
    player.link.close({ code: 'LEFT', message: '' })
    play(server, [], [watcher], 60 * 5 + 30)
    expect(server.host.rooms.size).toBe(0)
    expect(watcher.closed).toBeUndefined()
    play(server, [], [watcher], 60)
    expect(watcher.closed?.code).toBe('ROOM_CLOSED')
    server.run(500)
    expect(server.scheduler.pending).toBe(0)
  })

  it('also when all seats are taken, and takes none', () => {
    const server = served({})
    const players = [server.join(), server.join(), server.join()]
    expect(watch(server, 0).welcome).toMatchObject({
      seat: 0,
      players: [
        [1, {}],
        [2, {}],
        [3, {}],
      ].map(() => expect.anything()),
    })
    expect(server.join().welcome?.seat).toBe(4)
    expect(watch(server, 0).welcome?.players).toHaveLength(4)
    expect(players.every(({ closed }) => closed === undefined)).toBe(true)
  })

  it('as far as connections go round, as others', () => {
    const server = served({}, {}, { limits: { maxConnections: 2 } })
    server.join()
    expect(watch(server, 0).welcome).toBeDefined()
    expect(refusalOf(watch(server, 0))).toMatch(/^TOO_MANY_CONNECTIONS/)
  })

  it.each([
    { maxDelayMs: -1 },
    { maxDelayMs: 120_001 },
    { maxDelayMs: Number.NaN },
    { minDelayMs: -1 },
    { minDelayMs: 31_000 },
    { max: 0 },
    { max: 2.5 },
    { max: 1_001 },
  ])('options that make no sense are refused: %j', (spectators) => {
    const make = () => served(spectators).host
    expect(make).toThrow(NetError)
    expect(make).toThrow(/^BAD_ARGUMENT: spectators\.\w+ is .*\. Give/)
    expect(served(DEFAULT_SPECTATORS).host).toBeInstanceOf(RoomHost)
  })
})

describe('what a spectator gets', () => {
  it('frames of snapshots that are its delay old, rounded up to whole snapshots, at the pace of the room', () => {
    const server = served({})
    const player = server.join()
    const watcher = watch(server, 1_001)
    play(server, [player], [watcher], 120)
    expect(watcher.welcome?.epochMs).toBeCloseTo((player.welcome?.epochMs ?? 0) + 63 * TICK_MS, 6)
    expect(watcher.statuses.every((status) => status === 'ok')).toBe(true)
    expect(watcher.statuses.length).toBeGreaterThan(15)
    expect(player.newest - watcher.newest).toBe(63)
    expect([...(watcher.frames.find(watcher.newest) ?? [])]).not.toEqual([])
    expect(watcher.heads.filter(({ baselineTick }) => baselineTick < 0)).toHaveLength(1)
  })

  it('no tail: owner-only fields of what nobody owns stay hidden too', () => {
    const server = served(
      {},
      {
        onTick(room) {
          if (room.tick === 5) room.spawn('walker', { x: 3, ammo: 7 })
        },
      },
    )
    const player = server.join()
    const watcher = watch(server, 0)
    play(server, [player], [watcher], 30)
    const unowned = [...(server.host.rooms.get('main')?.world.walker ?? [])].find(({ owner }) => owner === 0)
    expect(unowned?.ammo).toBe(7)
    expect(watcher.heads.length).toBeGreaterThan(5)
    expect(watcher.heads.every(({ bodyBytes }) => bodyBytes === -1)).toBe(true)
    const ammo = walkers.entities[0]?.fields.find(({ name }) => name === 'ammo')
    const seen = watcher.frames.find(watcher.newest)
    expect([0, 1].map((row) => seen?.[(ammo?.offset ?? 0) + row])).toEqual([50, 50])
  })

  it('attributes, players and broadcasts when its delay is over', () => {
    const server = served(
      {},
      {
        onTick(room) {
          if (room.tick % 10 === 0) room.setAttributes({ round: room.tick })
          if (room.tick === 60) room.broadcast('said', { text: 'sixty', seat: 0 })
        },
      },
    )
    const player = server.join()
    const watcher = watch(server, 2_000)
    // The room is younger than the delay: as it was before its first tick.
    expect(watcher.welcome).toMatchObject({ tick: 0, attributes: { map: 'plain', round: 0 }, players: [] })
    const said: number[] = []
    for (let n = 0; n < 240; n++) {
      play(server, [player], [watcher], 1)
      const tick = server.host.rooms.get('main')?.tick ?? 0
      for (const { tick: when } of watcher.of('attr')) expect(tick - when).toBeGreaterThanOrEqual(120)
      if (watcher.of('msg').length > said.length) said.push(tick)
    }
    expect(watcher.of('attr').find(({ players }) => players?.[0]?.[0] === 1)).toBeDefined()
    expect(watcher.of('attr').filter(({ room }) => room !== undefined).length).toBeGreaterThan(8)
    expect(said).toEqual([180])
    const late = watch(server, 1_000)
    const heard = late.welcome?.attributes.round as number
    const age = (server.host.rooms.get('main')?.tick ?? 0) - heard
    expect(age).toBeGreaterThanOrEqual(60)
    expect(age).toBeLessThan(60 + 16)
    expect(late.welcome?.players).toHaveLength(1)
  })

  it('word of a shifted timeline at once, shifted by its delay', () => {
    const server = served({})
    const player = server.join()
    const watcher = watch(server, 500)
    server.spentMs += 1_000
    server.run(50)
    const [told] = player.of('notice')
    const [heard] = watcher.of('notice')
    expect(told?.kind).toBe('timeline')
    expect((heard?.epochMs ?? 0) - (told?.epochMs ?? 0)).toBeCloseTo(500, 6)
  })

  it('fewer snapshots than players at the first sign of overload', () => {
    let costMs = 0
    let server: TestServer<Walkers> | undefined
    server = served(
      {},
      {
        onTick() {
          if (server !== undefined) server.spentMs += costMs
        },
      },
    )
    const player = server.join()
    const watcher = watch(server, 0)
    const room = () => server?.host.rooms.get('main')
    const playOn = (ticks: number) => {
      for (let n = 0; n < ticks; n++) {
        const next = (room()?.tick ?? 0) + 2
        for (const client of [player, watcher]) client.input(next, [0])
        server?.run(TICK_MS)
      }
    }
    playOn(120)
    expect(watcher.heads.length).toBeGreaterThan(35)
    costMs = 14
    for (let n = 0; n < 600 && room()?.stats.overload === 0; n++) playOn(1)
    costMs = 9.5
    const before = [player.heads.length, watcher.heads.length]
    playOn(30)
    expect(room()?.stats.overload).toBe(1)
    const [players = 0, watchers = 0] = [player, watcher].map(({ heads }, n) => heads.length - (before[n] ?? 0))
    expect(watchers).toBeGreaterThan(0)
    expect(players).toBeGreaterThan(watchers * 1.5)
  })
})

describe('what a spectator sends', () => {
  it('inputs and messages have no effect; messages are counted', () => {
    let said = 0
    const server = served({}, { messages: { say: () => void said++ } })
    const player = server.join()
    const watcher = watch(server, 0)
    for (let n = 0; n < 30; n++) {
      watcher.input(server.nextTick(watcher), [127], [1])
      watcher.say('say', { text: 'go left', n: 1 })
      server.play([player], 1)
    }
    server.run(100)
    expect(said).toBe(0)
    const room = server.host.rooms.get('main')
    expect(room?.stats).toMatchObject({ players: 1, spectators: 1, spectatorMessagesIgnored: 30 })
    expect([...(room?.world.walker ?? [])].map(({ x, shots }) => [x, shots])).toEqual([[0, 0]])
    expect(watcher.closed).toBeUndefined()
  })

  it.each([
    ['an input message that is cut off', [INPUT, 1]],
    ['a control message that is none', [CONTROL, 0xc1]],
    ['a message of no kind', [77]],
  ])('%s ends it, and nobody else', (_what, bytes) => {
    const server = served({})
    const player = server.join()
    const watcher = watch(server, 0)
    const other = watch(server, 0)
    watcher.link.send('reliable', Uint8Array.from(bytes))
    play(server, [player], [other], 30)
    expect(watcher.closed?.code).toBe('MALFORMED')
    expect(server.host.rooms.get('main')?.stats.spectators).toBe(1)
    expect([player.closed, other.closed]).toEqual([undefined, undefined])
  })

  it('nothing: it gets few frames, is dropped at last, and players notice nothing', () => {
    const server = served({})
    const player = server.join()
    const watcher = watch(server, 0)
    watcher.acknowledges = false
    const before = player.heads.length
    play(server, [player], [watcher], 300)
    expect(watcher.heads.length).toBeLessThan(25)
    expect(player.heads.length - before).toBe(100)
    play(server, [player], [watcher], 400)
    expect(watcher.closed?.code).toBe('TOO_SLOW')
    expect(server.host.rooms.get('main')?.stats).toMatchObject({ players: 1, spectators: 0 })
  })
})

describe('the log of what was said', () => {
  const bytes = new Uint8Array(8)

  it('knows what was known at any tick that it keeps', () => {
    const log = new SaidLog({ map: 'plain', deep: { a: 1 } })
    log.add(10, bytes, { players: [[1, { set: { name: 'Ada' } }]] })
    log.add(20, bytes, { room: { in: { deep: { set: { a: 2 } } } }, players: [[1, { set: { points: 3 } }]] })
    log.add(20, bytes)
    log.add(30, bytes, { players: [[1, null]] })
    const at = (tick: number) => {
      const { state, next } = log.stateAt(tick)
      return [state.room.deep, Object.fromEntries(state.players), next]
    }
    const expected = [
      [{ a: 1 }, {}, 0],
      [{ a: 1 }, { 1: { name: 'Ada' } }, 1],
      [{ a: 2 }, { 1: { name: 'Ada', points: 3 } }, 3],
      [{ a: 2 }, {}, 4],
    ]
    expect([9, 10, 29, 30].map(at)).toEqual(expected)
    log.forget(19)
    expect([10, 29, 30].map(at)).toEqual(expected.slice(1))
    log.forget(20)
    expect([29, 30].map(at)).toEqual(expected.slice(2))
    expect(log.at(2, 99)).toBeUndefined()
    expect(log.at(3, 29)).toBeUndefined()
    expect(log.at(3, 30)).toBe(bytes)
  })

  it.each([
    ['messages', MAX_SAID_MESSAGES, new Uint8Array(1)],
    ['bytes', 64, new Uint8Array(MAX_SAID_BYTES / 64)],
  ])('forgets the oldest when there are too many %s, but not what they changed', (_what, most, message) => {
    const log = new SaidLog({ n: -1 })
    for (let n = 0; n < most * 3; n++) log.add(n, message, { room: { set: { n } }, players: [] })
    expect(log.first).toBe(most * 2)
    expect(log.at(log.first - 1, 1e9)).toBeUndefined()
    expect(log.at(log.first, 1e9)).toBe(message)
    expect(log.stateAt(0).state.room).toEqual({ n: most * 2 - 1 })
    expect(log.stateAt(1e9).state.room).toEqual({ n: most * 3 - 1 })
  })

  it('ends a spectator that missed something, and says what to do', () => {
    const server = served(
      {},
      {
        onTick(room) {
          for (let n = 0; n < 300; n++) room.broadcast('said', { text: 'noise', seat: 0 })
        },
      },
    )
    const player = server.join()
    const [late, live] = [watch(server, 5_000), watch(server, 0)]
    play(server, [player], [late, live], 90)
    expect(late.closed).toMatchObject({ code: 'TOO_SLOW', message: expect.stringContaining('choose a shorter') })
    expect(live.closed).toBeUndefined()
  })
})
