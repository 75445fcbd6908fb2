import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, isReachable, joinAddress, parseAddress } from '../../../src/cluster/swim/addresses.ts'
import { LzwDecoder } from '../../../src/cluster/swim/lzw.ts'
import type { Alive, Message, NodeState } from '../../../src/cluster/swim/messages.ts'
import { writeLegacy } from '../../../src/cluster/swim/msgpack-legacy.ts'
import { makePackets } from '../../../src/cluster/swim/packets.ts'
import { decodeSerfMessage, decodeSerfState, encodeLeaveIntent } from '../../../src/cluster/swim/serf-messages.ts'
import { makeStreams } from '../../../src/cluster/swim/streams.ts'
import { decodeTags, encodeTags } from '../../../src/cluster/swim/tags.ts'
import { golden } from './golden-vectors.ts'

const packets = makePackets()
const versions = Uint8Array.of(1, 5, 2, 2, 5, 5)
const ip = Uint8Array.of(10, 0, 0, 4)
const alive: Alive = {
  kind: 'alive',
  incarnation: 7,
  node: 'a',
  address: { ip, port: 7946 },
  meta: encodeTags({ role: 'tickmesh' }),
  versions,
}

/** Messages of a packet, and why what is missing was refused. */
function read(packet: Uint8Array): { messages: readonly Message[]; refused: string[] } {
  const refused: string[] = []
  const messages = packets.read(packet, (reason) => refused.push(reason))
  return { messages, refused }
}

function map(type: number, value: Parameters<typeof writeLegacy>[1]): Uint8Array {
  const out = [type]
  writeLegacy(out, value)
  return Uint8Array.from(out)
}

/** LZW of a text of which every run is longer than the one before: `codes` codes that decode to about codes²/2 bytes. */
function lzwBomb(codes: number): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let count = 0
  let width = 9
  let next = 257
  const put = (code: number) => {
    bits |= code << count
    for (count += width; count >= 8; count -= 8) {
      bytes.push(bits & 255)
      bits >>>= 8
    }
  }
  put(256)
  put(65)
  for (let i = 0; i < codes && next < 4094; i++) {
    next++
    put(next)
    if (next + 1 === 1 << width) width++
  }
  put(257)
  bytes.push(bits & 255, 0)
  return Uint8Array.from(bytes)
}

test.each([
  'ping_from_serf',
  'indirectPing_from_serf',
  'suspect',
  'alive',
  'dead_self_leave',
  'userMsg_serf_userEvent',
  'encrypted_udp_plain',
])('reads the packet %s of a real Serf, and writes the same bytes', (name) => {
  const { messages, refused } = read(golden(name))
  expect(refused).toEqual([])
  const parts = messages.map((message) => packets.encode(message))
  expect(packets.pack(parts, false)).toEqual(golden(name))
})

test('reads and writes a compound of a real Serf, and one with a CRC', () => {
  for (const [name, crc, count] of [
    ['compound_ping_plus_alive', false, 2],
    ['crc_wrapped_alive', true, 1],
    ['compressed_decodes_to', false, 2],
  ] as const) {
    const { messages } = read(golden(name))
    expect(messages).toHaveLength(count)
    expect(
      packets.pack(
        messages.map((message) => packets.encode(message)),
        crc,
      ),
    ).toEqual(golden(name))
  }
})

test('reads fields in any order', () => {
  expect(read(golden('ping_minimal_sent_by_us_4242_serf1')).messages).toEqual([
    { kind: 'ping', seqNo: 4242, node: 'serf1', source: undefined },
  ])
})

test('undoes the compression of a real Serf', () => {
  const compressed = read(golden('compressed_compound_ack_plus_alive'))
  expect(compressed.refused).toEqual([])
  expect(compressed.messages).toEqual(read(golden('compressed_decodes_to')).messages)
})

test.each(['pushpull_reply_uncompressed', 'encrypted_tcp_plain'])(
  'reads the push/pull %s of a real Serf, and writes the same bytes',
  (name) => {
    const streams = makeStreams()
    const bytes = golden(name)
    const whole = streams.read(bytes)
    if (whole.kind !== 'message') throw new Error(whole.kind)
    expect(streams.encode(whole.message)).toEqual(bytes)
    for (let end = 0; end < bytes.length; end++) expect(streams.read(bytes.subarray(0, end)).kind).toBe('more')
    if (whole.message.kind !== 'pushPull') throw new Error(whole.message.kind)
    expect(decodeSerfState(whole.message.userState)?.lTime).toBeGreaterThan(0)
  },
)

