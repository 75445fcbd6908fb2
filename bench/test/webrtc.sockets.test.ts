/** A game over WebRTC in Node: client and server as they are shipped. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { join } from '@tickmesh/client'
import { type Server, serve } from '@tickmesh/server'
import { afterEach, expect, it } from 'vitest'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'

let server: Server<Duel> | undefined
afterEach(() => server?.close())

it('a match is played on both lanes, and ends with the reason that the server gives', async () => {
  server = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, webrtc: true })
  const room = await join(duel, server.url, { link: 'auto' })
  const ended = new Promise((resolve) => room.onClose(({ code }) => resolve(code)))
  expect(room.stats.link).toBe('webrtc')
  const from = room.stats.serverTick
  await expect.poll(() => room.stats.serverTick - from, { timeout: 10_000 }).toBeGreaterThan(60)
  expect(server.stats).toMatchObject({ connections: 1, players: 1 })
  await server.close()
  expect(await ended).toBe('SERVER_STOPPING')
})

it('neither server nor client keeps its process alive when they have ended', async () => {
  const script = `
    import { join } from '@tickmesh/client'
    import { serve } from '@tickmesh/server'
    import { duel, duelRules } from './src/lab/duel.ts'
    const server = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, webrtc: { bindAddress: '127.0.0.1' } })
    const room = await join(duel, server.url, { link: 'webrtc' })
    room.leave()
    await server.close()
    console.log('closed')`
  const args = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  let closedMs = Number.NaN
  child.stdout.once('data', () => {
    closedMs = performance.now()
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(performance.now() - closedMs).toBeLessThan(5_000)
})
