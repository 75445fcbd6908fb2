import { Impairment } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { TestServer } from '../raw-client.ts'
import { makeWalkers, walkerRules, walkers } from '../test-game.ts'

const TICK_MS = 1000 / 60

/** A path from the server that can be frozen: what is sent meanwhile arrives when it thaws. */
class Frozen extends Impairment {
  untilMs = 0
  override orderedArrival(nowMs: number, bytes: number): number {
    return Math.max(super.orderedArrival(nowMs, bytes), this.untilMs)
  }
}

describe('replication', () => {
  it('brings every client the world of the server, tick by tick', () => {
    const server = new TestServer(walkers, walkerRules)
    const clients = [server.join(), server.join(), server.join()]
    server.play(clients, 12, [127])
    const skipped = server.host.rooms.get('main')?.stats.framesSkipped
    for (const client of clients) {
      const from = client.heads.length
      expect(client.heads[0]?.baselineTick).toBe(-1)
      server.play(clients, 60, [127])
      expect(client.statuses.every((status) => status === 'ok')).toBe(true)
      const heads = client.heads.slice(from)
      const ticks = heads.map(({ tick }) => tick)
      expect(ticks.every((tick, n) => n === 0 || tick - (ticks[n - 1] ?? 0) === 3)).toBe(true)
      expect(heads.every(({ tick, baselineTick }) => baselineTick === tick - 3)).toBe(true)
    }
    expect(server.host.rooms.get('main')?.stats.framesSkipped).toBe(skipped)
  })

  it('encodes a body once for all who have the same baseline', () => {
    const server = new TestServer(walkers, walkerRules)
    const clients = [server.join(), server.join(), server.join(), server.join()]
    server.play(clients, 12)
    const before = server.host.rooms.get('main')?.stats
    const from = clients.map(({ heads }) => heads.length)
    server.play(clients, 60, [127])
    const after = server.host.rooms.get('main')?.stats
    expect((after?.bodiesEncoded ?? 0) - (before?.bodiesEncoded ?? 0)).toBe(20)
    expect((after?.framesSent ?? 0) - (before?.framesSent ?? 0)).toBe(80)
    const [first, ...others] = clients.map(({ bodies }, n) => bodies.slice(from[n]))
    for (const bodies of others) expect(bodies).toEqual(first)
  })

  it('shows owner-only fields to their owner alone', () => {
    const server = new TestServer(walkers, walkerRules)
    const [one, two] = [server.join(), server.join()]
    one.input(server.nextTick(one), [0], [3])
    server.run(TICK_MS)
    server.play([one, two], 6)
    const ammo = walkers.entities[0]?.fields.find(({ name }) => name === 'ammo')?.offset ?? 0
    expect(one.frames.find(one.newest)?.[ammo]).toBe(47)
    expect(two.frames.find(two.newest)?.[ammo]).toBe(50)
  })

  it('sends a slow reader newer snapshots less often, in bounded memory, then goes on with the newest', () => {
    const server = new TestServer(walkers, walkerRules)
    const back = new Frozen({})
    const slow = server.connect({}, back)
    slow.hello()
    server.run(100)
    const quick = server.join()
    server.play([slow, quick], 60)
    back.untilMs = server.scheduler.now() + 5_000
    const sentBefore = slow.heads.length
    const framesBefore = server.host.rooms.get('main')?.stats.framesSent ?? 0
    const quickBefore = quick.heads.length
    server.play([slow, quick], 290)
    const quickGot = quick.heads.length - quickBefore
    const sentToSlow = (server.host.rooms.get('main')?.stats.framesSent ?? 0) - framesBefore - quickGot
    expect(quickGot).toBeGreaterThan(90)
    expect(sentToSlow).toBeLessThan(20)
    expect(slow.heads.length).toBe(sentBefore)
    server.play([slow, quick], 60)
    expect(slow.closed).toBeUndefined()
    expect(slow.statuses.every((status) => status === 'ok')).toBe(true)
    expect(slow.newest).toBe(quick.newest)
    expect(slow.heads.at(-1)?.usedCount).toBe(3)
  })

  it('drops a reader that stays stuck, with the reason', () => {
    const server = new TestServer(walkers, walkerRules, { graceMs: 0 })
    const back = new Frozen({})
    const stuck = server.connect({}, back)
    stuck.hello()
    server.run(100)
    const quick = server.join()
    back.untilMs = server.scheduler.now() + 20_000
    server.play([stuck, quick], 60 * 11)
    expect(server.host.rooms.get('main')?.players.size).toBe(1)
    expect(quick.closed).toBeUndefined()
    server.play([quick], 60 * 11)
    expect(stuck.closed?.code).toBe('TOO_SLOW')
  })

  it('answers a client that can decode nothing by a full frame, not more often than the limit', () => {
    const server = new TestServer(walkers, walkerRules, { limits: { fullFramesPerSecond: 2 } })
    const client = server.join()
    server.play([client], 30)
    const before = client.heads.length
    for (let n = 0; n < 60; n++) {
      client.control({ t: 'full' })
      server.play([client], 1)
    }
    const full = client.heads.slice(before).filter(({ baselineTick }) => baselineTick < 0)
    expect(full.length).toBeGreaterThanOrEqual(1)
    expect(full.length).toBeLessThanOrEqual(3)
  })

  it('codes a type without its motion for a client that suspects it, and for the room after three', () => {
    const server = new TestServer(walkers, walkerRules)
    const clients = Array.from({ length: 4 }, () => server.join())
    server.play(clients, 12)
    const bodies = () => server.host.rooms.get('main')?.stats.bodiesEncoded ?? 0
    const perSnapshot = (): number => {
      const before = bodies()
      server.play(clients, 30, [127])
      return (bodies() - before) / 10
    }
    clients[0]?.suspect(server.nextTick(clients[0]))
    server.play(clients, 3)
    expect(perSnapshot()).toBe(2)
    for (const client of clients.slice(1, 3)) client.suspect(server.nextTick(client))
    server.play(clients, 3)
    expect(perSnapshot()).toBe(1)
    const lines = server.lines.filter(({ event }) => event === 'motion-disagrees')
    expect(lines).toHaveLength(3)
    expect(lines[0]?.message).toContain('"walker"')
    expect(lines[2]?.message).toContain('whole room')
    expect(clients.every(({ statuses }) => statuses.every((status) => status === 'ok'))).toBe(true)
  })

  it('sends fewer snapshots while the process is overloaded, and says so in the head', () => {
    let server: TestServer<NonNullable<(typeof walkers)['shape']>> | undefined
    let costMs = 0
    server = new TestServer(walkers, {
      ...walkerRules,
      onTick() {
        if (server !== undefined) server.spentMs += costMs
      },
    })
    const client = server.join()
    server.play([client], 60)
    const before = client.heads.length
    server.play([client], 60)
    const calm = client.heads.length - before
    costMs = 15
    const room = () => server?.host.rooms.get('main')
    const playOn = (ticks: number) => {
      for (let n = 0; n < ticks; n++) {
        client.input((room()?.tick ?? 0) + 2, [0])
        server?.run(TICK_MS)
      }
    }
    playOn(400)
    expect(client.heads.at(-1)?.overload).toBeGreaterThan(0)
    expect(server.lines.some(({ event }) => event === 'overload')).toBe(true)
    const tickBefore = room()?.tick ?? 0
    const headsBefore = client.heads.length
    playOn(200)
    const ticks = (room()?.tick ?? 0) - tickBefore
    expect((client.heads.length - headsBefore) / ticks).toBeLessThan(calm / 60)
  })

  it('tells clients when the timeline was shifted', () => {
    const server = new TestServer(makeWalkers(), walkerRules)
    const client = server.join()
    const { epochMs = 0 } = client.welcome ?? {}
    server.spentMs += 1_000
    server.run(50)
    const notice = client.of('notice').at(-1)
    expect(notice?.kind).toBe('timeline')
    expect(notice?.epochMs ?? 0).toBeGreaterThan(epochMs + 800)
  })

  it.each([
    ['an ordered link', true],
    ['datagrams', false],
  ])('over %s: thins at a low snapshot rate no further than deltas reach', (_name, ordered) => {
    const slow = makeWalkers(undefined, { tickRate: 60, snapshotRate: 6 })
    const server = new TestServer(slow, walkerRules)
    const back = new Impairment({ delayMs: 20 })
    const client = server.connect({ delayMs: 20 }, back, ordered)
    client.hello()
    server.run(300)
    server.play([client], 600)
    const from = client.heads.length
    back.change({ delayMs: 220 })
    server.play([client], 240)
    const late = client.heads.slice(from)
    // Fewer than the 24 of four seconds, and none of them a full one.
    expect(late.length).toBeLessThan(18)
    expect(late.length).toBeGreaterThan(4)
    expect(late.filter(({ baselineTick }) => baselineTick < 0)).toEqual([])
    expect(client.statuses.every((status) => status === 'ok')).toBe(true)
  })

  it('sends to a client on a lossy path at most three times as many snapshots as to others', () => {
    const slow = makeWalkers(undefined, { tickRate: 60, snapshotRate: 6 })
    const server = new TestServer(slow, walkerRules)
    const client = server.connect({ delayMs: 20 }, undefined, false)
    client.hello()
    server.run(300)
    server.play([client], 60)
    const from = client.heads.length
    server.play([client], 120)
    // A path that is not known yet is taken for a lossy one.
    expect(client.heads.length - from).toBeGreaterThan(2 * 12)
    expect(client.heads.length - from).toBeLessThanOrEqual(3 * 12 + 1)
  })

  it.each([
    ['never acknowledges', false, 0],
    ['stops to acknowledge', true, 0],
    ['acknowledges what was not sent yet', false, 30],
  ])('sends few bytes over datagrams to a client that %s, and then drops it', (_name, atFirst, ahead) => {
    const server = new TestServer(walkers, walkerRules)
    const client = server.connect({ delayMs: 20 }, undefined, false)
    client.hello()
    server.run(200)
    client.acknowledges = atFirst
    server.play([client], 120)
    client.acknowledges = ahead > 0
    const from = client.heads.length
    for (let n = 0; n < 540; n++) {
      const tick = server.nextTick(client)
      if (ahead > 0) client.newest = tick + ahead
      client.input(tick, [0])
      server.run(TICK_MS)
    }
    // A second of what lossy paths get, and four full frames a second.
    expect(client.heads.length - from).toBeLessThan(70 + 4 * 9)
    server.play([client], 180)
    expect(client.closed?.code).toBe('TOO_SLOW')
  })
})
