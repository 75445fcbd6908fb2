/** Rules of one member: whom it believes, what it refuses, and the arithmetic behind. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BroadcastQueue } from '../../../src/cluster/swim/broadcast-queue.ts'
import { MAX_MEMBERS } from '../../../src/cluster/swim/member-table.ts'
import { type Message, type NodeState, OUR_VERSIONS } from '../../../src/cluster/swim/messages.ts'
import { makePackets } from '../../../src/cluster/swim/packets.ts'
import { encodeLeaveIntent } from '../../../src/cluster/swim/serf-messages.ts'
import { makeStreams } from '../../../src/cluster/swim/streams.ts'
import type { Swim } from '../../../src/cluster/swim/swim.ts'
import {
  expectedConfirmations,
  pushPullIntervalMs,
  retransmitLimit,
  suspicionMinMs,
  suspicionTimeoutMs,
} from '../../../src/cluster/swim/swim-scaling.ts'
import { LAN_TIMES } from '../../../src/cluster/swim/swim-times.ts'
import { encodeTags } from '../../../src/cluster/swim/tags.ts'
import { addressOf, SwimNetwork, stateOf } from './swim-network.ts'

const packets = makePackets()
const streams = makeStreams()
const versions = Uint8Array.from(OUR_VERSIONS)
const endpointOf = (index: number) => ({ ip: Uint8Array.from([10, 0, index >> 8, index & 255]), port: 7946 })
const metaOf = (cluster?: string) => encodeTags(cluster === undefined ? { role: 'agent' } : { role: 'x', cluster })

const member = (index: number, change: Partial<NodeState> = {}): NodeState => ({
  name: `shard-${index}`,
  address: endpointOf(index),
  meta: metaOf('test'),
  incarnation: 5,
  state: 'alive',
  versions,
  ...change,
})
const aliveOf = ({ name: node, address, meta, incarnation, versions }: NodeState): Message => ({
  kind: 'alive',
  node,
  address,
  meta,
  incarnation,
  versions,
})
const accuse = (kind: 'suspect' | 'dead', node: string, incarnation: number, from = 'shard-9'): Message => ({
  kind,
  node,
  incarnation,
  from,
})

/** One member that knows shard-1 to shard-4, and nobody answers. */
function lone() {
  const network = new SwimNetwork()
  const swim = network.add(0, { incarnation: 7 })
  swim.remember(
    [1, 2, 3, 4].map((index) => member(index)),
    0,
  )
  const hear = (...messages: Message[]) =>
    network.deliver(
      addressOf(1),
      addressOf(0),
      packets.pack(
        messages.map((message) => packets.encode(message)),
        true,
      ),
    )
  const pushPull = (nodes: readonly NodeState[], join = false) =>
    swim.asked(
      addressOf(1),
      streams.encode({ kind: 'pushPull', join, nodes, userState: new Uint8Array(0) }),
      network.nowMs,
    )
  return { network, swim, hear, pushPull }
}
const incarnationOf = (swim: Swim, name: string) => swim.members.get(name)?.incarnation

