import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CompiledGame } from '../../src/game/compiled.ts'
import { BitReader } from '../../src/wire/bit-reader.ts'
import { BitWriter } from '../../src/wire/bit-writer.ts'
import { ByteReader } from '../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import { InputCodec } from '../../src/wire/input-codec.ts'
import { createInputHead, type InputMessageHead, MAX_RECORDS } from '../../src/wire/input-head.ts'
import { InputRing, TICK_STAMP } from '../../src/wire/input-ring.ts'
import { seeded } from './seeded.ts'
import { arenaGame, fillTick, richGame } from './wire-game.ts'

const buffer = new Uint8Array(2048)

function units(seed: number): () => number {
  const random = seeded(seed)
  return () => random() / 2 ** 32
}

function encoded(codec: InputCodec, ring: InputRing, head: InputMessageHead): Uint8Array {
  const writer = new ByteWriter().start(buffer)
  codec.encode(writer, ring, head)
  expect(writer.ok).toBe(true)
  return buffer.slice(0, writer.position)
}

function decoded(codec: InputCodec, bytes: Uint8Array, head: InputMessageHead, ring: InputRing, near: number) {
  return codec.decode(new ByteReader().start(bytes), head, ring, near)
}

/** A tick's row and stamps. */
function contentOf(ring: InputRing, tick: number): { row: number[]; stamps: number[] } | undefined {
  const slot = ring.find(tick)
  if (slot < 0) return undefined
  return {
    row: [...ring.rows.subarray(slot * ring.width, (slot + 1) * ring.width)],
    stamps: [...ring.stamps.subarray(slot * ring.stampWidth, (slot + 1) * ring.stampWidth)],
  }
}

test('bits of any width come back as they went in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 32 })), { maxLength: 60 }),
      (items) => {
        const writer = new ByteWriter().start(buffer)
        const bits = new BitWriter()
        bits.start(writer)
        for (const [value, width] of items) bits.write(value, width)
        bits.finish()
        const reader = new ByteReader().start(buffer, 0, writer.position)
        const back = new BitReader()
        back.start(reader)
        for (const [value, width] of items) expect(back.read(width)).toBe(width === 32 ? value : value % 2 ** width)
        expect([reader.ok, reader.left, back.finish()]).toEqual([true, 0, true])
        expect(writer.position).toBe(Math.ceil(items.reduce((sum, [, width]) => sum + width, 0) / 8))
      },
    ),
    { numRuns: 3000 },
  )
})

test('an ordinary message of one tick takes at most 14 bytes with its kind', () => {
  const codec = new InputCodec(arenaGame)
  const ring = new InputRing(arenaGame)
  const slot = ring.slotFor(1000)
  ring.rows.set([127, 0, 1234, 9], ring.rowOffset(slot))
  ring.setStamp(slot, TICK_STAMP, 985, 988, 77)
  const head = {
    ...createInputHead(arenaGame),
    newestTick: 1000,
    ackTick: 991,
    ackHoldMs: 30,
    interpolationDelayMs: 64,
  }
  expect(encoded(codec, ring, head).length + 1).toBe(13)
  ring.rows.set([0, 0, 1234, 9], ring.rowOffset(slot))
  expect(encoded(codec, ring, head).length + 1).toBe(12)
  // The dearest: both axes, and a press with its stamp.
  ring.rows.set([90, -90, 1234, 10], ring.rowOffset(slot))
  ring.setStamp(slot, 1, 985, 988, 60)
  expect(encoded(codec, ring, head).length + 1).toBe(15)
})

