import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { MAX_QUEUE_BYTES } from '../../../src/cluster/net/peer-stream.ts'
import { closing, envelope, KEY, OTHER_KEY, openPeer, stranger, until } from './port-rig.ts'

test('envelopes arrive by both lanes: streams in order, large datagrams by stream', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  a.transport.send(b.address, envelope({ small: 1 }), 'datagram')
  await until(() => b.received.length === 1)
  expect(b.received).toEqual([envelope({ small: 1 })])
  for (let i = 0; i < 500; i++) a.transport.send(b.address, envelope(i), 'stream')
  await until(() => b.received.length === 501)
  expect(b.received.slice(1).map(({ body }) => body)).toEqual(Array.from({ length: 500 }, (_, i) => i))
  a.transport.send(b.address, envelope('x'.repeat(2_000_000)), 'datagram')
  await until(() => b.received.length === 502)
  expect(a.transport.counts).toMatchObject({ sent: 502, dropped: 0, connections: 1 })
  expect(b.transport.counts).toMatchObject({ received: 502, malformed: 0, connections: 1, handshakes: 0 })
})

test('a port of all addresses, IPv6 and IPv4, speaks with one of IPv4', async () => {
  const [a, b] = [await openPeer({ host: '::' }), await openPeer()]
  for (const lane of ['datagram', 'stream'] as const) {
    a.transport.send(b.address, envelope(lane), lane)
    b.transport.send(a.address, envelope(lane), lane)
  }
  await until(() => a.received.length === 2 && b.received.length === 2)
})

test('without a key, peers of one cluster understand each other, and no other cluster does', async () => {
  const [a, b, other] = [
    await openPeer({ keys: [] }),
    await openPeer({ keys: [] }),
    await openPeer({ keys: [], cluster: 'other' }),
  ]
  for (const lane of ['datagram', 'stream'] as const) {
    a.transport.send(b.address, envelope(lane), lane)
    a.transport.send(other.address, envelope(lane), lane)
  }
  await until(() => b.received.length === 2)
  await until(() => other.transport.counts.undecryptable >= 2)
  expect(other.received).toEqual([])
})

test('keys rotate while streams are open, and new ones use the new key', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  const both = async (body: string) => {
    const before = b.received.length
    a.transport.send(b.address, envelope(body), 'stream')
    a.transport.send(b.address, envelope(body), 'datagram')
    await until(() => b.received.length === before + 2)
  }
  await both('old key')
  for (const { keyring } of [a, b]) keyring.add(OTHER_KEY)
  a.keyring.use(OTHER_KEY)
  await both('either key')
  b.keyring.use(OTHER_KEY)
  for (const { keyring } of [a, b]) keyring.remove(KEY)
  await both('new key')
  const [late, old] = [await openPeer({ keys: [OTHER_KEY] }), await openPeer()]
  const before = b.received.length
  for (const peer of [late, old]) peer.transport.send(b.address, envelope(1), 'stream')
  await until(() => b.received.length === before + 1 && b.transport.counts.undecryptable > 0)
})

test('an address where nobody listens is told at once, and again while it is kept open', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  await b.close()
  a.transport.keepOpen([b.address])
  await until(() => a.refused.length >= 2)
  expect(a.refused[0]).toBe(b.address)
  a.transport.keepOpen([])
  await until(() => a.transport.counts.connections === 0)
})

test('the end of a killed process is told at once, that of a silent one is not', async () => {
  const a = await openPeer()
  const script = new URL('peer-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closing({ close: () => child.kill('SIGKILL') })
  const [said] = await once(child.stdout, 'data')
  const address = `${said}`.trim()
  a.transport.keepOpen([address])
  await until(() => a.transport.counts.connections === 1)
  child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(a.refused).toEqual([])
  const killedMs = performance.now()
  child.kill('SIGKILL')
  await until(() => a.refused.length > 0)
  expect(a.refused).toContain(address)
  expect(performance.now() - killedMs).toBeLessThan(1_000)
})

test('a peer that comes back is dialled again', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  a.transport.keepOpen([b.address])
  await until(() => a.transport.counts.connections === 1)
  await b.close()
  await until(() => a.refused.length > 0)
  const again = await openPeer({ port: b.port.port })
  await until(() => a.transport.counts.connections === 1)
  a.transport.send(again.address, envelope('hello'), 'stream')
  await until(() => again.received.length === 1)
})

test('what waits for a peer that does not take it is bounded', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  await b.close()
  const body = 'x'.repeat(1_000_000)
  for (let i = 0; i < 20; i++) a.transport.send(b.address, envelope(body), 'stream')
  const most = Math.floor(MAX_QUEUE_BYTES / body.length)
  expect(a.transport.counts.dropped).toBeGreaterThanOrEqual(20 - most - 1 - most)
  expect(a.transport.counts.dropped).toBeGreaterThan(0)
})

test('damaged TLS and foreign frames end one connection, and nothing else', async () => {
  const [a, b] = [await openPeer(), await openPeer()]
  const noise = [Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]), Buffer.from([0x16]), Buffer.alloc(3000, 0x16)]
  const strangers = noise.map((bytes) => stranger(b, bytes))
  await until(() => strangers.every(({ ended }) => ended))
  for (let size = 0; size < 60; size++) a.port.sendDatagram(b.address, Buffer.alloc(size, 0x54))
  a.transport.send(b.address, envelope(1), 'stream')
  a.transport.send(b.address, envelope(2), 'datagram')
  await until(() => b.received.length === 2)
})
