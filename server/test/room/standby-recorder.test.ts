/** What a protected room tells those who stand by. That it adds up to the same match is shown by bench/test and by the replica's own tests. */
import { Replica } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  packHead,
  packNotes,
  type SessionNote,
  type StandbyHead,
  unpackHead,
  unpackNotes,
} from '../../src/room/session-notes.ts'
import { LOST, protectedRoom } from './standby-rig.ts'

const kinds = (notes: readonly SessionNote[]): string[] => notes.map(([kind]) => kind)
const of = (notes: readonly SessionNote[], wanted: string): SessionNote[] => notes.filter(([kind]) => kind === wanted)

describe('records', () => {
  it('there is one for each tick, and one who stands by computes the same match from them', () => {
    const { server, core, line } = protectedRoom({ timers: { tick: () => {} } })
    const first = server.join()
    server.play([first], 30, [60])
    const keyframe = core.keyframe()
    const head = unpackHead(keyframe.about)
    expect(head).toMatchObject({ game: 'walkers', tickRate: 60, worldInts: core.game.worldInts, created: {} })
    const replica = new Replica(core.game, head ?? { historyTicks: 1, secretSeed: 0 })
    replica.load(keyframe.journal)
    const from = line.records.length
    const second = server.join()
    server.play([first, second], 60, [-60])
    const later = line.records.slice(from)
    expect(later.map(({ tick }) => tick)).toEqual(later.map((_, n) => keyframe.tick + 1 + n))
    expect(later.every(({ journal }) => replica.apply(journal))).toBe(true)
    expect(replica.sim.world.ints).toEqual(core.sim.world.ints)
    expect([...replica.book.players.keys()]).toEqual([1, 2])
    expect(replica.explain(core.stateAt(core.tickNumber) ?? new Uint8Array(0))).toBeUndefined()
  })

  it('are told as the line asks from the next tick on; where clients see a part, always by states', () => {
    const { server, core, line } = protectedRoom()
    server.join()
    line.mode = 'states'
    server.run(20)
    const states = line.records.at(-1)?.journal[0]
    line.mode = 'inputs'
    server.run(20)
    expect(line.records.at(-1)?.journal[0]).not.toBe(states)
    const partial = protectedRoom({ interest: { visible: () => true } as never }, {})
    partial.server.run(100)
    expect(partial.line.records.at(-1)?.journal[0]).toBe(states)
    expect(core.closed).toBe(false)
  })

  it('tell who sits, with whose secret, who is away and back, who plays, and who left', async () => {
    const { server, line } = protectedRoom({}, { authenticate: () => ({ name: 'Ada' }) })
    const client = server.connect()
    client.hello({ room: 'main', options: { colour: 3 } })
    server.run(1)
    await new Promise((done) => setImmediate(done))
    server.run(100)
    expect(kinds(line.notes())).toEqual(['who', 'secrets'])
    expect(line.notes()[0]?.[2]).toMatchObject({ identity: { name: 'Ada' }, options: { colour: 3 } })
    const sent = line.notes()[1]
    expect(sent).toEqual(['secrets', 1, null, expect.any(Uint8Array)])
    let from = line.records.length
    server.play([client], 10)
    expect(kinds(line.notes(from)).sort()).toEqual(['played', 'secrets'])
    expect(of(line.notes(from), 'secrets')[0]?.[2]).toEqual(sent?.[3])
    from = line.records.length
    client.link.close(LOST)
    server.run(100)
    expect(line.notes(from)).toEqual([
      ['away', 1, { ...LOST, untilMs: expect.closeTo(server.scheduler.now() + 15_000, -3) }],
    ])
    from = line.records.length
    const again = server.connect()
    again.hello({ resume: client.welcome?.resume })
    server.run(100)
    expect(kinds(line.notes(from)).sort()).toEqual(['away', 'secrets'])
    from = line.records.length
    again.control({ t: 'leave' })
    server.run(100)
    expect(line.notes(from)).toEqual([['gone', 1]])
  })

  it('tell what was said and heard, and a keyframe tells all that still counts', () => {
    const { server, core, line, room } = protectedRoom({ timers: { end: () => {} } })
    const client = server.join()
    const from = line.records.length
    client.say('say', { text: 'x', n: 1 })
    room().broadcast('said', { text: 'a', seat: 0 })
    room().random()
    room().list({ state: 'closed' })
    room().schedule('end', 60_000, { n: 1 })
    server.run(40)
    expect(kinds(line.notes(from)).sort()).toEqual(['heard', 'listing', 'random', 'said', 'secrets', 'timer'])
    expect(of(line.notes(from), 'random')[0]).toEqual(['random', ...core.random.state()])
    const all = unpackNotes(core.keyframe().session) ?? []
    expect(kinds(all)).toEqual(['who', 'secrets', 'heard', 'said', 'timer', 'random', 'listing'])
    expect(of(all, 'said')).toEqual(of(line.notes(from), 'said'))
    const quiet = line.records.length
    server.run(1000)
    expect(line.notes(quiet)).toEqual([])
  })

  it('tell which seats are kept for whom, in cluster time', () => {
    const { server, core, line } = protectedRoom({}, {}, 7_000)
    server.run(150)
    const untilMs = server.scheduler.now() + 1_000
    core.seats.reserve('ticket', untilMs)
    server.run(150)
    core.seats.release('ticket')
    server.run(150)
    expect(line.notes()).toEqual([
      ['reserve', 1, 'ticket', untilMs + 7_000],
      ['unreserve', 1],
    ])
  })
})

