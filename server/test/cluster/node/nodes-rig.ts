/**
 * A few nodes on virtual time, with everything that they say to each other recorded: for tests that alter it, or say something else in a member's name. Messages
 * arrive at once, in order; gossip streams, too.
 */
import { hash32, SeededRandom } from '@tickmesh/shared'
import { drawLife } from '../../../src/cluster/life.ts'
import { ClusterNode } from '../../../src/cluster/node/cluster-node.ts'
import type { ClusterNodeHost, PeerEnvelope } from '../../../src/cluster/node/cluster-node-api.ts'
import type { StandbyReplica } from '../../../src/cluster/standby/standby-api.ts'
import type { RoomEpoch } from '../../../src/cluster/view/view.ts'
import { VIEW_RULES } from '../../../src/cluster/view/view-rules.ts'
import { LEASE_TIMES } from '../../../src/cluster/view/view-times.ts'
import type { ViewMemory } from '../../../src/cluster/view/views-api.ts'
import type { Keyframe } from '../../../src/room/standby-line.ts'
import { NO_MOVES } from './no-moves.ts'

export interface RigNode {
  readonly name: string
  readonly address: string
  node: ClusterNode
  readonly ended: string[]
  readonly rooms: Set<string>
  stopped: boolean
  remembered: ViewMemory | undefined
}

/** Messages that are kept for each part and kind. */
const KEPT_OF_KIND = 24

export class NodesRig {
  nowMs = 1_000
  readonly random: SeededRandom
  readonly nodes: RigNode[] = []
  readonly envelopes: PeerEnvelope[] = []
  readonly packets: Uint8Array[] = []
  readonly streams: Uint8Array[] = []
  /** Left out: nobody can hold a room. */
  openReplica: ((epoch: RoomEpoch, keyframe: Keyframe) => StandbyReplica) | undefined
  readonly #kinds = new Map<string, number>()
  readonly #queue: (() => void)[] = []

  constructor(names: readonly string[], seed = 1) {
    this.random = new SeededRandom(seed)
    for (const name of names) this.add(name)
  }

  add(name: string): RigNode {
    const at = this.nodes.length
    const address = `10.0.0.${at + 1}:7946`
    const kept = {
      name,
      address,
      ended: [] as string[],
      rooms: new Set<string>(),
      stopped: false,
      remembered: undefined,
    }
    const rigged: RigNode = { ...kept, node: this.#begin(kept, at === 0) }
    this.nodes.push(rigged)
    return rigged
  }

  /** Another process at the same name and address, without memory; another life of the same process, if the one before has ended. */
  restart(rigged: RigNode, founds = false): void {
    rigged.rooms.clear()
    rigged.stopped = false
    if (rigged.ended.length === 0) rigged.remembered = undefined
    rigged.node = this.#begin(rigged, founds)
  }

  /** Its process ends: connections to it are refused. */
  stop(rigged: RigNode): void {
    rigged.stopped = true
    for (const { node } of this.nodes) node.peerRefused(rigged.address, this.nowMs)
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.nowMs < endMs) {
      this.nowMs += 10
      for (const { node, stopped } of this.nodes) if (!stopped && node.nextMs <= this.nowMs) node.tick(this.nowMs)
      this.deliver()
    }
  }

  deliver(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next()
  }

  at(index: number): RigNode {
    const rigged = this.nodes[index]
    if (rigged === undefined) throw new Error(`no node ${index}`)
    return rigged
  }

  #begin(to: Pick<RigNode, 'name' | 'address' | 'ended' | 'rooms'>, founds: boolean): ClusterNode {
    const { name, address } = to
    const node = new ClusterNode(
      {
        cluster: 'rig',
        life: drawLife(() => this.random.uint32()),
        self: { name, address, url: `ws://${name}`, zone: '', weight: 10, draining: false },
        founding: founds ? { kind: 'alone' } : { kind: 'join' },
        seeds: ['10.0.0.1:7946'],
        schema: 'rig',
        memory: this.nodes.find((one) => one.name === name)?.remembered,
        rules: VIEW_RULES,
        times: LEASE_TIMES,
        random: () => this.random.uint32(),
        wallMs: () => 1_700_000_000_000 + this.nowMs,
        hash: hashText,
      },
      this.#host(to),
      this.nowMs,
    )
    return node
  }

  #host({ name, address, ended, rooms }: Pick<RigNode, 'name' | 'address' | 'ended' | 'rooms'>): ClusterNodeHost {
    const at = (to: string) => this.nodes.find((one) => one.address === to && !one.stopped)
    return {
      open: (id) => rooms.add(id).has(id),
      takeOver: () => false,
      holds: () => [],
      lost: () => {},
      close: (id) => rooms.delete(id),
      load: () => Math.min(1, rooms.size / 1_000),
      loadOf: () => 0,
      heldTo: () => {},
      holdersChanged: () => {},
      openReplica: (_, epoch, keyframe) => this.openReplica?.(epoch, keyframe),
      diverged: () => {},
      ...NO_MOVES,
      sendGossip: (to, packet) => {
        if (this.packets.length < 400) this.packets.push(packet.slice())
        this.#queue.push(() => at(to)?.node.gossipReceived(address, packet, this.nowMs))
      },
      exchangeGossip: (to, request, id) => {
        if (this.streams.length < 60) this.streams.push(request.slice())
        this.#queue.push(() => {
          const answer = at(to)?.node.gossipAsked(address, request, this.nowMs)
          const asker = this.nodes.find((one) => one.name === name)
          asker?.node.gossipAnswered(id, typeof answer === 'string' ? undefined : answer, this.nowMs)
        })
      },
      sendPeer: (to, envelope) => {
        this.#record(envelope)
        this.#queue.push(() => at(to)?.node.peerReceived(structuredClone(envelope), this.nowMs, address))
      },
      remember: (memory) => {
        const rigged = this.nodes.find((one) => one.name === name)
        if (rigged !== undefined) rigged.remembered = memory
      },
      leaseChanged: () => {},
      viewInstalled: () => {},
      lifeEnded: (reason) => ended.push(reason),
      note: () => {},
    }
  }

  #record(envelope: PeerEnvelope): void {
    const { kind, t, k, type } = (envelope.body ?? {}) as Record<string, unknown>
    const name = `${envelope.part} ${String(kind ?? t ?? k ?? type)}`
    const count = this.#kinds.get(name) ?? 0
    this.#kinds.set(name, count + 1)
    // Of many, those of all times.
    if (count < KEPT_OF_KIND) this.envelopes.push(structuredClone(envelope))
  }

  /** Parts and kinds that were said, for a look at what is covered. */
  get kinds(): readonly string[] {
    return [...this.#kinds.keys()].sort()
  }
}

function hashText(text: string): number {
  let low = 0x811c9dc5
  for (let at = 0; at < text.length; at++) low = Math.imul(low ^ text.charCodeAt(at), 0x01000193)
  return hash32(low, text.length, 7, 0) >>> 0
}
