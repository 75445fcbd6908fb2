/**
 * What the rest of the cluster sees of views and leases. `Views` (views.ts) implements it as a Part.
 */
import type { ClusterAddress, Life } from '../life.ts'
import type { Member, View } from './view.ts'
import type { LeaseTimes, ViewRules } from './view-rules.ts'

/** What a shard says of itself; life and `since` are added. */
export type SelfDescription = Omit<Member, 'life' | 'since'>

/** What must survive a restart of the process, where there is a disk; written before the answer to a ballot leaves. */
export interface ViewMemory {
  readonly generation: number
  /** The newest view that was installed, and its voters' names. */
  readonly number: number
  readonly voterNames: readonly string[]
  /** The voters' names of the view `number + 1`, if it was voted for. It may have been decided or not: a founding must then outvote both. */
  readonly nextVoterNames?: readonly string[] | undefined
}

/** Who may found a cluster. Two shards that are told different things found two. */
export type Founding =
  /** This shard alone is the first member. */
  | { readonly kind: 'alone' }
  /** A majority of these names together. A fresh life waits W before it takes part. */
  | { readonly kind: 'list'; readonly names: readonly string[] }
  /** Never: it joins what is there. */
  | { readonly kind: 'join' }

export interface ViewsOptions {
  readonly cluster: string
  readonly life: Life
  readonly self: SelfDescription
  readonly founding: Founding
  /** What an earlier life wrote. */
  readonly memory: ViewMemory | undefined
  readonly rules: ViewRules
  readonly times: LeaseTimes
  /** How often leases are asked for; 100. */
  readonly askEveryMs: number
  /** No round trip with a member for so long is evidence against it; 2,000. A member without a lease for so long says so, which is evidence, too. */
  readonly evidenceMs: number
  /** Gives 32 bits. */
  readonly random: () => number
  /** For the generation of a founding: ms since 1970, or any number that is greater at each full restart. */
  readonly wallMs: () => number
}

/** A shard that gossip knows, member or not. */
export interface KnownShard {
  readonly life: Life
  readonly name: string
  readonly address: ClusterAddress
}

export interface ViewsEvents {
  /** A view was installed; `before` is undefined for the first. Called once per view, in order of their numbers. */
  viewInstalled(view: View, before: View | undefined, nowMs: number): void
  /** This life is over: it was removed, or belongs to an older generation. Drop everything, and start a new life. */
  removed(reason: string, nowMs: number): void
  /** Write this down before anything else is sent. */
  remember(memory: ViewMemory): void
  /** A line for the log. */
  note(event: string, message: string): void
}

/** What evidence a voter has against a member. `proof`: its supervisor saw it end, or it signed that it is out. */
export type Evidence = 'silent' | 'refused' | 'leaseless' | 'leaving' | 'replaced' | 'proof'

export interface MemberStatus {
  readonly member: Member
  /** Of the voters' evidence that this shard knows of. */
  readonly evidence: Evidence | undefined
  /** Since the last round trip with it, if this shard is a voter or asks it. */
  readonly roundTripAgeMs: number | undefined
}

export interface ViewsStatus {
  readonly phase: 'founding' | 'joining' | 'member' | 'removed'
  readonly view: View | undefined
  /** How long the lease still runs; negative: for how long there has been none. */
  readonly leaseLeftMs: number
  readonly members: readonly MemberStatus[]
  /** How many members can be lost at once, and the cluster goes on by itself. */
  readonly survives: number
}

export interface ViewsApi {
  readonly view: View | undefined
  /** On the local clock; -Infinity: none. Look at it each tick, before each flush, after each stall: `rules.mayAct(nowMs, leaseEndMs)`. */
  readonly leaseEndMs: number
  /** On the local clock: before this nothing may be taken over from members that were removed. */
  readonly takeoverFromMs: number
  /** Shards that gossip knows: whom to ask to join, and whom to found with. */
  knowShards(shards: readonly KnownShard[], nowMs: number): void
  /** First-hand: a connection to it was refused or reset. */
  connectionRefused(life: Life, nowMs: number): void
  /** A supervisor on its host saw its process end. */
  endProven(life: Life, nowMs: number): void
  /** Gossip suspects it: look. Evidence it is not. */
  look(life: Life, nowMs: number): void
  /** Asks the others to change what the view says of this member. */
  describe(change: Partial<Pick<Member, 'weight' | 'draining' | 'zone'>>, nowMs: number): void
  /** Asks to be removed; this shard runs no rooms any more. `removed` follows, or after a while nothing. */
  leave(nowMs: number): void
  status(nowMs: number): ViewsStatus
}