describe('session notes', () => {
  const hash = new Uint8Array(32).fill(7)
  const notes: SessionNote[] = [
    ['who', 1, { id: 'a', identity: { name: 'Ada' }, options: { n: [1] }, ticketId: 't' }],
    ['gone', 2],
    ['secrets', 1, null, hash],
    ['away', 1, { code: 'CONNECTION_LOST', message: '', untilMs: 1.5 }],
    ['away', 1, null],
    ['played', 1],
    ['heard', 1, 7],
    ['said', 1, 8, new Uint8Array(100_000).fill(3)],
    ['timer', 1, 60, 0, 'end', null],
    ['timer-off', 1],
    ['effect', 'main/00000001/3/0', 3, 'score', { points: 1 }],
    ['effect-done', 'main/00000001/3/0'],
    ['random', -1, 2, 3, 4],
    ['listing', { state: 'open', attributes: { mode: 'duel' } }],
    ['reserve', 3, 'ticket', 12.25],
    ['unreserve', 3],
    ['closing', 'Over.'],
  ]
  const head: StandbyHead = {
    game: 'g',
    schema: 0xffff_ffff,
    build: 'b',
    tickRate: 60,
    worldInts: 9,
    historyTicks: 9,
    secretSeed: 0xffff_ffff,
    publicSeed: -5,
    created: { mode: 'duel' },
  }

  it('come back as they were, binaries and all; none take no bytes', () => {
    expect(unpackNotes(packNotes(notes))).toEqual(notes)
    expect(packNotes([]).length).toBe(0)
    expect(unpackNotes(new Uint8Array(0))).toEqual([])
    expect(unpackHead(packHead(head))).toEqual(head)
  })

  it('are nothing if they are damaged', () => {
    const whole = packNotes(notes.slice(0, 7))
    expect(unpackNotes(whole.subarray(0, whole.length - 1))).toBeUndefined()
    expect(unpackNotes(new Uint8Array([...whole, 0]))).toBeUndefined()
    for (const bad of [
      ['who', 0, { id: 'a' }],
      ['secrets', 1, null, new Uint8Array(31)],
      ['toString', 1],
      ['heard', 1, -1],
    ])
      expect(unpackNotes(packNotes([bad as never]))).toBeUndefined()
    expect(unpackHead(packHead({ ...head, schema: -1 }))).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = whole.slice()
        damaged[at] = byte
        unpackNotes(damaged)
        unpackHead(damaged)
      }),
      { numRuns: 2_000 },
    )
  })
})
