/**
 * Three nodes on virtual time, over a network that takes 0.3 ms: one of them runs a room, another holds it. Measures what happens from the owner's death on, until the holder
 * goes on with the room. Nodes are called when they want to be, and with each message.
 */
import { hash32, SeededRandom } from '@tickmesh/shared'
import { drawLife, type Life } from '../../../src/cluster/life.ts'
import { ClusterNode } from '../../../src/cluster/node/cluster-node.ts'
import type { ClusterNodeHost } from '../../../src/cluster/node/cluster-node-api.ts'
import type { HeldClaim } from '../../../src/cluster/ring/rooms-api.ts'
import type { RoomEpoch } from '../../../src/cluster/view/view.ts'
import { VIEW_RULES } from '../../../src/cluster/view/view-rules.ts'
import { LEASE_TIMES } from '../../../src/cluster/view/view-times.ts'
import { NO_MOVES } from './no-moves.ts'

const ROOM = 'match'
const DELAY_MS = 0.3

/** How the owner ends. `proven`: a supervisor says so to all, or to one. `refused`: whoever is connected to it sees that. `frozen`: nobody hears of it. */
export type Death = 'proven' | 'proven to one' | 'refused' | 'frozen'

interface Shard {
  readonly address: string
  readonly node: ClusterNode
  readonly running: Map<string, RoomEpoch>
  readonly held: Map<string, HeldClaim>
  isUp: boolean
}

interface Due {
  readonly atMs: number
  readonly run: () => void
}

export class FailoverRig {
  nowMs = 10_000
  readonly shards: Shard[] = []
  /** When things happened first, in ms after the death: for a look at where the time goes. */
  readonly at = new Map<string, number>()
  readonly #notes: string[] = []
  readonly #random: SeededRandom
  readonly #queue: Due[] = []
  readonly #grants = new Map<Life, number>()
  #diedMs = Number.POSITIVE_INFINITY

