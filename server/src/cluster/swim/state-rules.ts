/**
 * What this member believes of the others, and what makes it change its mind: memberlist's rules for alive, suspect and dead, for merging a whole state, and
 * for contradicting what others say of itself. Called by swim.ts and exchanges.ts. Each accepted change is broadcast.
 * Never takes over another cluster's members, an incarnation that nobody can have reached honestly, or more members than fit.
 */
import type { ClusterAddress } from '../life.ts'
import type { GossipMember } from '../node/cluster-node-api.ts'
import { formatAddress } from './addresses.ts'
import type { Awareness } from './awareness.ts'
import { MAX_MEMBERS, MemberRecord, type MemberTable } from './member-table.ts'
import type { Alive, Dead, Endpoint, Message, NodeState, Suspect } from './messages.ts'
import type { Suspicions } from './suspicions.ts'
import { decodeTags, type Tags } from './tags.ts'

export interface RulesHost {
  /** Replaces what is still to be told about `subject`. */
  broadcast(subject: string, message: Message, nowMs: number): void
  memberChanged(member: GossipMember, before: GossipMember | undefined): void
  refuse(reason: string): void
  note(event: string, message: string): void
}

/** Epoch seconds reach this in 2097. Nobody is believed to have got further but by small steps. */
const MAX_SANE_INCARNATION = 0xf000_0000
const MAX_INCARNATION = 0xffff_ffff
/** How many refutations of a member we may have missed. */
const NEAR = 1_024

type Told = Pick<Alive, 'node' | 'incarnation' | 'address' | 'meta' | 'versions'>
type Accused = Pick<Suspect, 'node' | 'incarnation' | 'from'>

export class StateRules {
  leaving = false
  readonly #table: MemberTable
  readonly #suspicions: Suspicions
  readonly #awareness: Awareness
  readonly #host: RulesHost
  readonly #cluster: string | undefined
  readonly #reapAfterMs: number

  /** `cluster`: the tag that no member may have another value of. */
  constructor(
    parts: { readonly table: MemberTable; readonly suspicions: Suspicions; readonly awareness: Awareness },
    settings: { readonly cluster: string | undefined; readonly reapAfterMs: number },
    host: RulesHost,
  ) {
    this.#table = parts.table
    this.#suspicions = parts.suspicions
    this.#awareness = parts.awareness
    this.#cluster = settings.cluster
    this.#reapAfterMs = settings.reapAfterMs
    this.#host = host
  }