describe('the arithmetic of gossip', () => {
  it('has the suspicion times, retransmissions and push/pull intervals of memberlist', () => {
    const minMs = suspicionMinMs(LAN_TIMES, 30)
    const timeouts = [0, 1, 2].map((count) => suspicionTimeoutMs(minMs, 6 * minMs, 2, count))
    expect(timeouts.map((ms) => Math.round(ms / 100) / 10)).toEqual([35.4, 16.8, 5.9])
    expect([2, 3, 4, 100].map((members) => expectedConfirmations(4, members))).toEqual([0, 0, 2, 2])
    expect([1, 9, 10, 99, 100, 999].map((members) => retransmitLimit(4, members))).toEqual([4, 4, 8, 8, 12, 12])
    expect([32, 33, 64, 65].map((members) => pushPullIntervalMs(30_000, members))).toEqual([
      30_000, 60_000, 60_000, 90_000,
    ])
  })

  it('takes the least told first, then the longest that fits, then the newest, each so many times', () => {
    const queue = new BroadcastQueue(10)
    const bytes = (length: number, mark: number) => new Uint8Array(length).fill(mark)
    queue.queue('a', bytes(10, 1))
    queue.queue('b', bytes(20, 2))
    queue.queue('c', bytes(10, 3))
    const take = (space: number) => {
      const out: Uint8Array[] = []
      queue.take(out, space, 0, 2)
      return out.map((part) => part[0])
    }
    expect(take(25)).toEqual([2])
    expect(take(15)).toEqual([3])
    queue.queue('b', bytes(20, 4))
    expect(take(100)).toEqual([4, 1, 3])
    expect(take(100)).toEqual([4, 1])
    expect(queue.size).toBe(0)
  })

  it('never grows a queue beyond its bound, and drops what was told most often', () => {
    const queue = new BroadcastQueue(3)
    queue.queue('told', Uint8Array.of(1))
    queue.take([], 100, 0, 9)
    for (let i = 0; i < 3; i++) queue.queue(`new-${i}`, Uint8Array.of(10 + i))
    const out: Uint8Array[] = []
    queue.take(out, 100, 0, 9)
    expect(out.map(([mark]) => mark)).toEqual([12, 11, 10])
  })
})

describe('what a member believes', () => {
  it('believes only higher incarnations of the living, and keeps metadata to what the member itself said', () => {
    const { swim, hear } = lone()
    hear(aliveOf(member(1, { incarnation: 5, meta: metaOf() })))
    expect(swim.members.get('shard-1')?.tags.role).toBe('x')
    hear(accuse('suspect', 'shard-1', 4))
    expect(stateOf(swim, 'shard-1')).toBe('alive')
    hear(accuse('suspect', 'shard-1', 5))
    expect(stateOf(swim, 'shard-1')).toBe('suspect')
    hear(aliveOf(member(1, { incarnation: 5 })))
    expect(stateOf(swim, 'shard-1')).toBe('suspect')
    hear(aliveOf(member(1, { incarnation: 6 })))
    expect(stateOf(swim, 'shard-1')).toBe('alive')
    hear(accuse('dead', 'shard-1', 6))
    expect(stateOf(swim, 'shard-1')).toBe('dead')
    hear(accuse('dead', 'shard-2', 5, 'shard-2'))
    expect(stateOf(swim, 'shard-2')).toBe('left')
    hear(accuse('dead', 'nobody', 5))
    expect(swim.members.has('nobody')).toBe(false)
  })

  it('declares a suspect dead sooner the more others confirm, and counts each accuser once', () => {
    const diesAfter = (accusers: readonly string[], voices = true) => {
      const { network, swim, hear } = lone()
      for (const from of accusers) hear(accuse('suspect', 'shard-1', 5, from))
      network.passes = () => false
      for (let ms = 0; ms < 100_000; ms += 100) {
        if (stateOf(swim, 'shard-1') === 'dead') return ms
        network.run(100)
        if (voices) hear({ kind: 'nack', seqNo: 0 })
      }
      return Number.POSITIVE_INFINITY
    }
    expect(diesAfter(['a', 'b', 'c'])).toBeLessThanOrEqual(4_100)
    expect(diesAfter(['a', 'a', 'a'])).toBeGreaterThan(8_000)
    // Who hears nobody could not hear a contradiction either.
    const deafMs = diesAfter(['a', 'b', 'c'], false)
    expect(deafMs).toBeGreaterThan(55_000)
    expect(deafMs).toBeLessThan(65_000)
  })

  it('contradicts what is said of itself, above what was said, and doubts itself', () => {
    const { swim, hear } = lone()
    hear(accuse('suspect', 'shard-0', 6))
    expect(incarnationOf(swim, 'shard-0')).toBe(7)
    hear(accuse('suspect', 'shard-0', 7))
    expect(incarnationOf(swim, 'shard-0')).toBe(8)
    hear(accuse('dead', 'shard-0', 20))
    expect(incarnationOf(swim, 'shard-0')).toBe(21)
    hear(accuse('dead', 'shard-0', 21, 'shard-0'))
    expect([incarnationOf(swim, 'shard-0'), stateOf(swim, 'shard-0'), swim.awareness]).toEqual([22, 'alive', 3])
    hear(aliveOf(member(0, { incarnation: 30, address: endpointOf(0) })))
    expect(incarnationOf(swim, 'shard-0')).toBe(31)
  })

  it('merges a state: the living as told, the left as left, the dead only as suspects', () => {
    const { swim, pushPull } = lone()
    const answer = pushPull([
      member(1, { state: 'dead' }),
      member(2, { state: 'suspect' }),
      member(3, { state: 'left' }),
      member(4, { incarnation: 9 }),
      member(8),
      member(9, { state: 'dead' }),
    ])
    const states = [1, 2, 3, 4, 8, 9].map((index) => stateOf(swim, `shard-${index}`))
    expect(states).toEqual(['suspect', 'suspect', 'left', 'alive', 'alive', undefined])
    expect(incarnationOf(swim, 'shard-4')).toBe(9)
    const read = streams.read(answer instanceof Uint8Array ? answer : new Uint8Array(0))
    const told = read.kind === 'message' && read.message.kind === 'pushPull' ? read.message.nodes : []
    // What it knew before.
    expect(told.map(({ name }) => name).sort()).toEqual(['shard-0', 'shard-1', 'shard-2', 'shard-3', 'shard-4'])
  })

  it('passes on what Serf agents say to each other, once', () => {
    const { network, hear } = lone()
    network.run(10_000)
    network.sent.length = 0
    const intent: Message = { kind: 'user', bytes: encodeLeaveIntent({ lTime: 3, node: 'agent', prune: false }) }
    hear(intent, intent)
    hear({ kind: 'user', bytes: Uint8Array.of(9, 1, 2) })
    network.run(10_000)
    const told = network.sent
      .flatMap(({ packet }) => packets.read(packet, () => {}))
      .filter(({ kind }) => kind === 'user')
    expect(told).toEqual(Array(4).fill(intent))
  })
})