  constructor(count: number, seed: number) {
    this.#random = new SeededRandom(seed)
    for (let i = 0; i < count; i++) {
      this.#begin(i)
      this.run(this.#random.next() * 100)
    }
    this.until(() => this.shards.every(({ node }) => node.view?.members.length === count && node.mayAct(this.nowMs)))
    this.run(1_000)
  }

  /** The room runs at the first shard that its home names; the next one holds it. Gives its owner. */
  start({ isHeld = true } = {}): Shard {
    this.shards[0]?.node.create({ id: ROOM }, this.nowMs, () => {})
    this.until(() => this.shards.some(({ running }) => running.has(ROOM)))
    const owner = this.shards.find(({ running }) => running.has(ROOM))
    const holder = this.shards.find((shard) => shard !== owner)
    const epoch = owner?.running.get(ROOM)
    if (owner === undefined || epoch === undefined) throw new Error('nobody runs the room')
    if (isHeld) holder?.held.set(ROOM, { id: ROOM, epoch, tick: 100 })
    this.run(3_000 + this.#random.next() * 500)
    return owner
  }

  /** Gives how long it took until the holder went on. */
  kill(owner: Shard, death: Death): number {
    this.dies(owner, death)
    this.until(() => this.shards.some(({ isUp, running }) => isUp && running.has(ROOM)))
    return this.nowMs - this.#diedMs
  }

  dies(owner: Shard, death: Death): void {
    this.#diedMs = this.nowMs
    owner.isUp = false
    const survivors = this.shards.filter(({ isUp }) => isUp)
    if (death !== 'frozen')
      for (const { node } of survivors) this.#after(DELAY_MS, () => node.peerRefused(owner.address, this.nowMs))
    const told = death === 'proven' ? survivors : death === 'proven to one' ? survivors.slice(-1) : []
    for (const { node } of told) node.endProven(owner.node.life, this.nowMs)
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.#step(endMs)) {}
    this.nowMs = endMs
  }

  until(reached: () => boolean): void {
    const endMs = this.nowMs + 30_000
    while (!reached()) if (!this.#step(endMs)) throw new Error(`not reached: ${this.#notes.slice(-20).join('\n')}`)
  }

  /** What is next, unless it is later than that. */
  #step(endMs: number): boolean {
    let due: Due | undefined
    for (const one of this.#queue) if (due === undefined || one.atMs < due.atMs) due = one
    let waking: Shard | undefined
    for (const shard of this.shards)
      if (shard.isUp && shard.node.nextMs < (waking?.node.nextMs ?? due?.atMs ?? Number.POSITIVE_INFINITY))
        waking = shard
    const atMs = waking?.node.nextMs ?? due?.atMs ?? Number.POSITIVE_INFINITY
    if (atMs > endMs) return false
    // A timer is never early, and its next call is not the same moment.
    this.nowMs = Math.max(this.nowMs, atMs)
    if (waking !== undefined) {
      this.nowMs += 0.001
      waking.node.tick(this.nowMs)
    } else if (due !== undefined) {
      this.#queue.splice(this.#queue.indexOf(due), 1)
      due.run()
    }
    return true
  }

  #after(ms: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + ms, run })
  }

  #happened(what: string): void {
    if (this.nowMs >= this.#diedMs && !this.at.has(what)) this.at.set(what, this.nowMs - this.#diedMs)
  }

  #begin(index: number): void {
    const address = `10.0.0.${index + 1}:7946`
    const [running, held] = [new Map<string, RoomEpoch>(), new Map<string, HeldClaim>()]
    const name = `shard-${index}`
    const node = new ClusterNode(
      {
        cluster: 'rig',
        life: drawLife(() => this.#random.uint32()),
        self: { name, address, url: `ws://${name}`, zone: '', weight: 10, draining: false },
        founding: index === 0 ? { kind: 'alone' } : { kind: 'join' },
        seeds: ['10.0.0.1:7946'],
        schema: 'rig',
        memory: undefined,
        rules: VIEW_RULES,
        times: LEASE_TIMES,
        random: () => this.#random.uint32(),
        wallMs: () => 1_700_000_000_000 + this.nowMs,
        hash: hashText,
      },
      this.#host(index, address, running, held),
      this.nowMs,
    )
    this.shards.push({ address, node, running, held, isUp: true })
  }

  #host(
    index: number,
    address: string,
    running: Map<string, RoomEpoch>,
    held: Map<string, HeldClaim>,
  ): ClusterNodeHost {
    const to = (other: string) => this.shards.find((shard) => shard.address === other && shard.isUp)?.node
    return {
      open: (id, epoch) => running.set(id, epoch).has(id),
      takeOver: (id, epoch) => {
        if (!held.delete(id)) return false
        this.#happened('taken over')
        return running.set(id, epoch).has(id)
      },
      holds: () => held.values(),
      lost: () => {},
      close: (id) => running.delete(id),
      load: () => 0,
      loadOf: () => 0,
      heldTo: () => {},
      holdersChanged: () => {},
      openReplica: () => undefined,
      diverged: () => {},
      ...NO_MOVES,
      sendGossip: (other, packet) => {
        const copy = packet.slice()
        this.#after(DELAY_MS, () => to(other)?.gossipReceived(address, copy, this.nowMs))
      },
      exchangeGossip: (other, request, id) => {
        const copy = request.slice()
        this.#after(2 * DELAY_MS, () => {
          const answer = to(other)?.gossipAsked(address, copy, this.nowMs)
          const own = to(address)
          this.#after(DELAY_MS, () =>
            own?.gossipAnswered(id, typeof answer === 'string' ? undefined : answer, this.nowMs),
          )
        })
      },
      sendPeer: (other, envelope) => {
        const { kind, t, granted } = (envelope.body ?? {}) as { kind?: string; t?: string; granted?: boolean }
        if (envelope.part === 'view' && kind !== 'ask' && kind !== 'answer') this.#happened(`${kind}`)
        if (envelope.part === 'rooms') this.#happened(`${t}`)
        if (kind === 'answer' && granted === true && to(other) !== undefined) this.#grants.set(envelope.to, this.nowMs)
        this.#after(DELAY_MS, () => to(other)?.peerReceived(envelope, this.nowMs, address))
      },
      remember: () => {},
      leaseChanged: (isHeld) => this.#happened(`lease of ${index} ${isHeld ? 'back' : 'gone'}`),
      viewInstalled: (view) => this.#happened(`view ${view.number} at ${index}`),
      lifeEnded: () => {},
      note: (event, message) => this.#notes.push(`${this.nowMs} ${index} ${event} ${message}`),
    }
  }

  /** When a lease was last granted to it. */
  grantMs(life: Life): number {
    return this.#grants.get(life) ?? Number.NEGATIVE_INFINITY
  }
}

function hashText(text: string): number {
  let low = 0x811c9dc5
  for (let at = 0; at < text.length; at++) low = Math.imul(low ^ text.charCodeAt(at), 0x01000193)
  return hash32(low, text.length, 7, 0) >>> 0
}
