/** Health, metrics and logs of a served game, over real sockets. */
import { afterEach, describe, expect, it } from 'vitest'
import { type LogLine, pinoLog, type ServeOptions, type Server, serve } from '../../src/index.ts'
import { notReady } from '../../src/ops/health-route.ts'
import { type Walkers, walkerRules, walkers } from '../test-game.ts'
import { readPrometheus } from './prometheus-text.ts'
import { SocketPeer } from './socket-peer.ts'

const servers: Server<Walkers>[] = []
async function start(options: ServeOptions = {}, rules = walkerRules): Promise<Server<Walkers>> {
  const server = await serve(walkers, rules, { host: '127.0.0.1', log: () => {}, ...options })
  servers.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function ask(
  server: Server<Walkers>,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') }
}
const showing = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
const TOKEN = 'a-token-that-nobody-guesses'

for (const transport of ['ws', 'uWebSockets.js'] as const) {
  describe(`health and metrics over ${transport}`, () => {
    it('says that the process lives, and that it takes players until it drains', async () => {
      const server = await start({ transport })
      expect(await ask(server, '/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
      expect(await ask(server, '/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
      expect(await ask(server, '/readyz', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
      expect(await ask(server, '/readyz', { method: 'POST' })).toMatchObject({ status: 405 })
      const peer = await SocketPeer.join(server.url, walkers)
      const drained = server.drain({ timeoutMs: 10_000 })
      expect(await ask(server, '/readyz')).toMatchObject({ status: 503, text: 'draining\n' })
      expect(await ask(server, '/healthz')).toMatchObject({ status: 200 })
      peer.say({ t: 'leave' })
      await Promise.all([drained, server.drain(), server.close()])
      await expect(ask(server, '/healthz')).rejects.toThrow()
    })

    it('gives metrics to this machine only, and to nobody who came through a proxy', async () => {
      const server = await start({ transport })
      await SocketPeer.join(server.url, walkers)
      const { status, text, type } = await ask(server, '/metrics')
      expect(status).toBe(200)
      expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
      const families = readPrometheus(text)
      expect(families.get('tickmesh_players')?.samples).toEqual([{ name: 'tickmesh_players', labels: {}, value: 1 }])
      expect(families.get('tickmesh_connections')?.samples).toEqual([
        { name: 'tickmesh_connections', labels: { transport }, value: 1 },
      ])
      for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
        expect(await ask(server, '/metrics', { headers: { [name]: '127.0.0.1' } })).toMatchObject({ status: 403 })
    })

    it('answers this machine also when somebody on it asks for too many pages, who is refused and counted', async () => {
      const server = await start({ transport, limits: { httpRequestsPerSecond: 0.01, connectionsPerAddress: 2 } })
      const statuses: number[] = []
      for (let n = 0; n < 8; n++) statuses.push((await ask(server, '/page')).status)
      expect(statuses).toEqual([404, 404, 404, 404, 404, 404, 429, 429])
      const proxied = { headers: { 'x-forwarded-for': '203.0.113.7' } }
      expect((await ask(server, '/healthz', proxied)).status).toBe(429)
      for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(server, path)).status, path).toBe(200)
      const { text } = await ask(server, '/metrics')
      expect(text).toContain('tickmesh_handshakes_refused_total{reason="requests"} 3')
    })

    it('gives metrics to whoever shows the token, if there is one', async () => {
      const server = await start({ transport, ops: { metrics: { token: TOKEN } } })
      expect(await ask(server, '/metrics')).toMatchObject({ status: 401 })
      for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase(), ''])
        expect(await ask(server, '/metrics', showing(wrong))).toMatchObject({ status: 401 })
      expect(await ask(server, '/metrics', { headers: { authorization: `Basic ${TOKEN}` } })).toMatchObject({
        status: 401,
      })
      expect(await ask(server, '/metrics', showing(TOKEN))).toMatchObject({ status: 200 })
      const far = { headers: { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.7' } }
      expect(await ask(server, '/metrics', far)).toMatchObject({ status: 200 })
    })
  })
}

describe('operations', () => {
  it('can be left to the game, which then answers itself', async () => {
    const server = await start({
      ops: { health: false, metrics: false },
      handleRequest: (_request, response) => void response.end('the game'),
    })
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(server, path)).text).toBe('the game')
  })

  it('refuse a token that could be guessed', async () => {
    await expect(start({ ops: { metrics: { token: 'admin' } } })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  it('are not ready while starting, when full, and when more than half of the rooms are overloaded', () => {
    const well = { phase: 'serving', connections: 10, maxConnections: 20, rooms: 4, overloadedRooms: 2 } as const
    expect(notReady(well)).toBeUndefined()
    expect(notReady({ ...well, overloadedRooms: 3 })).toBe('overloaded: 3 of 4 rooms')
    expect(notReady({ ...well, connections: 20 })).toContain('full')
    expect(notReady({ ...well, phase: 'starting' })).toBe('starting')
    expect(notReady({ ...well, phase: 'closed' })).toBe('closed')
    expect(notReady({ ...well, rooms: 0, overloadedRooms: 0 })).toBeUndefined()
  })
})

describe('the log of a served game', () => {
  const SECRET = 'S3CR3T-5f2c9d71'

  it('holds no secret that a client showed, right or wrong, well-formed or not, nor one that the game quotes', async () => {
    let out = ''
    const log = pinoLog({ level: 'info', pretty: false, stream: { write: (text) => (out += text) } })
    const server = await start(
      {
        log,
        origins: ['https://game.example'],
        authenticate: ({ auth }) => {
          if (auth === `${SECRET}-good`) return { name: 'Ada' }
          if (auth === `${SECRET}-bad`) return false
          throw new Error(`cannot decode the token ${auth}`)
        },
      },
      {
        ...walkerRules,
        onJoin(room, player) {
          if (player.options !== undefined) throw new Error(`no seat for {"ticket":"${SECRET}","resume":"${SECRET}"}`)
          walkerRules.onJoin?.(room, player)
        },
      },
    )
    const join = (more: object): Promise<SocketPeer> => SocketPeer.join(server.url, walkers, more)
    const good = await join({ auth: `${SECRET}-good` })
    const { resume } = (await good.next('welcome')) as { resume: string }
    good.ws.terminate()
    await good.closed
    // A right secret, the same once more (which is void now), and wrong ones.
    const back = await join({ resume })
    expect(await back.next('welcome')).toMatchObject({ resumed: true })
    const tries = [
      { resume: `${SECRET}-wrong` },
      { auth: `${SECRET}-bad` },
      { auth: `${SECRET}-broken` },
      { ticket: `${SECRET}-wrong` },
      { ticket: `eyJhbGciOiJIUzI1NiJ9.${SECRET}.sig` },
      { auth: `${SECRET}-good`, options: { password: SECRET } },
      // Malformed hellos.
      { resume: SECRET.repeat(100) },
      { ticket: { of: SECRET } },
      { auth: [SECRET] },
      { room: `${SECRET} is no id` },
      { game: SECRET, auth: SECRET },
      { schema: SECRET, cookie: SECRET },
    ]
    for (const more of tries) {
      const peer = await join(more)
      if (peer.messages.every(({ t }) => t !== 'refused')) await peer.next('refused')
      peer.ws.terminate()
    }
    const raw = await SocketPeer.connect(server.url)
    raw.sendRaw(new TextEncoder().encode(`{"t":"hello","resume":"${SECRET}"}`))
    await raw.closed
    const headers = { origin: `https://evil.example`, cookie: `session=${SECRET}`, authorization: `Bearer ${SECRET}` }
    await expect(SocketPeer.connect(server.url, headers)).rejects.toThrow()
    await ask(server, `/metrics?token=${SECRET}`, showing(SECRET))
    await server.close()
    expect(out).not.toContain('S3CR3T')
    expect(out).not.toContain(resume)
    // It did say what happened.
    const lines = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine)
    expect(lines.filter(({ event }) => event === 'peer-dropped').length).toBeGreaterThan(5)
    expect(lines.some(({ event }) => event === 'authenticate-failed')).toBe(true)
    expect(lines.some(({ event }) => event === 'join-rule-failed')).toBe(true)
  })

  it('gets few lines from many peers that are dropped, and their number', async () => {
    const lines: LogLine[] = []
    const server = await start({ log: (line) => lines.push(line), limits: { connectionsPerAddress: 1000 } })
    for (let n = 0; n < 40; n++) {
      const peer = await SocketPeer.connect(server.url)
      peer.sendRaw(Uint8Array.of(250, n))
      await peer.closed
    }
    const dropped = server.stats.peersDropped
    await server.close()
    const told = lines.filter(({ event }) => event === 'peer-dropped')
    expect(dropped).toBe(40)
    expect(told.reduce((sum, { heldBack }) => sum + (heldBack ?? 1), 0)).toBe(40)
    expect(told.length).toBeLessThan(30)
    expect(told.every((line) => line.code === 'MALFORMED')).toBe(true)
  })
})
