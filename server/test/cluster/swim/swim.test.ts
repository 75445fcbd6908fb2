/** Membership by gossip on virtual time: joins, deaths, leaves, refutations, and what Lifeguard adds. */
import { describe, expect, it } from 'vitest'
import { makePackets } from '../../../src/cluster/swim/packets.ts'
import { decodeSerfMessage } from '../../../src/cluster/swim/serf-messages.ts'
import type { Swim } from '../../../src/cluster/swim/swim.ts'
import { ALL_OF_LIFEGUARD, GAME_TIMES, LAN_TIMES } from '../../../src/cluster/swim/swim-times.ts'
import { addressOf, type Sent, SwimNetwork, stateOf } from './swim-network.ts'

const reader = makePackets()
const messagesOf = ({ packet }: Sent) => reader.read(packet, () => {})
const statesOf = (swims: readonly Swim[], name: string) => [...new Set(swims.map((swim) => stateOf(swim, name)))]
const selfOf = (swim: Swim, name: string) => swim.members.get(name)

describe('a cluster by gossip', () => {
  it('knows all of thirty members within three seconds of their start, from one seed', () => {
    const network = new SwimNetwork()
    const swims = Array.from({ length: 30 }, (_, index) => network.add(index))
    for (const swim of swims) swim.setSeeds([addressOf(0)], 0)
    network.wakeAll()
    network.run(3_000)
    for (const swim of swims)
      expect([...swim.members.values()].filter(({ state }) => state === 'alive').length).toBe(30)
  })

  it('is quiet once all is told: two packets a second for each member, one ping and one answer', () => {
    const network = new SwimNetwork()
    network.cluster(10)
    network.run(10_000)
    network.sent.length = 0
    network.run(10_000)
    expect(network.sent.length).toBeGreaterThanOrEqual(190)
    expect(network.sent.length).toBeLessThanOrEqual(205)
  })

  it('holds a crashed member dead at all survivors, after hardly more than the shortest suspicion, since others confirm', () => {
    const network = new SwimNetwork(3)
    const swims = network.cluster(30)
    network.changes.length = 0
    network.kill(addressOf(7))
    network.run(14_000)
    const survivors = swims.filter((_, index) => index !== 7)
    expect(statesOf(survivors, 'shard-7')).toEqual(['dead'])
    const deaths = network.changes.filter(({ state }) => state === 'dead')
    expect(new Set(deaths.map(({ member }) => member))).toEqual(new Set(['shard-7']))
    const suspectedMs = Math.min(...network.changes.filter(({ state }) => state === 'suspect').map(({ atMs }) => atMs))
    // suspicionMin of 30 members: 4 · log10(30) s
    expect(Math.min(...deaths.map(({ atMs }) => atMs)) - suspectedMs).toBeGreaterThanOrEqual(5_908)
    expect(Math.max(...deaths.map(({ atMs }) => atMs)) - suspectedMs).toBeLessThan(7_500)
  })

  it('tells a change of tags to all within a second, and never as a change of cluster', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(20)
    swims[3]?.setTags({ role: 'tickmesh', cluster: 'other', status: 'draining' }, network.nowMs)
    network.wakeAll()
    network.run(1_000)
    for (const swim of swims) {
      const tags = swim.members.get('shard-3')?.tags
      expect(tags?.status).toBe('draining')
      expect(tags?.cluster).toBe('test')
    }
  })

  it('holds nobody dead over ten minutes of 20 % loss', () => {
    const network = new SwimNetwork(5)
    network.cluster(8)
    network.changes.length = 0
    network.loss = 0.2
    network.run(600_000)
    expect(network.changes.filter(({ state }) => state === 'dead')).toEqual([])
  })

  it('takes a member for left, not dead, after a goodbye in Serf’s words and in memberlist’s, in this order; it answers until the end', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(10)
    network.changes.length = 0
    network.sent.length = 0
    swims[4]?.leave(network.nowMs)
    network.wakeAll()
    network.run(2_000)
    const others = swims.filter((_, index) => index !== 4)
    expect(statesOf(others, 'shard-4')).toEqual(['left'])
    expect(network.changes.filter(({ state }) => state === 'dead' || state === 'suspect')).toEqual([])
    const own = network.sent.filter(({ from }) => from === addressOf(4)).flatMap(messagesOf)
    const goodbye = own.findIndex(
      (message) => message.kind === 'user' && decodeSerfMessage(message.bytes)?.kind === 'leave',
    )
    const gone = own.findIndex((message) => message.kind === 'dead' && message.from === 'shard-4')
    expect(goodbye).toBeGreaterThanOrEqual(0)
    expect(gone).toBeGreaterThan(goodbye)
    const ping = { kind: 'ping', seqNo: 99, node: 'shard-4', source: undefined } as const
    network.sent.length = 0
    network.deliver(addressOf(1), addressOf(4), reader.encode(ping))
    expect(network.sent.flatMap(messagesOf).some((message) => message.kind === 'ack' && message.seqNo === 99)).toBe(
      true,
    )
  })

  it('comes back at incarnation 1, though the others hold it dead at a higher one', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(6, { incarnation: 40 })
    network.kill(addressOf(5))
    network.run(20_000)
    expect(statesOf(swims.slice(0, 5), 'shard-5')).toEqual(['dead'])
    const again = network.add(5, { incarnation: 1 })
    again.setSeeds([addressOf(0)], network.nowMs)
    network.wakeAll()
    network.run(1_500)
    expect(statesOf(swims.slice(0, 5), 'shard-5')).toEqual(['alive'])
    expect(selfOf(again, 'shard-5')?.incarnation).toBeGreaterThan(40)
  })

  it('lets the new life of a dead shard come back at another address', () => {
    const network = new SwimNetwork()
    const tags = { role: 'tickmesh', cluster: 'test' }
    const swims = network.cluster(5, { tags: { ...tags, life: 'a' }, incarnation: 10 })
    network.kill(addressOf(4))
    network.run(15_000)
    const moved = network.add(50, { name: 'shard-4', tags: { ...tags, life: 'b' }, incarnation: 20 })
    moved.setSeeds([addressOf(0)], network.nowMs)
    network.wakeAll()
    network.run(5_000)
    for (const swim of swims.slice(0, 4)) {
      expect(stateOf(swim, 'shard-4')).toBe('alive')
      expect(swim.members.get('shard-4')?.address).toBe(addressOf(50))
    }
  })

  it('tries its seeds for ever, and less and less often', () => {
    const network = new SwimNetwork()
    const lonely = network.add(0)
    lonely.setSeeds([addressOf(1)], 0)
    network.wakeAll()
    let attempts = 0
    network.passes = (_from, _to, way) => {
      if (way === 'tcp') attempts++
      return false
    }
    network.run(60_000)
    const inFirstMinute = attempts
    network.run(540_000)
    expect(inFirstMinute).toBeGreaterThan(5)
    expect(attempts - inFirstMinute).toBeLessThan(inFirstMinute * 6)
    network.passes = () => true
    network.add(1)
    network.run(31_000 * 1.25)
    expect(stateOf(lonely, 'shard-1')).toBe('alive')
  })

  it('finds together again after a partition in which each half forgot the other', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(6, { times: GAME_TIMES })
    const half = (address: string) => Number(address.split('.')[3]?.split(':')[0]) < 3
    network.passes = (from, to) => half(from) === half(to)
    network.run(120_000)
    expect(
      swims.every((swim) => [...swim.members.values()].filter(({ state }) => state === 'alive').length === 3),
    ).toBe(true)
    network.passes = () => true
    network.run(30_000)
    expect(
      swims.every((swim) => [...swim.members.values()].filter(({ state }) => state === 'alive').length === 6),
    ).toBe(true)
  })

  it('is the same run from the same seed', () => {
    const trace = (seed: number) => {
      const network = new SwimNetwork(seed)
      network.cluster(8)
      network.loss = 0.1
      network.run(20_000)
      return network.sent.map(({ atMs, from, to, packet }) => `${atMs} ${from} ${to} ${packet.join()}`).join('\n')
    }
    expect(trace(4)).toBe(trace(4))
    expect(trace(4)).not.toBe(trace(5))
  })
})