test('takes only texts that peers send in the raw family as tags, and gives them back', () => {
  const tags = { role: 'tickmesh', url: 'ws://10.0.0.4:8080', zone: 'é' }
  expect(decodeTags(encodeTags(tags))).toEqual(tags)
  expect(decodeTags(Uint8Array.of(0x61, 0x62))).toEqual({ role: 'ab' })
  expect(decodeTags(Uint8Array.of())).toEqual({})
  expect(decodeTags(map(0xff, { a: 1 }))).toBeUndefined()
  const { messages } = read(golden('alive'))
  expect(messages[0]?.kind === 'alive' && decodeTags(messages[0].meta)).toEqual({ role: 'ts-shard', dc: 'x' })
  expect(() => encodeTags({ url: 'x'.repeat(600) })).toThrow(/512/)
  const poisoned = decodeTags(map(0xff, { ['__proto__']: 'x', a: 'b' }))
  expect(Object.keys(poisoned ?? {})).toEqual(['a'])
})

test('writes what Serf says when somebody leaves, and reads what Serf says', () => {
  const bytes = encodeLeaveIntent({ lTime: 9, node: 'a', prune: false })
  expect(decodeSerfMessage(bytes)).toEqual({ kind: 'leave', lTime: 9, node: 'a', prune: false })
  const { messages } = read(golden('userMsg_serf_userEvent'))
  expect(messages[0]?.kind === 'user' && decodeSerfMessage(messages[0].bytes)).toEqual({ kind: 'event', lTime: 1 })
})

test.each<[string, Uint8Array, string]>([
  ['a zero-length part', Uint8Array.of(7, 1, 0, 0), 'empty'],
  ['nothing', Uint8Array.of(), 'empty'],
  ['a compound that is cut off', golden('compound_ping_plus_alive').subarray(0, 90), 'truncated'],
  ['a compound of which the lengths are cut off', Uint8Array.of(7, 200, 0, 1), 'truncated'],
  ['a message that is cut off', golden('alive').subarray(0, 40), 'malformed'],
  ['a wrong CRC', golden('crc_wrapped_alive').map((byte, i) => (i === 20 ? byte ^ 1 : byte)), 'crc'],
  ['a CRC within a compound', packets.pack([golden('crc_wrapped_alive'), golden('suspect')], false), 'type'],
  ['an unknown type', map(99, {}), 'type'],
  ['a label of newer peers', Uint8Array.of(244, 1, 65, ...golden('suspect')), 'label'],
  ['a stream message in a packet', map(6, { Nodes: 1 }), 'type'],
  ['versions of three bytes', packets.encode({ ...alive, versions: versions.subarray(0, 3) }), 'versions'],
  ['no versions', packets.encode({ ...alive, versions: versions.subarray(0, 0) }), 'versions'],
  [
    'the delegate range 0, 0, 0, which poisons clusters',
    packets.encode({ ...alive, versions: Uint8Array.of(1, 5, 2, 0, 0, 0) }),
    'versions',
  ],
  ['an impossible protocol range', packets.encode({ ...alive, versions: Uint8Array.of(5, 1, 2, 2, 5, 5) }), 'versions'],
  [
    'a delegate range that ends before ours',
    packets.encode({ ...alive, versions: Uint8Array.of(1, 5, 2, 2, 4, 4) }),
    'versions',
  ],
  [
    'a current version out of its own range',
    packets.encode({ ...alive, versions: Uint8Array.of(1, 5, 6, 2, 5, 5) }),
    'versions',
  ],
  ['metadata of 513 bytes', packets.encode({ ...alive, meta: new Uint8Array(513) }), 'meta'],
  ['port 0', packets.encode({ ...alive, address: { ip, port: 0 } }), 'address'],
  [
    'a multicast address',
    packets.encode({ ...alive, address: { ip: Uint8Array.of(224, 0, 0, 1), port: 1 } }),
    'address',
  ],
  ['an address of five bytes', packets.encode({ ...alive, address: { ip: new Uint8Array(5), port: 1 } }), 'address'],
  ['a name that is empty', packets.encode({ ...alive, node: '' }), 'malformed'],
  ['a name that is not UTF-8', map(3, { Node: Uint8Array.of(0xff, 0xfe), From: 'a' }), 'malformed'],
  ['an incarnation of 33 bits', packets.encode({ ...alive, incarnation: 2 ** 32 }), 'malformed'],
  ['an array in place of a map', map(3, [1, 'a', 'b']), 'malformed'],
  ['LZW that ends before its end', map(9, { Algo: 0, Buf: Uint8Array.of(0, 1) }), 'lzw'],
  ['an LZW bomb', map(9, { Algo: 0, Buf: lzwBomb(4000) }), 'lzw'],
  ['another compression', map(9, { Algo: 1, Buf: Uint8Array.of(1) }), 'malformed'],
])('refuses %s, and goes on', (_, packet, reason) => {
  const { messages, refused } = read(packet)
  expect(refused).toEqual([reason])
  expect(messages.filter((message) => message.kind === 'alive')).toEqual([])
})

test('decompresses at most 64 kB for one packet, however many parts are compressed', () => {
  // Each gives about 20 kB, which begin with a letter: an unknown type.
  const part = map(9, { Algo: 0, Buf: lzwBomb(200) })
  const { refused } = read(packets.pack([part, part, part, part, part], false))
  expect(refused).toEqual(['type', 'type', 'type', 'lzw', 'lzw'])
})

