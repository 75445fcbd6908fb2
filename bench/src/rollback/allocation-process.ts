/**
 * Measures, in a process of its own with a young generation so large that nothing is collected meanwhile, what the server's tick path allocates.
 * Prints one JSON line.
 */
import { round } from '../figures.ts'
import { makeRollbackGame, PLAYERS } from './rollback-game.ts'
import { ServerRoom } from './server-room.ts'

const WARM_TICKS = 20_000
const MEASURED_TICKS = 10_000
const STRETCHES = 3

export interface Allocated {
  readonly bytesAllocatedPerTick: number
  readonly frames: number
  readonly players: number
  readonly ticks: number
}

function heapBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function measure(): Allocated {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('Run with --expose-gc, as `npm run bench` does.')
  const room = new ServerRoom(makeRollbackGame(128), PLAYERS, 6)
  room.run(WARM_TICKS)
  // What measuring itself allocates.
  collect()
  heapBytes()
  const idle = heapBytes()
  const own = heapBytes() - idle
  let least = Number.POSITIVE_INFINITY
  const before = room.framesSent
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    collect()
    const start = heapBytes()
    room.run(MEASURED_TICKS)
    least = Math.min(least, heapBytes() - start - own)
  }
  return {
    bytesAllocatedPerTick: round(least / MEASURED_TICKS, 2),
    frames: (room.framesSent - before) / STRETCHES,
    players: PLAYERS,
    ticks: MEASURED_TICKS,
  }
}

process.stdout.write(`${JSON.stringify(measure())}\n`)
