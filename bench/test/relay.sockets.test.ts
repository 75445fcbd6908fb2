import { createHash } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Relay, RelayOptions } from '../src/relay/relay.ts'
import { startTcpRelay } from '../src/relay/tcp-relay.ts'
import { startUdpRelay } from '../src/relay/udp-relay.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Network = Pick<RelayOptions, 'out' | 'in' | 'onProblem'>
const host = '127.0.0.1'

/** A target that does what `serve` does to each connection, with a relay before it. */
async function tcp(serve: (socket: Socket) => void, network: Network = {}): Promise<{ relay: Relay; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { relay: await relayTo((server.address() as AddressInfo).port, network), server }
}

async function relayTo(toPort: number, network: Network): Promise<Relay> {
  const relay = await startTcpRelay({ listenPort: 0, toHost: host, toPort, ...network })
  ends.push(() => relay.close())
  return relay
}

async function client(relay: Relay): Promise<Socket> {
  const socket = connect({ host, port: relay.port, allowHalfOpen: true, noDelay: true })
  ends.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const echo = (socket: Socket): void => void socket.pipe(socket)

async function roundTripMs(socket: Socket): Promise<number> {
  const startMs = performance.now()
  socket.write('x')
  await once(socket, 'data')
  return performance.now() - startMs
}

describe('the TCP relay', () => {
  it('brings all bytes whole and in order both ways over a bad network, half-closes too', async () => {
    const bad = { jitterMs: 3, loss: 0.02, lossBurst: 3, retransmitMs: 5, freezeEveryMs: 200, freezeMs: 30 }
    const { relay } = await tcp(echo, { out: { ...bad, seed: 1 }, in: { ...bad, seed: 2 } })
    const socket = await client(relay)
    // More than may wait in the relay.
    const sent = Buffer.alloc(5_000_000)
    for (let n = 0; n < sent.length; n += 4) sent.writeUInt32LE(Math.imul(n, 2_654_435_761) >>> 0, n)
    const hash = createHash('sha256')
    let byteLength = 0
    socket.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      byteLength += chunk.length
    })
    socket.end(sent)
    await once(socket, 'end')
    expect(byteLength).toBe(sent.length)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'))
    expect(relay.totals).toEqual({ paths: 1, outBytes: sent.length, inBytes: sent.length })
  })

  it('delays at least as long as was asked, each way and after a change', async () => {
    const { relay } = await tcp(echo, { out: { delayMs: 60 }, in: { delayMs: 20 } })
    const socket = await client(relay)
    for (let n = 0; n < 5; n++) expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(80)
    relay.change({ delayMs: 100 })
    expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(200)
    const later = await client(relay)
    expect(await roundTripMs(later)).toBeGreaterThanOrEqual(200)
  })

  it('lets nothing through while it is frozen, and loses nothing by it', async () => {
    const { relay } = await tcp(echo)
    const socket = await client(relay)
    await roundTripMs(socket)
    const startMs = performance.now()
    relay.freeze(400)
    expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(399)
    const later = await client(relay)
    relay.freeze(300)
    expect(await roundTripMs(later)).toBeGreaterThanOrEqual(299)
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(700)
  })

  it('reads no more than it may hold from a source whose sink is slow', async () => {
    const { relay } = await tcp(() => {}, { out: { bandwidth: 10_000 } })
    const socket = await client(relay)
    let written = 0
    const chunk = Buffer.alloc(65_536)
    socket.on('error', () => {})
    // Until neither the relay nor the kernel takes any more.
    for (let quiet = 0; quiet < 10; ) {
      if (socket.writableLength < 1_000_000) {
        socket.write(chunk)
        written += chunk.length
        quiet = 0
      } else quiet++
      await new Promise((resolve) => setTimeout(resolve, 10))
      if (written > 200_000_000) break
    }
    expect(relay.totals.outBytes).toBeGreaterThan(500_000)
    expect(relay.totals.outBytes).toBeLessThan(2_000_000)
  })

  it('passes a reset on', async () => {
    let atTarget: Promise<unknown> = Promise.resolve()
    const { relay } = await tcp(
      (socket) => {
        atTarget = new Promise((resolve) => socket.once('error', resolve))
        socket.resume()
        echo(socket)
      },
      { out: { delayMs: 20 } },
    )
    const socket = await client(relay)
    await roundTripMs(socket)
    socket.resetAndDestroy()
    expect(await atTarget).toMatchObject({ code: 'ECONNRESET' })
  })

  it('ends a connection whose target is not there, and says so', async () => {
    const { relay: away, server } = await tcp(echo)
    const toPort = (server.address() as AddressInfo).port
    await away.close()
    server.close()
    const problems: string[] = []
    const relay = await relayTo(toPort, { onProblem: (problem) => problems.push(problem) })
    const socket = connect(relay.port, host)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(problems).toEqual([`${host}:${toPort} cannot be reached (ECONNREFUSED). Is the server running?`])
  })

  it('refuses a port that is taken, and ends all connections when it is closed', async () => {
    const { relay } = await tcp(echo)
    const options = { listenPort: relay.port, toHost: host, toPort: 1 }
    await expect(startTcpRelay(options)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    const socket = await client(relay)
    await roundTripMs(socket)
    const closed = new Promise((resolve) => socket.once('close', resolve).once('end', () => socket.end()))
    await relay.close()
    await closed
  })
})

