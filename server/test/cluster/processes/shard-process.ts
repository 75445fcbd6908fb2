/** A whole shard, with a small game, as a process of its own, to be killed and stopped by processes.sockets.test.ts. Ends with its parent. */
import { serve } from '../../../src/index.ts'
import { walkerRules, walkers } from '../../test-game.ts'
import type { Order, Said } from './shards.ts'

const STATUS_MS = 20

const server = await serve(walkers, walkerRules, {
  host: '127.0.0.1',
  port: 0,
  development: false,
  log: ({ event, message }) => say({ t: 'log', line: `${event} ${message}` }),
  limits: { connectionsPerAddress: 100 },
  roomIdleMs: 120_000,
  cluster: JSON.parse(process.argv[2] ?? '{}'),
})
const shard = server.cluster
if (shard === undefined) throw new Error('this server is no shard')

function say(said: Said): void {
  if (process.connected) process.send?.(said)
}

async function carryOut(order: Order): Promise<void> {
  if (order.t === 'ended') shard?.endProven(order.life)
  else if (order.t === 'drain') await server.drain({ timeoutMs: 500 }).then(() => process.exit(0))
  else {
    const answer = await shard?.create({ id: order.id })
    const epoch = answer?.kind === 'there' ? answer.place.epoch : undefined
    say({ t: 'created', id: order.id, kind: answer?.kind ?? 'unknown', ...(epoch && { epoch }) })
  }
}

process.on('message', (order: Order) => void carryOut(order))
process.on('disconnect', () => process.exit(1))
setInterval(() => {
  const status = shard.status()
  if (status === undefined) return
  const { view, leaseLeftMs } = status.views
  say({
    t: 'status',
    url: server.url,
    address: shard.address,
    life: status.life,
    hasLease: leaseLeftMs > 0,
    generation: view?.generation ?? 0,
    view: view?.number ?? 0,
    members: (view?.members ?? []).map(({ name, life }) => ({ name, life })),
    rooms: [...(shard.lobby?.rooms() ?? [])].map(({ id, owner, epoch, state }) => ({ id, owner, epoch, state })),
  })
}, STATUS_MS)
