/**
 * The uplink of the arena workload: real input messages of an ordered link, one input each, 60 a second, with acknowledgement and view stamp.
 */
import {
  ByteReader,
  ByteWriter,
  type CompiledGame,
  createInputHead,
  InputCodec,
  InputRing,
  SEAT_LEVELS,
  TICK_STAMP,
} from '@tickmesh/shared'
import { SNAPSHOT_RATE, TICK_RATE } from './arena-game.ts'
import { ArenaRun } from './arena-run.ts'
import { MEASURED_SEED, WARM_UP_TICKS } from './measure.ts'

const TICKS_PER_SNAPSHOT = TICK_RATE / SNAPSHOT_RATE
/** Ticks from the newest snapshot that a client has to the tick that it predicts, at a round trip of 100 ms. */
const LEAD_TICKS = 8
/** Ticks from the newest snapshot to what is drawn of others. */
const DELAY_TICKS = 5
const SEATS = 20

export interface Uplink {
  readonly uplinkBytesPerSecond: number
  /** Rows that the server read other than the client wrote them, and messages that it refused. */
  readonly mismatches: number
}

export function measureUplink(game: CompiledGame, seconds: number): Uplink {
  const run = new ArenaRun(game, MEASURED_SEED)
  const codec = new InputCodec(game)
  const clients = Array.from({ length: SEATS }, () => new InputRing(game))
  const servers = Array.from({ length: SEATS }, () => new InputRing(game))
  const head = createInputHead(game)
  const readHead = createInputHead(game)
  const writer = new ByteWriter()
  const reader = new ByteReader()
  const bytes = new Uint8Array(256)
  let total = 0
  let mismatches = 0
  for (let n = 0; n < WARM_UP_TICKS; n++) run.step()
  for (let n = 0; n < seconds * TICK_RATE; n++) {
    run.step()
    const { tick } = run.world
    for (let client = 0; client < SEATS; client++) {
      const ring = clients[client] as InputRing
      takeInput(game, run.world.ints, client + 1, ring, tick)
      head.newestTick = tick
      head.count = 1
      head.ackTick = newestSnapshot(tick)
      head.ackHoldMs = ((tick - LEAD_TICKS) % TICKS_PER_SNAPSHOT) * (1000 / TICK_RATE) + (client % 8)
      head.interpolationDelayMs = (DELAY_TICKS * 1000) / TICK_RATE
      codec.encode(writer.start(bytes), ring, head)
      total += 1 + writer.position
      const server = servers[client] as InputRing
      if (codec.decode(reader.start(bytes, 0, writer.position), readHead, server, tick) !== 'ok') mismatches++
      const [sent, came] = [ring.rowOffset(ring.find(tick)), server.rowOffset(server.find(tick))]
      for (let i = 0; i < game.levels.length; i++) if (ring.rows[sent + i] !== server.rows[came + i]) mismatches++
    }
  }
  return { uplinkBytesPerSecond: Math.round(total / SEATS / seconds), mismatches }
}

function newestSnapshot(tick: number): number {
  const received = tick - LEAD_TICKS
  return received - (received % TICKS_PER_SNAPSHOT)
}

/** What the player holds in this tick, with what is on its screen. */
function takeInput(game: CompiledGame, ints: Int32Array, seat: number, ring: InputRing, tick: number): void {
  const slot = ring.slotFor(tick)
  const row = ring.rowOffset(slot)
  for (let i = 0; i < game.inputWidth; i++) {
    ring.rows[row + i] = ints[game.seatBase + (SEAT_LEVELS + i) * game.seatRows + seat] ?? 0
  }
  const drawn = tick - LEAD_TICKS - DELAY_TICKS
  const older = drawn - (drawn % TICKS_PER_SNAPSHOT)
  const fraction = (Math.floor(((drawn - older) * 256) / TICKS_PER_SNAPSHOT) + seat * 7) & 255
  ring.setStamp(slot, TICK_STAMP, older, older + TICKS_PER_SNAPSHOT, fraction)
  const before = ring.find(tick - 1)
  for (let press = 0; press < ring.presses; press++) {
    const grew =
      before < 0 || ring.rows[ring.rowOffset(before) + ring.levels + press] !== ring.rows[row + ring.levels + press]
    if (grew) ring.setStamp(slot, 1 + press, older, older + TICKS_PER_SNAPSHOT, fraction)
  }
}
