/** Strangers at the port of real shards, without the key: leases, ticks and memory go on, and nothing is answered. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import type { ClusterShell } from '../../../src/cluster/net/shard-socket.ts'
import { closing, envelope, KEY, openPeer, until } from './port-rig.ts'
import { Ends, eventually, startShard } from './serf-rig.ts'

const ends = new Ends()
afterEach(() => ends.endAll())

async function threeShards(lost: string[]): Promise<ClusterShell[]> {
  const heard = (name: string) => ({
    leaseChanged: (held: boolean) => !held && lost.push(name),
    lifeEnded: (reason: string) => lost.push(`${name} ended: ${reason}`),
    note: (event: string, message: string) => event === 'failed' && lost.push(message),
  })
  const a = await startShard(ends, { name: 'a', keys: [KEY] }, heard('a'))
  const join = { keys: [KEY], join: [a.address], found: 'join' as const }
  const all = [a]
  for (const name of ['b', 'c']) all.push(await startShard(ends, { ...join, name }, heard(name)))
  await eventually('three with leases', () =>
    all.every((shard) => shard.status()?.views.view?.members.length === 3 && shard.mayAct()),
  )
  return all
}

/** Sends to a port, and counts what comes back. */
function flooder(port: number): { send(bytes: Uint8Array): Promise<void>; sent: number; back: number } {
  const udp = createSocket('udp4').bind(0)
  ends.add(() => new Promise<void>((resolve) => udp.close(resolve)))
  const flood = {
    sent: 0,
    back: 0,
    send: (bytes: Uint8Array) => {
      flood.sent += bytes.length
      return new Promise<void>((resolve) => udp.send(bytes, port, '127.0.0.1', () => resolve()))
    },
  }
  udp.on('message', (bytes) => {
    flood.back += bytes.length
  })
  return flood
}

function half(port: number, open: Set<Socket>, bytes: Uint8Array, drip: boolean, localAddress = '127.0.0.1'): void {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  open.add(socket)
  const timer = drip ? setInterval(() => socket.write(Buffer.alloc(1)), 50) : undefined
  socket.on('error', () => {})
  socket.on('connect', () => bytes.length > 0 && socket.write(bytes))
  socket.on('close', () => {
    clearInterval(timer)
    open.delete(socket)
  })
  socket.resume()
}

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy()
}

test('rubbish, made-up senders, slow and half-open connections at once: three shards keep their leases, lives and memory, and answer nothing', async () => {
  const lost: string[] = []
  const [a, ...others] = await threeShards(lost)
  const port = Number(a?.address.split(':')[1])
  const flood = flooder(port)
  const open = new Set<Socket>()
  ends.add(() => destroyAll(open))
  const before = process.memoryUsage()
  const endMs = performance.now() + 3_000
  const sender = randomBytes(8)
  while (performance.now() < endMs) {
    for (let i = 0; i < 24; i++) {
      const bytes = randomBytes(i % 3 === 0 ? 40 : 1_200)
      if (i % 2 === 0) bytes.set([0x54, 1])
      if (i % 4 === 0) bytes.set(sender, 2)
      await flood.send(bytes)
    }
    while (open.size < 150) {
      const kind = open.size % 4
      const start =
        [Buffer.alloc(0), Buffer.of(10), Buffer.of(0x16, 3, 1, 0x40, 0), randomBytes(2_000)][kind] ?? Buffer.alloc(0)
      half(port, open, start, kind === 1)
    }
    const psk = Buffer.alloc(32)
    const tls = connectTls({
      port,
      host: '127.0.0.1',
      ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({ psk, identity: 'serf-test/0' }),
      checkServerIdentity: () => undefined,
    })
    tls.on('error', () => {})
    await new Promise((resolve) => setTimeout(resolve, 5))
    tls.destroy()
  }
  expect(lost).toEqual([])
  expect([a, ...others].map((shard) => shard?.mayAct())).toEqual([true, true, true])
  expect(a?.status()?.views.view?.members).toHaveLength(3)
  expect(a?.counts.undecryptable).toBeGreaterThan(1_000)
  expect(a?.counts.limited).toBeGreaterThan(0)
  expect(flood.back).toBe(0)
  const after = process.memoryUsage()
  expect((after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20).toBeLessThan(100)
}, 20_000)

test('packets that were recorded and are said again, in another order, from elsewhere, change nothing and bring the sender no more than it sent', async () => {
  const lost: string[] = []
  const [a, b] = await threeShards(lost)
  const recorded: Buffer[] = []
  // In place of somebody who reads the wire.
  const { Socket: Udp } = await import('node:dgram')
  const send = Udp.prototype.send
  Udp.prototype.send = function recording(this: InstanceType<typeof Udp>, ...args: unknown[]) {
    const [bytes, port] = args
    if (Buffer.isBuffer(bytes) && port === Number(a?.address.split(':')[1]) && recorded.length < 2_000)
      recorded.push(Buffer.from(bytes))
    return Reflect.apply(send, this, args)
  } as typeof send
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  Udp.prototype.send = send
  expect(recorded.length).toBeGreaterThan(20)
  const flood = flooder(Number(a?.address.split(':')[1]))
  const replayed = a?.counts.replayed ?? 0
  for (let round = 0; round < 20; round++) {
    for (const bytes of [...recorded].sort(() => (randomBytes(1)[0] ?? 0) - 128)) await flood.send(bytes)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await eventually('replays to be seen', () => (a?.counts.replayed ?? 0) > replayed + recorded.length / 4)
  expect(lost).toEqual([])
  expect(flood.back).toBeLessThan(flood.sent / 4)
  expect(b?.status()?.views.view?.members).toHaveLength(3)
}, 20_000)

test('strangers who hold all connections that strangers may have do not keep out a host that a peer has proved itself from', async () => {
  const [shard, peer] = [await openPeer(), await openPeer()]
  peer.transport.send(shard.address, envelope('before'), 'stream')
  await until(() => shard.received.length === 1)
  const open = new Set<Socket>()
  closing({ close: () => destroyAll(open) })
  for (const end of [2, 3, 4])
    for (let i = 0; i < 60; i++) half(shard.port.port, open, Buffer.of(10, 0, 16, 0, 0), true, `127.0.0.${end}`)
  await until(() => shard.port.counts.limited >= 3 * 60 - 128)
  const late = await openPeer()
  late.transport.send(shard.address, envelope('meanwhile'), 'stream')
  await until(() => shard.received.length === 2, 2_000)
})
