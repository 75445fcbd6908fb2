/**
 * A shard as its shell sees it: pure code that holds all protocols of the cluster. `ClusterNode` (cluster-node.ts) implements it; sockets (net/) drive it for
 * real, the simulation on virtual time.
 */

import type { StandbyMode } from '../../room/standby-line.ts'
import type { ClusterAddress, Life } from '../life.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
import type { LobbyRules } from '../lobby/lobby-rules.ts'
import type { MigrationsApi, MoveKeeper } from '../migrate/migrate-api.ts'
import type { MoveRules } from '../migrate/migrate-rules.ts'
import type { MovesStatus } from '../migrate/mover.ts'
import type { PeerLane } from '../part.ts'
import type { JobRules } from '../ring/jobs.ts'
import type { RoomRules } from '../ring/room-rules.ts'
import type { CreateRequest, LocateAnswer, RoomKeeper } from '../ring/rooms-api.ts'
import type { StandbyApi, StandbyKeeper, StandbyStatus } from '../standby/standby-api.ts'
import type { StandbyRules } from '../standby/standby-rules.ts'
import type { RoomEpoch, View } from '../view/view.ts'
import type { LeaseTimes, ViewRules } from '../view/view-rules.ts'
import type { Founding, SelfDescription, ViewMemory, ViewsStatus } from '../view/views-api.ts'
import type { NodeRules } from './node-rules.ts'
import type { Services } from './services.ts'

/** One message between two lives, as it crosses the wire: packed by the peer codec. `to` that is not the receiver's life is dropped. */
export interface PeerEnvelope {
  readonly cluster: string
  readonly from: Life
  readonly to: Life
  readonly part: 'view' | 'rooms' | 'lobby' | 'clock' | 'calls' | 'standby' | 'moves'
  readonly body: unknown
}

export interface ClusterNodeOptions {
  readonly cluster: string
  readonly life: Life
  readonly self: SelfDescription
  readonly founding: Founding
  /** Addresses of the cluster ports of others, as found by DNS or given; asked again and again. */
  readonly seeds: readonly ClusterAddress[]
  readonly schema: string
  /** Seats of each room; for matches. */
  readonly maxPlayers?: number
  readonly memory: ViewMemory | undefined
  readonly rules: ViewRules
  readonly times: LeaseTimes
  readonly random: () => number
  readonly wallMs: () => number
  /** How many players it can take, for others to see; left out: its weight. */
  readonly capacity?: number
  /** XXH32 of a text. */
  readonly hash: (text: string) => number
  /** Of the game's code, for holders of rooms; left out: all shards have the same. */
  readonly build?: string
  /** How many others hold each room's journal; left out: 1. */
  readonly holders?: number
  /** Left out: `inputs`. */
  readonly standbyMode?: StandbyMode
  /** The rules of the other parts: the true ones, unless a proof plants a mistake. */
  readonly roomRules?: RoomRules
  readonly jobRules?: JobRules
  readonly lobbyRules?: LobbyRules
  readonly nodeRules?: NodeRules
  readonly standbyRules?: StandbyRules
  readonly moveRules?: MoveRules
  /** Whether rooms are moved to shards that have less to do, at leisure; left out: yes. */
  readonly rebalance?: boolean
}

/** The outside of a node. Nothing of it calls back from inside. */
export interface ClusterNodeHost extends RoomKeeper, StandbyKeeper, MoveKeeper {
  /** A gossip packet (UDP), ready to be encrypted. */
  sendGossip(to: ClusterAddress, packet: Uint8Array): void
  /** A gossip stream (TCP): connects, writes, and gives the whole answer to `gossipAnswered`, or an error. */
  exchangeGossip(to: ClusterAddress, request: Uint8Array, id: number): void
  sendPeer(address: ClusterAddress, envelope: PeerEnvelope, lane: PeerLane): void
  remember(memory: ViewMemory): void
  /** The lease is lost: freeze all rooms. Or it is back. */
  leaseChanged(held: boolean): void
  viewInstalled(view: View, before: View | undefined): void
  /** This life is over; the shell makes a new node with a new life. */
  lifeEnded(reason: string): void
  note(event: string, message: string): void
}

export interface ClusterNodeApi {
  readonly life: Life
  readonly view: View | undefined
  /** Whether rooms may act at this moment. */
  mayAct(nowMs: number): boolean
  readonly leaseEndMs: number
  readonly lobby: LobbyApi
  /** Asks other shards, and makes matches. Whoever calls it lets the node be called after (`nextMs`). */
  readonly services: Services
  /** Whoever calls it lets the node be called after, too. */
  readonly standby: StandbyApi
  /** As with `services`. */
  readonly moves: MigrationsApi
  /** The cluster's one time, in ms since 1970 as its first root saw it. */
  clusterMs(nowMs: number): number
  tick(nowMs: number): void
  readonly nextMs: number
  gossipReceived(from: ClusterAddress, packet: Uint8Array, nowMs: number): void
  /** All that came so far on a stream that a peer opened; the answer is written to it. */
  gossipAsked(from: ClusterAddress, request: Uint8Array, nowMs: number): Uint8Array | 'more' | 'close'
  gossipAnswered(id: number, answer: Uint8Array | undefined, nowMs: number): void
  /** `at`: where a datagram came from. */
  peerReceived(envelope: PeerEnvelope, nowMs: number, at?: ClusterAddress): void
  peerRefused(address: ClusterAddress, nowMs: number): void
  seedsChanged(seeds: readonly ClusterAddress[], nowMs: number): void
  endProven(life: Life, nowMs: number): void
  locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void
  create(request: CreateRequest, nowMs: number, done: (answer: LocateAnswer) => void): void
  roomEnded(id: string, nowMs: number): void
  readonly owned: ReadonlyMap<string, RoomEpoch>
  drain(nowMs: number): void
  /** Leaves the view and the gossip; done when `lifeEnded` is called, or after some seconds. */
  leave(nowMs: number): void
  status(nowMs: number): ClusterStatus
}

/** A gossip member as the dashboard and `serf members` show it. */
export interface GossipMember {
  readonly name: string
  readonly address: ClusterAddress
  readonly state: 'alive' | 'suspect' | 'dead' | 'left'
  readonly incarnation: number
  readonly tags: Readonly<Record<string, string>>
}

/** All that an operator sees of a shard: plain data, for JSON. */
export interface ClusterStatus {
  readonly cluster: string
  readonly life: Life
  readonly name: string
  readonly views: ViewsStatus
  readonly gossip: {
    readonly members: readonly GossipMember[]
    readonly awareness: number
    readonly packetsSent: number
    readonly packetsReceived: number
    readonly bytesSent: number
    readonly bytesReceived: number
    /** What came and was refused, by reason. */
    readonly refused: Readonly<Record<string, number>>
  }
  /** Rooms that this shard owns, and those whose home it is. */
  readonly rooms: { readonly owned: number; readonly homed: number; readonly waiting: number }
  readonly standby: StandbyStatus
  readonly moves: MovesStatus
  readonly clock: {
    readonly stratum: number
    readonly offsetMs: number
    readonly errorMs: number
    readonly steps: number
    /** Measured against each peer: what the two clocks differ by. */
    readonly peers: readonly { readonly life: Life; readonly offsetMs: number; readonly errorMs: number }[]
  }
  readonly lobby: {
    readonly lives: number
    readonly entries: number
    readonly tombstones: number
    readonly root: string
    readonly alarms: number
  }
  /** The life that runs what runs once. */
  readonly singleton: Life | undefined
}
