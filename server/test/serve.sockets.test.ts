import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CONTROL, decodeControl, encodeControl, PROTOCOL_VERSION, SNAPSHOT } from '@tickmesh/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type LogLine, type ServeOptions, type Server, serve } from '../src/index.ts'
import { type Walkers, walkerRules, walkers } from './test-game.ts'

const servers: Server<Walkers>[] = []
let transport: 'ws' | 'uWebSockets.js' = 'ws'
async function start(options: ServeOptions = {}): Promise<Server<Walkers>> {
  const server = await serve(walkers, walkerRules, { host: '127.0.0.1', log: () => {}, transport, ...options })
  servers.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Peer {
  readonly ws: WebSocket
  /** The next control message of a kind. */
  next(t: string): Promise<Record<string, unknown>>
  readonly closed: Promise<{ code: number; text: string }>
  readonly frame: Promise<void>
}

function connect(url: string, headers: Record<string, string> = {}): Promise<Peer> {
  const ws = new WebSocket(url, { headers })
  const inbox: Record<string, unknown>[] = []
  const waiting = new Map<string, (message: Record<string, unknown>) => void>()
  let gotFrame = (): void => {}
  const frame = new Promise<void>((resolve) => {
    gotFrame = resolve
  })
  ws.on('message', (data: Buffer) => {
    if (data[0] === SNAPSHOT) gotFrame()
    if (data[0] !== CONTROL) return
    const decoded = decodeControl(new Uint8Array(data.subarray(1)))
    const message = (decoded.ok ? decoded.value : {}) as Record<string, unknown>
    const wait = waiting.get(String(message.t))
    if (wait === undefined) inbox.push(message)
    else wait(message)
  })
  const closed = new Promise<{ code: number; text: string }>((resolve) => {
    ws.on('close', (code, text) => resolve({ code, text: text.toString() }))
  })
  const next = (t: string): Promise<Record<string, unknown>> => {
    const at = inbox.findIndex((message) => message.t === t)
    if (at >= 0) return Promise.resolve(inbox.splice(at, 1)[0] ?? {})
    return new Promise((resolve) => waiting.set(t, resolve))
  }
  return new Promise((resolve, reject) => {
    ws.once('open', () => resolve({ ws, next, closed, frame }))
    ws.once('error', reject)
    ws.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (part: Buffer) => {
        body += part.toString()
      })
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)))
    })
  })
}

function control(message: object): Buffer {
  return Buffer.concat([Buffer.from([CONTROL]), encodeControl(message)])
}
const hello = { t: 'hello', protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash }

describe.each(['ws', 'uWebSockets.js'] as const)('a served game over %s', (name) => {
  beforeEach(() => {
    transport = name
  })

  it('says at the start what it runs on', async () => {
    const lines: LogLine[] = []
    const server = await start({ log: (line) => lines.push(line) })
    expect(server.transport).toBe(name)
    const message = `players connect at ${server.url}, by ${name}.`
    const listening = { level: 'info', event: 'listening', message, transport: name, port: server.port, tls: false }
    expect(lines).toEqual([listening])
  })

  it('ends with TIMED_OUT a player of whom nothing is heard, whose connection looks alive', async () => {
    const server = await start({ limits: { idleMs: 100 } })
    const peer = await connect(server.url)
    peer.ws.send(control(hello))
    expect(await peer.next('bye')).toMatchObject({ code: 'TIMED_OUT' })
    expect((await peer.closed).text).toContain('TIMED_OUT')
  })

  it('takes players over WebSockets, sends them frames, and tells them when it stops', async () => {
    const server = await start()
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}/tickmesh`)
    const peer = await connect(server.url)
    peer.ws.send(control(hello))
    expect(await peer.next('welcome')).toMatchObject({ seat: 1, roomId: 'main' })
    await peer.frame
    expect(server.rooms.get('main')?.players.size).toBe(1)
    expect(server.stats).toMatchObject({ rooms: 1, players: 1, connections: 1 })
    const closing = server.close()
    expect(await peer.next('bye')).toMatchObject({ code: 'SERVER_STOPPING' })
    expect((await peer.closed).text).toContain('SERVER_STOPPING')
    await closing
    expect(server.rooms.size).toBe(0)
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow()
  })

  it('says which port is taken, and what to do', async () => {
    const first = await start()
    const second = serve(walkers, walkerRules, { host: '127.0.0.1', port: first.port, transport })
    await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await expect(second).rejects.toThrow(`port ${first.port}`)
    await expect(second).rejects.toThrow('another port')
  })

  it('lets in pages of its own host and of this machine, others only if they are named', async () => {
    const server = await start({ origins: ['https://game.example'] })
    for (const origin of [`http://127.0.0.1:${server.port}`, 'http://localhost:5173', 'https://game.example']) {
      const peer = await connect(server.url, { origin })
      peer.ws.terminate()
    }
    await expect(connect(server.url, { origin: 'https://evil.example' })).rejects.toThrow('403 ORIGIN_REFUSED')
    await expect(connect(server.url, { origin: 'null' })).rejects.toThrow('403')
  })

  it('takes only so many connections from one address, and forgets those that ended', async () => {
    const server = await start({ limits: { connectionsPerAddress: 2, pendingShare: 1 } })
    const [one] = [await connect(server.url), await connect(server.url)]
    await expect(connect(server.url)).rejects.toThrow('429 TOO_MANY_CONNECTIONS')
    one.ws.close()
    await one.closed
    await expect
      .poll(() =>
        connect(server.url).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
  })

  it('answers other requests by 404 or by the handler of the game', async () => {
    const plain = await start()
    expect((await fetch(`http://127.0.0.1:${plain.port}/`)).status).toBe(404)
    await expect(connect(`ws://127.0.0.1:${plain.port}/elsewhere`)).rejects.toThrow('404')
    const handled = await start({
      handleRequest: (_request, response) => {
        response.end('the page')
      },
    })
    expect(await (await fetch(`http://127.0.0.1:${handled.port}/`)).text()).toBe('the page')
  })
})

describe('a served game', () => {
  it('takes uWebSockets.js by itself where it is installed', async () => {
    const server = await serve(walkers, walkerRules, { host: '127.0.0.1', log: () => {} })
    servers.push(server)
    expect(server.transport).toBe('uWebSockets.js')
  })

  it.each(['ws', 'uWebSockets.js'] as const)(
    'leaves nothing behind that keeps a process alive, over %s',
    async (name) => {
      const script = fileURLToPath(new URL('serve-and-close.ts', import.meta.url))
      const args = ['--conditions=source', '--import', 'tsx', script, name]
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
      const { aliveMs, ...rest } = JSON.parse(stdout)
      expect(rest).toEqual({ transport: name, page: 'a page', closed: 'SERVER_STOPPING' })
      expect(aliveMs).toBeLessThan(1_500)
    },
  )
})
