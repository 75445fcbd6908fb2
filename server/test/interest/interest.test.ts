import { axis, defineGame, type EventLog, entityRef, fixed, HEADER_COUNTS, int, seatOfKey } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Interest } from '../../src/index.ts'
import type { UntypedInterest } from '../../src/interest/interest-rule.ts'
import { TestServer } from '../raw-client.ts'
import { InterestLab } from './interest-lab.ts'

const grid = { x: 'x', y: 'y', radius: 250 }

/** The public columns of a world's rows, and the owner-only ones of a seat: a line for each entity. */
function rowsOf({ game, encoder }: InterestLab, memory: Int32Array | undefined, seat: number): string {
  const lines: string[] = []
  for (const plan of memory === undefined ? [] : encoder.layout.types) {
    const count = memory?.[HEADER_COUNTS + plan.index] ?? 0
    const columns = [plan.ids, plan.owners, plan.flags, ...plan.fields.map(({ offset }) => offset)]
    const ofOwner = plan.ownerFields.map(({ offset }) => offset)
    for (let row = 0; row < count; row++) {
      const shown = memory?.[plan.owners + row] === seat ? [...columns, ...ofOwner] : columns
      lines.push(`${game.entities[plan.index]?.name} ${shown.map((at) => memory?.[at + row]).join()}`)
    }
  }
  return lines.join('\n')
}

/** The events of a tick, a text for each. */
function eventsOf(log: EventLog, tick: number): string[] {
  return Array.from({ length: log.count(tick) }, (_, n) => {
    const at = log.at(tick, n)
    return log.ints.subarray(at, at + log.stride).join()
  })
}

