/** PROTOCOL.md is enough: a client's wire that has nothing else of the project understands the real codecs, and is understood. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CompiledGame, HEADER_COUNTS, HEADER_SEED, HEADER_TICK, SEAT_LEVELS } from '../../src/game/compiled.ts'
import { SeededRandom } from '../../src/math/random.ts'
import { Simulation } from '../../src/sim/simulation.ts'
import type { BodyInput } from '../../src/wire/body-input.ts'
import { ByteReader } from '../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import { createFrameHead, encodeFrameHead, type FrameHead } from '../../src/wire/frame-head.ts'
import { InputCodec } from '../../src/wire/input-codec.ts'
import { createInputHead } from '../../src/wire/input-head.ts'
import { InputRing } from '../../src/wire/input-ring.ts'
import { SnapshotDecoder } from '../../src/wire/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../src/wire/snapshot-encoder.ts'
import { SnapshotTrainer } from '../../src/wire/snapshot-trainer.ts'
import { SnapshotRing } from '../../src/world/history.ts'
import { interpolate } from '../../src/world/interpolate.ts'
import { World } from '../../src/world/world.ts'
import { duel } from '../sim/duel.ts'
import { seeded } from './seeded.ts'
import { drifting, steered, still } from './snapshot-games.ts'
import { listEvents, randomBody } from './snapshot-worlds.ts'
import { CheckFailed, type Row, type Snapshot, Stranger, tablesBetween } from './stranger.ts'
import { Malformed, schemaHash } from './stranger-game.ts'
import { type Input, readFrame, writeInputs } from './stranger-messages.ts'
import { arenaGame, fillTick, messageGame, richGame } from './wire-game.ts'

/** A world's memory as the stranger would have it; fields that `seat` may not know have their initial values (seat -1 may know all). */
function snapshotOf(game: CompiledGame, ints: Int32Array, seat: number, tick = ints[HEADER_TICK] ?? 0): Snapshot {
  const column = (n: number, row: number) => ints[game.seatBase + n * game.seatRows + row] ?? 0
  const seats = Array.from({ length: game.seatRows }, (_, n) => n)
  const shared = game.levels.filter((level) => level.shared)
  const tables = game.entities.map((type) => {
    const cell = (at: number, row: number) => ints[type.base + at * type.rows + row] ?? 0
    return Array.from({ length: ints[HEADER_COUNTS + type.index] ?? 0 }, (_, row): Row => {
      const owner = cell(1, row)
      const values = type.fields.map(({ field, column: at }) => {
        const { visibility, initial } = field
        return seat < 0 || visibility === 'public' || (visibility === 'owner' && owner === seat)
          ? cell(at, row)
          : initial
      })
      return { id: cell(0, row), owner, asleep: cell(2, row) & 1, teleport: (cell(2, row) >> 2) & 3, values }
    })
  })
  return {
    tick,
    baselineTick: -1,
    seed: ints[HEADER_SEED] ?? 0,
    present: seats.map((row) => (row === 0 ? 0 : column(0, row))),
    levels: seats.map((row) => shared.map(({ index }) => column(SEAT_LEVELS + index, row))),
    tables,
    events: [],
    presses: game.presses.map(({ index }) => column(SEAT_LEVELS + game.levels.length + index, Math.max(0, seat))),
  }
}

/** What both sides must agree on; levels of empty seats are nobody's. */
function comparable({ seed, present, levels, tables, presses }: Snapshot) {
  return { seed, present, levels: levels.filter((_, seat) => present[seat] === 1), tables, presses }
}

function eventsOf({ events }: Snapshot): number[][] {
  return events.map(({ tick, index, key, values }) => [tick, index, key, ...values])
}

const trained = (() => {
  const game = steered()
  const trainer = new SnapshotTrainer(game)
  for (let n = 0; n < 20; n++) {
    const body = randomBody(new SeededRandom(n), game, 3)
    trainer.body(body)
    trainer.tail(1, body.baseline, body.current)
  }
  return steered(40, -1, trainer.build())
})()
const games = [steered(), drifting(), still(), trained]
const tools = games.map((game) => ({
  encoder: new SnapshotEncoder(game),
  decoder: new SnapshotDecoder(game),
  stranger: new Stranger(game),
}))
type Tools = (typeof tools)[number]

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Malformed) return 'malformed'
    if (error instanceof CheckFailed) return `check-failed ${error.suspects.join()}`
    throw error
  }
  return 'ok'
}

