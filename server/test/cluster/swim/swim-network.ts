/** Swims on virtual time, over an in-memory network that delays, loses, and cuts one way or both. */
import { SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import type { ClusterAddress } from '../../../src/cluster/life.ts'
import type { GossipMember } from '../../../src/cluster/node/cluster-node-api.ts'
import { Swim } from '../../../src/cluster/swim/swim.ts'
import type { SwimOptions } from '../../../src/cluster/swim/swim-api.ts'
import { ALL_OF_LIFEGUARD, LAN_TIMES } from '../../../src/cluster/swim/swim-times.ts'

export interface Change {
  readonly atMs: number
  readonly observer: string
  readonly member: string
  readonly state: GossipMember['state']
  readonly before: GossipMember['state'] | undefined
}

export interface Sent {
  readonly atMs: number
  readonly from: ClusterAddress
  readonly to: ClusterAddress
  readonly packet: Uint8Array
}

interface Machine {
  readonly swim: Swim
  running: boolean
  wakeMs: number
}

export function addressOf(index: number): ClusterAddress {
  return `10.0.${index >> 8}.${index & 255}:7946`
}

export class SwimNetwork {
  readonly scheduler = new VirtualScheduler()
  readonly random: SeededRandom
  readonly changes: Change[] = []
  readonly notes: string[] = []
  readonly sent: Sent[] = []
  loss = 0
  /** Whether a packet or a stream gets from one to the other. */
  passes: (from: ClusterAddress, to: ClusterAddress, way: 'udp' | 'tcp') => boolean = () => true
  readonly #machines = new Map<ClusterAddress, Machine>()

  constructor(seed = 1) {
    this.random = new SeededRandom(seed)
  }

  get nowMs(): number {
    return this.scheduler.now()
  }

  add(index: number, options: Partial<SwimOptions> = {}): Swim {
    const address = options.address ?? addressOf(index)
    const name = options.name ?? `shard-${index}`
    const draw = new SeededRandom(this.random.uint32())
    const swim = new Swim(
      {
        name,
        address,
        tags: { role: 'tickmesh', cluster: 'test' },
        times: LAN_TIMES,
        lifeguard: ALL_OF_LIFEGUARD,
        random: () => draw.uint32(),
        incarnation: 1,
        ...options,
      },
      {
        sendPacket: (to, packet) => this.#sendPacket(address, to, packet),
        exchange: (to, request, id) => this.#exchange(address, to, request, id),
        memberChanged: (member, before) =>
          this.changes.push({
            atMs: this.nowMs,
            observer: name,
            member: member.name,
            state: member.state,
            before: before?.state,
          }),
        note: (event, message) => this.notes.push(`${name} ${event}: ${message}`),
      },
    )
    this.#machines.set(address, { swim, running: true, wakeMs: Number.POSITIVE_INFINITY })
    this.#wake(address)
    return swim
  }

  /** `count` members that all know each other. */
  cluster(count: number, options: Partial<SwimOptions> = {}): Swim[] {
    const swims = Array.from({ length: count }, (_, index) => this.add(index, options))
    for (const swim of swims) swim.setSeeds([addressOf(0)], this.nowMs)
    this.wakeAll()
    this.run(5_000 + count * 20)
    return swims
  }

  kill(address: ClusterAddress): void {
    const machine = this.#machines.get(address)
    if (machine !== undefined) machine.running = false
    this.#machines.delete(address)
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.nowMs + ms)
  }

  /** After calling a swim from outside. */
  wakeAll(): void {
    for (const address of this.#machines.keys()) this.#wake(address)
  }

  deliver(from: ClusterAddress, to: ClusterAddress, packet: Uint8Array): void {
    const machine = this.#machines.get(to)
    if (machine === undefined) return
    machine.swim.received(from, packet, this.nowMs)
    this.#wake(to)
  }

  #wake(address: ClusterAddress): void {
    const machine = this.#machines.get(address)
    if (machine === undefined) return
    const atMs = Math.max(this.nowMs, machine.swim.nextMs)
    if (atMs >= machine.wakeMs || atMs === Number.POSITIVE_INFINITY) return
    machine.wakeMs = atMs
    this.scheduler.at(atMs, () => {
      if (!machine.running || machine.wakeMs !== atMs) return
      machine.wakeMs = Number.POSITIVE_INFINITY
      machine.swim.tick(this.nowMs)
      this.#wake(address)
    })
  }

  #sendPacket(from: ClusterAddress, to: ClusterAddress, packet: Uint8Array): void {
    this.sent.push({ atMs: this.nowMs, from, to, packet })
    if (!this.passes(from, to, 'udp') || this.random.next() < this.loss) return
    this.scheduler.at(this.nowMs + 1 + this.random.next(), () => this.deliver(from, to, packet))
  }

  #exchange(from: ClusterAddress, to: ClusterAddress, request: Uint8Array, id: number): void {
    const asker = this.#machines.get(from)
    const give = (answer: Uint8Array | undefined, afterMs: number) =>
      this.scheduler.at(this.nowMs + afterMs, () => {
        if (asker?.running !== true) return
        asker.swim.answered(id, answer, this.nowMs)
        this.#wake(from)
      })
    if (!this.passes(from, to, 'tcp') || !this.passes(to, from, 'tcp')) {
      give(undefined, 10_000)
      return
    }
    this.scheduler.at(this.nowMs + 2, () => {
      const machine = this.#machines.get(to)
      const answer = machine?.swim.asked(from, request, this.nowMs)
      if (machine !== undefined) this.#wake(to)
      give(answer instanceof Uint8Array ? answer : undefined, 1)
    })
  }
}

/** How `observer` sees `name`. */
export function stateOf(observer: Swim, name: string): GossipMember['state'] | undefined {
  return observer.members.get(name)?.state
}
