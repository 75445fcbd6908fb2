/** Players who reach a cluster by one public address only, as behind a load balancer: shards carry them to each other, and die. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { eventually } from '../src/shards/eventually.ts'
import { Cluster, isPlaying, type Shard, shoots } from './outlive/rig.ts'

const SLOW = 40_000
const SOON_MS = 5_000
const MOVE_MS = 2_000

/** Where players get to, and where all else ends that they dial: it takes connections and stays silent, as a firewall that drops packets. */
const ways = vi.hoisted(() => ({ open: 0, wall: 0, walled: [] as string[] }))

vi.mock('ws', async (original) => {
  const ws = await original<typeof import('ws')>()
  class WebSocket extends ws.WebSocket {
    constructor(url: string, ...rest: never[]) {
      const isOpen = new URL(url).port === String(ways.open)
      if (!isOpen) ways.walled.push(url)
      super(isOpen ? url : `ws://127.0.0.1:${ways.wall}`, ...rest)
    }
  }
  return { ...ws, WebSocket, default: WebSocket }
})

const ends: (() => Promise<unknown> | unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function listening(take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    take(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Takes everybody to one shard, which the test chooses. */
class Balancer {
  target: Shard | undefined

  take(socket: Socket): void {
    const { target } = this
    if (target === undefined || target.child.exit !== undefined) return void socket.destroy()
    const inner = connect(Number(new URL(target.url).port), '127.0.0.1')
    inner.on('error', () => socket.destroy())
    inner.on('close', () => socket.destroy())
    socket.on('close', () => inner.destroy())
    socket.pipe(inner).pipe(socket)
  }
}

it(
  'the owner freezes, the match is moved, the shard that carries them dies: players go on, and never dial an address that is not theirs',
  async () => {
    const balancer = new Balancer()
    ways.open = await listening((socket) => balancer.take(socket))
    ways.wall = await listening(() => {})
    const cluster = new Cluster(['a', 'b', 'c'], { ingress: 'proxy' })
    ends.push(() => cluster.end())
    await cluster.start()
    await cluster.create('den')
    await cluster.settled(['den'])
    // The shard that neither runs it nor stands by.
    const others = [cluster.owner('den'), ...cluster.holders('den')]
    const entry = cluster.living.find((shard) => !others.includes(shard))
    balancer.target = entry
    const player = await cluster.joinAt('den', `ws://127.0.0.1:${ways.open}/tickmesh`)
    const why: string[] = []
    player.onClose(({ code, message }) => why.push(`${code} ${message}`))
    await shoots(player, 1)
    const frozen = cluster.owner('den')
    const frozenMs = performance.now()
    frozen.child.signal('SIGSTOP')
    await shoots(player, 2)
    // Sooner than its silence would tell: the shard that carries knows of the view.
    expect(performance.now() - frozenMs).toBeLessThan(SOON_MS)
    await cluster.kill([frozen])
    cluster.spawn(frozen.name)
    await cluster.settled(['den'])
    const moveMs = performance.now()
    await cluster.move('den')
    await shoots(player, 3)
    expect(performance.now() - moveMs).toBeLessThan(MOVE_MS)
    await cluster.settled(['den'])
    const carrier = balancer.target
    if (carrier === undefined) throw new Error('no carrier')
    balancer.target = cluster.living.find((shard) => shard !== carrier)
    await cluster.kill([carrier])
    await shoots(player, 4)
    await eventually('it to play on', () => isPlaying(player))
    expect(why).toEqual([])
    expect(ways.walled).toEqual([])
  },
  SLOW,
)