describe('a stranger who read PROTOCOL.md', () => {
  it('has nothing else of the project', () => {
    for (const name of ['stranger', 'stranger-entropy', 'stranger-game', 'stranger-messages']) {
      const source = readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8')
      for (const [, from] of source.matchAll(/from '([^']*)'/g)) expect(from).toMatch(/^\.\/stranger/)
    }
  })

  it('computes the schema hash', () => {
    for (const game of [...games, duel, arenaGame, richGame, messageGame])
      expect(schemaHash(game)).toBe(game.schemaHash)
  })

  it('decodes bodies and tails of any world against any baseline, with trends, motions and events', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(3),
        fc.integer({ min: 1, max: 64 }),
        fc.boolean(),
        (seed, which, ticks, full) => {
          const game = games[which] as CompiledGame
          const random = new SeededRandom(seed)
          const drawn = randomBody(random, game, ticks)
          const seat = random.int(1, game.maxPlayers)
          const input: BodyInput = full ? { ...drawn, baseline: undefined, baselineTick: drawn.tick } : drawn
          const { stranger, encoder } = tools[which] as Tools
          const baseline = full ? undefined : snapshotOf(game, drawn.baseline, seat, drawn.baselineTick)
          const earlier = drawn.earlier === undefined ? undefined : snapshotOf(game, drawn.earlier, seat)
          const out = stranger.body(encoder.encodeBody(input).slice(), drawn.tick, baseline, full ? undefined : earlier)
          stranger.tail(encoder.encodeTail(seat, input.baseline, input.current).slice(), seat, baseline, out)
          expect(comparable(out)).toEqual(comparable(snapshotOf(game, input.current, seat)))
          if (input.events !== undefined)
            expect(eventsOf(out)).toEqual(listEvents(game, input.events, input.baselineTick, input.tick))
        },
      ),
      { numRuns: 250, seed: 21 },
    )
  })

  it('refuses what the real decoder refuses, and names the same suspects', () => {
    const seen = new Map<string, number>()
    for (let seed = 0; seed < 500; seed++) {
      const random = new SeededRandom(seed)
      const which = random.int(0, 3)
      const game = games[which] as CompiledGame
      const { encoder, decoder, stranger } = tools[which] as Tools
      const drawn = randomBody(random, game, random.int(1, 9))
      const bytes = encoder.encodeBody(drawn).slice()
      if (seed % 3 > 0) bytes[random.int(0, bytes.length - 1)] = random.int(0, 255)
      const cut = seed % 10 === 1 ? bytes.slice(0, random.int(0, bytes.length)) : bytes
      // Now and then another baseline than the encoder's.
      const wrong = seed % 7 === 3 ? randomBody(new SeededRandom(seed + 1), game, 3).baseline : drawn.baseline
      const out = new Int32Array(game.worldInts)
      const { baselineTick, tick, earlier } = drawn
      const status = decoder.decodeBody(cut, 0, cut.length, wrong, baselineTick, tick, out, undefined, earlier)
      const suspects = [...decoder.motionTypes].flatMap((one, type) => (one === 1 ? [type] : []))
      const theirs = refusal(() =>
        stranger.body(
          cut,
          tick,
          snapshotOf(game, wrong, 0, baselineTick),
          earlier === undefined ? undefined : snapshotOf(game, earlier, 0),
        ),
      )
      expect(theirs).toBe(status === 'check-failed' ? `check-failed ${suspects.join()}` : status)
      seen.set(status, (seen.get(status) ?? 0) + 1)
    }
    for (const status of ['ok', 'malformed', 'check-failed']) expect(seen.get(status)).toBeGreaterThan(40)
  })

  it('follows a match frame by frame: full at first, then each built on the last, heads and tails included', () => {
    const history = new SnapshotRing(128, duel.worldInts)
    const sim = new Simulation(duel, { side: 'server', development: true, snapshots: history })
    const random = new SeededRandom(5)
    for (let seat = 1; seat <= 3; seat++) {
      sim.world.ints[duel.seatBase + seat] = 1
      sim.world.assign(sim.world.spawn(0, sim.world.takeId(), seat), { x: 100 * seat, y: 250 })
    }
    sim.world.settle()
    const encoder = new SnapshotEncoder(duel)
    const stranger = new Stranger(duel)
    const frames = new Map<number, Snapshot>()
    const counters = [0, 0, 0, 0].map(() => [0, 0])
    let [last, happened] = [-1, 0]
    for (let tick = 1; tick <= 240; tick++) {
      sim.inputs.clear()
      for (let seat = 1; seat <= 3; seat++) {
        const [fire = 0, drop = 0] = counters[seat] ?? []
        counters[seat] = [fire + (random.int(0, 9) === 0 ? 1 : 0), drop + (random.int(0, 30) === 0 ? 1 : 0)]
        const move = Math.floor((tick + seat * 7) / 20) % 3 === 0 ? 127 : 0
        const row = Int32Array.from([
          move,
          random.int(0, 20) === 0 ? -127 : 0,
          (tick * seat) % 2000,
          ...(counters[seat] ?? []),
        ])
        sim.setLevels(seat, row, 0)
        sim.applyPresses(seat, row, 0)
      }
      sim.step(tick)
      sim.settle()
      history.put(tick, sim.world.ints)
      if (tick % 3 !== 0 || (tick > 90 && tick < 120)) continue
      const bytes = frameOf(
        encoder,
        history,
        sim,
        tick,
        tick > 200 && tick < 205 ? -1 : last,
        frames.get(last)?.baselineTick ?? -1,
      )
      const head = readFrame(bytes, duel, Math.max(0, last))
      expect(head.tick).toBe(tick)
      const baseline = frames.get(head.baselineTick)
      const out = stranger.body(head.body, tick, baseline, frames.get(baseline?.baselineTick ?? -1))
      stranger.tail(head.tail, 2, baseline, out)
      expect(comparable(out)).toEqual(comparable(snapshotOf(duel, sim.world.ints, 2)))
      if (baseline !== undefined) expect(eventsOf(out)).toEqual(listEvents(duel, sim.events, baseline.tick, tick))
      happened += out.events.length
      frames.set(tick, out)
      last = tick
    }
    expect(happened).toBeGreaterThan(30)
  })

  it('reads any head of a frame', () => {
    const random = new SeededRandom(8)
    const bytes = new Uint8Array(64)
    for (let round = 0; round < 3000; round++) {
      const tick = random.int(100, 2 ** 31 - 1)
      const usedCount = random.int(0, 3) === 0 ? random.int(0, 32) : 3
      const age = random.int(0, 2) === 0 ? usedCount : random.int(1, 64)
      const head: FrameHead = {
        ...createFrameHead(),
        tick,
        baselineTick: random.int(0, 5) === 0 || age === 0 ? -1 : tick - age,
        newestInputTick: random.int(0, 5) === 0 ? -1 : Math.min(2 ** 31 - 1, tick + random.int(-90, 90)),
        usedCount,
        usedMask: random.int(0, 1) === 0 ? -1 : random.int(-(2 ** 31), 2 ** 31 - 1),
        marginMs: random.int(0, 9) === 0 ? Number.NaN : random.int(-400, 400) / 4,
        lateInputs: random.int(0, 5) === 0 ? random.int(1, 255) : 0,
        refusedPresses: random.int(0, 5) === 0 ? random.int(1, 255) : 0,
        echo: random.int(0, 3) === 0 ? -1 : random.int(0, 255),
        holdMs: random.int(0, 4000) / 16,
        sendOffsetMs: random.int(0, 65_535) / 16,
        overload: random.int(0, 3),
        bodyBytes: random.int(0, 1) === 0 ? -1 : 5,
      }
      const writer = new ByteWriter().start(bytes)
      const tag = random.int(0, 1) === 0 ? undefined : random.int(0, 255)
      const behind = tag === undefined ? 0 : random.int(0, 1) * random.int(1, 255)
      writer.u8(tag === undefined ? 3 : behind === 0 ? 4 : 5)
      if (tag !== undefined) writer.u8(tag)
      if (behind > 0) writer.u8(behind)
      encodeFrameHead(writer, head, duel.ticksPerSnapshot)
      for (let n = 0; n < 7; n++) writer.u8(n)
      const read = readFrame(bytes.slice(0, writer.position), duel, tick + random.int(-9, 9), tag)
      const used = Array.from({ length: usedCount }, (_, i) => ((head.usedMask >>> i) & 1) === 1)
      expect(read).toEqual({
        tick,
        finalTick: behind === 255 ? undefined : tick - behind,
        baselineTick: head.baselineTick,
        count: usedCount,
        used,
        newestInput: head.newestInputTick < 0 ? undefined : head.newestInputTick,
        marginMs: Number.isNaN(head.marginMs) ? undefined : head.marginMs,
        echo: head.echo < 0 ? undefined : { tick8: head.echo, holdMs: head.holdMs },
        sendMs: head.sendOffsetMs,
        overload: head.overload,
        late: head.lateInputs,
        refused: head.refusedPresses,
        body: Uint8Array.from(head.bodyBytes < 0 ? [0, 1, 2, 3, 4, 5, 6] : [0, 1, 2, 3, 4]),
        tail: Uint8Array.from(head.bodyBytes < 0 ? [] : [5, 6]),
      })
    }
  })

  it('writes inputs, byte by byte as the SDK does, and the server reads them', () => {
    for (const game of [arenaGame, richGame]) {
      const random = new SeededRandom(game.schemaHash)
      const unit = seeded(3)
      const [source, target] = [new InputRing(game), new InputRing(game)]
      const counters = new Int32Array(game.presses.length)
      const codec = new InputCodec(game)
      const bytes = new Uint8Array(2048)
      for (let tick = 100; tick < 1200; tick++) {
        if (random.int(0, 20) > 0 || tick < 120) fillTick(game, source, tick, counters, () => unit() / 2 ** 32)
        if (source.find(tick) < 0) continue
        const count = random.int(1, 12)
        const head = {
          ...createInputHead(game),
          newestTick: tick,
          count,
          ackTick: random.int(0, 5) === 0 ? -1 : tick - random.int(0, 80) + random.int(0, 2) * 20,
          ackHoldMs: random.int(0, 400) / 4,
          interpolationDelayMs: random.int(0, 250) * 4,
          needsFull: random.int(0, 9) === 0,
          wideCounters: random.int(0, 9) === 0,
        }
        const suspects = game.entities.flatMap((_, type) => (random.int(0, 30) === 0 ? [type] : []))
        for (const type of suspects)
          head.suspectTypes[type >> 3] = (head.suspectTypes[type >> 3] ?? 0) | (1 << (type & 7))
        const writer = new ByteWriter().start(bytes)
        writer.u8(2)
        codec.encode(writer, source, head)
        const inputs: Input[] = []
        for (let at = tick - count + 1; at <= tick; at++)
          if (source.find(at) >= 0) inputs.push(inputOf(game, source, at))
        if (inputs[0]?.tick !== tick - count + 1) continue
        const theirs = writeInputs(
          game,
          {
            ack: head.ackTick < 0 ? undefined : head.ackTick,
            holdMs: head.ackHoldMs,
            delayMs: head.interpolationDelayMs,
            needsFull: head.needsFull,
            wide: head.wideCounters,
            suspects,
          },
          inputs,
        )
        expect([...theirs]).toEqual([...bytes.subarray(0, writer.position)])
        const read = createInputHead(game)
        expect(codec.decode(new ByteReader().start(theirs, 1), read, target, tick + random.int(-9, 9))).toBe('ok')
        expect(read).toMatchObject({ newestTick: tick, count, ackTick: head.ackTick, needsFull: head.needsFull })
        expect(inputOf(game, target, tick)).toEqual(inputOf(game, source, tick))
      }
    }
  })

  it('mixes two snapshots into what the server rewinds to', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = new SeededRandom(seed)
      const game = games[seed % 3] as CompiledGame
      const { baseline, current } = randomBody(random, game, random.int(1, 9))
      const out = new World(game)
      const f = random.int(0, 255)
      interpolate(game, baseline, current, f, out)
      const mixed = tablesBetween(game, snapshotOf(game, baseline, -1), snapshotOf(game, current, -1), f)
      // A table that is too small for all is cut.
      const whole = mixed.map((rows, index) => rows.slice(0, game.entities[index]?.max ?? 0))
      expect(whole).toEqual(snapshotOf(game, out.ints, -1).tables)
    }
  })
})

