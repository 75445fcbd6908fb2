/** What the lobby's desk needs of the cluster. Implemented by cluster/net/lobby-service.ts. */
import type { LobbyPlace } from '@tickmesh/shared'
import type { ListedRoom, LobbyApi } from '../../cluster/lobby/lobby-api.ts'
import type { Seeker } from '../../cluster/match/criteria.ts'

/** One seat, for somebody. */
export interface SeatFor {
  readonly id: string
  /** Plain data, seen by the game as `player.identity`. */
  readonly identity: unknown
}

export interface LobbyBackend {
  /** Undefined between two lives of this shard, and before it is in. */
  readonly lobby: LobbyApi | undefined
  /** For ids of visitors: the same on no other shard. */
  readonly prefix: string
  /** Makes a room and keeps a seat in it. These three reject with a NetError that the client is told. */
  create(room: string | undefined, attributes: ListedRoom['attributes'], seat: SeatFor): Promise<LobbyPlace>
  find(room: string, seat: SeatFor): Promise<LobbyPlace>
  /** A place for each player, in their order. */
  match(seeker: Seeker): Promise<readonly LobbyPlace[]>
  /** Who these visitors of other shards are; those that are nowhere are left out. */
  identitiesOf(ids: readonly string[]): Promise<ReadonlyMap<string, unknown>>
  /** Tells visitors, wherever they are, where their party goes. */
  summon(places: ReadonlyMap<string, LobbyPlace>): void
}