describe('interest', () => {
  it('leaves each client with exactly what the server remembers of it, whatever is lost, moves, comes, goes or changes hands', () => {
    const rule = fc.record({
      grid: fc.constant(grid),
      always: fc.constantFrom([], ['score']),
      budgetBytesPerSecond: fc.constantFrom(300, 1_000, 4_000, 100_000),
      maxStalenessMs: fc.constantFrom(100, 200, 500),
    })
    fc.assert(
      fc.property(
        rule,
        fc.nat(1_000_000),
        fc.constantFrom(0, 0.1, 0.4),
        fc.constantFrom(0.1, 0.5, 1.5),
        (rule, seed, loss, unrest) => {
          const lab = new InterestLab({ rule: rule as UntypedInterest, seed, clients: 4, loss, unrest })
          for (let n = 0; n < 90; n++) {
            lab.step()
            if (lab.tick % 3 !== 0) continue
            lab.send((client, frame, status) => {
              expect(status).toBe('ok')
              const remembered = lab.interest.of(client.seat).find(lab.tick)
              expect(rowsOf(lab, frame, client.seat)).toEqual(rowsOf(lab, remembered, client.seat))
            })
          }
        },
      ),
      { numRuns: 24, seed: 7 },
    )
  })

  it('gives everybody everything, as it is, where everything is visible and the budget is large', () => {
    const rule = { visible: () => true, budgetBytesPerSecond: 1_000_000 }
    const lab = new InterestLab({ rule, seed: 5, clients: 3, loss: 0 })
    let told = 0
    for (let n = 0; n < 150; n++) {
      lab.step()
      if (lab.tick % 3 !== 0) continue
      lab.send((client, frame, status, baselineTick) => {
        expect(status).toBe('ok')
        expect(rowsOf(lab, frame, client.seat)).toBe(rowsOf(lab, lab.history.find(lab.tick), client.seat))
        if (baselineTick < 0) return
        for (let tick = baselineTick + 1; tick <= lab.tick; tick++) {
          expect(eventsOf(client.events, tick)).toEqual(eventsOf(lab.sim.events, tick))
          told += client.events.count(tick)
        }
      })
    }
    expect(told).toBeGreaterThan(50)
  })

  it('tells a client of what happens near it, to what it sees, or nowhere, and of nothing else', () => {
    const lab = new InterestLab({
      rule: { grid: { ...grid, leaveRadius: 290 } },
      seed: 6,
      clients: 2,
      loss: 0,
      unrest: 0.9,
    })
    const counts = { near: 0, far: 0 }
    for (let n = 0; n < 400; n++) {
      lab.step()
      if (lab.tick % 3 !== 0) continue
      lab.send((client, frame, _status, baselineTick) => {
        if (baselineTick < 0) return
        const heard = new Set(eventsOf(client.events, lab.tick))
        const { events } = lab.sim
        const [own] = lab.ownPlaces(client.seat)
        const ids = new Set(lab.idsIn(frame))
        const there = new Set(lab.idsIn(lab.sim.world.ints))
        for (let k = 0; k < events.count(lab.tick); k++) {
          const at = events.at(lab.tick, k)
          const [by, x, y] = [2, 3, 4].map((place) => events.ints[at + place] ?? 0) as [number, number, number]
          const isBang = events.ints[at] === 0
          const mine = lab.ownPlaces(client.seat)
          const reach = Math.min(...mine.map((place) => Math.hypot(place.x - x / 16, place.y - y / 16)))
          // What has ended was perhaps seen until then.
          if (isBang && !there.has(by)) continue
          const known = !isBang || reach <= 290 || ids.has(by)
          const text = eventsOf(events, lab.tick)[k] ?? ''
          if (known) expect(heard.has(text)).toBe(true)
          // Who is seen is heard, wherever its shots land.
          else if (seatOfKey(events.ints[at + 1] ?? 0) === 0) expect(heard.has(text)).toBe(false)
          if (own !== undefined) counts[known ? 'near' : 'far']++
        }
      })
    }
    expect(counts.near).toBeGreaterThan(20)
    expect(counts.far).toBeGreaterThan(20)
  })

  it('spends no more than the budget on average, and lets nothing wait longer than the bound', () => {
    const rule = { grid: { ...grid, radius: 400 }, budgetBytesPerSecond: 1_300, maxStalenessMs: 300 }
    const lab = new InterestLab({ rule, seed: 9, clients: 4, loss: 0, unrest: 0.4, settled: true })
    const ofAll = new InterestLab({
      rule: { ...rule, budgetBytesPerSecond: 1e6 },
      seed: 9,
      clients: 4,
      loss: 0,
      unrest: 0.4,
      settled: true,
    })
    let worstTicks = 0
    let waited = 0
    for (let n = 0; n < 1200; n++) {
      lab.step()
      ofAll.step()
      if (lab.tick % 3 !== 0) continue
      ofAll.send(() => {})
      lab.send((client) => {
        const sent = client.viewer?.sent
        const record = sent?.find(lab.tick) ?? -1
        if (sent === undefined || record < 0) return
        for (let at = sent.start(record); at < sent.start(record) + sent.count(record); at++) {
          const lag = sent.isThere(at) ? (sent.lags[at] ?? 0) : (sent.origins[at] ?? 0)
          if (lag > 0) waited++
          worstTicks = Math.max(worstTicks, lag)
        }
      })
    }
    for (const client of lab.clients) {
      const unlimited = ofAll.clients[client.seat - 1]?.bytes ?? 0
      expect(unlimited / 20).toBeGreaterThan(1_500)
      expect(client.bytes / 20).toBeLessThan(1_300 * 1.02)
    }
    expect(waited).toBeGreaterThan(1_000)
    // The next frame comes 3 ticks later: then it would be 18 ticks, or 300 ms.
    expect(worstTicks).toBeLessThanOrEqual(15)
    expect(worstTicks).toBeGreaterThan(6)
  })

  it('lets what matters more wait less', () => {
    const priority = (_room: object, _viewer: object, entity: object) =>
      (entity as { id: number }).id % 2 === 0 ? 10 : 1
    const rule = { grid: { ...grid, radius: 400 }, budgetBytesPerSecond: 1_150, maxStalenessMs: 500, priority }
    const lab = new InterestLab({ rule, seed: 11, clients: 4, loss: 0, unrest: 0.3, settled: true })
    const waited = [0, 0]
    for (let n = 0; n < 600; n++) {
      lab.step()
      if (lab.tick % 3 !== 0) continue
      lab.send((client) => {
        const sent = client.viewer?.sent
        const record = sent?.find(lab.tick) ?? -1
        if (sent === undefined || record < 0) return
        for (let at = sent.start(record); at < sent.start(record) + sent.count(record); at++) {
          const table = lab.interest.setup.tables.findLast(({ first }) => first <= (sent.rows[at] ?? 0))
          const id =
            lab.history.find(lab.tick)?.[(table?.plan.ids ?? 0) + (sent.rows[at] ?? 0) - (table?.first ?? 0)] ?? 0
          if (sent.isThere(at)) waited[id % 2] = (waited[id % 2] ?? 0) + (sent.lags[at] ?? 0)
        }
      })
    }
    expect(waited[1]).toBeGreaterThan(3 * (waited[0] ?? 0))
    expect(waited[0]).toBeGreaterThan(0)
  })
})

