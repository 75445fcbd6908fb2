/** Watching over real sockets: a player, and spectators of a server on this machine. */
import { join, spectate } from '@tickmesh/client'
import { type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'

let server: Server<Duel> | undefined
afterEach(() => server?.close())

async function served(options: Parameters<typeof serve<Duel>>[2]): Promise<string> {
  server = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, ...options })
  return server.url
}

it('a spectator sees the match, half a second after the players, to its end', async () => {
  const url = await served({ spectators: { maxDelayMs: 1_000 } })
  const player = await join(duel, url)
  const spectator = await spectate(duel, url, { delayMs: 500 })
  expect(spectator.seat).toBe(0)
  const tick = server?.rooms.get('main')?.tick ?? 0
  expect(tick - spectator.stats.serverTick).toBeGreaterThanOrEqual(30)
  await expect.poll(() => [...spectator.players.keys()], { timeout: 10_000 }).toEqual([1])
  expect(server?.stats).toMatchObject({ connections: 2, players: 1, spectators: 1 })
  const ended = new Promise((resolve) => spectator.onClose(({ code }) => resolve(code)))
  server?.rooms.get('main')?.close()
  await expect.poll(() => player.open, { timeout: 10_000 }).toBe(false)
  expect(await ended).toBe('ROOM_CLOSED')
})

it('nobody watches where spectators are not allowed', async () => {
  const url = await served({})
  await join(duel, url)
  await expect(spectate(duel, url)).rejects.toMatchObject({ code: 'JOIN_REFUSED' })
})
