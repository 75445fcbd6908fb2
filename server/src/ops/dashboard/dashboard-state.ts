/** What the dashboard is told: plain data, as JSON. Made by dashboard-memory.ts, shown by the page in server/dashboard. */
import type { HostingCounts } from '../../cluster/hosting/hosting-api.ts'
import type { ClusterStatus } from '../../cluster/node/cluster-node-api.ts'
import type { ServerStats } from '../server-stats.ts'

/** `true`: for this machine only; with a token for whoever shows it. */
export type DashboardOptions = boolean | { readonly token?: string }

/** One moment. Rates are per second, over the time since the sample before. */
export interface Sample {
  /** Wall clock, ms since 1970. */
  readonly atMs: number
  readonly players: number
  readonly rooms: number
  readonly ticks: number
  readonly tickLatenessP99Ms: number
  readonly gossipPackets: number
  readonly gossipBytes: number
  readonly leaseLeftMs: number
  readonly clockOffsetMs: number
  readonly clockErrorMs: number
}

export interface ViewEntry {
  readonly atMs: number
  readonly generation: number
  readonly number: number
  readonly members: readonly string[]
  readonly came: readonly string[]
  readonly went: readonly string[]
}

export interface EventEntry {
  readonly atMs: number
  readonly level: string
  readonly event: string
  /** Of the newest of them. */
  readonly message: string
  /** Lines of one kind that come one after the other are one entry. */
  readonly times: number
}

export interface RoomEntry {
  readonly id: string
  readonly owner: string
  readonly state: string
  readonly players: number
  readonly maxPlayers: number
  /** Lives of those who stand by for it. */
  readonly holders: readonly string[]
}

/** A room that went from one shard to another, as the lobby shows it. */
export interface JourneyEntry {
  readonly atMs: number
  readonly room: string
  /** `failover`: the shard that ran it is gone. `lost`: nobody went on with it. */
  readonly kind: 'move' | 'failover' | 'lost'
  /** Names of shards; empty: none. */
  readonly from: string
  readonly to: string
}

export interface DashboardState {
  readonly atMs: number
  readonly url: string
  readonly stats: ServerStats
  readonly cluster: ClusterStatus
  /** Places on the ring of homes, 0 to 1, and whose they are. */
  readonly ring: readonly (readonly [place: number, life: string])[]
  /** The fullest, and how many there are. */
  readonly rooms: readonly RoomEntry[]
  readonly roomCount: number
  readonly samples: readonly Sample[]
  readonly views: readonly ViewEntry[]
  readonly journeys: readonly JourneyEntry[]
  readonly hosting: HostingCounts
  readonly events: readonly EventEntry[]
}
