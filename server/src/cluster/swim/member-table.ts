/**
 * Everybody this member knows, itself included: by name, and in the random order in which they are probed. Called by state-rules.ts, which alone changes
 * it, and by prober.ts and swim.ts, which choose from it. Bounded; all that is done per packet takes the same time for any number of members.
 */
import type { ClusterAddress } from '../life.ts'
import type { GossipMember } from '../node/cluster-node-api.ts'
import type { Endpoint, Versions, WireState } from './messages.ts'
import { decodeTags, type Tags } from './tags.ts'

/** More than any cluster that we test; each costs about a kilobyte. */
export const MAX_MEMBERS = 4_096

export class MemberRecord implements GossipMember {
  readonly name: string
  address: ClusterAddress
  endpoint: Endpoint
  meta: Uint8Array
  versions: Versions
  incarnation: number
  state: WireState
  /** When it came to be alive, dead or left. */
  stateMs: number
  #tags: Tags | undefined

  /** Keeps its arguments. */
  constructor(name: string, address: ClusterAddress, endpoint: Endpoint, versions: Versions) {
    this.name = name
    this.address = address
    this.endpoint = endpoint
    this.meta = new Uint8Array(0)
    this.versions = versions
    this.incarnation = 0
    this.state = 'dead'
    this.stateMs = 0
  }

  /** Decoded when somebody asks. */
  get tags(): Tags {
    this.#tags ??= decodeTags(this.meta) ?? {}
    return this.#tags
  }

  /** `tags`: if they are decoded already. */
  setMeta(meta: Uint8Array, tags: Tags | undefined): void {
    this.meta = meta
    this.#tags = tags
  }

  get isLive(): boolean {
    return this.state === 'alive' || this.state === 'suspect'
  }

  /** Protocol version 3 answers pings over TCP, 4 sends nacks, 5 understands checksums. */
  speaks(version: number): boolean {
    return (this.versions[1] ?? 0) >= version
  }

  snapshot(): GossipMember {
    const { name, address, state, incarnation, tags } = this
    return { name, address, state, incarnation, tags }
  }
}

export class MemberTable {
  readonly self: MemberRecord
  readonly #random: () => number
  readonly #byName = new Map<string, MemberRecord>()
  /** How many members have an address. */
  readonly #addresses = new Map<ClusterAddress, number>()
  readonly #order: MemberRecord[] = []
  #probeAt = 0
  #liveOthers = 0
  #version = 0

  constructor(self: MemberRecord, random: () => number) {
    this.self = self
    this.#random = random
    this.add(self)
  }

  get byName(): ReadonlyMap<string, MemberRecord> {
    return this.#byName
  }

  /** Itself and the dead included. */
  get size(): number {
    return this.#order.length
  }

  get liveOthers(): number {
    return this.#liveOthers
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version
  }

  get(name: string): MemberRecord | undefined {
    return this.#byName.get(name)
  }

  isAddress(address: ClusterAddress): boolean {
    return this.#addresses.has(address)
  }

  /** At a random place in the order of probing. */
  add(record: MemberRecord): void {
    this.#byName.set(record.name, record)
    this.#countAddress(record.address, 1)
    const order = this.#order
    order.push(record)
    const at = randomBelow(this.#random, order.length)
    order[order.length - 1] = order[at] ?? record
    order[at] = record
    if (record !== this.self && record.isLive) this.#liveOthers++
    this.#version++
  }

  setState(record: MemberRecord, state: WireState, nowMs: number): void {
    this.#version++
    const was = record.isLive
    const before = record.state
    record.state = state
    if (before !== state) record.stateMs = nowMs
    if (record !== this.self && was !== record.isLive) this.#liveOthers += record.isLive ? 1 : -1
  }

  setAddress(record: MemberRecord, address: ClusterAddress, endpoint: Endpoint): void {
    this.#countAddress(record.address, -1)
    record.address = address
    record.endpoint = endpoint
    this.#countAddress(address, 1)
    this.#version++
  }

  touch(): void {
    this.#version++
  }

  /** Whom to probe next; undefined: nobody is there. Once round, `beforeRound` is called and the order is drawn anew. */
  nextToProbe(beforeRound: () => void): MemberRecord | undefined {
    let wrapped = false
    for (;;) {
      if (this.#probeAt >= this.#order.length) {
        if (wrapped) return undefined
        wrapped = true
        this.#probeAt = 0
        beforeRound()
        this.#shuffle()
      }
      const record = this.#order[this.#probeAt++]
      if (record?.isLive === true && record !== this.self) return record
    }
  }

  /** Removes those that have been dead or gone since before `sinceMs`, and returns them. */
  reap(sinceMs: number): MemberRecord[] {
    const order = this.#order
    const reaped: MemberRecord[] = []
    let kept = 0
    for (const record of order) {
      if (record.isLive || record === this.self || record.stateMs > sinceMs) order[kept++] = record
      else reaped.push(record)
    }
    order.length = kept
    for (const { name, address } of reaped) {
      this.#byName.delete(name)
      this.#countAddress(address, -1)
    }
    if (reaped.length > 0) this.#version++
    return reaped
  }

  /** Up to `count` different others that `accept` takes, at random; fewer if they are hard to find. Hot. */
  sample(count: number, accept: (record: MemberRecord) => boolean): MemberRecord[] {
    const order = this.#order
    const found: MemberRecord[] = []
    const tries = Math.min(3 * order.length, 32 * count)
    for (let i = 0; i < tries && found.length < count; i++) {
      const record = order[randomBelow(this.#random, order.length)]
      if (record === undefined || record === this.self || found.includes(record) || !accept(record)) continue
      found.push(record)
    }
    return found
  }

  #shuffle(): void {
    const order = this.#order
    for (let i = order.length - 1; i > 0; i--) {
      const at = randomBelow(this.#random, i + 1)
      const record = order[i]
      const other = order[at]
      if (record === undefined || other === undefined) return
      order[i] = other
      order[at] = record
    }
  }

  #countAddress(address: ClusterAddress, by: number): void {
    const count = (this.#addresses.get(address) ?? 0) + by
    if (count > 0) this.#addresses.set(address, count)
    else this.#addresses.delete(address)
  }
}

/** `random` gives 32 bits. */
export function randomBelow(random: () => number, bound: number): number {
  return Math.floor(((random() >>> 0) / 4_294_967_296) * bound)
}
