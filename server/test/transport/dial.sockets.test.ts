/** The client's `dial` against real servers: over WebRTC where that works, else over a WebSocket, within a bounded time. */
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Link } from '@tickmesh/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { type DialOptions, dial } from '../../../client-sdk/src/connection/dial.ts'
import { type ServeOptions, type Server, serve } from '../../src/index.ts'
import { stepUntil } from '../link-conformance.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'
import { scheduler } from './rtc-server.ts'

const until = (condition: () => boolean): Promise<void> => stepUntil(condition, 5_000, () => wait(2))
const webrtc = { bindAddress: '127.0.0.1' }
const servers: Server<Walkers>[] = []
const links: Link[] = []

async function start(options: ServeOptions = {}): Promise<Server<Walkers>> {
  const server = await serve(walkers, walkerRules, { host: '127.0.0.1', log: () => {}, ...options })
  servers.push(server)
  return server
}

async function dialled(url: string, options: Partial<DialOptions> = {}) {
  const startedMs = performance.now()
  const link = await dial(url, { scheduler, link: 'auto', ...options })
  links.push(link)
  return { kind: link.kind, tookMs: performance.now() - startedMs }
}

afterEach(async () => {
  for (const link of links.splice(0)) link.close({ code: 'LEFT', message: '' })
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

describe('dialling', () => {
  it('takes WebRTC where the server has it, and leaves no WebSocket open', async () => {
    const server = await start({ webrtc })
    expect((await dialled(server.url)).kind).toBe('webrtc')
    await wait(300)
    await until(() => server.stats.connections === 1)
  })

  it.each(['ws', 'uWebSockets.js'] as const)(
    'takes a WebSocket at once where the server, on %s, says that it has no WebRTC',
    async (transport) => {
      const server = await start({ transport })
      const { kind, tookMs } = await dialled(server.url, { webrtcTimeoutMs: 5_000 })
      expect(kind).toBe('websocket')
      expect(tookMs).toBeLessThan(4_000)
    },
  )

  it('signals WebRTC over the port of uWebSockets.js too', async () => {
    const server = await start({ webrtc, transport: 'uWebSockets.js' })
    expect((await dialled(server.url, { link: 'webrtc' })).kind).toBe('webrtc')
  })

  it('takes the WebSocket that is ready by then when UDP does not come through, and leaves no peer behind', async () => {
    // An address for documentation: nobody is there.
    const server = await start({ webrtc: { ...webrtc, publicAddress: '192.0.2.254' }, limits: { handshakeMs: 1_500 } })
    const { kind, tookMs } = await dialled(server.url, { webrtcTimeoutMs: 700 })
    expect(kind).toBe('websocket')
    expect(tookMs).toBeGreaterThan(690)
    expect(tookMs).toBeLessThan(2_500)
    await until(() => server.stats.connections === 1)
  })

  it('rejects when neither works', async () => {
    const none = createServer()
    await new Promise<void>((resolve) => none.listen(0, '127.0.0.1', resolve))
    const address = none.address() as { port: number }
    await new Promise((resolve) => none.close(resolve))
    await expect(dialled(`ws://127.0.0.1:${address.port}/x`)).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    await expect(dialled('nonsense')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  it('says what to do when WebRTC alone was asked for, and the server has none', async () => {
    const server = await start()
    const failing = dialled(server.url, { link: 'webrtc' })
    await expect(failing).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    await expect(failing).rejects.toThrow('link: "auto"')
  })

  it('is taken back by its signal, whatever is under way', async () => {
    const server = await start({ webrtc: { ...webrtc, publicAddress: '192.0.2.254' }, limits: { handshakeMs: 300 } })
    for (const afterMs of [0, 5, 400]) {
      const stop = new AbortController()
      const failing = expect(dialled(server.url, { signal: stop.signal })).rejects.toMatchObject({ code: 'LEFT' })
      await wait(afterMs)
      stop.abort()
      await failing
    }
    await until(() => server.stats.connections === 0)
  })
})
