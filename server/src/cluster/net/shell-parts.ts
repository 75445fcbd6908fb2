/** What a shard's cluster shell is given, and what it counts. Types only. */
import type { StandbyMode } from '../../room/standby-line.ts'
import type { ShardKeeper } from '../hosting/shard-keeper.ts'
import type { ClusterNodeApi, ClusterNodeHost, ClusterNodeOptions } from '../node/cluster-node-api.ts'
import type { View } from '../view/view.ts'
import type { Keyring } from './keyring.ts'
import type { PeerCounts } from './peer-transport.ts'

export interface ShellEvents {
  /** The lease is lost: freeze all rooms. Or it is back. Look at `mayAct` all the same: a stall may come before this is called. */
  leaseChanged(held: boolean): void
  viewInstalled(view: View, before: View | undefined): void
  /** All rooms were closed; a new life begins by itself. */
  lifeEnded(reason: string): void
  /** A line for the log. */
  note(event: string, message: string): void
}

export interface ShellParts {
  /** Where clients connect. */
  readonly url: string
  /** Of the game: shards of another schema do not share rooms. */
  readonly schema: string
  /** Seats of each room. */
  readonly maxPlayers?: number
  readonly keeper: ShardKeeper
  /** Of the game's code. */
  readonly build?: string
  /** How many others hold each room, and how they are told of ticks. */
  readonly holders?: number
  readonly standbyMode?: StandbyMode
  readonly rebalance?: boolean
  readonly events: ShellEvents
  readonly makeNode: (options: ClusterNodeOptions, host: ClusterNodeHost, nowMs: number) => ClusterNodeApi
  /** Of this cluster and its keys, if the caller uses one, too: then both see every rotation. */
  readonly keyring?: Keyring
}

/** What the port and the transport counted. */
export interface ShellCounts extends PeerCounts {
  /** Gossip and peer datagrams that no key opened. */
  readonly undecryptable: number
  /** Connections that were refused or cut short for a limit. */
  readonly limited: number
  /** How often the process stood still for longer than half a second. */
  readonly stalls: number
}
