import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader } from '../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import {
  createFrameHead,
  decodeFrameHead,
  encodeFrameHead,
  type FrameHead,
  MAX_FRAME_HEAD_BYTES,
} from '../../src/wire/frame-head.ts'
import { seeded } from './seeded.ts'

const TICKS_PER_SNAPSHOT = 3
const buffer = new Uint8Array(256)

/** The bytes of a head, with `bodyBytes` zeros after it. */
function encoded(head: FrameHead, ticksPerSnapshot = TICKS_PER_SNAPSHOT): Uint8Array {
  const writer = new ByteWriter().start(buffer)
  encodeFrameHead(writer, head, ticksPerSnapshot)
  expect(writer.ok).toBe(true)
  return buffer.slice(0, writer.position)
}

function withBody(head: Uint8Array, bytes: number): Uint8Array {
  const message = new Uint8Array(head.length + Math.max(0, bytes))
  message.set(head)
  return message
}

function steady(): FrameHead {
  return {
    ...createFrameHead(),
    tick: 123_456,
    baselineTick: 123_453,
    newestInputTick: 123_460,
    usedMask: 7,
    usedCount: 3,
    marginMs: 9.25,
    echo: 68,
    holdMs: 11.5,
    sendOffsetMs: 0.75,
    bodyBytes: 90,
  }
}

test('the head of an ordinary frame takes at most 11 bytes', () => {
  expect(encoded(steady()).length).toBe(10)
  expect(encoded({ ...steady(), bodyBytes: 400 }).length).toBe(11)
  expect(encoded({ ...steady(), bodyBytes: -1 }).length).toBe(9)
  expect(encoded({ ...steady(), bodyBytes: -1, echo: -1 }).length).toBe(6)
})

const tick = fc.integer({ min: 0, max: 0x7fff_ffff })
const anyHead = fc
  .record({
    tick,
    age: fc.option(fc.integer({ min: 1, max: 70_000 }), { nil: undefined }),
    full: fc.boolean(),
    newest: fc.option(fc.integer({ min: -200, max: 3000 }), { nil: undefined }),
    mask: fc.oneof(fc.constant(-1), fc.integer()),
    usedCount: fc.oneof(fc.constant(TICKS_PER_SNAPSHOT), fc.integer({ min: 0, max: 32 })),
    margin: fc.oneof(
      fc.constant(Number.NaN),
      fc.integer({ min: -130, max: 130 }),
      fc.integer({ min: -32767, max: 32767 }),
    ),
    late: fc.integer({ min: 0, max: 255 }),
    refused: fc.integer({ min: 0, max: 255 }),
    echo: fc.integer({ min: -1, max: 255 }),
    hold: fc.integer({ min: 0, max: 0xffff }),
    send: fc.integer({ min: 0, max: 0xffff }),
    overload: fc.integer({ min: 0, max: 3 }),
    body: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 3000 })),
  })
  .map((drawn): FrameHead => {
    const usedMask = drawn.usedCount === 32 ? drawn.mask : drawn.mask & ((1 << drawn.usedCount) - 1)
    const age = drawn.age ?? drawn.usedCount
    const hasBaseline = !drawn.full && age > 0 && age <= drawn.tick
    const newest = drawn.newest === undefined ? -1 : drawn.tick + drawn.newest
    return {
      tick: drawn.tick,
      baselineTick: hasBaseline ? drawn.tick - age : -1,
      newestInputTick: newest < 0 || newest > 0x7fff_ffff ? -1 : newest,
      usedMask,
      usedCount: drawn.usedCount,
      marginMs: drawn.margin / 4,
      lateInputs: drawn.late,
      refusedPresses: drawn.refused,
      echo: drawn.echo,
      holdMs: drawn.echo < 0 ? 0 : drawn.hold / 16,
      sendOffsetMs: drawn.send / 16,
      overload: drawn.overload,
      bodyBytes: drawn.body,
    }
  })

test('every head comes back as it went in, wherever near its tick it is expected', () => {
  fc.assert(
    fc.property(anyHead, fc.integer({ min: -32_768, max: 32_767 }), (head, offset) => {
      const bytes = encoded(head)
      expect(bytes.length).toBeLessThanOrEqual(MAX_FRAME_HEAD_BYTES)
      const reader = new ByteReader().start(withBody(bytes, head.bodyBytes))
      const out = createFrameHead()
      expect(decodeFrameHead(reader, out, TICKS_PER_SNAPSHOT, head.tick - offset)).toBe(true)
      expect(out).toEqual(head)
      expect(reader.position).toBe(bytes.length)
    }),
    { numRuns: 20_000 },
  )
})

test('numbers beyond their bounds are clamped, and finer ones rounded', () => {
  const head = { ...steady(), marginMs: -20_000, holdMs: 1e9, sendOffsetMs: -3, lateInputs: 999, refusedPresses: 300 }
  const out = createFrameHead()
  decodeFrameHead(new ByteReader().start(withBody(encoded(head), 90)), out, TICKS_PER_SNAPSHOT, 123_400)
  expect(out.marginMs).toBe(-8191.75)
  expect(out.holdMs).toBe(4095.9375)
  expect(out.sendOffsetMs).toBe(0)
  expect([out.lateInputs, out.refusedPresses]).toEqual([255, 255])
  decodeFrameHead(
    new ByteReader().start(withBody(encoded({ ...steady(), marginMs: 3.1, holdMs: 1.02 }), 90)),
    out,
    TICKS_PER_SNAPSHOT,
    123_400,
  )
  expect([out.marginMs, out.holdMs]).toEqual([3, 1])
})

