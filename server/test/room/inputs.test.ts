import { describe, expect, it } from 'vitest'
import type { RawClient } from '../raw-client.ts'
import { TestServer } from '../raw-client.ts'
import { makeWalkers, type Trace, type Walkers, walkerRules } from '../test-game.ts'

const RIGHT = [127] as const
const STILL = [0] as const
const TICK_MS = 1000 / 60

function setUp(options = {}) {
  const trace: Trace = { presses: [], throwAt: -1 }
  const suspicions: string[] = []
  const rules = {
    ...walkerRules,
    onSuspicion: (_r: unknown, _p: unknown, what: { kind: string }) => suspicions.push(what.kind),
  }
  const server = new TestServer<Walkers>(makeWalkers(trace), rules, options)
  const client = server.join()
  server.play([client], 10)
  const room = () => server.host.rooms.get('main')
  const walker = () => room()?.world.walker.at(0)
  const tick = () => server.run(TICK_MS)
  return { server, client, trace, suspicions, room, walker, tick }
}

const lateOf = (client: RawClient) => client.heads.reduce((sum, { lateInputs }) => sum + lateInputs, 0)

describe('the inputs of a player', () => {
  it('are used in their tick, one each, however many are sent: nobody plays faster than time', () => {
    const { server, client, walker } = setUp()
    const from = walker()?.x ?? 0
    for (let n = 0; n < 30; n++) {
      // The same tick again and again, and a second of ticks ahead at once.
      const next = server.nextTick(client)
      for (let again = 0; again < 5; again++) client.input(next, RIGHT)
      if (n === 0) for (let ahead = 1; ahead < 60; ahead++) client.input(next + ahead, RIGHT)
      server.run(TICK_MS)
    }
    expect((walker()?.x ?? 0) - from).toBeCloseTo(30, 5)
  })

  it('repeat what was held for 150 ms when they are missing, then let go', () => {
    const { server, client, walker } = setUp()
    server.play([client], 5, RIGHT)
    const from = walker()?.x ?? 0
    for (let n = 0; n < 30; n++) server.run(TICK_MS)
    expect((walker()?.x ?? 0) - from).toBeCloseTo(9, 5)
  })

  it('follow the newest levels even if each comes a little late', () => {
    const { server, client, walker } = setUp()
    const from = walker()?.x ?? 0
    for (let n = 0; n < 40; n++) {
      client.input(server.nextTick(client) - 2, RIGHT)
      server.run(TICK_MS)
    }
    expect((walker()?.x ?? 0) - from).toBeGreaterThan(35)
    expect(lateOf(client)).toBeGreaterThan(30)
  })

  it('leave no latency behind after a burst', () => {
    const { server, client, walker } = setUp()
    const first = server.nextTick(client)
    for (let n = 0; n < 20; n++) server.run(TICK_MS)
    for (let tick = first; tick < first + 20; tick++) client.input(tick, RIGHT)
    client.input(server.nextTick(client), STILL)
    server.run(TICK_MS)
    const stopped = walker()?.x ?? 0
    server.play([client], 5, STILL)
    expect(walker()?.x).toBe(stopped)
  })

  it('are told of in the head: the used ones, the margin, the late ones', () => {
    const { server, client } = setUp()
    server.play([client], 30)
    const head = client.heads.at(-1)
    expect(head?.usedCount).toBe(3)
    expect(head?.usedMask).toBe(7)
    expect(head?.lateInputs).toBe(0)
    expect(head?.marginMs).toBeGreaterThan(0)
    expect(head?.marginMs).toBeLessThanOrEqual(TICK_MS)
    const before = client.heads.length
    const skipped = server.nextTick(client)
    server.run(TICK_MS)
    client.input(skipped, STILL)
    server.play([client], 6)
    const told = client.heads.slice(before)
    expect(told.reduce((sum, { lateInputs }) => sum + lateInputs, 0)).toBe(1)
    expect(told.some(({ usedMask }) => usedMask !== 7)).toBe(true)
    expect(Math.min(...told.map(({ marginMs }) => (Number.isNaN(marginMs) ? 0 : marginMs)))).toBeLessThan(0)
  })

  it('that a stall held up, and that come at once, do not pass for how early inputs usually come', () => {
    const { server, client, room } = setUp()
    server.play([client], 60)
    const usualMs = room()?.players.get(1)?.stats.marginMs ?? 0
    const last = server.nextTick(client)
    for (let n = 0; n < 75; n++) server.run(TICK_MS)
    // The client stood still, too, then played on, unheard for a second.
    for (let tick = last + 17; tick <= server.nextTick(client); tick++) client.input(tick, STILL)
    server.play([client], 10)
    expect(Math.abs((room()?.players.get(1)?.stats.marginMs ?? 0) - usualMs)).toBeLessThan(10)
  })

  it('that are absurdly far ahead are counted, and change nothing', () => {
    const { server, client, room, walker } = setUp()
    const from = walker()?.x
    client.input(server.nextTick(client) + 5_000, RIGHT)
    server.run(100)
    expect(room()?.players.get(1)?.stats.ignoredInputs).toBe(1)
    expect(walker()?.x).toBe(from)
  })
})