for (const game of [arenaGame, richGame]) {
  test(`what a client sent is what the server has, whatever was lost, repeated or reordered (${game.id})`, () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 100_000 }), fc.boolean(), (seed, start, lossy) => {
        const unit = units(seed)
        const codec = new InputCodec(game)
        const [sent, got] = [new InputRing(game), new InputRing(game)]
        const counters = new Int32Array(game.presses.length)
        const head = createInputHead(game)
        const out = createInputHead(game)
        const waiting: { bytes: Uint8Array; tick: number; oldest: number }[] = []
        const arrived = new Set<number>()
        for (let tick = start; tick < start + 60; tick++) {
          fillTick(game, sent, tick, counters, unit)
          head.newestTick = tick
          head.count = lossy ? 1 + Math.floor(unit() * MAX_RECORDS) : 1
          head.ackTick = unit() < 0.1 ? -1 : Math.max(0, tick - Math.floor(unit() * 30) + 4)
          head.ackHoldMs = head.ackTick < 0 ? 0 : Math.floor(unit() * (unit() < 0.1 ? 65536 : 300)) / 4
          head.interpolationDelayMs = Math.floor(unit() * 256) * 4
          head.needsFull = unit() < 0.1
          head.wideCounters = unit() < 0.2
          head.suspectTypes.fill(0)
          if (unit() < 0.2) head.suspectTypes[0] = 1 + Math.floor(unit() * 255)
          const bytes = encoded(codec, sent, head)
          expect(decoded(codec, bytes, out, new InputRing(game), tick)).toBe('ok')
          expect({ ...out, newMask: 0 }).toEqual({ ...head, newMask: 0 })
          waiting.push({ bytes, tick, oldest: tick - head.count + 1 })
          while (waiting.length > (lossy ? 3 : 0)) {
            const [message] = waiting.splice(Math.floor(unit() * waiting.length), 1)
            if (message === undefined || (lossy && unit() < 0.3)) continue
            expect(decoded(codec, message.bytes, out, got, tick + Math.floor(unit() * 40) - 20)).toBe('ok')
            for (let t = message.oldest; t <= message.tick; t++) {
              const isNew = ((out.newMask >> (message.tick - t)) & 1) === 1
              expect(isNew).toBe(t >= start && !arrived.has(t))
              if (t >= start) arrived.add(t)
            }
          }
        }
        for (let tick = start; tick < start + 60; tick++) {
          expect(got.find(tick) >= 0).toBe(arrived.has(tick))
          if (arrived.has(tick)) expect(contentOf(got, tick)).toEqual(contentOf(sent, tick))
        }
      }),
      { numRuns: 150 },
    )
  })
}

/** A ring whose tick `tick` has `counter` presses of `fire`. */
function pressed(ring: InputRing, tick: number, counter: number): void {
  ring.rows.set([0, 0, 0, counter], ring.rowOffset(ring.slotFor(tick)))
}

test('counters are followed over a gap: 127 presses by 8 bits, thousands by 16', () => {
  const codec = new InputCodec(arenaGame)
  const out = createInputHead(arenaGame)
  const growthSeen = (growth: number, wideCounters: boolean): number | string => {
    const [sent, got] = [new InputRing(arenaGame), new InputRing(arenaGame)]
    pressed(sent, 10, 1000)
    got.baseCounters[0] = 1000
    expect(decoded(codec, encoded(codec, sent, { ...createInputHead(arenaGame), newestTick: 10 }), out, got, 10)).toBe(
      'ok',
    )
    pressed(sent, 90, 1000 + growth)
    const bytes = encoded(codec, sent, { ...createInputHead(arenaGame), newestTick: 90, wideCounters })
    const result = decoded(codec, bytes, out, got, 90)
    return result === 'ok' ? got.newestCounter(0) - 1000 : result
  }
  expect(growthSeen(0, false)).toBe(0)
  expect(growthSeen(127, false)).toBe(127)
  expect(growthSeen(128, false)).toBe('malformed')
  expect(growthSeen(20_000, true)).toBe(20_000)
})

test('a counter that shrinks, or an old tick that knows more presses than the newest, is malformed', () => {
  const codec = new InputCodec(arenaGame)
  const out = createInputHead(arenaGame)
  const [one, other, got] = [new InputRing(arenaGame), new InputRing(arenaGame), new InputRing(arenaGame)]
  pressed(one, 50, 20)
  expect(decoded(codec, encoded(codec, one, { ...createInputHead(arenaGame), newestTick: 50 }), out, got, 50)).toBe(
    'ok',
  )
  pressed(other, 51, 19)
  expect(decoded(codec, encoded(codec, other, { ...createInputHead(arenaGame), newestTick: 51 }), out, got, 50)).toBe(
    'malformed',
  )
  const older = new InputRing(arenaGame)
  pressed(older, 45, 18)
  pressed(older, 48, 23)
  const bytes = encoded(codec, older, { ...createInputHead(arenaGame), newestTick: 48, count: 4 })
  expect(decoded(codec, bytes, out, got, 50)).toBe('malformed')
  expect(got.find(45)).toBe(-1)
})

test('an input that the ring has is not altered by a second one for that tick', () => {
  const codec = new InputCodec(arenaGame)
  const out = createInputHead(arenaGame)
  const [one, other, got] = [new InputRing(arenaGame), new InputRing(arenaGame), new InputRing(arenaGame)]
  one.rows[one.rowOffset(one.slotFor(8))] = 127
  other.rows[other.rowOffset(other.slotFor(8))] = -127
  const head = { ...createInputHead(arenaGame), newestTick: 8 }
  decoded(codec, encoded(codec, one, head), out, got, 8)
  expect(out.newMask).toBe(1)
  expect(decoded(codec, encoded(codec, other, head), out, got, 8)).toBe('ok')
  expect(out.newMask).toBe(0)
  expect(contentOf(got, 8)?.row[0]).toBe(127)
})

