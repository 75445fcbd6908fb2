/**
 * Measures, in a process of its own with a young generation so large that nothing is collected meanwhile, what the server's tick path allocates.
 * Prints one JSON line.
 */
import { round } from '../figures.ts'
import { makeRollbackGame, PLAYERS } from './rollback-game.ts'
import { ServerRoom, STRETCH_TICKS } from './server-room.ts'

const WARM_TICKS = 20_000
const MEASURED_TICKS = 10_000
/** A full collection makes V8 throw away some compiled code, and interpreted code boxes every number. */
const TICKS_AFTER_COLLECTION = 3_000

const MAX_DISTURBED = 50

export interface Allocated {
  /** By the ticks themselves: loop, inputs' use, steps, commands, history, frames. */
  readonly bytesAllocatedPerTick: number
  /** By taking in one input message, which happens between ticks. What the bench needs to write it is in it. */
  readonly bytesAllocatedPerInput: number
  readonly framesSent: number
  /** 0, or the players of the bench lie. */
  readonly clampedStamps: number
  readonly players: number
  readonly ticks: number
}

/** Reads how much memory is in use. What reading allocates itself is the same every time: it is kept from being optimized away. */
class HeapMeter {
  readonly readings = new Float64Array(4)
  usage: NodeJS.MemoryUsage | undefined

  read(at: number): void {
    this.usage = process.memoryUsage()
    this.readings[at] = this.usage.heapUsed + this.usage.external
  }

  /** Between a reading and the next. Below 0: memory was given back meanwhile. */
  grownSince(at: number): number {
    return (this.readings[at + 1] ?? 0) - (this.readings[at] ?? 0)
  }
}

function measure(): Allocated {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('Run with --expose-gc, as `npm run bench` does.')
  const room = new ServerRoom(makeRollbackGame(128), PLAYERS, 6)
  room.run(WARM_TICKS)
  collect()
  room.run(TICKS_AFTER_COLLECTION)
  const meter = new HeapMeter()
  const framesBefore = room.framesSent
  const clampedBefore = room.clampedStamps
  let ticks = 0
  let disturbed = 0
  let byTicks = 0
  let byInputs = 0
  while (ticks < MEASURED_TICKS) {
    meter.read(0)
    meter.read(1)
    room.sendInputs()
    meter.read(2)
    room.tick()
    meter.read(3)
    const own = meter.grownSince(0)
    const inputBytes = meter.grownSince(1) - own
    const tickBytes = meter.grownSince(2) - own
    if (own < 0 || inputBytes < 0 || tickBytes < 0) {
      // V8 tidied up: this stretch says nothing.
      if (++disturbed > MAX_DISTURBED)
        throw new Error('garbage is collected all the time: enlarge the young generation.')
      continue
    }
    byInputs += inputBytes
    byTicks += tickBytes
    ticks += STRETCH_TICKS
  }
  return {
    bytesAllocatedPerTick: round(byTicks / ticks, 2),
    bytesAllocatedPerInput: round(byInputs / ticks / PLAYERS, 2),
    framesSent: room.framesSent - framesBefore,
    clampedStamps: room.clampedStamps - clampedBefore,
    players: PLAYERS,
    ticks,
  }
}

process.stdout.write(`${JSON.stringify(measure())}\n`)
