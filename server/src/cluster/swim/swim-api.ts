/**
 * What the node sees of gossip. `Swim` (swim.ts) implements it: SWIM with Lifeguard on memberlist's wire. It finds shards and raises suspicions; it removes
 * nobody from a view.
 */
import type { ClusterAddress } from '../life.ts'
import type { GossipMember } from '../node/cluster-node-api.ts'

/** In ms; memberlist's LAN profile is `LAN_TIMES` in swim-times.ts. */
export interface SwimTimes {
  readonly probeIntervalMs: number
  readonly probeTimeoutMs: number
  readonly indirectChecks: number
  readonly suspicionMult: number
  readonly suspicionMaxTimeoutMult: number
  readonly awarenessMax: number
  readonly gossipIntervalMs: number
  readonly gossipNodes: number
  readonly gossipToTheDeadMs: number
  readonly retransmitMult: number
  readonly pushPullIntervalMs: number
}

/** Each part of Lifeguard, to measure what it does. All on, but in a control run. */
export interface Lifeguard {
  readonly awareness: boolean
  readonly dynamicSuspicion: boolean
  readonly buddy: boolean
}

export interface SwimOptions {
  readonly name: string
  readonly address: ClusterAddress
  readonly tags: Readonly<Record<string, string>>
  readonly times: SwimTimes
  readonly lifeguard: Lifeguard
  /** Gives 32 bits. */
  readonly random: () => number
  /** Where to begin: greater than any that an earlier life of this name used, such as the seconds since 1970. */
  readonly incarnation: number
}

export interface SwimHost {
  sendPacket(to: ClusterAddress, packet: Uint8Array): void
  /** Connects, writes, and brings the whole answer to `answered` with this id, or undefined. */
  exchange(to: ClusterAddress, request: Uint8Array, id: number): void
  /** A member came, changed its tags or its state. */
  memberChanged(member: GossipMember, before: GossipMember | undefined): void
  note(event: string, message: string): void
}

export interface SwimApi {
  tick(nowMs: number): void
  readonly nextMs: number
  received(from: ClusterAddress, packet: Uint8Array, nowMs: number): void
  /** Answers a stream. Undefined while more bytes must come; `close`: nothing is to be said. */
  asked(from: ClusterAddress, request: Uint8Array, nowMs: number): Uint8Array | 'more' | 'close'
  answered(id: number, answer: Uint8Array | undefined, nowMs: number): void
  /** Push/pull with join to each, again and again with backoff until one worked; and again when all others are gone. */
  setSeeds(seeds: readonly ClusterAddress[], nowMs: number): void
  setTags(tags: Readonly<Record<string, string>>, nowMs: number): void
  leave(nowMs: number): void
  readonly members: ReadonlyMap<string, GossipMember>
  /** Lifeguard's score, 0 (healthy) to 7. */
  readonly awareness: number
  /** What came and was refused, by reason. */
  readonly refused: ReadonlyMap<string, number>
  readonly counts: {
    readonly packetsSent: number
    readonly packetsReceived: number
    readonly bytesSent: number
    readonly bytesReceived: number
  }
}