describe('what a member refuses', () => {
  const refusedBy = (swim: Swim) => Object.fromEntries(swim.refused)

  it('never mixes with another cluster, by packet or by state; a Serf agent without that tag is welcome', () => {
    const { swim, hear, pushPull } = lone()
    hear(aliveOf(member(20, { meta: metaOf('other') })))
    hear(aliveOf(member(1, { meta: metaOf('other'), incarnation: 9 })))
    const answer = pushPull([member(21), member(22, { meta: metaOf('other') })], true)
    expect(refusedBy(swim)).toEqual({ cluster: 3 })
    expect(swim.members.size).toBe(5)
    expect(swim.members.get('shard-1')?.tags.cluster).toBe('test')
    const read = streams.read(answer instanceof Uint8Array ? answer : new Uint8Array(0))
    expect(read).toEqual({ kind: 'message', message: { kind: 'error', error: 'another cluster' } })
    hear(aliveOf(member(23, { meta: metaOf() })))
    expect(stateOf(swim, 'shard-23')).toBe('alive')
  })

  it('lets nobody be driven to the end of the incarnations', () => {
    const { swim, hear } = lone()
    const last = 0xffff_ffff
    for (const kind of ['suspect', 'dead'] as const) {
      hear(accuse(kind, 'shard-1', last))
      hear(accuse(kind, 'shard-1', 5_000))
      hear(accuse(kind, 'shard-0', last))
    }
    hear(aliveOf(member(1, { incarnation: last })), aliveOf(member(30, { incarnation: last })))
    hear(aliveOf(member(0, { incarnation: last })))
    expect([incarnationOf(swim, 'shard-0'), incarnationOf(swim, 'shard-1')]).toEqual([7, 5])
    expect(stateOf(swim, 'shard-1')).toBe('alive')
    expect(swim.members.has('shard-30')).toBe(false)
    expect(refusedBy(swim)).toEqual({ incarnation: 9 })
    // A restart from counting to seconds since 1970 is no such jump.
    hear(aliveOf(member(1, { incarnation: 1_800_000_000 })))
    expect(incarnationOf(swim, 'shard-1')).toBe(1_800_000_000)
  })

  it('drops poisoned versions, alone and within a state, and merges the rest', () => {
    const { swim, hear, pushPull } = lone()
    const poison = Uint8Array.of(1, 5, 2, 0, 0, 0)
    hear(aliveOf(member(1, { incarnation: 9, versions: poison })))
    pushPull([member(40, { versions: poison }), member(41)])
    expect([incarnationOf(swim, 'shard-1'), stateOf(swim, 'shard-40'), stateOf(swim, 'shard-41')]).toEqual([
      5,
      undefined,
      'alive',
    ])
    expect(swim.refused.get('versions')).toBe(2)
  })

  it('keeps a living name at its address, and to a bounded number of members', () => {
    const { swim, hear } = lone()
    hear(aliveOf(member(1, { incarnation: 9, address: endpointOf(99) })))
    expect(swim.members.get('shard-1')?.address).toBe(addressOf(1))
    expect(swim.refused.get('name')).toBe(1)
    for (let index = 5; index < MAX_MEMBERS + 10; index++) hear(aliveOf(member(index)))
    expect(swim.members.size).toBe(MAX_MEMBERS)
    expect(swim.refused.get('members')).toBe(10)
  })

  it('sends strangers no more than an acknowledgement, to where they are, and pings no strangers for anybody', () => {
    const { network, swim } = lone()
    network.sent.length = 0
    const stranger = '192.0.2.1:9'
    const victim = { ip: Uint8Array.of(192, 0, 2, 99), port: 53, node: 'v' }
    const ping = packets.encode({ kind: 'ping', seqNo: 1, node: 'shard-0', source: victim })
    network.deliver(stranger, addressOf(0), ping)
    network.deliver(stranger, addressOf(0), packets.encode({ kind: 'user', bytes: Uint8Array.of(3, 0x80) }))
    const asked = { kind: 'indirectPing', seqNo: 2, node: 'v', nack: true, target: victim } as const
    network.deliver(addressOf(1), addressOf(0), packets.encode({ ...asked, source: undefined }))
    network.deliver(
      stranger,
      addressOf(0),
      packets.encode({ ...asked, node: 'shard-1', target: endpointOf(1), source: undefined }),
    )
    expect(network.sent.map(({ to }) => to)).toEqual([stranger])
    expect(network.sent[0]?.packet.length).toBeLessThanOrEqual(ping.length)
    expect(refusedBy(swim)).toEqual({ stranger: 1, relay: 2 })
  })

  it('changes nothing and throws nothing for bytes at random, and for damaged packets and streams', () => {
    const { network, swim } = lone()
    const good = packets.pack(
      [aliveOf(member(1)), accuse('suspect', 'shard-0', 3), accuse('dead', 'nobody', 1)].map((m) => packets.encode(m)),
      true,
    )
    const state = streams.encode({ kind: 'pushPull', join: true, nodes: [member(1)], userState: new Uint8Array(0) })
    const seen = () => JSON.stringify([...swim.members.values()].map((known) => known.snapshot()))
    const before = seen()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          network.deliver(addressOf(1), addressOf(0), bytes)
          // The checksum finds every damaged byte.
          network.deliver(
            addressOf(1),
            addressOf(0),
            good.map((byte, index) => (index === at ? byte ^ flip : byte)),
          )
          network.deliver(addressOf(1), addressOf(0), good.subarray(0, at))
          swim.asked(addressOf(1), bytes, network.nowMs)
          swim.asked(addressOf(1), state.subarray(0, at % state.length), network.nowMs)
          swim.answered(1, bytes, network.nowMs)
          expect(seen()).toBe(before)
        },
      ),
      { numRuns: 500 },
    )
    expect(swim.refused.size).toBeGreaterThan(3)
  })
})
