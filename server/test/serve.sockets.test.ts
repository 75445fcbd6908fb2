import { CONTROL, decodeControl, encodeControl, PROTOCOL_VERSION, SNAPSHOT } from '@tickmesh/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type ServeOptions, type Server, serve } from '../src/index.ts'
import { type Walkers, walkerRules, walkers } from './test-game.ts'

const servers: Server<Walkers>[] = []
async function start(options: ServeOptions = {}): Promise<Server<Walkers>> {
  const server = await serve(walkers, walkerRules, { host: '127.0.0.1', log: () => {}, ...options })
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

describe('a served game', () => {
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
    expect(server.http.listening).toBe(false)
  })

  it('says which port is taken, and what to do', async () => {
    const first = await start()
    const second = serve(walkers, walkerRules, { host: '127.0.0.1', port: first.port })
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
    const server = await start({ limits: { connectionsPerAddress: 2 } })
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
