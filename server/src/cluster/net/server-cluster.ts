/** A server's place in a cluster, as whoever runs it sees it: what `serve({ cluster })` takes, and what `server.cluster` gives. ShardCluster implements it. */
import type { DashboardOptions } from '../../ops/dashboard/dashboard-state.ts'
import type { StandbyMode } from '../../room/standby-line.ts'
import type { HostingCounts } from '../hosting/hosting-api.ts'
import type { ClusterAddress, Life } from '../life.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
import type { MoveOutcome } from '../migrate/migrate-api.ts'
import type { ClusterStatus } from '../node/cluster-node-api.ts'
import type { CreateRequest, LocateAnswer } from '../ring/rooms-api.ts'
import type { ClusterOptions } from './cluster-options.ts'
import type { Keyring } from './keyring.ts'
import type { RingSample } from './shard-socket.ts'

/** How a server is part of a cluster. */
export interface ServeClusterOptions extends ClusterOptions {
  /** Where clients connect to this shard: `wss://eu-3.example.com/tickmesh`. By default the cluster's advertised address and the server's port. */
  readonly url?: string
  /**
   * What becomes of clients whose room another shard runs. `redirect`, the default: they are told where, and dial that. `proxy`: this shard carries them there,
   * for where clients reach one address only, such as a load balancer's; it costs a hop, and bytes of this shard.
   */
  readonly ingress?: 'redirect' | 'proxy'
  /** `/dashboard`, a page that shows the cluster: true, the default, for this machine only; with a token for whoever has it. */
  readonly dashboard?: DashboardOptions
  /** Who goes on with a room when its shard dies. */
  readonly standby?: StandbyOptions
  /** Whether this shard moves rooms to others that have less to do, at leisure, while they are played. True by default. */
  readonly rebalance?: boolean
  /** A room was lost: its shard died, and all who stood by for it. Called at one shard, with what the lobby knew of the room; perhaps again at another. */
  readonly onRoomLost?: (room: string) => void
}

/** How rooms are protected. */
export interface StandbyOptions {
  /** How many other shards hold each room's journal, in other zones where possible: 0 to 2, 1 by default. */
  readonly holders?: 0 | 1 | 2
  /**
   * `inputs`, the default: holders get what went into each tick, and compute it again. `states`: they get each tick as it came out: for games that are not deterministic,
   * or would cost holders too much. What the game keeps outside of its entities (`opaque`) is then up to a second old after a takeover, and nothing else.
   */
  readonly mode?: StandbyMode
  /** Names the build of the game: shards of another one are sent states. By default a fingerprint of the game's own functions, which does not see helpers of other modules. */
  readonly build?: string
  /** Where to keep the journals of this shard's rooms on disk, too: after a restart of the whole cluster they come back, as far as they were written. */
  readonly journalDir?: string
}

/** A server's cluster, as whoever runs it sees it. */
export interface ServerCluster {
  /** The same over restarts. */
  readonly name: string
  readonly address: ClusterAddress
  /** Undefined between two lives. */
  status(): ClusterStatus | undefined
  readonly lobby: LobbyApi | undefined
  /** Makes a room, on whichever shard has least to do, or finds the one with this id. */
  create(request?: CreateRequest): Promise<LocateAnswer>
  locate(id: string): Promise<LocateAnswer>
  /** The interface for supervisors: the process of this life ended, as `waitpid` says. The others need not wait for its leases then. Only who saw it itself may say so. */
  endProven(life: Life): void
  /** Where example rooms lie on the ring, and whose they are. */
  sampleRing(): RingSample
  /** Moves a room that this shard runs to another member, while it is played. */
  move(room: string, to: Life): Promise<MoveOutcome>
  /** Rooms that were taken over here, and such. */
  readonly hosting: HostingCounts
  /** To rotate keys while the cluster runs. */
  readonly keyring: Pick<Keyring, 'add' | 'use' | 'remove'>
}

/** For metrics and readiness. */
export interface ClusterFigures {
  /** 0: none. */
  readonly view: number
  readonly members: number
  readonly leaseLeftMs: number
  readonly frozenRooms: number
  readonly pauses: number
  /** Rooms of this shard that nobody stands by for, and rooms that this shard stands by for. */
  readonly unsafeRooms: number
  readonly heldRooms: number
  /** The most that any holder of this shard's rooms is behind. */
  readonly standbyLagMs: number
  readonly takenOver: number
  /** To other shards, by plan. */
  readonly moved: number
}
