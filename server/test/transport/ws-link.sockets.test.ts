/** Our server's WebSocket links against our client's, and against raw sockets that misbehave. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Link, Scheduler } from '@tickmesh/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectWebSocket } from '../../../client-sdk/src/connection/websocket-link.ts'
import { WsTransport } from '../../src/transport/ws-transport.ts'
import { canary, expectCanary, type LinkRig, linkConformance, Recorder, stepUntil } from '../link-conformance.ts'

const scheduler: Scheduler = {
  now: () => performance.now(),
  at: (timeMs, run) => {
    const timer = setTimeout(run, timeMs - performance.now())
    return () => clearTimeout(timer)
  },
}

interface Listening {
  readonly server: Server
  readonly url: string
  readonly port: number
  readonly defects: unknown[]
  /** The server's end of the next connection. */
  accepted(): Promise<Link>
  /** Called synchronously with each new link, as the contract wants. */
  onLink: ((link: Link) => void) | undefined
  stop(): Promise<void>
}

async function listen(): Promise<Listening> {
  const defects: unknown[] = []
  const transport = new WsTransport({ closeTimeoutMs: 300, onDefect: (error) => defects.push(error) })
  const server = createServer()
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  const waiting: ((link: Link) => void)[] = []
  const listening: Listening = {
    server,
    url: '',
    port: 0,
    defects,
    onLink: undefined,
    accepted: () => new Promise((resolve) => waiting.push(resolve)),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.on('upgrade', (request, socket, head) => {
    transport.handleUpgrade(request, socket, head, (link) => {
      listening.onLink?.(link)
      waiting.shift()?.(link)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(listening, { port, url: `ws://127.0.0.1:${port}` })
}

/** A raw connection that has done the handshake. */
async function rawClient(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

const until = (condition: () => boolean): Promise<void> => stepUntil(condition, 5_000, () => wait(1))

async function socketsRig(): Promise<LinkRig> {
  const listening = await listen()
  return {
    maxMessageBytes: 65_536,
    connect: async () => {
      const accepted = listening.accepted()
      const a = await connectWebSocket(listening.url, { scheduler })
      return { a, b: await accepted }
    },
    connectToStuckPeer: async () => {
      const accepted = listening.accepted()
      const socket = await rawClient(listening.port)
      socket.pause()
      return accepted
    },
    connectToMortalPeer: async () => {
      const accepted = listening.accepted()
      const socket = await rawClient(listening.port)
      return { link: await accepted, die: () => socket.resetAndDestroy() }
    },
    maxCloseMessageBytes: 120,
    until,
    settle: () => wait(5),
    dispose: () => listening.stop(),
  }
}

linkConformance('a WebSocket link between our client and our server', socketsRig)

describe('the WebSocket transport', () => {
  let listening: Listening
  beforeEach(async () => {
    listening = await listen()
  })
  afterEach(() => listening.stop())

  it('refuses text', async () => {
    const recorders: Recorder[] = []
    listening.onLink = (link) => recorders.push(new Recorder(link))
    const socket = new WebSocket(listening.url)
    const closed = new Promise<[number, string]>((resolve) =>
      socket.on('close', (code, text) => resolve([code, text.toString()])),
    )
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('hello')
    expect(await closed).toEqual([4009, 'MALFORMED: Only binary messages are taken.'])
    await until(() => recorders[0]?.closes.length === 1)
    expect(recorders[0]?.closes[0]?.code).toBe('MALFORMED')
    expect(recorders[0]?.messages).toEqual([])
  })

  const malformed: [string, number[], string][] = [
    ['an unmasked frame', [0x82, 0x01, 0x00], 'MALFORMED'],
    ['a reserved bit', [0xc2, 0x81, 0, 0, 0, 0, 0], 'MALFORMED'],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 'MALFORMED'],
    ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0], 'MALFORMED'],
    ['a fragmented ping', [0x09, 0x80, 0, 0, 0, 0], 'MALFORMED'],
    [
      'a length beyond all reason',
      [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
      'TOO_LARGE',
    ],
    ['a length above the limit', [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], 'TOO_LARGE'],
    [
      'a hundred tiny fragments',
      [0x02, 0x80, 0, 0, 0, 0, ...Array.from({ length: 100 }, () => [0, 0x80, 0, 0, 0, 0]).flat()],
      'TOO_LARGE',
    ],
    ['a close frame of one byte', [0x88, 0x81, 0, 0, 0, 0, 0], 'MALFORMED'],
  ]
  it.each(malformed)('ends only the connection that sent %s', async (_name, bytes, code) => {
    const recorders: Recorder[] = []
    listening.onLink = (link) => recorders.push(new Recorder(link))
    const neighbour = await connectWebSocket(listening.url, { scheduler })
    const atNeighbour = new Recorder(neighbour)
    const socket = await rawClient(listening.port)
    socket.resume()
    const good = [0x82, 0x81, 1, 2, 3, 4, 5]
    socket.write(Buffer.from([...good, ...bytes, ...good]))
    await until(() => recorders[1]?.closes.length === 1 && socket.destroyed)
    expect(recorders[1]?.closes[0]?.code).toBe(code)
    expect(recorders[1]?.messages).toEqual([Uint8Array.of(4)])
    neighbour.send('reliable', canary(1, 1, 100))
    await until(() => recorders[0]?.messages.length === 1)
    expectCanary(recorders[0]?.messages[0] ?? new Uint8Array(12), 1, 1)
    expect(atNeighbour.closes).toEqual([])
  })

  it('answers a ping, joins fragments, and reads on', async () => {
    const recorders: Recorder[] = []
    listening.onLink = (link) => recorders.push(new Recorder(link))
    const socket = new WebSocket(listening.url)
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

  it('says CONNECTION_LOST when a peer vanishes, and LEFT when it leaves without a word', async () => {
    const recorders: Recorder[] = []
    listening.onLink = (link) => recorders.push(new Recorder(link))
    const vanishing = await rawClient(listening.port)
    vanishing.resetAndDestroy()
    await until(() => recorders[0]?.closes.length === 1)
    expect(recorders[0]?.closes[0]?.code).toBe('CONNECTION_LOST')
    const leaving = new WebSocket(listening.url)
    await new Promise((resolve) => leaving.once('open', resolve))
    leaving.close()
    await until(() => recorders[1]?.closes.length === 1)
    expect(recorders[1]?.closes[0]?.code).toBe('LEFT')
  })

  it('cuts off a peer that does not answer a close, and one that stays after its own', async () => {
    const links: Link[] = []
    const recorders: Recorder[] = []
    listening.onLink = (link) => {
      links.push(link)
      recorders.push(new Recorder(link))
    }
    const deaf = await rawClient(listening.port)
    deaf.resume()
    links[0]?.close({ code: 'KICKED', message: '' })
    const stubborn = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true })
    stubborn.on('error', () => {})
    stubborn.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    await new Promise((resolve) => stubborn.once('data', resolve))
    stubborn.resume()
    stubborn.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0, 0x82, 0x81, 0, 0, 0, 0, 9]))
    await until(() => deaf.destroyed && recorders[1]?.closes.length === 1)
    expect(recorders[1]?.closes[0]?.code).toBe('LEFT')
    expect(recorders[1]?.messages).toEqual([])
    stubborn.destroy()
  })

  it('keeps a failing owner from harming anything but that connection, and reports the failure', async () => {
    const failure = new Error('a defect')
    const closes: string[] = []
    listening.onLink = (link) =>
      link.attach({
        onMessage: () => {
          throw failure
        },
        onClose: (reason) => closes.push(reason.code),
      })
    const a = await connectWebSocket(listening.url, { scheduler })
    const atA = new Recorder(a)
    a.send('reliable', Uint8Array.of(1))
    await until(() => atA.closes.length === 1 && closes.length === 1)
    expect(atA.closes[0]?.code).toBe('INTERNAL')
    expect(listening.defects).toEqual([failure])
  })

  it('answers a request that is no WebSocket handshake with an HTTP error', async () => {
    const socket = connect(listening.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 4\d\d /)
    socket.destroy()
  })
})

describe('the client’s connectWebSocket', () => {
  it('rejects with CONNECT_FAILED where nobody listens', async () => {
    const listening = await listen()
    await listening.stop()
    await expect(connectWebSocket(listening.url, { scheduler })).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  })

  it('rejects with CONNECT_FAILED when nothing answers in time', async () => {
    const server = createServer()
    server.on('upgrade', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await expect(connectWebSocket(`ws://127.0.0.1:${port}`, { scheduler, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    })
    server.closeAllConnections()
    server.close()
  })

  it('rejects with BAD_ARGUMENT for an address that is none', async () => {
    await expect(connectWebSocket('nonsense', { scheduler })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })

  it('keeps what a server says before attach, in order', async () => {
    const listening = await listen()
    listening.onLink = (link) => {
      new Recorder(link)
      for (let n = 0; n < 3; n++) link.send('reliable', canary(9, n, 20))
      link.close({ code: 'ROOM_FULL', message: 'no seat' })
    }
    const link = await connectWebSocket(listening.url, { scheduler })
    for (let n = 0; n < 20; n++) await nextTurn()
    const at = new Recorder(link)
    expect(at.messages).toEqual([])
    await until(() => at.closes.length === 1)
    expect(at.messages.length).toBe(3)
    expect(at.closes).toEqual([{ code: 'ROOM_FULL', message: 'no seat' }])
    await listening.stop()
  })
})
