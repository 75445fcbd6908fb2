/**
 * The server of the soak, as a process of its own. Limits per address are raised, because all bots come from one; rooms and seats are kept for a short
 * time only, so that it comes to rest often. Forked by soak.ts.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { type Rules, serve } from '@tickmesh/server'
import { type Siege, siege, siegeRules } from '../hostile/siege-game.ts'
import { idleFigures, keepCompiled } from './idle-figures.ts'
import {
  GRACE_MS,
  type ServerHoldings,
  type SoakOrder,
  type SoakServerReport,
  type SoakServerSetup,
} from './messages.ts'

const LOOK_EVERY_MS = 50
const PATIENCE_MS = 12_000
const ROOM_IDLE_MS = 200

keepCompiled()
const setup = JSON.parse(process.argv[2] ?? '{}') as SoakServerSetup
const planted: unknown[] = []
const bystander = new EventEmitter().setMaxListeners(0)

function tell(report: SoakServerReport): void {
  process.send?.(report)
}

/** A room that spectators watch is there in each cycle; that it is made anew is the point. */
const rules: Rules<Siege> = {
  ...siegeRules,
  onJoin(room, player) {
    siegeRules.onJoin?.(room, player)
    if (setup.leaks.includes('heap')) planted.push(Array.from({ length: 2_000 }, (_, index) => ({ index })))
    if (setup.leaks.includes('crumb')) planted.push(Array.from({ length: 8 }, () => Math.random()))
    if (setup.leaks.includes('timer')) setTimeout(() => {}, 3_600_000)
    if (setup.leaks.includes('listener')) bystander.on('never', () => {})
  },
}

const server = await serve(siege, rules, {
  port: 0,
  host: '127.0.0.1',
  development: false,
  spectators: {},
  roomIdleMs: ROOM_IDLE_MS,
  limits: { connectionsPerAddress: 10_000, handshakesPerSecond: 10_000, roomsPerMinute: 1_000_000 },
  log: (line) => {
    if (line.level === 'error') console.error(line)
  },
  graceMs: GRACE_MS,
  transport: setup.transport,
  ...(setup.webrtc ? { webrtc: { bindAddress: '127.0.0.1' } } : {}),
})

async function holdings(snapshot?: string): Promise<ServerHoldings> {
  const untilMs = performance.now() + PATIENCE_MS
  while (!atRest() && performance.now() < untilMs) await wait(LOOK_EVERY_MS)
  const cameToRest = atRest()
  const figures = await idleFigures([bystander], snapshot)
  const { rooms, connections: sessions, roomsMade, resumes, resumesRefused } = server.stats
  const { peerConnections } = server
  return { ...figures, rooms, sessions, roomsMade, peerConnections, resumes, resumesRefused, cameToRest }
}

function atRest(): boolean {
  const { rooms, connections } = server.stats
  if (rooms > 0 || connections > 0 || server.peerConnections > 0) return false
  return !process.getActiveResourcesInfo().includes('TCPSocketWrap')
}

process.on('message', (message: SoakOrder) => {
  if (message.order === 'idle') void holdings(message.snapshot).then((figures) => tell({ report: 'idle', figures }))
  else if (message.order === 'stop') void server.close().finally(() => process.exit(0))
})
process.on('disconnect', () => process.exit(0))
const { port, url, transport } = server
tell({ report: 'listening', port, path: new URL(url).pathname, transport })
