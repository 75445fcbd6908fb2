/** What a holder keeps of a room: replica, ledger of sessions, and what came late to a room that moved. */
import { encodeControl, NetError } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_LATE_BYTES, packLate, unpackLate } from '../../src/room/late-inputs.ts'
import { RoomReplica } from '../../src/room/room-replica.ts'
import { SessionLedger } from '../../src/room/session-ledger.ts'
import {
  packHead,
  packNotes,
  type SessionNote,
  type StandbyHead,
  unpackHead,
  unpackNotes,
} from '../../src/room/session-notes.ts'
import { makeWalkers } from '../test-game.ts'
import { LOST, protectedRoom } from './standby-rig.ts'

const game = makeWalkers()
const clock = { nowMs: () => 0 }

/** A short match with all that a session has. */
function match() {
  const rig = protectedRoom({
    messages: { say: (room, player, { text }) => room.send(player, 'said', { text, seat: player.seat }) },
    timers: { ring: () => {} },
  })
  const keyframe = rig.core.keyframe()
  const [one, two] = [rig.server.join(), rig.server.join()]
  rig.room().scheduleEvery('ring', 100, 1)
  rig.room().random()
  for (let n = 0; n < 70; n++) {
    one.say('say', { text: `m${n}`, n: 1 })
    if (n === 40) rig.server.play([one, two], 2, [20])
  }
  rig.server.play([one, two], 30, [20])
  two.link.close(LOST)
  rig.server.play([one], 30, [20])
  return { ...rig, keyframe, one, two }
}

describe('a replica of a room', () => {
  it('stands where the room stands: the same world after each tick, and sessions that add up to those of a keyframe', () => {
    const { keyframe, line, core } = match()
    const replica = new RoomReplica(game, keyframe, clock)
    for (const record of line.records) replica.append(record)
    expect(replica.tick).toBe(core.tickNumber)
    expect(replica.waiting).toBe(line.records.length)
    replica.replay(Number.POSITIVE_INFINITY)
    expect([replica.diverged, replica.waiting, replica.replayed]).toEqual([undefined, 0, core.tickNumber])
    const now = core.keyframe()
    const other = new RoomReplica(game, now, clock)
    expect(replica.hash()).toBe(other.hash())
    expect(replica.hash()).toBe(core.halt().hash)
    const sorted = (notes: readonly SessionNote[]) => notes.map((note) => JSON.stringify(note)).sort()
    expect(sorted(replica.ledger.notes())).toEqual(sorted(other.ledger.notes()))
    expect(replica.ledger.seats.get(1)?.said).toHaveLength(64)
    expect(replica.ledger.seats.get(2)?.away).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('takes no more than 10 s of ticks, or 8 MB, before some are replayed, and nothing out of order', () => {
    const { keyframe, line } = match()
    const replica = new RoomReplica(game, keyframe, clock)
    const [first, second] = line.records
    if (first === undefined || second === undefined) throw new Error('no records')
    expect(() => replica.append(second)).toThrow('does not fit')
    const large = { ...first, journal: new Uint8Array(9 * 1024 * 1024) }
    expect(() => replica.append(large)).toThrow('wait to be replayed')
    for (let n = 0; n < 600; n++) replica.append({ ...first, tick: replica.tick + 1 })
    expect(() => replica.append({ ...first, tick: replica.tick + 1 })).toThrow('600 ticks')
  })

  it('stops at a record that cannot be read, and says so; the clock bounds how long it replays', () => {
    const { keyframe, line } = match()
    let nowMs = 0
    const replica = new RoomReplica(game, keyframe, { nowMs: () => nowMs++ })
    for (const record of line.records.slice(0, 20)) replica.append(record)
    replica.replay(5)
    expect(replica.waiting).toBeGreaterThan(12)
    const bad = { tick: replica.tick + 1, journal: new Uint8Array([1, 2, 3]), session: new Uint8Array(0) }
    replica.append(bad)
    replica.replay(Number.POSITIVE_INFINITY)
    expect([replica.replayed, replica.diverged, replica.isDamaged]).toEqual([20, 21, true])
    expect(typeof replica.explain(new Uint8Array(3))).toBe('string')
  })

  it('refuses keyframes of other games and schemas, by their names', () => {
    const { keyframe } = match()
    const head = unpackHead(keyframe.about) as StandbyHead
    const open = (changed: Partial<StandbyHead>) => () =>
      new RoomReplica(game, { ...keyframe, about: packHead({ ...head, ...changed }) }, clock)
    const codeOf = (run: () => unknown): string => {
      try {
        run()
      } catch (error) {
        return error instanceof NetError ? error.code : String(error)
      }
      return 'none'
    }
    expect(codeOf(open({}))).toBe('none')
    expect(codeOf(open({ game: 'chess' }))).toBe('GAME_MISMATCH')
    expect(codeOf(open({ schema: 1 }))).toBe('SCHEMA_MISMATCH')
    expect(codeOf(open({ worldInts: 7 }))).toBe('SCHEMA_MISMATCH')
    expect(codeOf(open({ historyTicks: 1e9 }))).toBe('MALFORMED')
    expect(codeOf(() => new RoomReplica(game, { ...keyframe, about: new Uint8Array(2) }, clock))).toBe('MALFORMED')
  })
})

describe('the ledger of sessions', () => {
  const seat = fc.integer({ min: 1, max: 6 })
  const count = fc.integer({ min: 0, max: 9 })
  const hash = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }))
  const id = fc.constantFrom('a', 'b')
  const note: fc.Arbitrary<SessionNote> = fc.oneof(
    fc.tuple(fc.constant('who' as const), seat, fc.record({ id })),
    fc.tuple(fc.constant('gone' as const), seat),
    fc.tuple(fc.constant('secrets' as const), seat, hash, hash),
    fc.tuple(fc.constant('away' as const), seat, fc.option(fc.record({ code: id, message: id, untilMs: fc.nat() }))),
    fc.tuple(fc.constant('played' as const), seat),
    fc.tuple(fc.constant('heard' as const), seat, count),
    fc.tuple(fc.constant('said' as const), seat, count, fc.uint8Array({ maxLength: 4 })),
    fc.tuple(fc.constant('timer' as const), count, count, count, id, count),
    fc.tuple(fc.constant('timer-off' as const), count),
    fc.tuple(fc.constant('effect' as const), id, count, id, count),
    fc.tuple(fc.constant('effect-done' as const), id),
    fc.tuple(fc.constant('random' as const), count, count, count, count),
    fc.tuple(fc.constant('reserve' as const), seat, id, fc.nat()),
    fc.tuple(fc.constant('unreserve' as const), seat),
  )

  it('gives notes for a keyframe that add up to itself, over the wire, whatever came', () => {
    fc.assert(
      fc.property(fc.array(note, { maxLength: 60 }), (notes) => {
        const ledger = new SessionLedger(6)
        expect(ledger.apply(notes)).toBe(true)
        const again = new SessionLedger(6)
        const told = unpackNotes(packNotes(ledger.notes()))
        expect(told).toBeDefined()
        expect(again.apply(told ?? [])).toBe(true)
        // What a keyframe tells, the next record may tell again.
        expect(again.apply(told ?? [])).toBe(true)
        expect(JSON.stringify(again.notes())).toBe(JSON.stringify(ledger.notes()))
      }),
    )
  })

  it('takes no seat that the game does not have, nor timers without end', () => {
    const ledger = new SessionLedger(4)
    expect(ledger.apply([['who', 5, { id: 'x' }]])).toBe(false)
    const timers = Array.from({ length: 10_001 }, (_, n): SessionNote => ['timer', n, 5, 0, 'ring', null])
    expect(ledger.apply(timers)).toBe(false)
  })
})

