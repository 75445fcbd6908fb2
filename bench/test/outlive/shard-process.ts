/** A shard that runs `relay`, as a process of its own. Forked by rig.ts; ends with its parent. */
import { type ServeClusterOptions, serve, stopOnSignals } from '@tickmesh/server'
import { chance, relay, relayRules } from './game.ts'
import type { Order, Report, Setup } from './rig.ts'

const STATUS_MS = 40
const DRAIN_MS = 10_000

const setup = JSON.parse(process.argv[2] ?? '{}') as Setup
chance.on = setup.chance === true

function tell(report: Report): void {
  if (process.connected) process.send?.(report)
}

const effect = ({ id }: { readonly id: string }): void => tell({ report: 'effect', id })
const server = await serve(relay, relayRules({ interest: setup.interest === true, effect }), {
  host: '127.0.0.1',
  port: setup.port,
  development: false,
  spectators: {},
  graceMs: 20_000,
  roomIdleMs: setup.roomIdleMs ?? 600_000,
  limits: { connectionsPerAddress: 200 },
  log: ({ event, message }) => tell({ report: 'event', event, message }),
  ...(setup.webrtc === true ? { webrtc: true as const } : {}),
  cluster: {
    ...(setup.cluster as ServeClusterOptions),
    onRoomLost: (room) => tell({ report: 'event', event: 'hook-lost', message: room }),
  },
})
const { cluster: shard } = server
if (shard === undefined) throw new Error('this server is no shard')

function tellStatus(): void {
  const status = shard?.status()
  if (shard === undefined || status === undefined) return
  const { life, views, standby, moves } = status
  tell({
    report: 'status',
    url: server.url,
    life,
    members: (views.view?.members ?? [])
      .map(({ name }) => name)
      .sort()
      .join(),
    view: views.view?.number ?? 0,
    hasLease: views.leaseLeftMs > 0,
    rooms: standby.rooms.map(({ id, tick, mode, epoch, holders }) => ({
      ...{ id, tick, mode, epoch },
      holders: holders.filter(({ state }) => state === 'holding').map(({ life }) => life),
    })),
    listed: [...(shard.lobby?.rooms() ?? [])].map(({ id, state }) => ({ id, state })),
    moving: moves.moving.length + moves.inLine + moves.stranded,
    address: shard.address,
  })
}

async function carryOut(order: Order): Promise<void> {
  if (order.order === 'ended') shard?.endProven(order.life)
  else if (order.order === 'move') tell({ report: 'moved', outcome: (await shard?.move(order.room, order.to)) ?? '' })
  else if (order.order === 'close') server.rooms.get(order.room)?.close()
  else if (order.order === 'drain') await server.drain({ timeoutMs: order.ms }).then(() => process.exit(0))
  else {
    const answer = await shard?.create({ id: order.room })
    tell({ report: 'created', kind: answer?.kind ?? 'unknown' })
  }
}

process.on('message', (order: Order) => void carryOut(order))
process.on('disconnect', () => process.exit(1))
stopOnSignals(server, { timeoutMs: DRAIN_MS })
setInterval(tellStatus, STATUS_MS)