describe('probing', () => {
  it('reaches through others a member that it cannot reach itself, and suspects nobody', () => {
    const network = new SwimNetwork()
    network.cluster(6)
    network.changes.length = 0
    const cut = new Set([`${addressOf(1)} ${addressOf(2)}`, `${addressOf(2)} ${addressOf(1)}`])
    network.passes = (from, to) => !cut.has(`${from} ${to}`)
    network.sent.length = 0
    network.run(30_000)
    expect(network.changes).toEqual([])
    expect(network.sent.flatMap(messagesOf).some(({ kind }) => kind === 'indirectPing')).toBe(true)
  })

  it('takes a member for alive that answers over TCP alone, and says so', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(4)
    network.changes.length = 0
    network.passes = (_from, to, way) => way === 'tcp' || to !== addressOf(3)
    network.run(20_000)
    expect(statesOf(swims.slice(0, 3), 'shard-3')).toEqual(['alive'])
    expect(network.notes.some((note) => note.includes('shard-3 answers over TCP'))).toBe(true)
  })

  it('hears nacks from those that cannot reach the dead either, so that it does not doubt itself; cut off, it does', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(8)
    network.kill(addressOf(7))
    for (let i = 0; i < 100; i++) {
      network.run(100)
      expect(Math.max(...swims.slice(0, 7).map(({ awareness }) => awareness))).toBe(0)
    }
    network.passes = (from, to) => from !== addressOf(0) && to !== addressOf(0)
    network.run(20_000)
    expect(swims[0]?.awareness).toBe(7)
    network.passes = () => true
    network.run(60_000)
    expect(swims[0]?.awareness).toBe(0)
  })

  it.each([
    [true, true],
    [false, false],
  ])('tells the accused of a suspicion with the very ping, with the buddy system (%s)', (buddy, told) => {
    const network = new SwimNetwork()
    const lifeguard = { ...ALL_OF_LIFEGUARD, buddy }
    const swim = network.add(0, { lifeguard })
    const endpoint = { ip: Uint8Array.from([10, 0, 0, 1]), port: 7946 }
    const versions = Uint8Array.from([1, 5, 2, 2, 5, 5])
    const meta = new Uint8Array(0)
    swim.remember([{ name: 'shard-1', address: endpoint, meta, incarnation: 3, state: 'alive', versions }], 0)
    const suspect = { kind: 'suspect', incarnation: 3, node: 'shard-1', from: 'shard-9' } as const
    network.deliver(addressOf(9), addressOf(0), reader.encode(suspect))
    // Its own news has been told as often as it is told; what is left goes with the ping.
    network.run(10_000)
    const pings = network.sent.map(messagesOf).filter(([first]) => first?.kind === 'ping')
    const last = pings[pings.length - 1]
    expect(last?.some((message) => message.kind === 'suspect' && message.from === 'shard-0')).toBe(told)
  })

  it('was stopped for a while, and reads what came meanwhile before it declares anybody dead', () => {
    const network = new SwimNetwork()
    const swim = network.add(0)
    const endpoint = { ip: Uint8Array.from([10, 0, 0, 1]), port: 7946 }
    const told = { address: endpoint, meta: new Uint8Array(0), versions: Uint8Array.from([1, 5, 2, 2, 5, 5]) }
    swim.remember([{ ...told, name: 'shard-1', incarnation: 3, state: 'alive' }], 0)
    network.run(100)
    network.deliver(
      addressOf(9),
      addressOf(0),
      reader.encode({ kind: 'suspect', incarnation: 3, node: 'shard-1', from: 'x' }),
    )
    network.kill(addressOf(0))
    const nowMs = network.nowMs + 60_000
    swim.tick(nowMs)
    expect(stateOf(swim, 'shard-1')).toBe('suspect')
    swim.received(addressOf(1), reader.encode({ kind: 'alive', node: 'shard-1', incarnation: 4, ...told }), nowMs)
    swim.tick(nowMs + 5_000)
    expect(stateOf(swim, 'shard-1')).toBe('alive')
  })

  it('tells news so many times and no more', () => {
    const network = new SwimNetwork()
    const swims = network.cluster(3)
    network.run(10_000)
    network.sent.length = 0
    swims[0]?.setTags({ role: 'x' }, network.nowMs)
    network.wakeAll()
    network.run(10_000)
    const alive = (from: string) =>
      network.sent
        .filter((sent) => sent.from === from)
        .flatMap(messagesOf)
        .filter(({ kind }) => kind === 'alive').length
    // 4 · ceil(log10(3 + 1))
    expect(alive(addressOf(0))).toBe(4)
    expect(alive(addressOf(1))).toBe(4)
  })
})

describe('the default times of shards', () => {
  it('raise a suspicion within a second and a half of a crash, and never slower than Serf', () => {
    const network = new SwimNetwork()
    network.cluster(5, { times: GAME_TIMES })
    network.changes.length = 0
    const killedMs = network.nowMs
    network.kill(addressOf(2))
    network.run(10_000)
    const suspicions = network.changes.filter(({ state, member }) => state === 'suspect' && member === 'shard-2')
    expect(Math.min(...suspicions.map(({ atMs }) => atMs)) - killedMs).toBeLessThan(1_500)
    expect(GAME_TIMES.probeIntervalMs).toBeLessThan(LAN_TIMES.probeIntervalMs)
  })
})
