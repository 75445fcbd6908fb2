/** Journals of a bare simulation: what is found wrong in a file, and how it is said. */
import {
  ByteReader,
  ByteWriter,
  JournalError,
  type JournalProblem,
  NetError,
  openJournal,
  Replay,
} from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/journal/crc32.ts'
import { makeGame, recordSim, sparks } from './recorded-sim.ts'

const TICKS = 700
const sound = recordSim(5, TICKS)
const short = recordSim(6, 40)

/** What opening and replaying all of a file comes to. */
function outcome(bytes: Uint8Array, allowTruncated = false): JournalError | 'sound' {
  try {
    const replay = new Replay(openJournal(bytes, sparks, { allowTruncated }))
    while (replay.step());
    return 'sound'
  } catch (error) {
    if (error instanceof JournalError) return error
    throw error
  }
}

function problemOf(bytes: Uint8Array, allowTruncated = false): JournalProblem | 'sound' {
  const result = outcome(bytes, allowTruncated)
  return result === 'sound' ? result : result.what
}

interface Part {
  readonly kind: number
  readonly start: number
  readonly payload: number
  readonly end: number
}

/** The records of a sound file, found by another reading than the one under test. */
function partsOf(bytes: Uint8Array): Part[] {
  const parts: Part[] = []
  const reader = new ByteReader()
  for (let start = 10; start < bytes.length; ) {
    const kind = reader.start(bytes, start).u8()
    const length = reader.varint()
    const payload = reader.position
    parts.push({ kind, start, payload, end: payload + length })
    start = payload + length + 4
  }
  return parts
}

/** The file with one record changed, and its check made right again: as a forger would. */
function forged(bytes: Uint8Array, which: (part: Part) => boolean, change: (payload: Uint8Array) => void): Uint8Array {
  const part = partsOf(bytes).find(which)
  if (part === undefined) throw new Error('no such record')
  const copy = bytes.slice()
  change(copy.subarray(part.payload, part.end))
  new ByteWriter().start(copy, part.end).u32(crc32(copy, part.start, part.end))
  return copy
}

describe('a journal', () => {
  it('replays to the hashes that it was recorded with, across keyframes', () => {
    const journal = openJournal(sound, sparks)
    expect(journal.keyframes.map(({ tick }) => tick)).toEqual([0, 300, 600])
    expect(journal).toMatchObject({ firstTick: 0, lastTick: TICKS, endReason: 'the test is over' })
    expect(outcome(sound)).toBe('sound')
  })

  it('gives the events of steps and of rules, players and attributes', () => {
    const replay = new Replay(openJournal(sound, sparks))
    const names = new Set<string>()
    while (replay.step()) for (const { name } of replay.events(replay.tick)) names.add(name)
    expect([...names].sort()).toEqual(['bang', 'shot'])
    expect(replay.attributes).toEqual({ round: TICKS / 50 })
    expect([...replay.players.values()][1]).toEqual({ seat: 2, id: 'id2', attributes: { name: 'P2' } })
  })

  it('checks its records with CRC-32, as everybody computes it', () => {
    expect(crc32(new TextEncoder().encode('123456789'), 0, 9)).toBe(0xcbf4_3926)
  })

  it.each([
    ['an empty file', new Uint8Array(0), 'foreign', /empty/],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0), 'foreign', /not a journal/],
    [
      'a file changed by a transfer as text',
      Uint8Array.of(0x89, 0x54, 0x4d, 0x4a, 0x0a, 0x1a, 0x0a, 1, 0),
      'foreign',
      /transfer as text/,
    ],
    [
      'one of a later format',
      Uint8Array.of(...sound.subarray(0, 8), 9, 0, ...sound.subarray(10)),
      'version',
      /format 9/,
    ],
  ] as const)('refuses %s, and says so', (_name, bytes, what, message) => {
    expect(outcome(bytes)).toMatchObject({ what, message: expect.stringMatching(message) })
  })

  it('refuses the journal of another game, and of another build of this one, naming both', () => {
    expect(() => openJournal(sound, makeGame('other'))).toThrow(/of the game "sparks", not of "other"/)
    expect(() => openJournal(sound, makeGame('sparks', 90))).toThrow(
      /SCHEMA_MISMATCH: .*schema [0-9a-f]{8}.*schema [0-9a-f]{8}/,
    )
  })

  it('refuses a file that was cut, wherever it was cut, and replays what is whole if asked to', () => {
    const parts = partsOf(short)
    const lastTickEnd = (cut: number) => parts.filter(({ kind, end }) => kind === 3 && end + 4 <= cut).length
    for (let cut = 1; cut < short.length; cut += 1 + (cut % 7)) {
      const bytes = short.subarray(0, cut)
      expect(problemOf(bytes)).toBe('truncated')
      const firstWhole = parts[1]?.end ?? 0
      if (cut < firstWhole + 4) {
        expect(problemOf(bytes, true)).toBe('truncated')
        continue
      }
      const replay = new Replay(openJournal(bytes, sparks, { allowTruncated: true }))
      replay.seek(1e9)
      expect(replay.tick).toBe(lastTickEnd(cut))
    }
  })

  it('finds every flipped bit, even if it may be truncated', () => {
    for (let at = 0; at < short.length; at++) {
      const bytes = short.slice()
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
      expect(problemOf(bytes), `byte ${at}`).not.toBe('sound')
      // A length that reaches beyond the file looks like a file that was cut: then what is before it may be replayed, and nothing after it.
      if (problemOf(bytes, true) === 'sound')
        expect(openJournal(bytes, sparks, { allowTruncated: true }).endReason).toBeUndefined()
    }
  })

  it('names the place of damage', () => {
    const part = partsOf(sound)[20] as Part
    const bytes = sound.slice()
    bytes[part.payload + 1] = (bytes[part.payload + 1] ?? 0) ^ 1
    expect(outcome(bytes)).toMatchObject({
      what: 'corrupt',
      offset: part.start,
      message: expect.stringContaining(`byte ${part.start}`),
    })
  })

  it('refuses records that are repeated, left out, or out of order', () => {
    const parts = partsOf(short)
    const cut = (n: number) => short.subarray(parts[n]?.start ?? 0, (parts[n]?.end ?? 0) + 4)
    const order = parts.map((_, n) => n)
    const put = (list: readonly number[]) => new Uint8Array(Buffer.concat([short.subarray(0, 10), ...list.map(cut)]))
    expect(problemOf(put(order))).toBe('sound')
    const wrong = [
      order.toSpliced(5, 1),
      order.toSpliced(5, 0, 5),
      order.with(5, 6).with(6, 5),
      [1, 0, ...order.slice(2)],
      [...order, 7],
      order.toSpliced(3, 0, 0),
      order.toSpliced(3, 0, 1),
    ]
    for (const list of wrong) expect(problemOf(put(list))).toBe('corrupt')
  })
})

