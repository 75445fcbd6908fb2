import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledGame } from '../../src/game/compiled.ts'
import { HEADER_COUNTS, HEADER_SEED, SEAT_PRESENT } from '../../src/game/compiled.ts'
import { SeededRandom } from '../../src/math/random.ts'
import type { BodyInput } from '../../src/wire/body-input.ts'
import { SnapshotDecoder } from '../../src/wire/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../src/wire/snapshot-encoder.ts'
import { SnapshotTrainer } from '../../src/wire/snapshot-trainer.ts'
import { advanceByMotion } from '../../src/world/advance.ts'
import { EventLog } from '../../src/world/event-log.ts'
import { World } from '../../src/world/world.ts'
import { drifting, steered, still } from './snapshot-games.ts'
import { listEvents, ownDifference, publicDifference, randomBody } from './snapshot-worlds.ts'

const games = [steered(), drifting(), still()]

class Pair {
  readonly encoder: SnapshotEncoder
  readonly decoder: SnapshotDecoder
  /** Used again and again, so that what an older body left in it shows. */
  readonly out: Int32Array
  readonly events: EventLog
  private readonly game: CompiledGame

  constructor(game: CompiledGame, decoderGame = game) {
    this.game = game
    this.encoder = new SnapshotEncoder(game)
    this.decoder = new SnapshotDecoder(decoderGame)
    this.out = new Int32Array(game.worldInts)
    this.events = new EventLog(game, 80)
  }

  decode(bytes: Uint8Array, input: BodyInput) {
    const { baseline, baselineTick, tick, earlier } = input
    return this.decoder.decodeBody(bytes, 0, bytes.length, baseline, baselineTick, tick, this.out, this.events, earlier)
  }

  /** What is wrong with a round trip; '' if nothing. */
  trip(input: BodyInput): string {
    const status = this.decode(this.encoder.encodeBody(input).slice(), input)
    if (status !== 'ok') return status
    const wrong = publicDifference(this.game, input.current, this.out)
    if (wrong !== '' || input.events === undefined) return wrong
    const sent = listEvents(this.game, input.events, input.baselineTick, input.tick)
    const came = listEvents(this.game, this.events, input.baselineTick, input.tick)
    return JSON.stringify(sent) === JSON.stringify(came) ? '' : 'events'
  }
}

const pairs = games.map((game) => new Pair(game))