test('a message from further away than the ring is long fills the head and leaves the ring', () => {
  const codec = new InputCodec(arenaGame)
  const ring = new InputRing(arenaGame)
  pressed(ring, 5000, 0)
  const bytes = encoded(codec, ring, { ...createInputHead(arenaGame), newestTick: 5000, ackTick: 4000 })
  for (const near of [5000 - 129, 5000 + 129, 0]) {
    const got = new InputRing(arenaGame)
    const out = createInputHead(arenaGame)
    expect(decoded(codec, bytes, out, got, near)).toBe('far')
    expect([out.newestTick, out.ackTick, out.newMask, got.newestTick]).toEqual([5000, 4000, 0, -1])
  }
  expect(decoded(codec, bytes, createInputHead(arenaGame), new InputRing(arenaGame), 5000 + 128)).toBe('ok')
})

test('a stamp that cannot be is sent as none', () => {
  const codec = new InputCodec(arenaGame)
  for (const [older, newer] of [
    [98, 101],
    [10, 75],
    [-5, 3],
    [50, 40],
  ] as const) {
    const [ring, got] = [new InputRing(arenaGame), new InputRing(arenaGame)]
    ring.setStamp(ring.slotFor(100), TICK_STAMP, older, newer, 9)
    decoded(
      codec,
      encoded(codec, ring, { ...createInputHead(arenaGame), newestTick: 100 }),
      createInputHead(arenaGame),
      got,
      100,
    )
    expect(contentOf(got, 100)?.stamps).toEqual([-1, -1, -1, -1, -1, -1])
  }
})

test('a raw value out of range is refused by both sides', () => {
  const codec = new InputCodec(richGame)
  const ring = new InputRing(richGame)
  const slot = ring.slotFor(4)
  for (const { field, index } of richGame.levels) ring.rows[ring.rowOffset(slot) + index] = field.initial
  const weapon = ring.rowOffset(slot) + (richGame.levels.find((level) => level.name === 'weapon')?.index ?? 0)
  ring.rows[weapon] = 3
  expect(() => encoded(codec, ring, { ...createInputHead(richGame), newestTick: 4 })).toThrow("field's range")
  // A game with one weapon more sends what this one does not know.
  const more: CompiledGame = {
    ...richGame,
    levels: richGame.levels.map((level) =>
      level.name === 'weapon' ? { ...level, field: { ...level.field, rawMax: 3 } } : level,
    ),
  }
  const bytes = encoded(new InputCodec(more), ring, { ...createInputHead(richGame), newestTick: 4 })
  expect(decoded(codec, bytes, createInputHead(richGame), new InputRing(richGame), 4)).toBe('malformed')
})

test('a byte too many or too few is malformed', () => {
  const codec = new InputCodec(arenaGame)
  const ring = new InputRing(arenaGame)
  pressed(ring, 30, 3)
  const bytes = encoded(codec, ring, { ...createInputHead(arenaGame), newestTick: 30 })
  const longer = new Uint8Array([...bytes, 0])
  expect(decoded(codec, bytes, createInputHead(arenaGame), new InputRing(arenaGame), 30)).toBe('ok')
  expect(decoded(codec, longer, createInputHead(arenaGame), new InputRing(arenaGame), 30)).toBe('malformed')
  for (let length = 0; length < bytes.length; length++) {
    expect(decoded(codec, bytes.slice(0, length), createInputHead(arenaGame), new InputRing(arenaGame), 30)).toBe(
      'malformed',
    )
  }
})

test('bits in the padding, ticks before 0 and impossible acknowledgements are malformed', () => {
  const codec = new InputCodec(arenaGame)
  const sent = new InputRing(arenaGame)
  for (const tick of [100, 101]) pressed(sent, tick, 0)
  const result = (bytes: Uint8Array, near: number) =>
    decoded(codec, bytes, createInputHead(arenaGame), new InputRing(arenaGame), near)
  const good = encoded(codec, sent, { ...createInputHead(arenaGame), newestTick: 101, count: 2, ackTick: 90 })
  expect(result(good, 100)).toBe('ok')
  const padded = good.slice()
  padded[padded.length - 1] = (padded.at(-1) ?? 0) | 128
  expect(result(padded, 100)).toBe('malformed')
  const plain = encoded(codec, sent, { ...createInputHead(arenaGame), newestTick: 101, count: 2 })
  const atTick = (bytes: Uint8Array, tick: number) => new Uint8Array([tick & 255, tick >> 8, ...bytes.slice(2)])
  expect(result(atTick(plain, 1), 5)).toBe('ok')
  expect(result(atTick(plain, 0), 5)).toBe('malformed')
  expect(result(atTick(good, 11), 5)).toBe('ok')
  expect(result(atTick(good, 10), 5)).toBe('malformed')
  const acks = (ackTick: number) => {
    const writer = new ByteWriter().start(buffer)
    writer.u16(101)
    writer.u8(16)
    writer.signedVarint(101 - ackTick)
    for (let i = 0; i < 2; i++) writer.u8(0)
    // Three unchanged levels, no stamp, counter 0, no press stamp: 14 zeros.
    for (let i = 0; i < 2; i++) writer.u8(0)
    return result(buffer.slice(0, writer.position), 100)
  }
  expect([acks(0), acks(101 + 1024), acks(101 + 1025), acks(-1)]).toEqual(['ok', 'ok', 'malformed', 'malformed'])
})

