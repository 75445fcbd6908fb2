/** A room goes on from a replica on another shard: after a death, and by plan. On virtual time, without a cluster. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RoomCore } from '../../src/room/room-core.ts'
import { bestHaltMs } from '../../src/room/room-pause.ts'
import type { RawClient } from '../raw-client.ts'
import { line, play, SECOND, type TwoShards, twoShards } from './two-shards.ts'

const TICK_MS = 1000 / 60

/** The first shard dies, without a word; the second takes over, so much later. */
function takeOver(shards: TwoShards, afterMs = 400, late?: Uint8Array): RoomCore {
  const { first, second, replica } = shards
  shards.run(0)
  first.host.dropRoom('main', { code: 'CONNECTION_LOST', message: 'dead' })
  shards.run(afterMs)
  const cluster = { epoch: SECOND, created: replica.head.created, standby: line() }
  return second.host.restoreRoom('main', cluster, replica, late)
}

const shotsOf = (shards: TwoShards, server: TwoShards['first']): number[] =>
  [...shards.room(server).world.walker].map(({ shots }) => shots)

describe('a room whose shard died', () => {
  it('goes on at the next tick with the same world, attributes, messages, timers, effects and numbers', () => {
    const effects: string[] = []
    const numbers: number[] = []
    const said: string[] = []
    const shards = twoShards({
      messages: {
        say: (room, player, { text }) => {
          said.push(text)
          room.send(player, 'said', { text: `re ${text}`, seat: player.seat })
        },
      },
      timers: { ring: (room, data) => room.setAttributes({ round: Number(data) }) },
      effects: {
        score: ({ id }) => {
          effects.push(id)
          throw new Error('the database is away')
        },
      },
    })
    const { first, second, room } = shards
    const one = first.join()
    const two = first.join()
    shards.run(0)
    const before = room(first)
    before.schedule('ring', 2_000, 7)
    before.setAttributes({ map: 'hills' })
    before.players.get(2)?.setAttributes({ name: 'Bo', points: 3 })
    before.list({ attributes: { mode: 'duel' } })
    numbers.push(before.random(), before.random())
    before.effect('score', { points: 3 })
    one.say('say', { text: 'hello', n: 1 })
    play(shards, [one, two], 30, [50])
    const hash = shards.core.halt().hash
    const tick = shards.core.tickNumber
    const x = [...before.world.walker].map((walker) => walker.x)
    const next = shards.core.random.state()
    const core = takeOver(shards)
    expect(shards.replica.hash()).toBe(hash)
    expect([core.tickNumber, core.listing, core.random.state()]).toEqual([tick, { attributes: { mode: 'duel' } }, next])
    const after = room(second)
    expect([...after.world.walker].map((walker) => walker.x)).toEqual(x)
    expect(after.attributes).toMatchObject({ map: 'hills' })
    expect(after.options).toEqual({ mode: 'duel' })
    expect(after.players.get(2)?.attributes).toEqual({ name: 'Bo', points: 3 })
    const again = shards.resume(one)
    expect(again.welcome).toMatchObject({
      resumed: true,
      tick,
      epoch: SECOND,
      seat: 1,
      heard: 1,
      attributes: { map: 'hills' },
    })
    expect(again.of('msg')).toEqual([])
    shards.run(2_500)
    expect(after.attributes).toMatchObject({ round: 7 })
    expect(new Set(effects).size).toBe(1)
    expect(effects.length).toBeGreaterThan(1)
    expect(said).toEqual(['hello'])
    expect(shards.calls).toEqual(['create', 'join 1', 'join 2', 'restore', 'disconnect 2'])
  })

  it('waits for those who were connected, opens at once when all are back with their inputs, and shifts its timeline by the outage', () => {
    const shards = twoShards()
    const { first, second } = shards
    const clients = [first.join(), first.join()]
    shards.run(0)
    play(shards, clients, 30)
    const [one, two] = clients as [RawClient, RawClient]
    const core = takeOver(shards, 700)
    const tick = core.tickNumber
    const onOne = shards.resume(one)
    shards.run(100)
    expect(core.tickNumber).toBe(tick)
    const onTwo = shards.resume(two)
    shards.run(20)
    expect(core.tickNumber).toBe(tick)
    for (const client of [onOne, onTwo]) client.input(tick + 1, [0, 0])
    shards.run(50)
    expect(core.tickNumber - tick).toBeGreaterThanOrEqual(2)
    expect(core.tickNumber - tick).toBeLessThanOrEqual(4)
    const shiftedMs = (onTwo.of('notice').at(-1)?.epochMs ?? onTwo.welcome?.epochMs ?? 0) - (two.welcome?.epochMs ?? 0)
    expect(shiftedMs / TICK_MS).toBeCloseTo(Math.round(shiftedMs / TICK_MS), 5)
    expect(shiftedMs).toBeGreaterThan(810)
    expect(shiftedMs).toBeLessThan(860)
    // Cluster time, whatever the shard's own clock says.
    expect(Math.abs((onOne.welcome?.serverNowMs ?? 0) - first.scheduler.now())).toBeLessThan(200)
    const heads = onOne.heads.length
    shards.run(500)
    expect(onOne.heads[0]?.baselineTick).toBe(-1)
    expect(onOne.heads.length).toBeGreaterThan(heads)
    expect([...onOne.statuses, ...onTwo.statuses].every((status) => status === 'ok')).toBe(true)
    expect(shards.calls).toEqual(['create', 'join 1', 'join 2', 'restore'])
    expect(second.host.stats).toMatchObject({ players: 2, away: 0 })
  })

  it('does not wait long for the inputs of those who are back', () => {
    const shards = twoShards()
    const clients = [shards.first.join(), shards.first.join()]
    shards.run(0)
    play(shards, clients, 30)
    const core = takeOver(shards)
    const tick = core.tickNumber
    for (const client of clients) shards.resume(client)
    shards.run(140)
    expect(core.tickNumber).toBe(tick)
    shards.run(40)
    expect(core.tickNumber).toBeGreaterThan(tick)
    expect(shards.second.host.stats).toMatchObject({ players: 2, away: 0 })
  })

  it('takes those who do not come for away after 300 ms, with their whole time from then on', () => {
    const shards = twoShards()
    const { first, second } = shards
    const clients = [first.join(), first.join()]
    shards.run(0)
    play(shards, clients, 30)
    const core = takeOver(shards)
    const tick = core.tickNumber
    shards.run(295)
    expect(core.tickNumber).toBe(tick)
    shards.run(50)
    expect(core.tickNumber).toBeGreaterThan(tick)
    expect(second.host.stats).toMatchObject({ players: 2, away: 2 })
    shards.run(4_700)
    const again = shards.resume(clients[0] as RawClient)
    expect(again.welcome?.resumed).toBe(true)
    shards.run(1_000)
    expect(shards.calls).toEqual([
      'create',
      'join 1',
      'join 2',
      'restore',
      'disconnect 1',
      'disconnect 2',
      'reconnect 1',
      'leave 2',
    ])
  })

  it('keeps who was away before away, in its seat, and lets nobody in by a wrong secret', () => {
    const shards = twoShards()
    const { first, second } = shards
    const clients = [first.join(), first.join()]
    shards.run(0)
    play(shards, clients, 30)
    const [one, two] = clients as [RawClient, RawClient]
    two.link.close({ code: 'CONNECTION_LOST', message: 'gone' })
    play(shards, [one], 10)
    takeOver(shards, 3_000)
    shards.resume(one)
    const wrong = shards.resume(two, { resume: `${two.welcome?.playerId}.${'0'.repeat(32)}` })
    expect(wrong.closed?.code).toBe('RESUME_REFUSED')
    shards.run(1_000)
    const again = shards.resume(two)
    expect(again.welcome).toMatchObject({ resumed: true, seat: 2 })
    // The old secret is void once the new one was used.
    play(shards, [again], 5)
    expect(shards.resume(two).closed?.code).toBe('RESUME_REFUSED')
    expect(shards.calls).toEqual(['create', 'join 1', 'join 2', 'disconnect 2', 'restore', 'reconnect 2'])
    expect(second.host.stats.players).toBe(2)
  })

  it('applies each press once, whatever was held when it died, and a late one from before as well', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 60 }),
        fc.nat(15),
        (presses, lost) => {
          const shards = twoShards()
          const client = shards.first.join()
          shards.run(0)
          // More than the low bits that go over the wire can count.
          for (let n = 0; n < 6; n++) {
            client.input(shards.first.nextTick(client), [10], [50])
            shards.run(TICK_MS)
          }
          presses.forEach((count, n) => {
            // Some of the last inputs before the death never arrive there.
            const tick = shards.first.nextTick(client)
            if (n < presses.length - lost) client.input(tick, [10], [count])
            else client.keepInput(tick, [10], [count])
            shards.run(TICK_MS)
          })
          const made = presses.reduce((sum, count) => sum + count, 300)
          const core = takeOver(shards)
          const again = shards.resume(client)
          again.sendAgain(core.tickNumber - 12)
          shards.run(1_500)
          expect(again.closed).toBeUndefined()
          expect(shotsOf(shards, shards.second)).toEqual([made])
        },
      ),
      { numRuns: 15 },
    )
  })

  it('judges a stamp that was made before the death against exactly that snapshot', () => {
    const shards = twoShards()
    const { first, second, trace } = shards
    const client = first.join()
    shards.run(0)
    const x = new Map<number, number>()
    for (let n = 0; n < 60; n++) {
      play(shards, [client], 1, [100])
      for (const walker of shards.room(first).world.walker) x.set(shards.core.tickNumber, walker.x)
    }
    const core = takeOver(shards)
    const tick = core.tickNumber
    const again = shards.resume(client)
    const seen = tick - 9
    again.interpolationDelayMs = 100
    again.input(tick + 1, [100], [1], [seen, seen, 0])
    shards.run(200)
    expect(shotsOf(shards, second)).toEqual([1])
    expect(shards.room(second).players.get(1)?.stats.clampedStamps).toBe(0)
    expect(trace.presses.map(({ tick: at, seen: there }) => [at, there])).toEqual([[tick + 1, x.get(seen)]])
    expect(new Set(x.values()).size).toBeGreaterThan(50)
  })

  it('sends messages again that did not come, and no other', () => {
    const shards = twoShards({
      messages: { say: (room, player, { text }) => room.send(player, 'said', { text, seat: 1 }) },
    })
    const client = shards.first.join()
    shards.run(0)
    for (const text of ['a', 'b', 'c']) client.say('say', { text, n: 1 })
    play(shards, [client], 10)
    expect(client.of('msg')).toHaveLength(3)
    takeOver(shards)
    const again = shards.resume(client, { heard: 1 })
    expect(again.of('msg').map(({ v }) => v[0])).toEqual(['b', 'c'])
    expect(again.welcome?.heard).toBe(3)
  })

  it('refuses what cannot be restored, and changes nothing', () => {
    const shards = twoShards()
    shards.first.join()
    shards.run(0)
    const { second, replica } = shards
    const [seat] = [...replica.ledger.seats.keys()]
    replica.ledger.seats.delete(seat ?? 0)
    expect(() => takeOver(shards)).toThrow('replica')
    expect(second.host.rooms.size).toBe(0)
    expect(second.host.stats.players).toBe(0)
  })
})