const hill = defineGame({
  id: 'hill',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 12,
  input: { move: axis() },
  events: { rang: { by: entityRef() }, chimed: { n: int(0, 9) } },
  entities: {
    hiker: {
      max: 12,
      fields: { x: fixed(0, 1000, 1 / 16), y: fixed(0, 1000, 1 / 16), team: int(0, 9) },
      motion(h, held, dt) {
        h.x += held.move * 60 * dt
      },
    },
    bell: { max: 4, fields: { x: fixed(0, 1000, 1 / 16), y: fixed(0, 1000, 1 / 16), n: int(0, 1000) } },
  },
})

describe('a room with interest', () => {
  it('makes a body once for teammates who see the same', () => {
    const server = new TestServer(hill, {
      interest: { visible: (_room, { seat }, entity) => entity.type === 'hiker' && entity.team === seat % 2 },
      onJoin: (room, { seat }) => void room.spawn('hiker', { owner: seat, x: 500, team: seat % 2 }),
    })
    const clients = Array.from({ length: 12 }, () => server.join())
    server.play(clients, 30, [127])
    const before = server.host.rooms.get('main')?.stats
    server.play(clients, 60, [-127])
    const after = server.host.rooms.get('main')?.stats
    const frames = (after?.framesSent ?? 0) - (before?.framesSent ?? 0)
    expect(frames).toBe(240)
    // Of 12 players 4 get their snapshot in the same tick, 2 of each team.
    expect((after?.bodiesEncoded ?? 0) - (before?.bodiesEncoded ?? 0)).toBe(frames / 2)
    expect(clients.every(({ statuses }) => statuses.every((status) => status === 'ok'))).toBe(true)
    const hikers = clients.map((client) => client.frames.find(client.newest)?.[HEADER_COUNTS])
    expect(hikers).toEqual(clients.map(() => 6))
  })

  it('refuses a rule that does not fit the game, and says what to do', () => {
    const make = (interest: Interest<NonNullable<typeof hill.shape>>) => () => new TestServer(hill, { interest })
    expect(make({})).toThrow('Give `grid`, `visible`, or both.')
    expect(make({ grid: { x: 'x', y: 'z', radius: 10 } })).toThrow('Name the fields of a position.')
    expect(make({ grid: { x: 'x', y: 'y', radius: 0 } })).toThrow('rules.interest.grid.radius is 0')
    expect(make({ grid: { x: 'x', y: 'y', radius: 10, leaveRadius: 5 } })).toThrow('leaveRadius is 5')
    expect(make({ visible: () => true, always: ['tree' as 'bell'] })).toThrow('Declared are: hiker, bell.')
  })
})