/** Everything in a ring and a head, as one array of numbers; compared after each refusal. */
class Watch {
  private readonly last: Float64Array
  private readonly now: Float64Array
  private readonly head: InputMessageHead
  private readonly ring: InputRing
  constructor(head: InputMessageHead, ring: InputRing) {
    this.head = head
    this.ring = ring
    this.last = new Float64Array(
      9 + head.suspectTypes.length + ring.ticks.length + ring.rows.length + ring.stamps.length,
    )
    this.now = new Float64Array(this.last.length)
  }
  private collect(into: Float64Array): void {
    const { head, ring } = this
    into[0] = head.newestTick
    into[1] = head.count
    into[2] = head.ackTick
    into[3] = head.ackHoldMs
    into[4] = head.interpolationDelayMs
    into[5] = (head.needsFull ? 1 : 0) + (head.wideCounters ? 2 : 0)
    into[6] = head.newMask
    into[7] = ring.newestTick
    let at = 9
    for (const part of [head.suspectTypes, ring.ticks, ring.rows, ring.stamps]) {
      into.set(part, at)
      at += part.length
    }
  }
  keep(): void {
    this.collect(this.last)
  }
  altered(): boolean {
    this.collect(this.now)
    for (let i = 0; i < this.now.length; i++) if (this.now[i] !== this.last[i]) return true
    return false
  }
}

function checkRing(game: CompiledGame, ring: InputRing, round: number): void {
  const slot = ring.find(ring.newestTick)
  for (const { field, index } of game.levels) {
    const raw = ring.rows[ring.rowOffset(slot) + index] ?? 0
    if (raw < field.rawMin || raw > field.rawMax) throw new Error(`round ${round}: a raw value out of range`)
  }
  for (let i = 0; i < game.presses.length; i++)
    if (ring.newestCounter(i) < 0) throw new Error(`round ${round}: a counter below 0`)
  for (let which = 0; which <= game.presses.length; which++) {
    const at = ring.stampOffset(slot, which)
    const [older = -1, newer = -1, fraction = -1] = ring.stamps.subarray(at, at + 3)
    if (older < 0) continue
    if (older > newer || newer > ring.newestTick || newer - older > 64 || fraction < 0 || fraction > 255) {
      throw new Error(`round ${round}: an impossible stamp`)
    }
  }
}

for (const game of [arenaGame, richGame]) {
  test(`half a million random, mutated and cut messages never throw, and what is refused alters nothing (${game.id})`, () => {
    const random = seeded(game.schemaHash)
    const unit = () => random() / 2 ** 32
    const codec = new InputCodec(game)
    const source = new InputRing(game, 16)
    const counters = new Int32Array(game.presses.length)
    for (let tick = 100; tick < 116; tick++) fillTick(game, source, tick, counters, unit)
    const samples = Array.from({ length: 100 }, (_, index) => {
      const head = {
        ...createInputHead(game),
        newestTick: 100 + (index % 16),
        ackTick: index % 3 === 0 ? -1 : 98 + (index % 5),
      }
      return encoded(codec, source, { ...head, count: 1 + (index % MAX_RECORDS), wideCounters: index % 7 === 0 })
    })
    const reader = new ByteReader()
    const [ring, head] = [new InputRing(game, 16), createInputHead(game)]
    const watch = new Watch(head, ring)
    watch.keep()
    const message = new Uint8Array(700)
    let accepted = 0
    for (let round = 0; round < 500_000; round++) {
      let length = 1 + (random() % 60)
      if (round % 4 === 0) for (let i = 0; i < length; i++) message[i] = random()
      else {
        const sample = samples[random() % samples.length] ?? buffer
        message.set(sample)
        length = sample.length
        if (round % 4 !== 1 || round % 32 !== 1) message[random() % length] = random()
        if (round % 4 === 3) length = random() % length
      }
      const near = round % 4 === 0 ? random() % 70_000 : 100 + (random() % 30)
      if (codec.decode(reader.start(message, 0, length), head, ring, near) === 'malformed') {
        if (watch.altered()) throw new Error(`round ${round}: a refused message altered the ring or the head`)
        continue
      }
      accepted++
      if (head.newMask > 0) checkRing(game, ring, round)
      if (accepted % 8 === 0) {
        ring.clear()
        ring.baseCounters.fill(0)
      }
      watch.keep()
    }
    expect(accepted).toBeGreaterThan(2_000)
  })
}
