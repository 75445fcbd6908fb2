/**
 * A server of the load bench, as a process of its own: `server-process.ts <setup as JSON>`, forked by the load process, which tells it when to measure.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { round } from '../figures.ts'
import type { ServerFigures, ServerOrder, ServerReport, ServerSetup } from './messages.ts'
import { TickMeter } from './tick-meter.ts'

const { kind, hz, transport } = JSON.parse(process.argv[2] ?? '{}') as ServerSetup
const meter = new TickMeter(1000 / hz)
const start =
  kind === 'tickmesh'
    ? (await import('./our-server.ts')).startOurs
    : (await import('./hand-written-server.ts')).startHandWritten
const server = await start(hz, meter, transport)
let cpu = process.cpuUsage()
let startedMs = performance.now()

function tell(report: ServerReport): void {
  process.send?.(report)
}

function figures(): ServerFigures {
  const { user, system } = process.cpuUsage(cpu)
  return {
    cpuMicros: user + system,
    wallMs: performance.now() - startedMs,
    roomTicks: meter.roomTicks,
    clientTicks: meter.clientTicks,
    tickLatenessP99Ms: round(meter.lateness(0.99), 3),
    tickLatenessMaxMs: round(meter.lateness(1), 3),
    rssMb: round(process.memoryUsage.rss() / 1e6, 1),
    ...server.counts(),
  }
}

async function startMeasuring(): Promise<void> {
  // What others left behind is not this stretch's garbage.
  globalThis.gc?.()
  await wait(50)
  meter.start()
  cpu = process.cpuUsage()
  startedMs = performance.now()
}

process.on('message', (message: ServerOrder) => {
  if (message.order === 'start') void startMeasuring()
  else if (message.order === 'tell') tell({ report: 'figures', figures: figures() })
  else process.exit(0)
})
// The load process is gone: nobody listens any more.
process.on('disconnect', () => process.exit(0))
tell({ report: 'listening', port: server.port })
