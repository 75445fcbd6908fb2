/** Games on a real cluster: real shards, real clients, over loopback. */
import { join, type Room, type Stall } from '@tickmesh/client'
import { type ServeOptions, type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { Child, type Report } from '../src/child.ts'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import { startTcpRelay } from '../src/relay/tcp-relay.ts'

const host = '127.0.0.1'
const key = Buffer.alloc(32, 7).toString('base64')
const shards: Server<Duel>[] = []
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
  await Promise.all(shards.splice(0).map((shard) => shard.close()))
})

interface Up extends Report {
  readonly report: 'up'
  readonly address: string
  readonly pid: number
}

/** Starts one shard after the other; the first one founds the cluster. */
async function start(names: readonly string[], options: ServeOptions = {}, ingress?: 'proxy'): Promise<void> {
  for (const name of names) {
    const [first] = shards
    const seed = first?.cluster?.address
    const founding = seed === undefined ? { found: 'alone' as const } : { join: [seed] }
    const cluster = { cluster: 'test', name, port: 0, keys: [key], ...founding, ...(ingress && { ingress }) }
    shards.push(await serve(duel, duelRules, { host, log: () => {}, development: false, ...options, cluster }))
  }
  await expect.poll(() => memberCounts(), { timeout: 20_000 }).toEqual(names.map(() => names.length))
}

function memberCounts(): number[] {
  return shards.map(({ cluster }) => {
    const views = cluster?.status()?.views
    return (views?.leaseLeftMs ?? 0) > 0 ? (views?.view?.members.length ?? 0) : 0
  })
}

/** A room that another shard than the first runs, and that one. */
async function farRoom(): Promise<{ room: string; owner: Server<Duel> }> {
  for (let n = 0; n < 100; n++) {
    const place = await shards[0]?.cluster?.create({ id: `room-${n}` })
    const owner = place?.kind === 'there' ? shards.find(({ url }) => url === place.place.url) : undefined
    if (owner !== undefined) return { room: `room-${n}`, owner }
  }
  throw new Error('every room is on the first shard')
}

const sample = () => ({ move: { x: 1, y: 0 } })

async function plays(room: Room<Duel>, frames = 10): Promise<void> {
  const before = room.stats.frames
  await expect.poll(() => room.stats.frames, { timeout: 10_000 }).toBeGreaterThan(before + frames)
}

it('a client joins at any shard, is sent to the one that runs its room, plays there, and comes back after a loss', async () => {
  await start(['a', 'b', 'c'])
  const { room: id, owner } = await farRoom()
  const first = shards[0]?.url ?? ''
  const room = await join(duel, first, { room: id, sample })
  expect(room.url).toBe(owner.url)
  expect(owner.rooms.get(id)?.players.size).toBe(1)
  await plays(room)
  const friend = await join(duel, owner.url, { room: id, sample })
  expect(friend.url).toBe(owner.url)
  expect([...room.players.keys()]).toEqual([1, 2])
  // The lobby of each shard shows the room with its players.
  for (const { cluster } of shards) {
    await expect.poll(() => cluster?.lobby?.room(id)?.players, { timeout: 5_000 }).toBe(2)
  }
  await Promise.all([room.leave(), friend.leave()])
  await expect.poll(() => owner.stats.players, { timeout: 5_000 }).toBe(0)
  await comesBack(id, owner)
}, 60_000)

/** A player whose connection to the owner is cut finds it again by way of a shard that does not run the room. */
async function comesBack(id: string, owner: Server<Duel>): Promise<void> {
  const relay = await startTcpRelay({ listenPort: 0, toHost: host, toPort: owner.port })
  ends.push(() => relay.close())
  const room = await join(duel, `ws://${host}:${relay.port}/tickmesh`, { room: id, sample })
  await plays(room)
  const { seat } = room
  await relay.close()
  await expect.poll(() => room.connection.state, { timeout: 10_000 }).toBe('reconnecting')
  const again = await startTcpRelay({ listenPort: relay.port, toHost: host, toPort: shards[0]?.port ?? 0 })
  ends.push(() => again.close())
  await expect.poll(() => room.connection.state, { timeout: 15_000 }).toBe('connected')
  expect({ seat: room.seat, url: room.url, players: owner.stats.players }).toEqual({ seat, url: owner.url, players: 1 })
  await plays(room)
  await room.leave()
}

