/** A connection that is cut, over real sockets: the same room goes on. */
import { type ConnectionState, join } from '@tickmesh/client'
import { type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'
import type { Relay } from '../src/relay/relay.ts'
import { startTcpRelay } from '../src/relay/tcp-relay.ts'

const host = '127.0.0.1'
let server: Server<Duel> | undefined
let relay: Relay | undefined
afterEach(async () => {
  await relay?.close()
  await server?.close()
})

it('a client whose path is cut comes back over a new connection: same room object, same player, and play goes on', async () => {
  server = await serve(duel, duelRules, { host, log: () => {}, development: false })
  const toPort = Number(new URL(server.url).port)
  relay = await startTcpRelay({ listenPort: 0, toHost: host, toPort })
  const { port: listenPort } = relay
  const room = await join(duel, `ws://${host}:${listenPort}/tickmesh`, { sample: () => ({ move: { x: 1, y: 0 } }) })
  const states: ConnectionState[] = []
  room.onConnection((state) => states.push(state))
  const { seat } = room
  await relay.close()
  await expect.poll(() => states.length, { timeout: 10_000 }).toBeGreaterThan(1)
  expect({ open: room.open, state: room.connection.state, players: server.stats.players }).toEqual({
    open: true,
    state: 'reconnecting',
    players: 1,
  })
  relay = await startTcpRelay({ listenPort, toHost: host, toPort })
  const { frames } = room.stats
  await expect.poll(() => room.stats.frames, { timeout: 15_000 }).toBeGreaterThan(frames + 10)
  expect({ seat: room.seat, state: room.connection.state, reconnects: room.stats.reconnects }).toEqual({
    seat,
    state: 'connected',
    reconnects: 1,
  })
  expect(server.stats.players).toBe(1)
  expect(states.every(({ attempt, state }) => (state === 'connected') === (attempt === 0))).toBe(true)
  await room.leave()
  await expect.poll(() => server?.stats.players, { timeout: 10_000 }).toBe(0)
})