describe('a planned move', () => {
  /** Plays with a move at tick 40 or without; gives the hash of each tick, and what clients came to. */
  function match(moves: boolean) {
    const hashes: number[] = []
    const shards = twoShards()
    const { first, second, replica } = shards
    let clients = [first.join(), first.join()]
    shards.run(0)
    const from = shards.core.tickNumber
    let core = shards.core
    const step = (n: number): void => {
      for (const [at, client] of clients.entries())
        client.input(first.nextTick(client) + 2, [(n * 7) % 90], [n % (5 + at) === 0 ? 1 : 0])
      shards.run(TICK_MS)
      hashes.push(hashOf(core))
    }
    for (let n = 0; n < 60; n++) {
      step(n)
      if (!moves || n !== 30) continue
      second.host.expectRoom('main', replica)
      const early = clients.map((client) => shards.resume(client, { prepare: true }))
      expect(early.map((client) => client.of('ready').length)).toEqual([1, 1])
      expect(second.host.arrived('main')).toBe(2)
      const halt = core.halt()
      shards.run(0)
      expect([replica.tick, replica.hash()]).toEqual([halt.tick, halt.hash])
      core = second.host.restoreRoom('main', { epoch: SECOND, created: {}, standby: line() }, replica, halt.late)
      first.host.handOver('main', { url: 'ws://second', epoch: SECOND })
      first.run(1)
      expect(clients.map(({ closed }) => closed?.code)).toEqual(['MOVED', 'MOVED'])
      expect(early.map(({ welcome }) => welcome?.resumed)).toEqual([true, true])
      // The millisecond for each hello, and for the links.
      first.scheduler.runUntil(first.scheduler.now() - 3 + 3)
      clients = early
    }
    return { hashes, from, shards, clients, core }
  }

  it('computes each tick as it would have been without it, in time, and rules do not notice', () => {
    const still = match(false)
    const moved = match(true)
    expect(moved.core).not.toBe(moved.shards.core)
    expect(moved.core.tickNumber).toBe(still.core.tickNumber)
    expect(moved.hashes).toEqual(still.hashes)
    expect(new Set(still.hashes).size).toBeGreaterThan(50)
    expect(moved.shards.calls).toEqual(['create', 'join 1', 'join 2', 'restore'])
    expect(moved.clients.every((client) => client.closed === undefined)).toBe(true)
    expect(moved.clients.flatMap(({ statuses }) => statuses).every((status) => status === 'ok')).toBe(true)
    expect(moved.clients[0]?.heads.length).toBeGreaterThan(5)
    expect(moved.shards.first.host.rooms.size).toBe(0)
  })

  it('stops at best when a snapshot has just left, which goes out although nobody holds it yet', () => {
    const shards = twoShards()
    const { first, core } = shards
    const client = first.join()
    shards.run(0)
    play(shards, [client], 20)
    while (core.tickNumber % 3 !== 1) play(shards, [client], 1)
    const tick = core.tickNumber + 2
    const nowMs = (): number => core.options.clock.nowMs()
    const inMs = bestHaltMs(core, nowMs()) - nowMs()
    expect(inMs).toBeGreaterThan(TICK_MS)
    expect(inMs).toBeLessThan(2 * TICK_MS + 2)
    Object.assign(core.options.standby ?? {}, { heldTick: core.tickNumber })
    shards.run(inMs)
    expect([core.tickNumber, bestHaltMs(core, nowMs())]).toEqual([tick, nowMs()])
    expect(client.heads.at(-1)?.tick).toBe(tick - 3)
    core.halt()
    shards.run(1)
    expect([client.heads.at(-1)?.tick, client.behinds.at(-1), client.statuses.at(-1)]).toEqual([tick, 2, 'ok'])
    shards.run(6)
    expect(bestHaltMs(core, nowMs()) - nowMs()).toBeGreaterThan(2 * TICK_MS)
    // No tick runs any more: the next one is late.
    shards.run(100)
    expect(bestHaltMs(core, nowMs()) - nowMs()).toBeCloseTo(2)
  })

  it('goes on under a new epoch after it failed: links are closed, players are expected, and nothing is lost', () => {
    const shards = twoShards()
    const { first, core } = shards
    const client = first.join()
    shards.run(0)
    play(shards, [client], 20)
    for (let n = 1; n <= 3; n++) client.input(first.nextTick(client) + n, [20], [1])
    shards.run(1)
    const { tick } = core.halt()
    shards.run(200)
    expect(core.tickNumber).toBe(tick)
    core.goOn(SECOND)
    first.run(1)
    expect(client.closed?.code).toBe('STALE_EPOCH')
    const again = first.connect()
    again.goOnAs(client)
    again.hello({ room: 'main', resume: client.welcome?.resume ?? '' })
    first.run(1)
    again.sendAgain(tick)
    expect(again.welcome).toMatchObject({ resumed: true, epoch: SECOND, tick })
    shards.run(500)
    expect(core.tickNumber).toBeGreaterThan(tick + 20)
    expect(again.statuses.every((status) => status === 'ok')).toBe(true)
    expect(again.heads.length).toBeGreaterThan(3)
    expect(shotsOf(shards, first)).toEqual([3])
    expect(shards.calls).toEqual(['create', 'join 1'])
  })

  it('is told of to who comes or comes back while it is under way, until it is called off', () => {
    const shards = twoShards()
    const { first, core } = shards
    const one = first.join()
    shards.run(0)
    play(shards, [one], 5)
    core.announceMove('ws://second')
    first.run(1)
    one.link.close({ code: 'CONNECTION_LOST', message: 'gone' })
    const resumed = () => {
      const again = first.connect()
      again.goOnAs(one)
      again.hello({ room: 'main', resume: one.welcome?.resume ?? '' })
      first.run(20)
      return again
    }
    const urls = (client: RawClient) => client.of('moving').map(({ url }) => url)
    expect(urls(one)).toEqual(['ws://second'])
    const [again, two] = [resumed(), first.join()]
    expect([again, two].map(urls)).toEqual([['ws://second'], ['ws://second']])
    core.announceMove('')
    first.run(1)
    expect([again, two, first.join()].map(urls)).toEqual([['ws://second', ''], ['ws://second', ''], []])
    core.announceMove('ws://second')
    core.halt()
    core.goOn(SECOND)
    expect(core.movesTo).toBe('')
  })

  it('says to who came in advance from which of its messages on it is told, which the old link may have brought as well', () => {
    const shards = twoShards({
      messages: { say: (room, player, { text }) => room.send(player, 'said', { text, seat: 1 }) },
    })
    const { first, second, core, replica } = shards
    const client = first.join()
    shards.run(0)
    client.say('say', { text: 'a', n: 1 })
    play(shards, [client], 5)
    second.host.expectRoom('main', replica)
    const early = shards.resume(client, { prepare: true })
    for (const text of ['b', 'c']) client.say('say', { text, n: 1 })
    play(shards, [client], 5)
    client.say('say', { text: 'd', n: 1 })
    shards.run(1)
    const halt = core.halt()
    shards.run(0)
    second.host.restoreRoom('main', { epoch: SECOND, created: {}, standby: line() }, replica, halt.late)
    first.host.handOver('main', { url: 'ws://second', epoch: SECOND })
    shards.run(50)
    expect(client.of('msg').map(({ v }) => v[0])).toEqual(['a', 'b', 'c'])
    // What waited at the old one comes again.
    expect(early.welcome).toMatchObject({ said: 1, heard: 3 })
    early.say('say', { text: 'd', n: 1 })
    shards.run(50)
    expect(early.of('msg').map(({ v }) => v[0])).toEqual(['b', 'c', 'd'])
  })

  it('welcomes at once before anybody holds the room, with the secret that was shown; messages that waited are not called safe', () => {
    const shards = twoShards()
    const { first, second, core, replica } = shards
    const clients = [first.join(), first.join()]
    shards.run(0)
    play(shards, clients, 20)
    second.host.expectRoom('main', replica)
    const [quiet, talker] = clients.map((client) => shards.resume(client, { prepare: true }))
    clients[1]?.say('say', { text: 'a', n: 1 })
    first.run(1)
    const halt = core.halt()
    shards.run(0)
    const standby = { ...line(), heldTick: -1 }
    second.host.restoreRoom('main', { epoch: SECOND, created: {}, standby }, replica, halt.late)
    first.host.handOver('main', { url: 'ws://second', epoch: SECOND })
    first.run(40)
    expect(quiet?.welcome).toMatchObject({ resumed: true, resume: '', graceMs: 5_000 })
    expect(talker?.welcome).toMatchObject({ resumed: true, resume: '', heard: 0 })
    expect([quiet, talker].map((client) => client?.heads.length)).toEqual([1, 1])
  })

  it('keeps the old secret of who came in advance until a frame of the new owner is acknowledged: inputs from before the welcome prove nothing', () => {
    const shards = twoShards()
    const { first, second, core, replica } = shards
    const client = first.join()
    shards.run(0)
    play(shards, [client], 20)
    second.host.expectRoom('main', replica)
    const early = shards.resume(client, { prepare: true })
    const halt = core.halt()
    shards.run(0)
    second.host.restoreRoom('main', { epoch: SECOND, created: {}, standby: line() }, replica, halt.late)
    first.host.handOver('main', { url: 'ws://second', epoch: SECOND })
    // It was sent before the welcome came, which is lost with the link.
    early.input(first.nextTick(client), [0])
    first.run(2)
    early.link.close({ code: 'CONNECTION_LOST', message: 'gone' })
    first.run(50)
    const again = shards.resume(client)
    expect([again.closed, again.welcome?.resumed]).toEqual([undefined, true])
  })

  it('lets nobody in in advance who is not expected, and sends those away who are not any more', () => {
    const shards = twoShards()
    const { first, second, replica } = shards
    const client = first.join()
    shards.run(0)
    expect(shards.resume(client, { prepare: true }).closed?.code).toBe('NOT_READY')
    second.host.expectRoom('main', replica)
    expect(shards.resume(client, { prepare: true, resume: `${client.welcome?.playerId}.bad` }).closed?.code).toBe(
      'RESUME_REFUSED',
    )
    const [early, twice] = [shards.resume(client, { prepare: true }), shards.resume(client, { prepare: true })]
    expect(early.closed?.code).toBe('REPLACED')
    expect(second.host.arrived('main')).toBe(1)
    for (let n = 0; n < 100; n++) twice.input(first.nextTick(client), [0])
    second.host.expectRoom('main', undefined)
    shards.run(1)
    expect(twice.closed?.code).toBe('NOT_READY')
    expect(second.host.arrived('main')).toBe(0)
    second.host.expectRoom('main', replica)
    const waits = shards.resume(client, { prepare: true })
    for (let n = 0; n < 21; n++) shards.run(500)
    expect(waits.closed?.code).toBe('NOT_READY')
  })
})

function hashOf({ sim }: RoomCore): number {
  return sim.world.hash()
}
