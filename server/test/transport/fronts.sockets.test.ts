/** Both fronts, and links over uWebSockets.js and over TLS, against our client and against raw sockets that misbehave. */

import uWebSockets from 'uWebSockets.js'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Link } from '@tickmesh/shared'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectWebSocket } from '../../../client-sdk/src/connection/websocket-link.ts'
import { listenOn } from '../../src/transport/choose-front.ts'
import { CUT_AFTER_MS, type FrontName, type FrontOptions } from '../../src/transport/front.ts'
import { findUws } from '../../src/transport/uws-module.ts'
import { canary, expectCanary, type LinkRig, linkConformance, Recorder, stepUntil } from '../link-conformance.ts'
import { listenForTest, realScheduler, type TestFront, testTls } from './front-rig.ts'

const scheduler = realScheduler
const until = (condition: () => boolean): Promise<void> => stepUntil(condition, 5_000, () => wait(1))

async function frontRig(name: FrontName, change: Partial<FrontOptions> = {}): Promise<LinkRig> {
  const front = await listenForTest(name, undefined, change)
  const stuck = async () => {
    const accepted = front.accepted()
    // Over TLS our own client does the handshake; its receiver never returns from the first message's turn.
    if (change.tls !== undefined) {
      const ws = new WebSocket(front.url)
      ws.on('error', () => {})
      ws.on('open', () => ws.pause())
      return { link: await accepted, die: () => ws.terminate() }
    }
    const socket = await front.raw()
    socket.pause()
    return { link: await accepted, die: () => socket.resetAndDestroy() }
  }
  return {
    maxMessageBytes: 65_536,
    maxCloseMessageBytes: 120,
    connect: async () => {
      const accepted = front.accepted()
      const a = await connectWebSocket(front.url, { scheduler })
      return { a, b: await accepted }
    },
    connectToStuckPeer: async () => (await stuck()).link,
    connectToMortalPeer: stuck,
    until,
    settle: () => wait(5),
    dispose: () => front.stop(),
  }
}

linkConformance('a link over uWebSockets.js', () => frontRig('uWebSockets.js'))

describe('over TLS', () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  beforeAll(() => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  })
  afterAll(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
  linkConformance('a link over uWebSockets.js', () => frontRig('uWebSockets.js', { tls: testTls }))
  linkConformance('a link over ws', () => frontRig('ws', { tls: testTls }))

  it.each(['ws', 'uWebSockets.js'] as const)('%s answers pages', async (name) => {
    const front = await listenForTest(name, (_request, response) => response.end('x'.repeat(300_000)), { tls: testTls })
    const response = await fetch(`${front.httpUrl}/page`)
    expect((await response.text()).length).toBe(300_000)
    await front.stop()
  })

  it.each(['ws', 'uWebSockets.js'] as const)(
    '%s closes in time although a handshake of TLS never ends',
    async (name) => {
      const front = await listenForTest(name, undefined, { tls: testTls })
      const silent = connect(front.front.port, '127.0.0.1')
      silent.on('error', () => {})
      await once(silent, 'connect')
      // The server has it by then, too.
      await (await fetch(front.httpUrl)).text()
      const fromMs = performance.now()
      await front.stop()
      expect(performance.now() - fromMs).toBeLessThan(CUT_AFTER_MS + 1_000)
      silent.destroy()
    },
    10_000,
  )

  it.each(['ws', 'uWebSockets.js'] as const)('%s says what is wrong with a certificate', async (name) => {
    for (const certFile of ['/nowhere.pem', testTls.keyFile]) {
      const listening = listenForTest(name, undefined, { tls: { ...testTls, certFile } })
      await expect(listening).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
      await expect(listening).rejects.toThrow('tls.certFile')
    }
  })
})

