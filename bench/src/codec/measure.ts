/**
 * Measures one variant of the arena workload: every frame is encoded for 100 clients, decoded, and compared with the truth integer by integer.
 */
import { type CompiledGame, HEADER_COUNTS, SnapshotRing } from '@tickmesh/shared'
import { PLAYERS, SNAPSHOT_RATE, TICK_RATE } from './arena-game.ts'
import { ArenaRun } from './arena-run.ts'
import { ByteWriter, createFrameHead, encodeFrameHead, SnapshotDecoder, SnapshotEncoder } from './wire.ts'

/** Not the seed of the training. */
export const MEASURED_SEED = 42
export const WARM_UP_S = 5
const TICKS_PER_SNAPSHOT = TICK_RATE / SNAPSHOT_RATE
/** Frames before JIT compilation has settled: not timed. */
const COLD_FRAMES = 60

export interface Measured {
  readonly bytesPerClientPerSecond: number
  readonly bitsPerEntity: number
  readonly encodeMicros: number
  readonly decodeMicros: number
  readonly mismatches: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

/** Public integers that differ, all of the players' columns and the held levels that are shared. */
function countMismatches(game: CompiledGame, truth: Int32Array, decoded: Int32Array): number {
  let wrong = 0
  for (const type of game.entities) {
    const count = truth[HEADER_COUNTS + type.index] ?? 0
    if (decoded[HEADER_COUNTS + type.index] !== count) wrong++
    for (let column = 0; column < type.columns; column++) {
      const from = type.base + column * type.rows
      for (let row = 0; row < count; row++) if (truth[from + row] !== decoded[from + row]) wrong++
    }
  }
  for (const level of game.levels) {
    const from = game.seatBase + (1 + level.index) * game.seatRows
    if (level.shared) for (let seat = 1; seat <= PLAYERS; seat++) if (truth[from + seat] !== decoded[from + seat]) wrong++
  }
  return wrong
}

/** What a client's head holds on an ordered link, with numbers as they are at 100 ms round trip. */
function headOf(head: ReturnType<typeof createFrameHead>, tick: number, age: number, client: number, tailBytes: number, bodyBytes: number): void {
  const wobble = (tick * 7 + client * 13) % 32
  head.tick = tick
  head.baselineTick = tick - age
  head.usedCount = TICKS_PER_SNAPSHOT
  head.usedMask = 7
  head.newestInputTick = tick + 3 + (wobble & 1)
  head.marginMs = 12 + wobble / 4
  head.echo = (tick + 3) & 255
  head.holdMs = wobble / 2
  head.sendOffsetMs = 2 + wobble / 16
  head.bodyBytes = tailBytes > 0 ? bodyBytes : -1
}

export function measure(game: CompiledGame, seconds: number, ageSnapshots: number): Measured {
  const run = new ArenaRun(game, MEASURED_SEED)
  const encoder = new SnapshotEncoder(game)
  const decoder = new SnapshotDecoder(game)
  const client = new SnapshotRing(64, game.worldInts)
  const writer = new ByteWriter()
  const head = createFrameHead()
  const bytes = new Uint8Array(64 * 1024)
  const encodeTimes: number[] = []
  const decodeTimes: number[] = []
  const age = ageSnapshots * TICKS_PER_SNAPSHOT
  const input = {
    baseline: undefined as Int32Array | undefined,
    earlier: undefined as Int32Array | undefined,
    baselineTick: 0,
    current: run.world.ints,
    tick: 0,
    heldAt: (tick: number) => run.history.find(tick),
    events: undefined,
    plainTypes: new Uint8Array(game.entities.length),
  }
  let total = 0
  let bodies = 0
  let frames = 0
  let mismatches = 0
  for (let n = 0; n < WARM_UP_S * TICK_RATE; n++) run.step()
  for (let n = 0; n < seconds * TICK_RATE; n++) {
    run.step()
    const { tick } = run.world
    if (tick % TICKS_PER_SNAPSHOT !== 0) continue
    const known = client.find(tick - age)
    input.baseline = known === undefined ? undefined : run.history.find(tick - age)
    const before = known === undefined ? undefined : client.find(tick - 2 * age)
    input.earlier = before === undefined ? undefined : run.history.find(tick - 2 * age)
    input.baselineTick = known === undefined ? tick : tick - age
    input.current = run.history.find(tick) ?? run.world.ints
    input.tick = tick
    const start = process.hrtime.bigint()
    const end = encoder.writeBody(input, bytes, 0)
    const encoded = process.hrtime.bigint()
    const out = client.slotFor(tick)
    const decodeStart = process.hrtime.bigint()
    const status = decoder.decodeBody(bytes, 0, end, known, input.baselineTick, tick, out, undefined, before)
    const decoded = process.hrtime.bigint()
    if (status !== 'ok') mismatches++
    for (let seat = 1; seat <= PLAYERS; seat++) {
      const tailEnd = encoder.writeTail(seat, input.baseline, input.current, bytes, end)
      if (seat === 1 && decoder.decodeTail(bytes, end, tailEnd - end, seat, known, out) !== 'ok') mismatches++
      if (known === undefined) continue
      headOf(head, tick, age, seat, tailEnd - end, end)
      encodeFrameHead(writer.start(bytes, tailEnd), head, TICKS_PER_SNAPSHOT)
      total += 1 + writer.position - tailEnd + tailEnd
    }
    mismatches += countMismatches(game, input.current, out)
    if (known === undefined) continue
    frames++
    bodies += end
    if (frames < COLD_FRAMES) continue
    encodeTimes.push(Number(encoded - start) / 1000)
    decodeTimes.push(Number(decoded - decodeStart) / 1000)
  }
  return {
    bytesPerClientPerSecond: Math.round((total / PLAYERS / frames) * SNAPSHOT_RATE),
    bitsPerEntity: Math.round((bodies * 800) / PLAYERS / frames) / 100,
    encodeMicros: Math.round(median(encodeTimes) * 10) / 10,
    decodeMicros: Math.round(median(decodeTimes) * 10) / 10,
    mismatches,
  }
}