/** A frame for seat 2, as a server would send it; `baselineTick` -1 for a full one. */
function frameOf(
  encoder: SnapshotEncoder,
  history: SnapshotRing,
  sim: Simulation,
  tick: number,
  baselineTick: number,
  earlierTick: number,
): Uint8Array {
  const baseline = history.find(baselineTick)
  const current = history.find(tick) ?? sim.world.ints
  const body = encoder
    .encodeBody({
      baseline,
      earlier: history.find(earlierTick),
      baselineTick: baseline === undefined ? tick : baselineTick,
      current,
      tick,
      heldAt: (at) => history.find(at),
      events: sim.events,
      plainTypes: Uint8Array.from(duel.entities, (_, type) => (tick % 60 === 0 && type === 0 ? 1 : 0)),
    })
    .slice()
  const tail = encoder.encodeTail(2, baseline, current).slice()
  const bytes = new Uint8Array(body.length + tail.length + 50)
  const writer = new ByteWriter().start(bytes)
  writer.u8(3)
  const head = { ...createFrameHead(), tick, baselineTick, usedCount: 3, bodyBytes: tail.length > 0 ? body.length : -1 }
  encodeFrameHead(writer, head, duel.ticksPerSnapshot)
  writer.raw(body)
  writer.raw(tail)
  return bytes.slice(0, writer.position)
}

function inputOf(game: CompiledGame, ring: InputRing, tick: number): Input {
  const slot = ring.find(tick)
  const row = ring.rowOffset(slot)
  const stampAt = (which: number) => {
    const [older = -1, newer = -1, fraction = 0] = ring.stamps.subarray(ring.stampOffset(slot, which))
    return older < 0 ? undefined : { older, newer, fraction }
  }
  return {
    tick,
    levels: [...ring.rows.subarray(row, row + ring.levels)],
    presses: [...ring.rows.subarray(row + ring.levels, row + ring.width)],
    stamp: stampAt(0),
    pressStamps: game.presses.map((_, n) => stampAt(1 + n)),
  }
}
