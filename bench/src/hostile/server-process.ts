/**
 * The server of the hostile bench, as a process of its own: `serve` with default limits, nothing raised. Forked by hostile.ts, which says when to measure.
 * An error that nobody caught is reported, and the process lives on, so that what comes after it is seen, too.
 */
import { type LogLine, serve } from '@tickmesh/server'
import { round } from '../figures.ts'
import { CoreWait } from './core-wait.ts'
import type { Order, ServerFigures, ServerReport, ServerSetup } from './messages.ts'
import { HONEST_ROOM, siege, siegeRules } from './siege-game.ts'

const MAX_ERRORS_KEPT = 5
const FAULT_AFTER_MS = 100

const setup = JSON.parse(process.argv[2] ?? '{}') as ServerSetup
const errors: string[] = []
/** Of the honest room, since 'start'. */
let latenessMs: number[] = []
let ownLatenessMs: number[] = []
let logLines = 0
let errorCount = 0
let planted = false
let cpu = process.cpuUsage()
let startedMs = performance.now()

function tell(report: ServerReport): void {
  process.send?.(report)
}

/** As `serve` logs by default: attackers make a server write, and writing costs time. */
function log(line: LogLine): void {
  if (line.level === 'info') return
  logLines++
  if (line.level === 'error') noteError(`${line.event}: ${line.message}`)
  process.stderr.write(`${JSON.stringify(line)}\n`)
}

function noteError(text: string): void {
  errorCount++
  if (errors.length < MAX_ERRORS_KEPT) errors.push(text.slice(0, 500))
}

function onUncaught(error: unknown): void {
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
  tell({ report: 'uncaught', problem: problem.slice(0, 1000) })
}

process.on('uncaughtException', onUncaught)
process.on('unhandledRejection', onUncaught)

const coreWait = new CoreWait()

function noteLateness(lateMs: number): void {
  latenessMs.push(round(lateMs, 3))
  ownLatenessMs.push(round(Math.max(0, lateMs - coreWait.lastMs(lateMs)), 3))
}

const rules: typeof siegeRules = {
  ...siegeRules,
  onTick(room) {
    if (room.id === HONEST_ROOM) noteLateness(room.stats.tickLatenessMs)
  },
}
const server = await serve(siege, rules, {
  port: 0,
  host: '0.0.0.0',
  development: false,
  log,
  transport: setup.transport,
  ...(setup.webrtc ? { webrtc: { bindAddress: '127.0.0.1' } } : {}),
})

function figures(): ServerFigures {
  const wallMs = performance.now() - startedMs
  const { user, system } = process.cpuUsage(cpu)
  const { stats } = server
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    honestLatenessMs: latenessMs,
    honestOwnLatenessMs: ownLatenessMs,
    tickLatenessP99Ms: round(stats.tickLatenessP99Ms, 3),
    ticks: stats.ticks,
    wallMs,
    cpuMicros: user + system,
    rssMb: round(rss / 1e6, 1),
    heapMb: round(heapUsed / 1e6, 1),
    rooms: stats.rooms,
    connections: stats.connections,
    peersDropped: stats.peersDropped,
    logLines,
    errors: errorCount,
    firstErrors: errors,
  }
}

function start(): void {
  globalThis.gc?.()
  // The collection must not count as lateness.
  setTimeout(() => {
    server.resetLateness()
    latenessMs = []
    ownLatenessMs = []
    cpu = process.cpuUsage()
    startedMs = performance.now()
    tell({ report: 'started' })
    if (!planted && setup.fault !== undefined) setTimeout(() => plant(setup.fault), FAULT_AFTER_MS)
    planted = true
  }, 100)
}

function plant(fault: ServerSetup['fault']): void {
  if (fault === 'exit') process.exit(3)
  if (fault === 'throw') throw new Error('a planted fault')
  if (fault === 'stall') {
    const untilMs = performance.now() + 400
    while (performance.now() < untilMs);
  }
}

process.on('message', ({ order }: Order) => {
  if (order === 'start') start()
  else if (order === 'tell') tell({ report: 'figures', figures: figures() })
  else if (order === 'stop') void server.close().finally(() => process.exit(0))
})
process.on('disconnect', () => process.exit(0))
const { port, url, transport } = server
tell({ report: 'listening', port, path: new URL(url).pathname, transport })