  alive(told: Told, nowMs: number): void {
    if (told.node === this.#table.self.name) return this.#aliveSelf(told, nowMs)
    const known = this.#table.get(told.node)
    const tags = known !== undefined && sameBytes(known.meta, told.meta) ? known.tags : (decodeTags(told.meta) ?? {})
    if (known !== undefined) {
      const same = sameEndpoint(known.endpoint, told.address)
      if (told.incarnation <= known.incarnation && (same || known.isLive)) return
      if (!same && !mayMove(known, told.incarnation, tags)) return this.#conflict(known, told.address)
    }
    if (!isPlausible(known?.incarnation, told.incarnation)) return this.#host.refuse('incarnation')
    if (this.#isForeign(tags)) return this.#host.refuse('cluster')
    const before = known?.snapshot()
    const record = known ?? this.#admit(told, nowMs)
    if (record === undefined) return
    this.#take(record, told, tags)
    this.#suspicions.end(record.name)
    this.#table.setState(record, 'alive', nowMs)
    this.#host.broadcast(record.name, aliveOf(record), nowMs)
    this.#host.memberChanged(record, before)
  }

  suspect(told: Accused, nowMs: number): void {
    const known = this.#accused(told, nowMs)
    if (known === undefined) return
    const { name } = known
    if (this.#suspicions.has(name)) {
      if (this.#suspicions.confirm(name, told.from)) this.#host.broadcast(name, suspectOf(told), nowMs)
      return
    }
    if (known.state !== 'alive') return
    const before = known.snapshot()
    known.incarnation = told.incarnation
    this.#table.setState(known, 'suspect', nowMs)
    this.#suspicions.start(name, told.from, this.#table.size, nowMs)
    this.#host.broadcast(name, suspectOf(told), nowMs)
    this.#host.memberChanged(known, before)
  }

  dead(told: Accused, nowMs: number): void {
    const known = this.#accused(told, nowMs)
    if (known?.isLive !== true) return
    const { name } = known
    const before = known.snapshot()
    this.#suspicions.end(name)
    known.incarnation = told.incarnation
    this.#table.setState(known, told.from === name ? 'left' : 'dead', nowMs)
    this.#host.broadcast(name, deadOf(told), nowMs)
    this.#host.memberChanged(known, before)
  }

  /** Declares those dead whose time is over. */
  suspicionsDue(nowMs: number): void {
    for (const name of this.#suspicions.due(nowMs)) {
      const known = this.#table.get(name)
      this.#suspicions.end(name)
      if (known?.state !== 'suspect') continue
      this.dead({ node: name, incarnation: known.incarnation, from: this.#table.self.name }, nowMs)
    }
  }

  /** Another's whole state. False, and nothing of it is believed, if it has members of another cluster. */
  merge(states: readonly NodeState[], nowMs: number): boolean {
    for (const state of states) {
      if (state.state === 'dead' || state.state === 'left') continue
      const known = this.#table.get(state.name)
      if (known !== undefined && sameBytes(known.meta, state.meta)) continue
      if (!this.#isForeign(decodeTags(state.meta) ?? {})) continue
      this.#host.refuse('cluster')
      return false
    }
    const from = this.#table.self.name
    for (const { name: node, state, incarnation, address, meta, versions } of states) {
      if (state === 'alive') this.alive({ node, incarnation, address, meta, versions }, nowMs)
      else if (state === 'left') this.dead({ node, incarnation, from: node }, nowMs)
      // That another holds it dead is hearsay: it gets its chance to contradict.
      else this.suspect({ node, incarnation, from }, nowMs)
    }
    return true
  }

  /** Members known from elsewhere: taken as they are, and not told to anybody. */
  remember(states: readonly NodeState[], nowMs: number): void {
    for (const { name, address, meta, versions, incarnation, state } of states) {
      if (this.#table.get(name) !== undefined || this.#table.size >= MAX_MEMBERS) continue
      const record = new MemberRecord(name, formatAddress(address), address, versions)
      record.setMeta(meta, undefined)
      record.incarnation = incarnation
      record.state = state
      record.stateMs = nowMs
      this.#table.add(record)
    }
  }

  /** Says who this member is, with metadata that has not been told yet. */
  describeSelf(meta: Uint8Array, nowMs: number): void {
    const { self } = this.#table
    const before = self.snapshot()
    self.setMeta(meta, undefined)
    this.#raise(self.incarnation, nowMs)
    this.#host.memberChanged(self, before)
  }

  /** Says that this member is here. */
  announce(nowMs: number): void {
    const { self } = this.#table
    this.#host.broadcast(self.name, aliveOf(self), nowMs)
  }

  /** Says that this member is gone: after this it contradicts nobody. */
  announceLeft(nowMs: number): void {
    const { self } = this.#table
    this.leaving = true
    this.dead({ node: self.name, incarnation: self.incarnation, from: self.name }, nowMs)
  }

  /** The known member that an accusation is about, if it is to be looked at. About this member itself it is contradicted here. */
  #accused(told: Accused, nowMs: number): MemberRecord | undefined {
    const known = this.#table.get(told.node)
    if (known === undefined || told.incarnation < known.incarnation) return undefined
    if (known === this.#table.self) {
      if (this.leaving) return told.from === told.node ? known : undefined
      this.#refute(told.incarnation, nowMs)
      return undefined
    }
    // Only the member itself raises its incarnation, so accusers cannot be far ahead.
    if (told.incarnation <= known.incarnation + NEAR) return known
    this.#host.refuse('incarnation')
    return undefined
  }

  #aliveSelf(told: Told, nowMs: number): void {
    const { self } = this.#table
    if (this.leaving || told.incarnation < self.incarnation) return
    if (!sameEndpoint(self.endpoint, told.address)) return this.#conflict(self, told.address)
    const same = sameBytes(self.meta, told.meta) && sameBytes(self.versions, told.versions)
    if (told.incarnation > self.incarnation || !same) this.#refute(told.incarnation, nowMs)
  }

  #refute(incarnation: number, nowMs: number): void {
    const own = this.#table.self.incarnation
    // Whoever claims that much would drive this member to the end of the numbers.
    if (incarnation > own && incarnation > MAX_SANE_INCARNATION) return this.#host.refuse('incarnation')
    this.#awareness.add(1)
    this.#raise(Math.max(own, incarnation), nowMs)
  }

  #raise(above: number, nowMs: number): void {
    const { self } = this.#table
    self.incarnation = Math.min(MAX_INCARNATION, above + 1)
    this.#table.touch()
    if (!this.leaving) this.#host.broadcast(self.name, aliveOf(self), nowMs)
  }

  #admit(told: Told, nowMs: number): MemberRecord | undefined {
    if (this.#table.size >= MAX_MEMBERS) this.#table.reap(nowMs - this.#reapAfterMs)
    if (this.#table.size >= MAX_MEMBERS) {
      this.#host.refuse('members')
      return undefined
    }
    const record = new MemberRecord(told.node, formatAddress(told.address), told.address, told.versions)
    this.#table.add(record)
    return record
  }

  #take(record: MemberRecord, told: Told, tags: Tags): void {
    record.incarnation = told.incarnation
    record.versions = told.versions
    record.setMeta(told.meta, tags)
    const address: ClusterAddress = formatAddress(told.address)
    if (record.address !== address) this.#table.setAddress(record, address, told.address)
  }

  #conflict(known: MemberRecord, address: Endpoint): void {
    this.#host.refuse('name')
    this.#host.note('name', `${known.name} is at ${known.address}, and somebody says at ${formatAddress(address)}`)
  }

  #isForeign(tags: Tags): boolean {
    return this.#cluster !== undefined && tags.cluster !== undefined && tags.cluster !== this.#cluster
  }
}

/** Another address for a known name: after it left; or for a shard's new life, once the old one is dead (a pod that restarts elsewhere). */
function mayMove(known: MemberRecord, incarnation: number, tags: Tags): boolean {
  if (known.state === 'left') return true
  const newLife = tags.life !== undefined && tags.life !== known.tags.life
  return known.state === 'dead' && newLife && incarnation > known.incarnation
}

function isPlausible(known: number | undefined, told: number): boolean {
  return told <= MAX_SANE_INCARNATION || (known !== undefined && told <= known + NEAR)
}

function aliveOf({ incarnation, name, endpoint, meta, versions }: MemberRecord): Message {
  return { kind: 'alive', incarnation, node: name, address: endpoint, meta, versions }
}

function suspectOf({ incarnation, node, from }: Accused): Suspect {
  return { kind: 'suspect', incarnation, node, from }
}

function deadOf({ incarnation, node, from }: Accused): Dead {
  return { kind: 'dead', incarnation, node, from }
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameBytes(a.ip, b.ip)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
