import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { ClusterPort } from '../../../src/cluster/net/cluster-port.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { closing, envelope, KEY, OTHER_KEY, openPeer, stranger, until } from './port-rig.ts'

const text = Buffer.from([3, 1, 2])

test('gossip crosses one port by UDP and TCP, encrypted both ways', async () => {
  const asked: Uint8Array[] = []
  const a = await openPeer()
  const b = await openPeer({
    asked: (_, request) => {
      asked.push(Buffer.from(request))
      return Buffer.from('answer')
    },
  })
  a.port.sendGossip(b.address, text)
  await until(() => b.packets.length === 1)
  expect(Buffer.from(b.packets[0] ?? [])).toEqual(text)
  const big = Buffer.alloc(300_000, 5)
  const answer = await new Promise<Uint8Array | undefined>((resolve) => a.port.exchange(b.address, big, resolve))
  expect(`${answer}`).toBe('answer')
  expect(asked).toEqual([big])
  const seen = closing(createSocket('udp4'))
  const raw = new Promise<Buffer>((resolve) => seen.once('message', resolve))
  await new Promise<void>((resolve) => seen.bind(0, '127.0.0.1', () => resolve()))
  a.port.sendGossip(`127.0.0.1:${seen.address().port}`, text)
  expect((await raw).includes(text)).toBe(false)
})

test('without a key a stream is asked again as more comes, until it is answered', async () => {
  const a = await openPeer({ keys: [] })
  const b = await openPeer({
    keys: [],
    asked: (_, all) => (all.length < 500_000 ? 'more' : Buffer.of(all.length & 255)),
  })
  const answer = await new Promise<Uint8Array | undefined>((resolve) =>
    a.port.exchange(b.address, Buffer.alloc(500_001), resolve),
  )
  expect(answer?.[0]).toBe(500_001 & 255)
})

test('what no key opens is counted and dropped, and the port goes on', async () => {
  const [a, b, other] = [await openPeer(), await openPeer(), await openPeer({ keys: [OTHER_KEY] })]
  other.port.sendGossip(b.address, text)
  other.transport.send(b.address, envelope('x'), 'datagram')
  other.transport.send(b.address, envelope('x'), 'stream')
  b.port.sendDatagram(b.address, text)
  const answer = await new Promise<Uint8Array | undefined>((resolve) => other.port.exchange(b.address, text, resolve))
  expect(answer).toBeUndefined()
  await until(() => b.port.counts.undecryptable >= 3 && b.transport.counts.undecryptable >= 2)
  a.port.sendGossip(b.address, text)
  await until(() => b.packets.length === 1)
  expect(b.received).toEqual([])
})

test('a name that cannot be reached is answered with nothing', async () => {
  const a = await openPeer()
  for (const address of ['127.0.0.1:1', 'nonsense', '127.0.0.1:99999'])
    expect(await new Promise((resolve) => a.port.exchange(address, text, resolve))).toBeUndefined()
  a.port.sendGossip('nonsense', text)
})

test('strangers are bounded: too many, too large, and silent ones are cut off, and others are served', async () => {
  const b = await openPeer({ asked: () => Buffer.from('answer') })
  const crowd = Array.from({ length: 130 }, () => stranger(b, Buffer.of()))
  await until(() => crowd.filter(({ ended }) => ended).length >= 34)
  const left = crowd.filter(({ ended }) => !ended)
  expect(left.length).toBeLessThanOrEqual(96)
  for (const { socket } of left.slice(0, 50)) socket.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  const large = stranger(b, Buffer.of(10, 255, 255, 255, 255))
  await until(() => large.ended)
  const plain = stranger(b, Buffer.of(6, 1, 2, 3))
  await until(() => plain.ended)
  const a = await openPeer()
  const answer = await new Promise<Uint8Array | undefined>((resolve) => a.port.exchange(b.address, text, resolve))
  expect(`${answer}`).toBe('answer')
  await until(() => left.every(({ ended }) => ended))
})

test('a port that is taken, for either protocol, is said to be', async () => {
  const a = await openPeer()
  const options = { host: '127.0.0.1', port: a.port.port, keyring: new Keyring('c', [KEY]), note: () => {} }
  const receiver = { packet: () => {}, asked: () => 'close' as const, datagram: () => {}, stream: () => {} }
  await expect(ClusterPort.open({ ...options, receiver })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  const udp = closing(createSocket('udp4'))
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', () => resolve()))
  await expect(ClusterPort.open({ ...options, port: udp.address().port, receiver })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  })
})
