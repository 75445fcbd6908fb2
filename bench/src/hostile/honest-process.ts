/**
 * The honest players of the hostile bench, as a process of its own: SDK bots in one room, and what they notice. Forked by hostile.ts.
 */
import { join, type Room } from '@tickmesh/client'
import { pilot } from '../lab/pilot.ts'
import type { HonestFigures, HonestReport, HonestSetup, Order } from './messages.ts'
import { HONEST_ROOM, type Siege, siege } from './siege-game.ts'

const setup = JSON.parse(process.argv[2] ?? '{}') as HonestSetup
const rooms: Room<Siege>[] = []
const reasons: string[] = []
let disconnects = 0
let leaving = false
let before = sums()
let cpu = process.cpuUsage()
let startedMs = performance.now()

function tell(report: HonestReport): void {
  process.send?.(report)
}

async function joinOne(index: number): Promise<void> {
  const { sample } = pilot(setup.seed + index, { fire: 0.02, rocket: 0.005 })
  const room = await join(siege, setup.url, { sample, room: HONEST_ROOM })
  rooms.push(room)
  // Whoever lost the connection has noticed, also if it came back.
  room.onClose(({ code, message }) => lost(`${code}: ${message}`))
  if ('onConnection' in room && typeof room.onConnection === 'function') {
    room.onConnection((state: unknown) => {
      const text = JSON.stringify(state)
      if (/reconnecting/.test(text)) lost(text)
    })
  }
}

function lost(why: string): void {
  if (leaving) return
  disconnects++
  if (reasons.length < 10) reasons.push(why)
}

function sums() {
  const total = { inputs: 0, lateInputs: 0, drawnFrames: 0, starvedFrames: 0, stalls: 0 }
  for (const { stats } of rooms) {
    total.inputs += stats.predictedTick
    total.lateInputs += stats.lateInputs
    total.drawnFrames += stats.drawnFrames
    total.starvedFrames += stats.starvedFrames
    total.stalls += stats.stalls + stats.resyncs
  }
  return total
}

function figures(): HonestFigures {
  const now = sums()
  const { user, system } = process.cpuUsage(cpu)
  return {
    connected: rooms.filter(({ open }) => open).length,
    disconnects,
    reasons,
    inputs: now.inputs - before.inputs,
    lateInputs: now.lateInputs - before.lateInputs,
    drawnFrames: now.drawnFrames - before.drawnFrames,
    starvedFrames: now.starvedFrames - before.starvedFrames,
    stalls: now.stalls - before.stalls,
    cpuMicros: user + system,
    wallMs: performance.now() - startedMs,
  }
}

process.on('message', ({ order }: Order) => {
  if (order === 'start') {
    before = sums()
    cpu = process.cpuUsage()
    startedMs = performance.now()
  } else if (order === 'tell') tell({ report: 'figures', figures: figures() })
  else if (order === 'stop') {
    leaving = true
    void Promise.all(rooms.map((room) => room.leave())).finally(() => process.exit(0))
  }
})
process.on('disconnect', () => process.exit(0))

try {
  // One after another: twenty at once are a burst that no real server sees from one address.
  for (let index = 0; index < setup.players; index++) await joinOne(index)
  tell({ report: 'joined' })
} catch (error) {
  tell({ report: 'failed', problem: error instanceof Error ? error.message : String(error) })
}