describe('the UDP relay', () => {
  async function bound(onMessage: (socket: UdpSocket, bytes: Buffer, port: number) => void): Promise<UdpSocket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 })
    socket.on('message', (bytes, from) => onMessage(socket, bytes, from.port))
    await new Promise<void>((resolve) => socket.bind(0, host, resolve))
    ends.push(() => socket.close())
    return socket
  }

  async function udp(network: Network): Promise<Relay> {
    const target = await bound((socket, bytes, port) => socket.send(bytes, port, host))
    const relay = await startUdpRelay({ listenPort: 0, toHost: host, toPort: target.address().port, ...network })
    ends.push(() => relay.close())
    return relay
  }

  it('loses about the share of datagrams that was asked for, and brings answers to whom they belong', async () => {
    const relay = await udp({ out: { loss: 0.2, lossBurst: 3, delayMs: 5, seed: 3 } })
    const heard: Set<number>[] = []
    const clients: UdpSocket[] = []
    for (let who = 0; who < 3; who++) {
      const mine = new Set<number>()
      heard.push(mine)
      clients.push(
        await bound((_socket, bytes) => {
          expect(bytes.readUInt8(0)).toBe(who)
          mine.add(bytes.readUInt16LE(1))
        }),
      )
    }
    const count = 1_500
    for (let n = 0; n < count; n++) {
      for (const [who, socket] of clients.entries()) {
        socket.send(Buffer.from([who, n & 0xff, n >> 8]), relay.port, host)
      }
      // Node reads 32 datagrams of a socket in one turn; the kernel drops what waits too long.
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    // What is not here long after the last was sent is lost.
    for (let lastSize = -1, size = 0; size !== lastSize; ) {
      lastSize = size
      await new Promise((resolve) => setTimeout(resolve, 200))
      size = heard.reduce((sum, mine) => sum + mine.size, 0)
    }
    expect(relay.totals.paths).toBe(3)
    for (const mine of heard) {
      expect(mine.size / count).toBeGreaterThan(0.7)
      expect(mine.size / count).toBeLessThan(0.9)
    }
  })

  it('delays at least as long as was asked, duplicates, and holds what comes while it is frozen', async () => {
    const relay = await udp({ out: { delayMs: 50 }, in: { delayMs: 30, duplicate: 1 } })
    let answers = 0
    let answered: () => void = () => {}
    const socket = await bound(() => {
      answers++
      answered()
    })
    const ask = async (want: number): Promise<number> => {
      const startMs = performance.now()
      answers = 0
      socket.send(Buffer.from('x'), relay.port, host)
      await new Promise<void>((resolve) => {
        answered = () => answers === want && resolve()
      })
      return performance.now() - startMs
    }
    expect(await ask(2)).toBeGreaterThanOrEqual(80)
    relay.freeze(300)
    expect(await ask(2)).toBeGreaterThanOrEqual(299)
    relay.change({ duplicate: 0, delayMs: 100 })
    expect(await ask(1)).toBeGreaterThanOrEqual(200)
  })

  it('hears no more addresses than it has room for, and says so', async () => {
    const problems: string[] = []
    const relay = await udp({ onProblem: (problem) => problems.push(problem) })
    for (let n = 0; n < 260; n++) {
      const socket = await bound(() => {})
      socket.send('x', relay.port, host)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let n = 0; n < 200 && problems.length < 4; n++) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(relay.totals.paths).toBe(256)
    expect(problems.length).toBe(4)
    expect(problems[0]).toMatch(/is not heard: 256 addresses/)
  })

  it('refuses a port that is taken, and a name that has no address', async () => {
    const relay = await udp({})
    const options = { listenPort: relay.port, toHost: host, toPort: 1 }
    await expect(startUdpRelay(options)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    const nowhere = { listenPort: 0, toHost: 'nowhere.invalid', toPort: 1 }
    await expect(startUdpRelay(nowhere)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})