describe('uWebSockets.js', () => {
  it('is loaded with its native code in these runs', async () => {
    expect(String(uWebSockets.App)).toContain('[native code]')
    expect(await findUws()).toEqual({ found: true, uws: uWebSockets })
    const front = await listenForTest('uWebSockets.js')
    expect(front.front.name).toBe('uWebSockets.js')
    await front.stop()
  })

  const missing = Object.assign(new Error('no such package'), { code: 'ERR_MODULE_NOT_FOUND' })
  it.each([
    ['not installed', () => Promise.reject(missing), 'is not installed'],
    ['of another machine', () => Promise.reject(new Error('GLIBC_2.38 not found')), 'GLIBC_2.38'],
    ['a fallback in JavaScript', () => Promise.resolve({ App: () => ({}) }), 'no native code'],
  ])('is an error when it is named and %s, and otherwise left alone', async (_case, load, problem) => {
    const front = await listenForTest('ws')
    const options = { ...({ port: 0, host: '127.0.0.1', path: '/' } as FrontOptions), tls: undefined }
    const named = listenOn('uWebSockets.js', options, () => findUws(load))
    await expect(named).rejects.toMatchObject({ code: 'BAD_ARGUMENT', remedy: expect.stringContaining('GitHub') })
    await expect(named).rejects.toThrow(problem)
    const auto = await listenOn('auto', options, () => findUws(load))
    expect(auto.name).toBe('ws')
    await auto.close()
    await front.stop()
  })
})