describe('late inputs', () => {
  it('of the largest room fit into a word', () => {
    const { core, server } = match()
    const client = server.join()
    server.play([client], 200)
    const player = core.players.find(({ seat }) => seat === core.players.at(-1)?.seat)
    if (player === undefined) throw new Error('nobody plays')
    expect(player.inputs.ring.find(core.tickNumber - 60)).toBeGreaterThanOrEqual(0)
    const many = Array.from({ length: 1_000 }, () => player)
    const bytes = packLate(many)
    expect(bytes.length).toBeLessThanOrEqual(MAX_LATE_BYTES)
    expect(bytes.length).toBeGreaterThan(200_000)
  })

  it('come back as they were, and what was damaged on its way is none, or such as could be', () => {
    const { core, server } = match()
    const client = server.join()
    for (let n = 1; n < 9; n++)
      client.input(server.nextTick(client) + n, [n * 3], [n % 2], [core.tickNumber, core.tickNumber, 0])
    server.run(0.01)
    const bytes = packLate(core.players)
    const late = unpackLate(bytes, game)
    expect(late?.map((player) => player.seat)).toEqual([1, 3])
    expect(late?.[1]?.ticks.length).toBeGreaterThanOrEqual(8)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const broken = bytes.slice()
        broken[at] = (broken[at] ?? 0) ^ flip
        const read = unpackLate(broken, game)
        for (const { seat, rows, ticks } of read ?? []) {
          expect(seat).toBeLessThanOrEqual(4)
          expect(rows).toHaveLength(ticks.length * game.inputWidth)
        }
      }),
      { numRuns: 400 },
    )
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        let packed: Uint8Array
        try {
          packed = encodeControl(anything)
        } catch {
          return
        }
        unpackLate(packed, game)
      }),
    )
  })
})
