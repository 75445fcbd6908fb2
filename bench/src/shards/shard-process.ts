/** A shard that runs arena matches, as a process of its own, to be killed, frozen, drained and asked. Forked by shards.ts; ends with its parent. */
import { type ServeClusterOptions, type Server, serve } from '@tickmesh/server'
import type { Shape } from '@tickmesh/shared'
import { loadGame } from '../synctest/games.ts'
import { seatTallies, tallied } from './arena-tally.ts'
import { machineMs } from './machine-ms.ts'
import type { ShardOrder, ShardReport, ShardSetup } from './messages.ts'

const STATUS_MS = 50
const DRAIN_MS = 10_000
/** All players of a bench come from one address. */
const LIMITS = { connectionsPerAddress: 2_000, handshakesPerSecond: 5_000, roomsPerMinute: 5_000 }

const setup = JSON.parse(process.argv[2] ?? '{}') as ShardSetup
const arena = await loadGame('arena')
if (arena === undefined) throw new Error('there is no arena')
const { game } = arena

function tell(report: ShardReport): void {
  if (process.connected) process.send?.(report)
}

function tellEvent(event: string, message: string, room = '', tick = 0): void {
  tell({ report: 'event', event, message, room, tick, atMs: machineMs() })
}

const rules = tallied(arena.rules, {
  created: (room) => tellEvent('rules-created', '', room),
  restored: (room, tick) => tellEvent('rules-restored', '', room, tick),
})
const server = await serve(game, rules, {
  host: '127.0.0.1',
  port: 0,
  development: false,
  roomIdleMs: 600_000,
  graceMs: 15_000,
  limits: LIMITS,
  log: ({ event, message, room = '' }) => tellEvent(event, message, room),
  cluster: setup.cluster as ServeClusterOptions,
})

function tellStatus({ url, cluster }: Server<Shape>): void {
  const status = cluster?.status()
  if (cluster === undefined || status === undefined) return
  const { life, views, standby, moves } = status
  tell({
    report: 'status',
    atMs: machineMs(),
    url,
    address: cluster.address,
    life,
    view: views.view?.number ?? 0,
    members: (views.view?.members ?? []).map(({ name }) => name).sort(),
    hasLease: views.leaseLeftMs > 0,
    rooms: standby.rooms.map(({ id, holders }) => ({ id, isHeld: holders.some(({ state }) => state === 'holding') })),
    moving: moves.moving.length + moves.inLine + moves.stranded,
    diverged: standby.diverged,
    takenOver: cluster.hosting.takenOver,
    replayMs: cluster.hosting.replayMs,
  })
}

async function carryOut(order: ShardOrder): Promise<void> {
  const { cluster } = server
  if (order.order === 'ended') cluster?.endProven(order.life)
  else if (order.order === 'move') {
    const fromMs = machineMs()
    const outcome = (await cluster?.move(order.room, order.to)) ?? 'aborted'
    tell({ report: 'moved', room: order.room, outcome, ms: machineMs() - fromMs })
  } else if (order.order === 'tallies') {
    tell({ report: 'tallies', seats: [...server.rooms.values()].flatMap((room) => seatTallies(game, room)) })
  } else if (order.order === 'drain') {
    await server.drain({ timeoutMs: DRAIN_MS })
    process.exit(0)
  } else process.exit(0)
}

process.on('message', (order: ShardOrder) => void carryOut(order))
process.on('disconnect', () => process.exit(0))
setInterval(() => tellStatus(server), STATUS_MS)
