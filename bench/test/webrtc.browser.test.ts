/** A game over WebRTC in Chromium on loopback, with the client as pages bundle it; and what becomes of it where WebRTC does not work. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { RoomStats } from '@tickmesh/client'
import { type ServeOptions, type Server, serve } from '@tickmesh/server'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../scripts/launch-chromium.ts'
import { type Duel, duel, duelRules } from '../src/lab/duel.ts'

const _repository = new URL('../../', import.meta.url)
const PATIENCE = { timeout: 20_000 }
const files = new Map<string, string | Uint8Array>()
let browser: Browser
const servers: Server<Duel>[] = []
const pages: Page[] = []

async function buildPage(): Promise<void> {
  const built = (await build({
    root: fileURLToPath(new URL('webrtc-page/', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', ...defaultClientConditions] },
    build: { write: false, target: 'es2022' },
  })) as Rolldown.RolldownOutput
  for (const file of built.output) files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source)
}

function handleRequest(request: IncomingMessage, response: ServerResponse): void {
  const [path = ''] = (request.url ?? '').split('?')
  const file = files.get(path === '/' ? '/index.html' : path)
  const type = path.endsWith('.js') ? 'text/javascript' : 'text/html'
  response.writeHead(file === undefined ? 404 : 200, { 'Content-Type': type }).end(file)
}

async function served(options: ServeOptions): Promise<Server<Duel>> {
  const server = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, handleRequest, ...options })
  servers.push(server)
  return server
}

interface Playing {
  readonly page: Page
  readonly tookMs: number
  stats(): Promise<RoomStats>
}

async function play(server: Server<Duel>, query = ''): Promise<Playing> {
  const page = await browser.newPage()
  pages.push(page)
  await page.goto(`http://127.0.0.1:${server.port}/?${query}`)
  await page.waitForFunction(() => document.body.dataset.stats !== undefined, undefined, PATIENCE)
  return {
    page,
    tookMs: Number(await page.evaluate(() => document.body.dataset.tookMs)),
    stats: async () => JSON.parse((await page.evaluate(() => document.body.dataset.stats)) ?? '{}') as RoomStats,
  }
}

/** Somebody moves on the server: inputs come there, and it is seen in the page: frames come back. */
async function expectPlay(server: Server<Duel>, { stats }: Playing): Promise<void> {
  const from = (await stats()).serverTick
  await expect.poll(async () => (await stats()).serverTick - from, PATIENCE).toBeGreaterThan(60)
  const moving = [...(server.rooms.get('main')?.world.player ?? [])].some(({ vx }) => vx > 100)
  expect(moving).toBe(true)
}

describe('WebRTC in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium(
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--allow-loopback-in-peer-connection',
    )
    await buildPage()
  })
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.close()))
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })
  afterAll(() => browser?.close())

  it('carries a game, and tells the page why the server ends it', async () => {
    const server = await served({ webrtc: { bindAddress: '127.0.0.1' } })
    const playing = await play(server)
    expect((await playing.stats()).link).toBe('webrtc')
    await expectPlay(server, playing)
    expect(server.stats.connections).toBe(1)
    await server.close()
    await playing.page.waitForFunction(() => document.body.dataset.closed !== undefined, undefined, PATIENCE)
    expect(await playing.page.evaluate(() => document.body.dataset.closed)).toBe('SERVER_STOPPING')
  })

  it('carries the game of a page from elsewhere, if its origin is allowed', async () => {
    const page = await served({})
    const server = await served({ webrtc: { bindAddress: '127.0.0.1', portRange: await freePort() } })
    const playing = await play(page, `url=${encodeURIComponent(server.url)}`)
    expect((await playing.stats()).link).toBe('webrtc')
    await expectPlay(server, playing)
  })

  it('gives way to a WebSocket at once where the server has no WebRTC', async () => {
    const server = await served({})
    const playing = await play(server)
    expect((await playing.stats()).link).toBe('websocket')
    expect(playing.tookMs).toBeLessThan(2_900)
    await expectPlay(server, playing)
  })

  it('gives way to a WebSocket within three seconds where UDP does not come through', async () => {
    const server = await served({ webrtc: { bindAddress: '127.0.0.1', publicAddress: '192.0.2.254' } })
    const playing = await play(server)
    expect((await playing.stats()).link).toBe('websocket')
    expect(playing.tookMs).toBeGreaterThan(2_900)
    expect(playing.tookMs).toBeLessThan(6_000)
    await expectPlay(server, playing)
  })

  it('is noticed by the server when its page goes away', async () => {
    const server = await served({ webrtc: { bindAddress: '127.0.0.1' }, graceMs: 0 })
    const { page } = await play(server)
    await page.close()
    await expect.poll(() => server.stats.connections, PATIENCE).toBe(0)
  })

  it('is no part of what a page loads first', () => {
    const first = [...files].filter(
      ([name, code]) => name.endsWith('.js') && String(code).includes('createDataChannel'),
    )
    const html = String(files.get('/index.html'))
    expect(first.length).toBe(1)
    expect(html).not.toContain(first[0]?.[0] ?? '')
    expect(html).toMatch(/src="\/assets\/index-/)
  })
})

/** A UDP port of this machine that all peers can share. */
async function freePort(): Promise<{ begin: number; end: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return { begin: port, end: port }
}
