/**
 * What goes over streams (TCP): whole states exchanged with a random member now and then, joins through seeds, attempts to find lost members again after a
 * partition, and pings of probes that no packet answered. Called by swim.ts. Answers are bounded by the connection that a peer had to open first.
 */
import type { ClusterAddress } from '../life.ts'
import { type MemberRecord, type MemberTable, randomBelow } from './member-table.ts'
import type { NodeState, Ping, StreamMessage } from './messages.ts'
import type { StateRules } from './state-rules.ts'
import { pushPullIntervalMs } from './swim-scaling.ts'
import type { StreamCodec } from './wire-api.ts'

export interface ExchangeHost {
  exchange(to: ClusterAddress, request: Uint8Array, id: number): void
  ackedOverTcp(seqNo: number): void
  userBytes(bytes: Uint8Array, nowMs: number): void
  userState(bytes: Uint8Array): void
  refuse(reason: string): void
  note(event: string, message: string): void
}

const MAX_OUTSTANDING = 256
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 30_000
const SEEDS_AT_ONCE = 8
const MAX_LOST = 256
const LOST_FOR_MS = 24 * 3_600_000
const NOTHING = new Uint8Array(0)

export class Exchanges {
  readonly #intervalMs: number
  readonly #table: MemberTable
  readonly #rules: StateRules
  readonly #streams: StreamCodec
  readonly #host: ExchangeHost
  readonly #random: () => number
  /** What each open exchange is for: the number of a ping, or a state. */
  readonly #outstanding = new Map<number, number | 'state'>()
  #nextId = 1
  #seeds: readonly ClusterAddress[] = []
  /** Members that died and were forgotten, by name: they may only have been cut off. */
  readonly #lost = new Map<string, { readonly address: ClusterAddress; readonly sinceMs: number }>()
  #joinMs = Number.NEGATIVE_INFINITY
  #backoffMs = FIRST_BACKOFF_MS
  #stateMs: number | undefined
  #encoded: { readonly version: number; readonly join: boolean; readonly bytes: Uint8Array } | undefined

  constructor(
    parts: { readonly table: MemberTable; readonly rules: StateRules; readonly streams: StreamCodec },
    intervalMs: number,
    host: ExchangeHost,
    random: () => number,
  ) {
    this.#table = parts.table
    this.#rules = parts.rules
    this.#streams = parts.streams
    this.#intervalMs = intervalMs
    this.#host = host
    this.#random = random
  }

  get nextMs(): number {
    const stateMs = this.#stateMs ?? Number.NEGATIVE_INFINITY
    return this.#isAlone ? Math.min(stateMs, this.#joinMs) : stateMs
  }

