import { createCipheriv } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkClusterOptions } from '../../../src/cluster/net/cluster-options.ts'
import { DatagramSeal } from '../../../src/cluster/net/datagram-seal.ts'
import { FrameGatherer } from '../../../src/cluster/net/frame-gatherer.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { packEnvelope, unpackEnvelope } from '../../../src/cluster/net/peer-codec.ts'
import { ReplayWindow } from '../../../src/cluster/net/replay-window.ts'
import { golden } from '../swim/golden-vectors.ts'

const goldenKey = Buffer.from(golden('key_hex')).toString('base64')
const [one, two] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')]
const text = Buffer.from('hello')

test('opens what a real Serf encrypted, as packet and as stream', () => {
  const keyring = new Keyring('any', [one, goldenKey])
  expect(Buffer.from(keyring.openPacket(golden('encrypted_udp')) ?? [])).toEqual(
    Buffer.from(golden('encrypted_udp_plain')),
  )
  expect(Buffer.from(keyring.openStream(golden('encrypted_tcp_pushpull')) ?? [])).toEqual(
    Buffer.from(golden('encrypted_tcp_plain')),
  )
})

test('opens what it sealed, not what was changed, cut off, plain, or of another key', () => {
  const keyring = new Keyring('any', [one])
  const sealed = keyring.sealPacket(text)
  expect(keyring.openPacket(sealed)).toEqual(text)
  const stream = keyring.sealStream(text)
  expect(keyring.openStream(stream)).toEqual(text)
  const longer = Buffer.from(stream)
  longer[4] = (longer[4] ?? 0) + 1
  expect(keyring.openStream(longer)).toBeUndefined()
  for (let end = 0; end < sealed.length; end++) expect(keyring.openPacket(sealed.subarray(0, end))).toBeUndefined()
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 64
    expect(keyring.openPacket(changed)).toBeUndefined()
  }
  expect(keyring.openPacket(text)).toBeUndefined()
  expect(new Keyring('any', [two]).openPacket(sealed)).toBeUndefined()
})

test('opens version 0, which is padded', () => {
  const key = Buffer.alloc(32, 1)
  const nonce = Buffer.alloc(12, 7)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const padded = Buffer.concat([text, Buffer.alloc(11, 11)])
  const blob = Buffer.concat([Buffer.of(0), nonce, cipher.update(padded), cipher.final(), cipher.getAuthTag()])
  expect(new Keyring('any', [one]).openPacket(blob)).toEqual(text)
})

test('rotates keys while both sides run, and a key that was removed opens nothing', () => {
  const [a, b] = [new Keyring('c', [one]), new Keyring('c', [one])]
  const [from, to] = [new DatagramSeal(a), new DatagramSeal(b)]
  expect(to.open(from.seal(text))).toEqual(text)
  a.add(two)
  expect(to.open(from.seal(text))).toEqual(text)
  b.add(two)
  b.use(two)
  expect(a.openPacket(b.sealPacket(text))).toEqual(text)
  a.use(two)
  expect(to.open(from.seal(text))).toEqual(text)
  const old = new Keyring('c', [one])
  const late = new DatagramSeal(old)
  expect(to.open(late.seal(text))).toEqual(text)
  expect(b.openPacket(old.sealPacket(text))).toEqual(text)
  b.remove(one)
  expect(b.openPacket(old.sealPacket(text))).toBeUndefined()
  expect(to.open(late.seal(text))).toBe('undecryptable')
  expect(to.open(from.seal(text))).toEqual(text)
  expect(() => b.remove(two)).toThrow(/encrypts/)
  expect(() => b.use(one)).toThrow(/add/)
  expect(() => new Keyring('c', ['short'])).toThrow(/openssl rand/)
})

test('a datagram is taken once, and never by another cluster with the same key', () => {
  const from = new DatagramSeal(new Keyring('c', [one]))
  const to = new DatagramSeal(new Keyring('c', [one]))
  const first = from.seal(text)
  expect(to.open(first)).toEqual(text)
  expect(to.open(first)).toBe('replayed')
  const late = from.seal(text)
  expect(to.open(from.seal(text))).toEqual(text)
  expect(to.open(late)).toEqual(text)
  expect(new DatagramSeal(new Keyring('other', [one])).open(from.seal(text))).toBe('undecryptable')
  for (let at = 0; at < late.length; at++) {
    const changed = Buffer.from(from.seal(text))
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(to.open(changed)).toBe('undecryptable')
  }
})

test('the window refuses what is older than it, as if it had come', () => {
  const window = new ReplayWindow()
  expect(window.take(5)).toBe(true)
  expect(window.take(2000)).toBe(true)
  expect(window.take(976)).toBe(false)
  expect(window.take(977)).toBe(true)
  expect(window.take(977)).toBe(false)
  expect(window.take(2000 + 1024)).toBe(true)
  expect(window.take(2001)).toBe(true)
  expect(window.take(2000)).toBe(false)
})