describe('the snapshot codec', () => {
  it('brings back any world against any baseline, view and age, with its events', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(2), fc.integer({ min: 1, max: 64 }), (seed, which, ticks) => {
        const game = games[which] as CompiledGame
        expect(pairs[which]?.trip(randomBody(new SeededRandom(seed), game, ticks))).toBe('')
      }),
      { numRuns: 900, seed: 7 },
    )
  })

  it('brings back any world without a baseline', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(2), fc.nat(8), (seed, which, ticks) => {
        const game = games[which] as CompiledGame
        const body = randomBody(new SeededRandom(seed), game, 10)
        expect(pairs[which]?.trip({ ...body, baseline: undefined, baselineTick: body.tick - ticks })).toBe('')
      }),
      { numRuns: 400, seed: 8 },
    )
  })

  it("brings back the owner's fields and presses, and nobody else's", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(2), fc.boolean(), (seed, which, full) => {
        const game = games[which] as CompiledGame
        const pair = pairs[which] as Pair
        const random = new SeededRandom(seed)
        const body = randomBody(random, game, 3)
        const seat = random.int(1, game.maxPlayers)
        const baseline = full ? undefined : body.baseline
        const input = { ...body, baseline, baselineTick: full ? body.tick : body.baselineTick }
        expect(pair.trip(input)).toBe('')
        const tail = pair.encoder.encodeTail(seat, baseline, body.current)
        expect(pair.decoder.decodeTail(tail, 0, tail.length, seat, baseline, pair.out)).toBe('ok')
        expect(ownDifference(game, seat, body.current, pair.out)).toBe('')
      }),
      { numRuns: 600, seed: 9 },
    )
  })

  it('takes no byte for a tail without news', () => {
    const game = steered()
    const { current } = randomBody(new SeededRandom(3), game, 3)
    expect(new SnapshotEncoder(game).encodeTail(2, current, current.slice())).toHaveLength(0)
  })

  it('follows a long run of frames, each built on the one before', () => {
    for (const [which, game] of games.entries()) {
      const pair = pairs[which] as Pair
      let last = randomBody(new SeededRandom(50 + which), game, 3)
      for (let n = 0; n < 60; n++) {
        const next = randomBody(new SeededRandom(n * 3 + which), game, 3)
        const shift = last.tick
        const input = {
          ...next,
          baseline: last.current,
          baselineTick: shift,
          tick: shift + 3,
          earlier: undefined,
          events: undefined,
        }
        expect(pair.trip(input)).toBe('')
        last = { ...next, tick: shift + 3 }
      }
    }
  })

  it('writes next to nothing for a world that moves as expected', () => {
    const game = drifting()
    const random = new SeededRandom(5)
    let body = randomBody(random, game, 5)
    while ((body.baseline[HEADER_COUNTS] ?? 0) < 12) body = randomBody(random, game, 5)
    const world = new World(game)
    world.load(body.baseline)
    for (let n = 0; n < 5; n++) advanceByMotion(world, 1 / game.tickRate)
    const input = { ...body, current: world.ints, events: undefined, earlier: undefined, plainTypes: new Uint8Array(1) }
    expect(new Pair(game).trip(input)).toBe('')
    expect(new SnapshotEncoder(game).encodeBody(input).length).toBeLessThan(20)
    expect(new SnapshotEncoder(game).encodeBody({ ...input, plainTypes: Uint8Array.of(1) }).length).toBeGreaterThan(50)
  })

  it('expects a steady rate to go on where the snapshot before is known', () => {
    const steps = drifting()
    const [earlier, baseline, current] = [0, 1, 2].map((n) => {
      const world = new World(steps)
      for (let id = 1; id <= 16; id++) {
        const rock = world.spawn(0, id, 0) as unknown as { spin: number; x: number }
        rock.x = -20 + n * (id / 4)
        rock.spin = n % 2
      }
      world.tick = n * 3
      world.settle()
      return world.ints
    }) as [Int32Array, Int32Array, Int32Array]
    const input = {
      baseline,
      baselineTick: 3,
      current,
      tick: 6,
      heldAt: () => undefined,
      events: undefined,
      plainTypes: Uint8Array.of(1),
    }
    const encoder = new SnapshotEncoder(steps)
    const without = encoder.encodeBody(input).length
    expect(new Pair(steps).trip({ ...input, earlier })).toBe('')
    expect(encoder.encodeBody({ ...input, earlier }).length).toBeLessThan(without - 10)
  })

  it('fails the check, without a suspect, if the snapshot that trends need is not there', () => {
    const game = steered()
    const body = randomBody(new SeededRandom(11), game, 3)
    const earlier = body.baseline.slice()
    earlier[0] = body.baselineTick - 3
    const pair = new Pair(game)
    const bytes = pair.encoder.encodeBody({ ...body, earlier }).slice()
    expect(pair.decode(bytes, { ...body, earlier: undefined })).toBe('check-failed')
    expect([...pair.decoder.motionTypes]).toEqual([0, 0])
  })

  it('sees that a motion computes something else here, names the type, and works without it', () => {
    const server = steered(40)
    const pair = new Pair(server, steered(41))
    let failed = 0
    for (let seed = 0; seed < 60; seed++) {
      const body = { ...randomBody(new SeededRandom(seed), server, 6), plainTypes: new Uint8Array(2) }
      const status = pair.decode(pair.encoder.encodeBody(body).slice(), body)
      if (status === 'ok') {
        expect(publicDifference(server, body.current, pair.out)).toBe('')
        continue
      }
      failed++
      expect(status).toBe('check-failed')
      expect([...pair.decoder.motionTypes]).toEqual([1, 0])
      expect(pair.trip({ ...body, plainTypes: Uint8Array.of(1, 0) })).toBe('')
    }
    expect(failed).toBeGreaterThan(20)
  })

  it('fails the check if the motion throws on one side, and not if it does on both', () => {
    let failed = 0
    const [throwing, calm] = [steered(40, 33), steered(40)]
    const both = new Pair(throwing)
    const one = new Pair(calm, throwing)
    for (let seed = 0; seed < 40; seed++) {
      const body = { ...randomBody(new SeededRandom(seed), calm, 4), plainTypes: new Uint8Array(2) }
      const ship = calm.entities[0]
      const hp = ship?.fields.find(({ name }) => name === 'hp')
      const flags = ship === undefined ? 0 : ship.base + 2 * ship.rows
      for (let row = 0; row < (body.baseline[HEADER_COUNTS] ?? 0); row++) {
        body.baseline[(hp?.offset ?? 0) + row] = 33
        body.baseline[flags + row] = 0
      }
      const status = one.decode(one.encoder.encodeBody(body).slice(), body)
      if (status !== 'ok') failed++
      expect(['ok', 'check-failed']).toContain(status)
      expect(both.trip(body)).toBe('')
    }
    expect(failed).toBeGreaterThan(10)
  })

  it('fails the check on another baseline than the encoder had', () => {
    const game = steered()
    const pair = new Pair(game)
    const body = randomBody(new SeededRandom(77), game, 3)
    const bytes = pair.encoder.encodeBody(body).slice()
    const other = body.baseline.slice()
    other[HEADER_SEED] = (other[HEADER_SEED] ?? 0) ^ 1
    expect(pair.decode(bytes, { ...body, baseline: other })).toBe('check-failed')
    expect(pair.decode(bytes, body)).toBe('ok')
  })

  it('says nothing of the levels of seats whose presence a view hides', () => {
    const game = steered()
    const body = randomBody(new SeededRandom(21), game, 3)
    const column = game.seatBase + SEAT_PRESENT * game.seatRows
    const hide = (memory: Int32Array) => memory.fill(0, column, column + game.seatRows)
    hide(body.current)
    const silent = new SnapshotEncoder(game).encodeBody(body).slice()
    const levels = body.current.slice()
    levels.fill(1, column + game.seatRows, column + (1 + game.levels.length) * game.seatRows)
    expect(new SnapshotEncoder(game).encodeBody({ ...body, current: levels })).toEqual(silent)
  })

  it('refuses windows that are too long, saying what to do', () => {
    const game = still()
    const body = randomBody(new SeededRandom(1), game, 3)
    const encoder = new SnapshotEncoder(game)
    expect(() => encoder.encodeBody({ ...body, baselineTick: body.tick - 65 })).toThrow(/full frame/)
    expect(() => encoder.encodeBody({ ...body, baselineTick: body.tick })).toThrow(/BAD_ARGUMENT/)
    const decoder = new SnapshotDecoder(game)
    const out = new Int32Array(game.worldInts)
    for (const baselineTick of [body.tick - 65, body.tick, body.tick + 1, Number.NaN]) {
      expect(decoder.decodeBody(new Uint8Array(9), 0, 9, body.baseline, baselineTick, body.tick, out, undefined)).toBe(
        'malformed',
      )
    }
  })

  it('takes a trained prior, needs fewer bytes with it, and refuses one of another schema', () => {
    const game = steered()
    const trainer = new SnapshotTrainer(game)
    for (let seed = 0; seed < 80; seed++) trainer.body(randomBody(new SeededRandom(1000 + seed), game, 3))
    const trained = steered(40, -1, trainer.build())
    const pair = new Pair(trained)
    let [before, after] = [0, 0]
    for (let seed = 0; seed < 40; seed++) {
      const body = randomBody(new SeededRandom(seed), game, 3)
      before += pairs[0]?.encoder.encodeBody(body).length ?? 0
      after += pair.encoder.encodeBody(body).length
      expect(pair.trip(body)).toBe('')
    }
    expect(after).toBeLessThan(before)
    expect(() => new SnapshotEncoder({ ...drifting(), prior: trained.prior })).toThrow(/BAD_DEFINITION.*[Tt]rain/)
  })
})
