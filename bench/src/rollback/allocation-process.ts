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

export interface Allocated {
  /** By the ticks themselves: loop, inputs' use, steps, commands, history, frames. */
  readonly bytesAllocatedPerTick: number
  /** By taking in one input message, which happens between ticks. What the bench needs to write it is in it. */
  readonly bytesAllocatedPerInput: number
  readonly framesSent: number
  readonly players: number
  readonly ticks: number
}

function heapBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** What asking itself allocates. */
function ownBytes(): number {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < 100; n++) least = Math.min(least, -(heapBytes() - heapBytes()))
  return least
}

function measure(): Allocated {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('Run with --expose-gc, as `npm run bench` does.')
  const room = new ServerRoom(makeRollbackGame(128), PLAYERS, 6)
  room.run(WARM_TICKS)
  collect()
  room.run(TICKS_AFTER_COLLECTION)
  const own = ownBytes()
  const framesBefore = room.framesSent
  let ticks = 0
  let byTicks = 0
  let byInputs = 0
  while (ticks < MEASURED_TICKS) {
    const start = heapBytes()
    room.sendInputs()
    const sent = heapBytes()
    room.tick()
    const ticked = heapBytes()
    if (sent < start || ticked < sent) throw new Error('garbage was collected meanwhile: enlarge the young generation.')
    byInputs += sent - start - own
    byTicks += ticked - sent - own
    ticks += STRETCH_TICKS
  }
  return {
    bytesAllocatedPerTick: round(byTicks / ticks, 2),
    bytesAllocatedPerInput: round(byInputs / ticks / PLAYERS, 2),
    framesSent: room.framesSent - framesBefore,
    players: PLAYERS,
    ticks,
  }
}

process.stdout.write(`${JSON.stringify(measure())}\n`)