test('envelopes believe nothing', () => {
  const [from, to] = ['0123456789abcdef', 'fedcba9876543210']
  const envelope = { cluster: 'c', from, to, part: 'view' as const, body: { a: [1, 'x'], b: Uint8Array.of(1) } }
  const packed = packEnvelope(envelope)
  expect(packed && unpackEnvelope(packed, 'c')).toEqual(envelope)
  for (const wrong of [{ from: 'x' }, { to: '' }, { part: 'nonsense' as 'view' }]) {
    const bytes = packEnvelope({ ...envelope, ...wrong })
    expect(bytes && unpackEnvelope(bytes, 'c')).toBeUndefined()
  }
  const proto = packEnvelope({ ...envelope, body: JSON.parse('{"__proto__":1}') })
  expect(proto === undefined || unpackEnvelope(proto, 'c') === undefined).toBe(true)
  expect(packEnvelope({ ...envelope, body: 'x'.repeat(5_000_000) })).toBeUndefined()
  for (let end = 0; packed !== undefined && end < packed.length; end++)
    expect(unpackEnvelope(packed.subarray(0, end), 'c')).toBeUndefined()
})

test('frames come whole, however the stream is cut, and none is too long', () => {
  const frames = [Buffer.alloc(0), Buffer.alloc(3, 1), Buffer.alloc(5000, 2)]
  const stream = Buffer.concat(
    frames.flatMap((frame) => {
      const head = Buffer.alloc(4)
      head.writeUInt32BE(frame.length)
      return [head, frame]
    }),
  )
  for (const size of [1, 2, 3, 7, 4096, 10_000]) {
    const gatherer = new FrameGatherer()
    const came: Buffer[] = []
    for (let at = 0; at < stream.length; at += size)
      expect(gatherer.take(stream.subarray(at, at + size), (frame) => came.push(Buffer.from(frame)))).toBe(true)
    expect(came).toEqual(frames)
  }
  expect(new FrameGatherer().take(Buffer.of(1, 0, 0, 0), () => {})).toBe(false)
})

test('without a key only loopback may be listened at, and the error says how to mend it', () => {
  expect(() => checkClusterOptions({ cluster: 'c', host: '0.0.0.0' })).toThrow(/openssl rand/)
  expect(checkClusterOptions({ cluster: 'c', host: '0.0.0.0', keys: [one] }).host).toBe('0.0.0.0')
  expect(checkClusterOptions({ cluster: 'c' })).toMatchObject({
    host: '127.0.0.1',
    port: 7946,
    founding: { kind: 'alone' },
  })
  expect(checkClusterOptions({ cluster: 'c', join: ['a.example'] }).founding).toEqual({ kind: 'join' })
  expect(() => checkClusterOptions({ cluster: 'c', found: 'join' })).toThrow(/join/)
  expect(() => checkClusterOptions({ cluster: 'a/b' })).toThrow(/letters/)
})

test('keys of tickets follow each change of the keys, and are the same list in between', () => {
  const [ring, other] = [new Keyring('c', [one]), new Keyring('c', [one])]
  const before = ring.ticketKeys()
  expect(ring.ticketKeys()).toBe(before)
  expect(other.ticketKeys()).toEqual(before)
  ring.add(two)
  ring.use(two)
  expect(ring.ticketKeys().map(({ id }) => id)).toEqual([...ring.names()])
  expect(ring.ticketKeys()).toHaveLength(2)
  ring.remove(one)
  expect(ring.ticketKeys()).toHaveLength(1)
  expect(ring.ticketKeys()).not.toContainEqual(before[0])
})

test('made-up senders cost so many derived keys a second at most, known ones go on meanwhile, and a newcomer comes in after', () => {
  const ring = new Keyring('c', [one])
  let derived = 0
  const derive = ring.derive.bind(ring)
  let nowMs = 0
  const [known, late] = [new DatagramSeal(new Keyring('c', [one])), new DatagramSeal(new Keyring('c', [one]))]
  const seal = new DatagramSeal(ring, () => nowMs)
  expect(seal.open(known.seal(text))).toEqual(text)
  ring.derive = (...asked) => {
    derived++
    return derive(...asked)
  }
  const noise = Buffer.alloc(200, 7)
  noise.set([0x54, 1])
  for (let i = 0; i < 5_000; i++) {
    noise.writeUInt32BE(i, 2)
    expect(seal.open(noise)).toBe('undecryptable')
  }
  expect(derived).toBeLessThanOrEqual(1_000)
  expect(seal.open(known.seal(text))).toEqual(text)
  expect(seal.open(late.seal(text))).toBe('undecryptable')
  nowMs = 1_000
  expect(seal.open(late.seal(text))).toEqual(text)
})
