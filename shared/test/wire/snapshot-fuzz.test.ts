import { describe, expect, it } from 'vitest'
import type { CompiledGame } from '../../src/game/compiled.ts'
import { HEADER_COUNTS } from '../../src/game/compiled.ts'
import { SeededRandom } from '../../src/math/random.ts'
import { SnapshotDecoder } from '../../src/wire/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../src/wire/snapshot-encoder.ts'
import { EventLog } from '../../src/world/event-log.ts'
import { drifting, steered, still } from './snapshot-games.ts'
import { randomBody } from './snapshot-worlds.ts'

const INPUTS = 1_000_000
const GAMES = [steered(), drifting(), still()]
const SAMPLES = 40

/** Truncated, mutated, extended or random bytes, in `bytes`. Gives their length. */
function damage(random: SeededRandom, sample: Uint8Array, bytes: Uint8Array): number {
  const kind = random.int(0, 3)
  let length = Math.min(sample.length, bytes.length)
  if (kind === 0) {
    length = random.int(0, 48)
    for (let i = 0; i < length; i++) bytes[i] = random.int(0, 255)
    return length
  }
  bytes.set(sample.subarray(0, length))
  if (kind === 1) return random.int(0, length)
  for (let n = random.int(1, 3); n > 0; n--) bytes[random.int(0, Math.max(0, length - 1))] = random.int(0, 255)
  return kind === 2 ? length : Math.min(bytes.length, length + random.int(0, 4))
}

/** False if a column holds a value that its field cannot have. */
function isSound(game: CompiledGame, memory: Int32Array): boolean {
  for (const type of game.entities) {
    const count = memory[HEADER_COUNTS + type.index] ?? 0
    if (count < 0 || count > type.max) return false
    for (let row = 0; row < count; row++) {
      const [id, owner] = [memory[type.base + row] ?? 0, memory[type.base + type.rows + row] ?? 0]
      if (id <= (row > 0 ? (memory[type.base + row - 1] ?? 0) : 0) || owner < 0 || owner > game.maxPlayers) return false
      for (const { field, offset } of type.fields) {
        const raw = memory[offset + row] ?? 0
        if (raw < field.rawMin || raw > field.rawMax) return false
      }
    }
  }
  return true
}

describe('the snapshot decoder, given a million damaged inputs', () => {
  it('refuses bodies with a status, never by throwing, and leaves the baseline alone', () => {
    const random = new SeededRandom(99)
    const bytes = new Uint8Array(400)
    const counts = { ok: 0, malformed: 0, 'check-failed': 0 }
    for (const game of GAMES) {
      const decoder = new SnapshotDecoder(game)
      const encoder = new SnapshotEncoder(game)
      const out = new Int32Array(game.worldInts)
      const events = new EventLog(game, 80)
      for (let s = 0; s < SAMPLES; s++) {
        const body = randomBody(random, game, random.int(1, 4))
        const input = random.int(0, 9) === 0 ? { ...body, baseline: undefined, baselineTick: body.tick } : body
        const sample = encoder.encodeBody(input).slice()
        const { baseline, baselineTick, tick, earlier } = input
        const untouched = baseline?.slice()
        for (let n = 0; n < INPUTS / GAMES.length / SAMPLES; n++) {
          const length = damage(random, sample, bytes)
          const status = decoder.decodeBody(bytes, 0, length, baseline, baselineTick, tick, out, events, earlier)
          counts[status]++
          if (status === 'ok' && !isSound(game, out)) throw new Error(`unsound world after seed ${s}, input ${n}`)
        }
        expect(baseline).toEqual(untouched)
        expect(decoder.decodeBody(sample, 0, sample.length, baseline, baselineTick, tick, out, events, earlier)).toBe(
          'ok',
        )
      }
    }
    expect(counts.malformed + counts['check-failed']).toBeGreaterThan(INPUTS * 0.9)
  }, 60_000)

  it('refuses tails with a status, never by throwing, and leaves the baseline alone', () => {
    const random = new SeededRandom(98)
    const bytes = new Uint8Array(400)
    const counts = { ok: 0, malformed: 0, 'check-failed': 0 }
    for (const game of GAMES) {
      const decoder = new SnapshotDecoder(game)
      const encoder = new SnapshotEncoder(game)
      for (let s = 0; s < SAMPLES; s++) {
        const { baseline, current } = randomBody(random, game, 2)
        const seat = random.int(1, game.maxPlayers)
        const sample = encoder.encodeTail(seat, baseline, current).slice()
        const untouched = baseline.slice()
        const out = current.slice()
        for (let n = 0; n < INPUTS / GAMES.length / SAMPLES; n++) {
          const length = damage(random, sample, bytes)
          counts[decoder.decodeTail(bytes, 0, length, seat, baseline, out)]++
        }
        expect(isSound(game, out)).toBe(true)
        expect(baseline).toEqual(untouched)
        expect(decoder.decodeTail(sample, 0, sample.length, seat, baseline, out)).toBe('ok')
      }
    }
    expect(counts.malformed).toBeGreaterThan(INPUTS * 0.3)
  }, 60_000)
})