describe('a press', () => {
  it('in time is applied in its tick, once', () => {
    const { server, client, trace } = setUp()
    const tick = server.nextTick(client)
    client.input(tick, STILL, [1])
    server.run(TICK_MS)
    server.play([client], 20)
    expect(trace.presses).toMatchObject([{ tick, count: 1 }])
  })

  it('that comes late is applied once, at the next tick', () => {
    const { server, client, trace } = setUp()
    const meant = server.nextTick(client)
    for (let n = 0; n < 6; n++) server.run(TICK_MS)
    client.input(meant, STILL, [1])
    const applied = server.nextTick(client)
    server.run(TICK_MS)
    server.play([client], 20)
    expect(trace.presses).toMatchObject([{ tick: applied, count: 1 }])
  })

  it('that was lost and comes with a later input is not applied again when the lost one turns up', () => {
    const { server, client, trace } = setUp()
    const lost = server.nextTick(client)
    server.run(TICK_MS)
    // The counter of the next tick says it all; then the lost tick arrives, with that press.
    client.input(lost + 1, STILL, [1])
    server.run(TICK_MS)
    client.input(lost, STILL)
    server.play([client], 10)
    expect(trace.presses).toHaveLength(1)
  })

  it('that comes too late is refused once: told, counted, without effect, and the next one counts', () => {
    const { server, client, trace, suspicions, room } = setUp()
    const meant = server.nextTick(client)
    for (let n = 0; n < 40; n++) server.run(TICK_MS)
    client.input(meant, STILL, [2])
    server.run(TICK_MS)
    server.play([client], 10)
    expect(trace.presses).toEqual([])
    expect(client.heads.reduce((sum, { refusedPresses }) => sum + refusedPresses, 0)).toBe(2)
    expect(room()?.players.get(1)?.stats.refusedPresses).toBe(2)
    expect(suspicions).toEqual(['press-refused'])
    client.input(server.nextTick(client), STILL, [1])
    server.run(TICK_MS)
    server.play([client], 10)
    expect(trace.presses).toMatchObject([{ count: 1 }])
  })

  it('is one of several that come in one burst: all are applied within ticks, none twice', () => {
    const { server, client, trace } = setUp()
    const first = server.nextTick(client)
    for (let n = 0; n < 12; n++) server.run(TICK_MS)
    for (let n = 0; n < 12; n++) client.input(first + n, STILL, [n % 3 === 0 ? 1 : 0])
    const resumed = server.nextTick(client)
    server.play([client], 20)
    expect(trace.presses.reduce((sum, { count }) => sum + count, 0)).toBe(4)
    expect(trace.presses.at(-1)?.tick).toBeLessThan(resumed + 4)
  })

  it('comes not in hundreds at once', () => {
    const { server, client, trace, suspicions } = setUp()
    client.input(server.nextTick(client), STILL, [100])
    server.run(TICK_MS)
    server.play([client], 5)
    expect(trace.presses).toEqual([])
    expect(suspicions).toContain('press-refused')
  })
})

describe('the stamp of a press', () => {
  /** Plays so that the server knows the client's timing: it draws 100 ms behind. */
  function warm() {
    const all = setUp()
    const { server, client } = all
    client.interpolationDelayMs = 100
    for (let n = 0; n < 120; n++) step(server, client)
    return all
  }
  /** A stamp of the frames that the client has. */
  function stampAt(client: RawClient, view: number): [number, number, number] {
    const ticks = client.heads.map(({ tick }) => tick)
    const older = ticks.findLast((tick) => tick <= view) ?? 0
    const newer = ticks.find((tick) => tick > view)
    if (newer === undefined) return [older, older, Math.floor(view - older)]
    return [older, newer, Math.round(((view - older) * 256) / (newer - older))]
  }
  function step(server: TestServer<Walkers>, client: RawClient, presses: number[] = [], shiftTicks = 0): number {
    const tick = server.nextTick(client)
    // What a client with 100 ms of interpolation delay shows now, in ticks.
    const view = tick - 1 - 6 + shiftTicks
    client.input(tick, RIGHT, presses, stampAt(client, view))
    server.run(TICK_MS)
    return view
  }

  it('that can be true is what the shot is judged against, to the bit', () => {
    const { server, client, trace, room } = warm()
    const view = step(server, client, [1])
    expect(room()?.players.get(1)?.stats.clampedStamps).toBe(0)
    // The walker moves one unit per tick, so its place names the tick.
    const { tick = 0, seen = 0 } = trace.presses[0] ?? {}
    const now = room()?.world.walker.at(0).x ?? 0
    expect(now - seen).toBeCloseTo(tick - view, 1)
  })

  it('that reaches too far back is clamped, counted, and told to the game', () => {
    const { server, client, trace, suspicions, room } = warm()
    step(server, client, [1], -15)
    expect(room()?.players.get(1)?.stats.clampedStamps).toBeGreaterThan(0)
    expect(suspicions).toContain('stamp-clamped')
    const now = room()?.world.walker.at(0).x ?? 0
    const back = now - (trace.presses[0]?.seen ?? 0)
    expect(back).toBeGreaterThan(6)
    expect(back).toBeLessThan(12)
  })

  it('that is of the future is clamped too', () => {
    const { server, client, room } = warm()
    step(server, client, [1], 4.5)
    expect(room()?.players.get(1)?.stats.clampedStamps).toBeGreaterThan(0)
  })

  it('is believed after a stall of the uplink as before it', () => {
    const { server, client, trace, room } = warm()
    const first = server.nextTick(client)
    const held: (() => void)[] = []
    for (let n = 0; n < 15; n++) {
      const tick = first + n
      const stamp = stampAt(client, tick - 7)
      held.push(() => client.input(tick, RIGHT, [n === 3 ? 1 : 0], stamp))
      server.run(TICK_MS)
    }
    for (const send of held) send()
    for (let n = 0; n < 10; n++) step(server, client)
    expect(trace.presses).toHaveLength(1)
    expect(room()?.players.get(1)?.stats.clampedStamps).toBe(0)
  })
})