describe('a replay', () => {
  it('names tick, field and entity if the game computes something else', () => {
    const { entities } = sparks
    const limp = {
      ...sparks,
      entities: entities.map((type) => (type.name === 'player' ? { ...type, step: limpingStep } : type)),
    }
    const replay = new Replay(openJournal(sound, limp))
    let failure: unknown
    try {
      while (replay.step());
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(JournalError)
    expect(failure).toMatchObject({ what: 'diverged', code: 'NON_DETERMINISTIC' })
    expect(String(failure)).toMatch(/tick \d+ was computed .* keyframe of tick 300 .* player\.\w+ of entity 1/)
  })

  it('goes on from a keyframe as it would have from the beginning, with rewinds to any tick that was kept', () => {
    const straight = new Replay(openJournal(sound, sparks))
    straight.seek(299)
    const jumping = new Replay(openJournal(sound, sparks))
    for (const keyframe of [600, 300]) {
      jumping.seek(keyframe)
      for (let n = 0; n < 70; n++) expect(jumping.step()).toBe(true)
    }
    while (straight.tick < jumping.tick) straight.step()
    expect([...jumping.world.ints]).toEqual([...straight.world.ints])
  })

  it('goes elsewhere after a failure', () => {
    const tick450 = partsOf(sound).filter(({ kind }) => kind === 3)[449]
    const bytes = forged(
      sound,
      ({ start }) => start === tick450?.start,
      (payload) => payload.fill(255, payload.length - 4),
    )
    const replay = new Replay(openJournal(bytes, sparks))
    expect(() => replay.seek(599)).toThrow(JournalError)
    expect(() => replay.step()).toThrow(JournalError)
    replay.seek(601)
    expect(replay.tick).toBe(601)
    replay.seek(3)
    expect(replay.tick).toBe(3)
  })

  it('finds a tick whose input was changed by somebody who mends the check', () => {
    const press = forged(
      sound,
      ({ kind, start }) => kind === 3 && start > 3000,
      (payload) => {
        payload[3] = (payload[3] ?? 0) ^ 2
      },
    )
    expect(['diverged', 'corrupt']).toContain(problemOf(press))
  })

  it('throws nothing but JournalError, and ends, for records of rubbish with right checks', () => {
    const parts = partsOf(short)
    const run = (which: number, edits: readonly (readonly [number, number])[]) => {
      const bytes = forged(
        short,
        (part) => part === parts[which] || part.start === parts[which]?.start,
        (payload) => {
          for (const [at, value] of edits) payload[at % payload.length] = value
        },
      )
      expect(outcome(bytes)).toSatisfy((result) => result === 'sound' || result instanceof NetError)
      expect(outcome(bytes, true)).toSatisfy((result) => result === 'sound' || result instanceof NetError)
    }
    const edit = fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }))
    fc.assert(fc.property(fc.nat(parts.length - 1), fc.array(edit, { minLength: 1, maxLength: 6 }), run), {
      numRuns: 1000,
    })
  })

  it('throws nothing but JournalError for any bytes behind the magic, and for absurd lengths', () => {
    const opening = short.subarray(0, partsOf(short)[2]?.start)
    const check = (start: Uint8Array, rest: Uint8Array) => {
      const bytes = new Uint8Array(Buffer.concat([start, rest]))
      for (const allow of [false, true])
        expect(outcome(bytes, allow)).toSatisfy((it) => it === 'sound' || it instanceof JournalError)
    }
    const starts = fc.constantFrom(new Uint8Array(0), short.subarray(0, 10), opening)
    fc.assert(fc.property(starts, fc.uint8Array({ maxLength: 200 }), check), { numRuns: 1000 })
    check(opening, Uint8Array.of(3, 0xff, 0xff, 0xff, 0xff, 0x0f))
    check(opening, Uint8Array.of(3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
  })
})

/** A step of players in another build: slower. */
function limpingStep(entity: object, input: object): void {
  const p = entity as { x: number; aim: number }
  const { move, aim } = input as { move: { x: number }; aim: number }
  p.x = Math.min(1000, Math.max(0, p.x + move.x * 2))
  p.aim = aim
}
