/** A server's place in a cluster, as whoever runs it sees it: what `serve({ cluster })` takes, and what `server.cluster` gives. ShardCluster implements it. */
import type { DashboardOptions } from '../../ops/dashboard/dashboard-state.ts'
import type { ClusterAddress, Life } from '../life.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
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
}