test('a full frame needs no expected tick', () => {
  const out = createFrameHead()
  const bytes = encoded({ ...steady(), tick: 2_000_000_000, newestInputTick: -1, baselineTick: -1 })
  expect(decodeFrameHead(new ByteReader().start(withBody(bytes, 90)), out, TICKS_PER_SNAPSHOT, -1)).toBe(true)
  expect([out.tick, out.baselineTick, out.newestInputTick]).toEqual([2_000_000_000, -1, -1])
})

test('a head that announces more body than there is, is refused', () => {
  const bytes = encoded(steady())
  const out = createFrameHead()
  expect(decodeFrameHead(new ByteReader().start(withBody(bytes, 89)), out, TICKS_PER_SNAPSHOT, 123_456)).toBe(false)
  expect(out).toEqual(createFrameHead())
  expect(decodeFrameHead(new ByteReader().start(withBody(bytes, 90)), out, TICKS_PER_SNAPSHOT, 123_456)).toBe(true)
})

test('a tick or baseline before the beginning of time is refused', () => {
  const out = createFrameHead()
  const early = encoded({ ...steady(), tick: 5, baselineTick: 2, newestInputTick: -1 })
  expect(decodeFrameHead(new ByteReader().start(withBody(early, 90)), out, TICKS_PER_SNAPSHOT, 0)).toBe(true)
  expect(decodeFrameHead(new ByteReader().start(withBody(early, 90)), out, 9, 0)).toBe(false)
  const late = encoded({ ...steady(), tick: 65_530, baselineTick: 65_527, newestInputTick: -1 })
  expect(decodeFrameHead(new ByteReader().start(withBody(late, 90)), out, TICKS_PER_SNAPSHOT, 10)).toBe(false)
})

test('what no encoder writes is refused', () => {
  const read = (bytes: readonly number[], ticksPerSnapshot = TICKS_PER_SNAPSHOT) =>
    decodeFrameHead(new ByteReader().start(new Uint8Array(bytes)), createFrameHead(), ticksPerSnapshot, 5)
  const [usual, lastFrame, allUsed, echo, rare] = [2, 4, 8, 32, 64]
  expect(read([usual | lastFrame | allUsed, 5, 0, 0, 0])).toBe(true)
  // A baseline at tick -1 is none.
  expect(read([usual | lastFrame | allUsed, 5, 0, 0, 0], 6)).toBe(false)
  // A full frame of tick 2^31, and one with a baseline.
  expect(read([1 | usual | allUsed, 0, 0, 0, 127, 0, 0])).toBe(true)
  expect(read([1 | usual | allUsed, 0, 0, 0, 128, 0, 0])).toBe(false)
  expect(read([1 | usual | allUsed | lastFrame, 9, 0, 0, 0, 0, 0])).toBe(false)
  // A mask of three ticks with a fourth bit.
  expect(read([usual | lastFrame, 5, 0, 7, 0, 0])).toBe(true)
  expect(read([usual | lastFrame, 5, 0, 15, 0, 0])).toBe(false)
  // 33 ticks since the last frame.
  expect(read([1 | allUsed, 9, 0, 0, 0, 32, 0, 0])).toBe(true)
  expect(read([1 | allUsed, 9, 0, 0, 0, 33, 0, 0])).toBe(false)
  // A hold of 65,536 sixteenths, a send offset of as much, and a rare bit without a meaning.
  expect(read([usual | lastFrame | allUsed | echo, 5, 0, 0, 9, 0xff, 0xff, 3, 0])).toBe(true)
  expect(read([usual | lastFrame | allUsed | echo, 5, 0, 0, 9, 0x80, 0x80, 4, 0])).toBe(false)
  expect(read([usual | lastFrame | allUsed, 5, 0, 0, 0x80, 0x80, 4])).toBe(false)
  expect(read([usual | lastFrame | allUsed | rare, 5, 0, 0, 0, 3])).toBe(true)
  expect(read([usual | lastFrame | allUsed | rare, 5, 0, 0, 0, 16])).toBe(false)
})

test('a million random, mutated and cut heads never throw, and what is refused alters nothing', () => {
  const random = seeded(0x51ed)
  const samples = fc.sample(anyHead, { numRuns: 200, seed: 7 }).map((head) => encoded(head))
  const reader = new ByteReader()
  const writer = new ByteWriter()
  const head = steady()
  const before = steady()
  const message = new Uint8Array(64)
  let accepted = 0
  for (let round = 0; round < 1_000_000; round++) {
    let length = 1 + (random() % 40)
    if (round % 4 === 0) for (let i = 0; i < length; i++) message[i] = random()
    else {
      const sample = samples[random() % samples.length] ?? buffer
      message.fill(0)
      message.set(sample)
      length = Math.min(64, sample.length + (random() % 8))
      if (round % 4 !== 1) message[random() % sample.length] = random()
      if (round % 4 === 3) length = random() % sample.length
    }
    if (!decodeFrameHead(reader.start(message, 0, length), head, TICKS_PER_SNAPSHOT, random() % 100_000)) {
      let same = Object.is(head.marginMs, before.marginMs)
      for (const key of KEYS) if (!Object.is(head[key], before[key])) same = false
      if (!same) throw new Error(`round ${round}: a refused head altered the object`)
      continue
    }
    accepted++
    Object.assign(before, head)
    // What was accepted is a head that can be written.
    encodeFrameHead(writer.start(buffer), head, TICKS_PER_SNAPSHOT)
    if (!writer.ok || head.tick < 0 || head.baselineTick >= head.tick)
      throw new Error(`round ${round}: an impossible head`)
  }
  expect(accepted).toBeGreaterThan(10_000)
})

const KEYS = Object.keys(createFrameHead()) as (keyof FrameHead)[]