describe.each(['ws', 'uWebSockets.js'] as const)('the front by %s', (name) => {
  let front: TestFront
  let recorders: Recorder[]
  beforeEach(async () => {
    front = await listenForTest(name)
    recorders = []
    front.onLink = (link) => recorders.push(new Recorder(link))
  })
  afterEach(() => front.stop())

  it('asks the gate with what the handshake says, turns away whom it refuses, and tells it of every end', async () => {
    const headers = { 'x-forwarded-for': ['1.2.3.4', '5.6.7.8, 9.9.9.9'], origin: 'https://game.example' }
    const ws = new WebSocket(front.url, { headers } as object)
    await new Promise((resolve) => ws.once('open', resolve))
    expect(front.visits.map((visit) => ({ ...visit, forwardedFor: visit.forwardedFor?.replaceAll(' ', '') }))).toEqual([
      {
        peer: '127.0.0.1',
        forwardedFor: '1.2.3.4,5.6.7.8,9.9.9.9',
        origin: 'https://game.example',
        host: `127.0.0.1:${front.front.port}`,
      },
    ])
    expect(front.inside()).toBe(1)
    ws.terminate()
    await until(() => front.inside() === 0)
    front.refuse = 'so it is.'
    const answer = await answerTo(front, handshake())
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
    expect(answer).toContain('TOO_MANY_CONNECTIONS: so it is.')
    expect(front.inside()).toBe(0)
  })

  it('answers what is no handshake, and what is for another path, with an HTTP error', async () => {
    const cases = [handshake({ key: 'short' }), handshake({ version: '12' }), handshake({ path: '/elsewhere' })]
    for (const request of cases) expect(await answerTo(front, request)).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(await answerTo(front, handshake({ path: '/elsewhere' }))).toContain('Clients connect at /play.')
    await until(() => front.inside() === 0)
    expect(recorders.length).toBe(0)
  })

  it('refuses text, and says so', async () => {
    const socket = new WebSocket(front.url)
    const closed = new Promise((resolve) => socket.on('close', (code, text) => resolve([code, text.toString()])))
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('hello')
    expect(await closed).toEqual([4009, 'MALFORMED: Only binary messages are taken.'])
    await until(() => recorders[0]?.closes.length === 1)
    expect(recorders[0]?.closes[0]?.code).toBe('MALFORMED')
    expect(recorders[0]?.messages).toEqual([])
  })

  const malformed: [string, number[], string][] = [
    ['a reserved bit', [0xc2, 0x81, 0, 0, 0, 0, 0], 'MALFORMED'],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 'MALFORMED'],
    ['a fragmented ping', [0x09, 0x80, 0, 0, 0, 0], 'MALFORMED'],
    ['an immense length', [0x82, 0xff, 0x7f, ...new Array(7).fill(0xff), 0, 0, 0, 0], 'TOO_LARGE'],
  ]
  it.each(malformed)('ends only the connection that sent %s', async (_name, bytes, code) => {
    const neighbour = await connectWebSocket(front.url, { scheduler })
    const atNeighbour = new Recorder(neighbour)
    const socket = await front.raw()
    socket.resume()
    const good = [0x82, 0x81, 1, 2, 3, 4, 5]
    socket.write(Buffer.from([...good, ...bytes, ...good]))
    await until(() => recorders[1]?.closes.length === 1)
    // uWebSockets.js breaks such a connection off without saying what was wrong with it.
    const known = name === 'ws' || code === 'TOO_LARGE' ? code : 'CONNECTION_LOST'
    expect(recorders[1]?.closes[0]?.code).toBe(known)
    expect(recorders[1]?.messages).toEqual([Uint8Array.of(4)])
    neighbour.send('reliable', canary(1, 1, 100))
    await until(() => recorders[0]?.messages.length === 1)
    expectCanary(recorders[0]?.messages[0] ?? new Uint8Array(12), 1, 1)
    expect(atNeighbour.closes).toEqual([])
  })

  it('answers a ping, joins fragments, and reads on', async () => {
    const socket = new WebSocket(front.url)
    await new Promise((resolve) => socket.once('open', resolve))
    const pong = new Promise((resolve) => socket.once('pong', resolve))
    socket.send(Uint8Array.of(1))
    socket.ping('x')
    socket.send(Uint8Array.of(2), { fin: false })
    socket.send(Uint8Array.of(3), { fin: true })
    socket.send(Uint8Array.of(4))
    await pong
    await until(() => recorders[0]?.messages.length === 3)
    expect(recorders[0]?.messages.map((message) => [...message])).toEqual([[1], [2, 3], [4]])
    socket.terminate()
  })

  it('says LEFT when a peer leaves without a word', async () => {
    const leaving = new WebSocket(front.url)
    await new Promise((resolve) => leaving.once('open', resolve))
    leaving.close()
    await until(() => recorders[0]?.closes.length === 1)
    expect(recorders[0]?.closes[0]?.code).toBe('LEFT')
  })

  it('cuts off a peer that does not answer a close', async () => {
    const links: Link[] = []
    front.onLink = (link) => {
      links.push(link)
      recorders.push(new Recorder(link))
    }
    const deaf = await front.raw()
    deaf.resume()
    links[0]?.close({ code: 'KICKED', message: '' })
    // It goes on talking, and so learns of it.
    await stepUntil(
      () => deaf.destroyed,
      1_500,
      async () => {
        deaf.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 9]))
        await wait(10)
      },
    )
    expect(recorders[0]?.messages).toEqual([])
  })

  it('keeps a failing owner from harming anything but that connection, and reports the failure', async () => {
    const failure = new Error('a defect')
    const closes: string[] = []
    front.onLink = (link) =>
      link.attach({
        onMessage: () => {
          throw failure
        },
        onClose: (reason) => closes.push(reason.code),
      })
    const a = await connectWebSocket(front.url, { scheduler })
    const atA = new Recorder(a)
    a.send('reliable', Uint8Array.of(1))
    await until(() => atA.closes.length === 1 && closes.length === 1)
    expect(atA.closes[0]?.code).toBe('INTERNAL')
    expect(front.defects).toEqual([failure])
  })

  it('says which port is taken, also by its own kind and by the other', async () => {
    const { port } = front.front
    for (const other of ['ws', 'uWebSockets.js'] as const) {
      const second = listenForTest(other, undefined, { port })
      await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE' })
      await expect(second).rejects.toThrow(`port ${port} is taken`)
    }
  })

  it('runs beside another one, and outlives it', async () => {
    const other = await listenForTest(name)
    const accepted = other.accepted()
    const a = await connectWebSocket(other.url, { scheduler })
    const [b, atA] = [await accepted, new Recorder(a)]
    new Recorder(b).onEach = () => b.send('reliable', Uint8Array.of(1))
    await front.stop()
    a.send('reliable', Uint8Array.of(2))
    await until(() => atA.messages.length === 1)
    a.close({ code: 'LEFT', message: '' })
    await other.stop()
  })
})

function handshake({ path = '/play', key = 'dGhlIHNhbXBsZSBub25jZQ==', version = '13' } = {}): string {
  const lines = ['Host: x', 'Upgrade: websocket', 'Connection: Upgrade']
  const own = [`Sec-WebSocket-Key: ${key}`, `Sec-WebSocket-Version: ${version}`]
  return [`GET ${path} HTTP/1.1`, ...lines, ...own, '\r\n'].join('\r\n')
}

/** All that comes back until the connection ends. */
function answerTo(front: TestFront, request: string): Promise<string> {
  const socket = connect(front.front.port, '127.0.0.1')
  socket.write(request)
  let text = ''
  return new Promise((resolve, reject) => {
    socket.on('data', (part) => {
      text += part.toString()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}
