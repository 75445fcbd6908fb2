/** A shard on its own, founder of a cluster of one, on virtual time: what the node itself has to do right. Many of them: `npm run simulate`. */
import { describe, expect, it } from 'vitest'
import { ClusterNode } from '../../../src/cluster/node/cluster-node.ts'
import type { ClusterNodeHost, PeerEnvelope } from '../../../src/cluster/node/cluster-node-api.ts'
import { Directory } from '../../../src/cluster/node/directory.ts'
import { parsePart } from '../../../src/cluster/node/peer-parts.ts'
import type { LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
import { VIEW_RULES } from '../../../src/cluster/view/view-rules.ts'
import { LEASE_TIMES } from '../../../src/cluster/view/view-times.ts'
import { NO_MOVES } from './no-moves.ts'

const LIFE = '00000000000000aa'
const OTHER = '00000000000000bb'

class Lone {
  nowMs = 5_000
  readonly happened: string[] = []
  readonly sent: PeerEnvelope[] = []
  readonly rooms = new Set<string>()
  readonly node: ClusterNode

  constructor() {
    const { happened, rooms, sent } = this
    const host: ClusterNodeHost = {
      open: (id) => {
        rooms.add(id)
        return true
      },
      takeOver: () => false,
      holds: () => [],
      lost: (id) => happened.push(`lost ${id}`),
      close: (id, why) => {
        rooms.delete(id)
        happened.push(`closed ${id}, ${why}`)
      },
      load: () => 0,
      loadOf: () => 0,
      heldTo: () => {},
      holdersChanged: () => {},
      openReplica: () => undefined,
      diverged: () => {},
      ...NO_MOVES,
      sendGossip: () => {},
      exchangeGossip: () => {},
      sendPeer: (_address, envelope) => sent.push(envelope),
      remember: () => {},
      leaseChanged: (held) => happened.push(held ? 'lease' : 'no lease'),
      viewInstalled: (view) => happened.push(`view ${view.number}`),
      lifeEnded: (reason) => happened.push(`over: ${reason}`),
      note: () => {},
    }
    const self = { name: 'a', address: '10.0.0.1:7946', url: 'ws://a', zone: '', weight: 1, draining: false }
    this.node = new ClusterNode(
      {
        cluster: 'c',
        life: LIFE,
        self,
        founding: { kind: 'alone' },
        seeds: [],
        schema: 's',
        memory: undefined,
        rules: VIEW_RULES,
        times: LEASE_TIMES,
        random: () => 12_345,
        wallMs: () => 1.7e12 + this.nowMs,
        hash: (text) => [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7),
      },
      host,
      this.nowMs,
    )
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms
    while (Math.max(this.nowMs, this.node.nextMs) <= endMs) {
      this.nowMs = Math.max(this.nowMs + 0.1, this.node.nextMs)
      this.node.tick(this.nowMs)
    }
    this.nowMs = endMs
  }

  create(id: string): LocateAnswer | undefined {
    let answer: LocateAnswer | undefined
    this.node.create({ id }, this.nowMs, (given) => {
      answer = given
    })
    this.run(500)
    return answer
  }
}

describe('a cluster node', () => {
  it('founds alone, holds its lease, and runs and lists the rooms that are asked for', () => {
    const shard = new Lone()
    shard.run(3_000)
    expect(shard.happened.slice(0, 2).sort()).toEqual(['lease', 'view 1'])
    expect(shard.create('hall')?.kind).toBe('here')
    expect([...shard.rooms]).toEqual(['hall'])
    expect([...shard.node.lobby.rooms()].map(({ id, owner }) => [id, owner])).toEqual([['hall', LIFE]])
    expect(shard.node.status(shard.nowMs)).toMatchObject({
      rooms: { owned: 1 },
      singleton: LIFE,
      clock: { stratum: 1 },
    })
  })

  it('looks at the clock first after a stall: it says that the lease is lost before anything else happens', () => {
    const shard = new Lone()
    shard.run(3_000)
    shard.happened.length = 0
    shard.nowMs += 4_000
    expect(shard.node.mayAct(shard.nowMs)).toBe(false)
    // Whatever comes first, be it only a packet that makes no sense.
    shard.node.gossipReceived('10.0.0.9:7946', new Uint8Array([99]), shard.nowMs)
    expect(shard.happened).toEqual(['no lease'])
    shard.run(500)
    expect(shard.happened).toEqual(['no lease', 'lease'])
    expect(shard.node.mayAct(shard.nowMs)).toBe(true)
  })

  it('opens no envelope of another cluster, for another life, from itself, or out of form', () => {
    const shard = new Lone()
    shard.run(3_000)
    const ask = { cluster: 'c', from: OTHER, to: LIFE, part: 'clock', body: { kind: 'ask', id: 1 } } as const
    const refused = () => shard.node.status(shard.nowMs).gossip.refused.peer ?? 0
    for (const wrong of [
      { cluster: 'd' },
      { to: OTHER },
      { from: LIFE },
      { body: { kind: 'ask' } },
      { part: 'rooms' as const },
    ]) {
      const before = refused()
      shard.node.peerReceived({ ...ask, ...wrong }, shard.nowMs)
      expect(refused(), JSON.stringify(wrong)).toBe(before + 1)
    }
    const before = refused()
    shard.node.peerReceived(ask, shard.nowMs)
    expect(refused()).toBe(before)
  })

  it('closes its rooms when it leaves, says goodbye, and then does nothing more', () => {
    const shard = new Lone()
    shard.run(3_000)
    shard.create('hall')
    shard.happened.length = 0
    shard.node.leave(shard.nowMs)
    expect(shard.node.mayAct(shard.nowMs)).toBe(false)
    shard.run(8_000)
    expect(shard.happened[0]).toBe('no lease')
    expect(shard.happened.at(-1)).toBe('over: left')
    expect(shard.rooms.size).toBe(0)
    expect(shard.node.nextMs).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the directory', () => {
  it('takes the view’s word for where a member is, and gossip’s for shards of this cluster that are in no view', () => {
    const directory = new Directory('c')
    const tags = (life: string, cluster = 'c') => ({ role: 'tickmesh', cluster, life })
    const member = { incarnation: 1, state: 'alive' as const }
    const known = directory.gossipChanged([
      { ...member, name: 'a', address: '10.0.0.1:1', tags: tags(LIFE) },
      { ...member, name: 'b', address: '10.0.0.2:1', tags: tags(OTHER) },
      { ...member, name: 'x', address: '10.0.0.3:1', tags: tags('00000000000000cc', 'd') },
      { ...member, name: 'serf', address: '10.0.0.4:1', tags: {} },
    ])
    expect(known.map(({ name }) => name)).toEqual(['a', 'b'])
    const inView = {
      life: LIFE,
      name: 'a',
      address: '10.0.0.7:1',
      url: '',
      zone: '',
      weight: 1,
      draining: false,
      since: 1,
    }
    directory.viewInstalled({ cluster: 'c', generation: 1, number: 1, members: [inView], voters: [LIFE] })
    expect(directory.addressOf(LIFE)).toBe('10.0.0.7:1')
    expect(directory.addressOf(OTHER)).toBe('10.0.0.2:1')
    expect(directory.addressOf('00000000000000cc')).toBeUndefined()
    expect(directory.membersAt('10.0.0.7:1')).toEqual([LIFE])
  })
})

describe('a peer’s message', () => {
  it('reaches only the part that it is for, and only if that part’s parser lets it through', () => {
    expect(parsePart('clock', { kind: 'ask', id: 4 })).toEqual({ part: 'clock', message: { kind: 'ask', id: 4 } })
    for (const body of [undefined, null, 5, 'ask', [], {}, { kind: 'ask' }]) {
      for (const part of ['view', 'rooms', 'lobby', 'clock', 'calls'] as const)
        expect(parsePart(part, body)).toBeUndefined()
    }
  })
})