  /** Tried for ever, until somebody is there, and whenever nobody is. Telling the same seeds again changes nothing. */
  setSeeds(seeds: readonly ClusterAddress[], nowMs: number): void {
    const others = seeds.filter((seed) => seed !== this.#table.self.address)
    const known = this.#seeds
    if (others.length === known.length && others.every((seed) => known.includes(seed))) return
    this.#seeds = others
    this.#backoffMs = FIRST_BACKOFF_MS
    this.#joinMs = nowMs
  }

  /** A dead member is forgotten, but not where it was. */
  lost({ name, address }: MemberRecord, nowMs: number): void {
    this.#lost.set(name, { address, sinceMs: nowMs })
    if (this.#lost.size <= MAX_LOST) return
    for (const oldest of this.#lost.keys()) {
      this.#lost.delete(oldest)
      break
    }
  }

  tick(nowMs: number): void {
    if (this.#isAlone && nowMs >= this.#joinMs) this.#joinAll(nowMs)
    this.#stateMs ??= nowMs + randomBelow(this.#random, pushPullIntervalMs(this.#intervalMs, this.#table.size))
    if (nowMs < this.#stateMs) return
    this.#stateMs = nowMs + pushPullIntervalMs(this.#intervalMs, this.#table.size)
    const [partner] = this.#table.sample(1, (record) => record.state === 'alive')
    if (partner !== undefined) this.#exchangeState(partner.address, false)
    this.#seekLost(nowMs)
  }

  /** A probe's ping, since no packet was answered. */
  ping(to: ClusterAddress, ping: Ping): void {
    this.#exchange(to, this.#streams.encode(ping), ping.seqNo)
  }

  /** All that came on a stream so far. */
  asked(request: Uint8Array, nowMs: number): Uint8Array | 'more' | 'close' {
    const read = this.#streams.read(request, this.#host.refuse)
    if (read.kind === 'more') return 'more'
    if (read.kind === 'refused') {
      this.#host.refuse(read.reason)
      return 'close'
    }
    const { message } = read
    switch (message.kind) {
      case 'pushPull': {
        const before = this.#ownState(message.join)
        if (this.#merge(message, nowMs)) return before
        return this.#streams.encode({ kind: 'error', error: 'another cluster' })
      }
      case 'ping':
        if (message.node !== '' && message.node !== this.#table.self.name) {
          this.#host.refuse('recipient')
          return 'close'
        }
        return this.#streams.encode({ kind: 'ack', seqNo: message.seqNo, payload: NOTHING })
      case 'user':
        this.#host.userBytes(message.bytes, nowMs)
        return 'close'
      default:
        return 'close'
    }
  }

  answered(id: number, answer: Uint8Array | undefined, nowMs: number): void {
    const purpose = this.#outstanding.get(id)
    if (purpose === undefined) return
    this.#outstanding.delete(id)
    if (answer === undefined) return
    const read = this.#streams.read(answer, this.#host.refuse)
    if (read.kind !== 'message') {
      this.#host.refuse(read.kind === 'more' ? 'truncated' : read.reason)
      return
    }
    const { message } = read
    if (message.kind === 'error') this.#host.note('refused', `a member answered: ${message.error}`)
    else if (message.kind === 'ack' && purpose === message.seqNo) this.#host.ackedOverTcp(message.seqNo)
    else if (message.kind === 'pushPull' && purpose === 'state') this.#merge(message, nowMs)
    else this.#host.refuse('answer')
  }

  get #isAlone(): boolean {
    return this.#table.liveOthers === 0
  }

  #merge(message: Extract<StreamMessage, { kind: 'pushPull' }>, nowMs: number): boolean {
    if (!this.#rules.merge(message.nodes, nowMs)) return false
    this.#host.userState(message.userState)
    if (!this.#isAlone) {
      this.#backoffMs = FIRST_BACKOFF_MS
      this.#joinMs = nowMs + FIRST_BACKOFF_MS
    }
    return true
  }

  #joinAll(nowMs: number): void {
    const addresses = this.#absent(nowMs)
    // A quarter more or less, so that shards that start together do not knock together.
    this.#joinMs = nowMs + this.#backoffMs * (0.75 + randomBelow(this.#random, 1_000) / 2_000)
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS)
    for (let i = 0; i < SEEDS_AT_ONCE && addresses.length > 0; i++) {
      const [address] = addresses.splice(randomBelow(this.#random, addresses.length), 1)
      if (address !== undefined) this.#exchangeState(address, true)
    }
  }

  /** After a partition nobody of the one half knows the other: one member or another tries, the likelier the more are missing. As Serf does. */
  #seekLost(nowMs: number): void {
    if (this.#isAlone) return
    const addresses = this.#absent(nowMs)
    if (addresses.length === 0) return
    if (randomBelow(this.#random, this.#table.liveOthers + 1) >= addresses.length) return
    const address = addresses[randomBelow(this.#random, addresses.length)]
    if (address !== undefined) this.#exchangeState(address, true)
  }

  /** Where somebody might be of whom nothing is heard: seeds, the dead, the lost. */
  #absent(nowMs: number): ClusterAddress[] {
    const live = new Set<ClusterAddress>()
    const absent = new Set<ClusterAddress>(this.#seeds)
    for (const record of this.#table.byName.values()) {
      if (record.isLive) live.add(record.address)
      else if (record.state === 'dead') absent.add(record.address)
      if (record.isLive) this.#lost.delete(record.name)
    }
    for (const [name, { address, sinceMs }] of this.#lost) {
      if (nowMs - sinceMs > LOST_FOR_MS) this.#lost.delete(name)
      else absent.add(address)
    }
    return [...absent].filter((address) => !live.has(address))
  }

  #exchangeState(to: ClusterAddress, join: boolean): void {
    this.#exchange(to, this.#ownState(join), 'state')
  }

  #exchange(to: ClusterAddress, request: Uint8Array, purpose: number | 'state'): void {
    if (this.#outstanding.size >= MAX_OUTSTANDING) {
      for (const oldest of this.#outstanding.keys()) {
        this.#outstanding.delete(oldest)
        break
      }
    }
    const id = this.#nextId++
    this.#outstanding.set(id, purpose)
    this.#host.exchange(to, request, id)
  }

  /** Encoded once for as long as nothing changes. */
  #ownState(join: boolean): Uint8Array {
    const { version } = this.#table
    if (this.#encoded?.version === version && this.#encoded.join === join) return this.#encoded.bytes
    const nodes: NodeState[] = []
    for (const { name, endpoint, meta, incarnation, state, versions } of this.#table.byName.values())
      nodes.push({ name, address: endpoint, meta, incarnation, state, versions })
    const bytes = this.#streams.encode({ kind: 'pushPull', join, nodes, userState: NOTHING })
    this.#encoded = { version, join, bytes }
    return bytes
  }
}