test('takes at most 255 messages and four wrappers', () => {
  const full = packets.pack(
    Array.from({ length: 100 }, () => golden('suspect')),
    false,
  )
  const { messages, refused } = read(packets.pack([full, full, full], false))
  expect(messages).toHaveLength(255)
  expect(new Set(refused)).toEqual(new Set(['count']))
  let nested = golden('suspect')
  for (let i = 0; i < 6; i++) nested = Uint8Array.of(7, 1, nested.length >> 8, nested.length & 255, ...nested)
  expect(read(nested)).toEqual({ messages: [], refused: ['nesting'] })
})

test('leaves unsound members out of a push/pull, and keeps the others', () => {
  const good: NodeState = { ...alive, name: 'good', state: 'alive' }
  const streams = makeStreams({ maxNodes: 10, maxBytes: 4096 })
  const poisoned = { ...good, name: 'bad', versions: Uint8Array.of(1, 5, 2, 0, 0, 0) }
  const bytes = streams.encode({
    kind: 'pushPull',
    join: true,
    nodes: [poisoned, good],
    userState: Uint8Array.of(1, 2),
  })
  const refused: string[] = []
  const answer = streams.read(bytes, (reason) => refused.push(reason))
  expect(refused).toEqual(['versions'])
  expect(
    answer.kind === 'message' && answer.message.kind === 'pushPull' && answer.message.nodes.map((n) => n.name),
  ).toEqual(['good'])
})

test('refuses streams that announce more than is allowed, before they come', () => {
  const streams = makeStreams({ maxNodes: 10, maxBytes: 4096 })
  expect(streams.read(map(6, { Nodes: 11, UserStateLen: 0, Join: true }))).toEqual({ kind: 'refused', reason: 'count' })
  expect(streams.read(map(6, { Nodes: 0, UserStateLen: 5000 }))).toEqual({ kind: 'refused', reason: 'size' })
  expect(streams.read(map(8, { UserMsgLen: 5000 }))).toEqual({ kind: 'refused', reason: 'size' })
  expect(streams.read(map(9, { Algo: 0, Buf: lzwBomb(500) }))).toEqual({ kind: 'refused', reason: 'lzw' })
  expect(streams.read(Uint8Array.of(6, 0xdf, 255, 255, 255, 255))).toEqual({ kind: 'refused', reason: 'malformed' })
  expect(streams.read(new Uint8Array(4097)).kind).toBe('refused')
})

test('whatever comes, nothing throws, and the bounds hold', () => {
  const names = ['compound_ping_plus_alive', 'crc_wrapped_alive', 'compressed_compound_ack_plus_alive', 'alive']
  const streams = makeStreams()
  const damaged = fc
    .tuple(
      fc.constantFrom(...names, 'pushpull_reply_uncompressed'),
      fc.array(fc.tuple(fc.nat(900), fc.nat(255)), { maxLength: 6 }),
      fc.nat(1000),
    )
    .map(([name, changes, end]) => {
      const bytes = golden(name).slice(0, end)
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      expect(read(bytes).messages.length).toBeLessThanOrEqual(255)
      streams.read(bytes)
      decodeSerfMessage(bytes)
      decodeTags(bytes)
    }),
    { numRuns: 3000 },
  )
})

test('decodes LZW whose table filled up, and goes on without a clear code as GIF decoders do', () => {
  const bomb = new LzwDecoder().decode(lzwBomb(4000), 2 ** 24)
  expect(bomb?.every((byte) => byte === 65)).toBe(true)
  expect(bomb?.length).toBeGreaterThan(7_000_000)
})

test('one address has one text', () => {
  for (const text of ['10.0.0.4:7946', '[fd00::4]:7946', '[::1]:1', '[1:0:2::3:4]:65535']) {
    const endpoint = parseAddress(text)
    expect(endpoint && formatAddress(endpoint)).toBe(text)
  }
  const mapped = parseAddress('[::ffff:10.0.0.4]:80')
  expect(mapped && formatAddress(mapped)).toBe('10.0.0.4:80')
  expect(joinAddress('::ffff:127.0.0.1', 5)).toBe('127.0.0.1:5')
  expect(joinAddress('fe80:0:0:0::1%eth0', 5)).toBe('[fe80::1]:5')
  for (const text of ['', '10.0.0.4', '10.0.0.256:1', '010.0.0.1:1', '[::1::]:1', '[1:2]:3', 'host:1', '1.2.3.4:0'])
    expect(parseAddress(text)).toBeUndefined()
  expect(isReachable({ ip: new Uint8Array(16), port: 1 })).toBe(false)
  expect(isReachable({ ip: Uint8Array.of(127, 0, 0, 1), port: 1 })).toBe(true)
})