it('a shard that is the only address carries clients to the rooms of others: they play, come back, and end as ever', async () => {
  const authenticate: ServeOptions['authenticate'] = ({ auth }) => ({ name: auth })
  await start(['a', 'b', 'c'], { authenticate }, 'proxy')
  const { room: id, owner } = await farRoom()
  const relay = await startTcpRelay({ listenPort: 0, toHost: host, toPort: shards[0]?.port ?? 0 })
  ends.push(() => relay.close())
  const url = `ws://${host}:${relay.port}/tickmesh`
  const room = await join(duel, url, { room: id, sample, auth: 'Ada' })
  const players = () => [...(owner.rooms.get(id)?.players.values() ?? [])]
  expect({ url: room.url, identities: players().map(({ identity }) => identity) }).toEqual({
    url,
    identities: [{ name: 'Ada' }],
  })
  await plays(room, 30)
  await relay.close()
  await expect.poll(() => players()[0]?.connected, { timeout: 10_000 }).toBe(false)
  const again = await startTcpRelay({ listenPort: relay.port, toHost: host, toPort: shards[0]?.port ?? 0 })
  ends.push(() => again.close())
  await expect.poll(() => room.connection.state, { timeout: 15_000 }).toBe('connected')
  await plays(room)
  expect({ url: room.url, reconnects: room.stats.reconnects, players: owner.stats.players }).toEqual({
    url,
    reconnects: 1,
    players: 1,
  })
  const ended = new Promise<string>((resolve) => room.onClose(({ code }) => resolve(code)))
  for (const player of players()) owner.rooms.get(id)?.kick(player, 'Out.')
  expect(await ended).toBe('KICKED')
  const other = await join(duel, url, { room: id, sample, auth: 'Bo' })
  await plays(other)
  // The shard between stops: the match does not, and another shard leads back into it.
  await shards.shift()?.close()
  await again.close()
  expect({ open: other.open, players: owner.stats.players }).toEqual({ open: true, players: 1 })
  const third = await startTcpRelay({ listenPort: relay.port, toHost: host, toPort: shards[0]?.port ?? 0 })
  ends.push(() => third.close())
  await expect.poll(() => other.connection.state, { timeout: 15_000 }).toBe('connected')
  await plays(other)
  await other.leave()
  await expect.poll(() => owner.stats.players, { timeout: 5_000 }).toBe(0)
}, 60_000)

it('a shard that loses its lease stands still and says so; the same match goes on when it is back', async () => {
  await start(['a'])
  const seed = shards[0]?.cluster?.address
  const setup = { cluster: 'test', name: 'b', port: 0, keys: [key], join: [seed] }
  const child = new Child<string, Up>('shard', new URL('./shard-process.ts', import.meta.url), setup)
  ends.push(() => child.stop('stop'))
  const { pid } = await child.ask('up')
  await expect.poll(() => memberCounts(), { timeout: 20_000 }).toEqual([2])
  const [shard] = shards
  let id = ''
  for (let n = 0; id === '' && n < 100; n++)
    if ((await shard?.cluster?.create({ id: `room-${n}` }))?.kind === 'here') id = `room-${n}`
  const room = await join(duel, shard?.url ?? '', { room: id, sample })
  const stalls: Stall['kind'][] = []
  room.onStall(({ kind }) => stalls.push(kind))
  await plays(room)
  const { seat } = room
  // Of two shards both are needed for a lease.
  process.kill(pid, 'SIGSTOP')
  try {
    await expect.poll(() => stalls, { timeout: 5_000 }).toEqual(['waiting'])
    const tick = shard?.rooms.get(id)?.tick
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(shard?.rooms.get(id)?.tick).toBe(tick)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await expect.poll(() => stalls, { timeout: 10_000 }).toEqual(['waiting', 'resynced'])
  await plays(room)
  expect({ open: room.open, seat: room.seat, reconnects: room.stats.reconnects }).toEqual({
    open: true,
    seat,
    reconnects: 0,
  })
  await room.leave()
}, 60_000)
