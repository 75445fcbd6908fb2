/**
 * Measures one variant of the arena workload: every snapshot is encoded, decoded and compared with the truth integer by integer, and the whole frames
 * of all clients are counted.
 */
import {
  ByteWriter,
  type CompiledGame,
  createFrameHead,
  encodeFrameHead,
  HEADER_COUNTS,
  SEAT_LEVELS,
  SnapshotDecoder,
  SnapshotEncoder,
  SnapshotRing,
} from '@tickmesh/shared'
import { median, round } from '../figures.ts'
import { PLAYERS, SNAPSHOT_RATE, TICK_RATE } from './arena-game.ts'
import { ArenaRun } from './arena-run.ts'

/** Not the seed of the training. */
export const MEASURED_SEED = 42
export const WARM_UP_TICKS = 5 * TICK_RATE
const TICKS_PER_SNAPSHOT = TICK_RATE / SNAPSHOT_RATE
/** Frames before the engine has compiled the code: not timed. */
const COLD_FRAMES = 100

export interface Measured {
  readonly bytesPerClientPerSecond: number
  /** Bits of the bodies, check included, by entity and snapshot. */
  readonly bitsPerEntity: number
  readonly encodeMicros: number
  readonly decodeMicros: number
  /** Integers that came out other than they went in, and frames that were refused. */
  readonly mismatches: number
}

/** Public integers that differ: all columns of the players, and the held levels that are shared. */
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
  for (const { index, shared } of game.levels) {
    const from = game.seatBase + (SEAT_LEVELS + index) * game.seatRows
    for (let seat = 1; shared && seat <= PLAYERS; seat++) if (truth[from + seat] !== decoded[from + seat]) wrong++
  }
  return wrong
}

class Measurement {
  frames = 0
  frameBytes = 0
  bodyBytes = 0
  mismatches = 0
  readonly encodeTimes: number[] = []
  readonly decodeTimes: number[] = []
  private readonly game: CompiledGame
  private readonly run: ArenaRun
  private readonly age: number
  private readonly encoder: SnapshotEncoder
  private readonly decoder: SnapshotDecoder
  /** What a client has decoded. */
  private readonly client: SnapshotRing
  private readonly writer = new ByteWriter()
  private readonly head = createFrameHead()
  private readonly bytes = new Uint8Array(64 * 1024)
  private readonly plainTypes: Uint8Array

  constructor(game: CompiledGame, age: number) {
    this.game = game
    this.age = age
    this.run = new ArenaRun(game, MEASURED_SEED)
    this.encoder = new SnapshotEncoder(game)
    this.decoder = new SnapshotDecoder(game)
    this.client = new SnapshotRing(64, game.worldInts)
    this.plainTypes = new Uint8Array(game.entities.length)
    for (let n = 0; n < WARM_UP_TICKS; n++) this.run.step()
  }

  step(): void {
    this.run.step()
    if (this.run.world.tick % TICKS_PER_SNAPSHOT === 0) this.frame(this.run.world.tick)
  }

  /** Server: encode once. Client: decode against what it has itself. Then every client's own part. */
  private frame(tick: number): void {
    const { run, client, age, bytes } = this
    const { history } = run
    const known = client.find(tick - age)
    const knownBefore = known === undefined ? undefined : client.find(tick - 2 * age)
    const baselineTick = known === undefined ? tick : tick - age
    const input = {
      baseline: known === undefined ? undefined : history.find(tick - age),
      earlier: knownBefore === undefined ? undefined : history.find(tick - 2 * age),
      baselineTick,
      current: history.find(tick) ?? run.world.ints,
      tick,
      heldAt: (at: number) => history.find(at),
      events: undefined,
      plainTypes: this.plainTypes,
    }
    const started = process.hrtime.bigint()
    const end = this.encoder.writeBody(input, bytes, 0)
    const encoded = process.hrtime.bigint()
    const out = client.slotFor(tick)
    const decodeStarted = process.hrtime.bigint()
    const status = this.decoder.decodeBody(bytes, 0, end, known, baselineTick, tick, out, undefined, knownBefore)
    const decoded = process.hrtime.bigint()
    if (status !== 'ok') this.mismatches++
    let own = 0
    for (let seat = 1; seat <= PLAYERS; seat++) own += this.ownBytes(seat, tick, input.baseline, input.current, end)
    const tailEnd = this.encoder.writeTail(1, input.baseline, input.current, bytes, end)
    if (this.decoder.decodeTail(bytes, end, tailEnd - end, 1, known, out) !== 'ok') this.mismatches++
    this.mismatches += countMismatches(this.game, input.current, out)
    // The full frames at the start are not what a second of play costs.
    if (known === undefined) return
    this.frames++
    this.bodyBytes += end
    this.frameBytes += end * PLAYERS + own
    if (this.frames <= COLD_FRAMES) return
    this.encodeTimes.push(Number(encoded - started) / 1000)
    this.decodeTimes.push(Number(decoded - decodeStarted) / 1000)
  }

  /** Bytes of one client's kind, head and tail. The head's numbers are as they come at a round trip of 100 ms. */
  private ownBytes(
    seat: number,
    tick: number,
    baseline: Int32Array | undefined,
    current: Int32Array,
    end: number,
  ): number {
    const { head, writer, bytes, age } = this
    const tailBytes = this.encoder.writeTail(seat, baseline, current, bytes, end) - end
    const wobble = (tick * 7 + seat * 13) % 32
    head.tick = tick
    head.baselineTick = baseline === undefined ? -1 : tick - age
    head.usedCount = TICKS_PER_SNAPSHOT
    head.usedMask = 7
    head.newestInputTick = tick + 1 + (wobble & 1)
    head.marginMs = 12 + wobble / 4
    head.echo = head.newestInputTick & 255
    head.holdMs = wobble / 2
    head.sendOffsetMs = 2 + wobble / 16
    head.bodyBytes = tailBytes > 0 ? end : -1
    encodeFrameHead(writer.start(bytes, end + tailBytes), head, TICKS_PER_SNAPSHOT)
    return 1 + writer.position - (end + tailBytes) + tailBytes
  }
}

/** `ageSnapshots`: how old the baseline is. Each frame's trends go by the snapshot on which its baseline was built. */
export function measure(game: CompiledGame, seconds: number, ageSnapshots: number): Measured {
  const measurement = new Measurement(game, ageSnapshots * TICKS_PER_SNAPSHOT)
  for (let n = 0; n < seconds * TICK_RATE; n++) measurement.step()
  const { frames, frameBytes, bodyBytes, mismatches, encodeTimes, decodeTimes } = measurement
  return {
    bytesPerClientPerSecond: Math.round((frameBytes / PLAYERS / frames) * SNAPSHOT_RATE),
    bitsPerEntity: round((bodyBytes * 8) / PLAYERS / frames, 2),
    encodeMicros: round(median(encodeTimes), 1),
    decodeMicros: round(median(decodeTimes), 1),
    mismatches,
  }
}
