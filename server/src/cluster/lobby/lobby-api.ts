/**
 * What the rest sees of the lobby: one list of rooms, one chat, one set of operators' settings, the same on every shard soon after each change. `Lobby`
 * (lobby.ts) implements it as a Part. Clients see it through the lobby session of the gate.
 */
import type { Life } from '../life.ts'
import type { RoomEpoch, View } from '../view/view.ts'

/** A room as listed. Counts are for showing; whether there is a seat is the owner's decision. */
export interface ListedRoom {
  readonly id: string
  readonly owner: Life
  readonly url: string
  readonly epoch: RoomEpoch
  /** `recovering`: its shard is gone, another goes on with it soon. `lost`: with all who held it; shown for a minute. */
  readonly state: 'open' | 'full' | 'closed' | 'recovering' | 'lost'
  /** Seats that somebody has, or that are kept for somebody who comes. */
  readonly players: number
  readonly maxPlayers: number
  /** Flat: text, numbers, booleans. For filters: `mode`, `region`, `skill`, `code` ... At most 1 kB packed. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Who could go on with it, for people to see; left out: nobody. */
  readonly holders?: readonly Life[]
}

/** What an owner says of a room of its own. */
export type OwnRoom = Omit<ListedRoom, 'owner' | 'url'>

export interface ChatLine {
  /** (author life, its counter): names the line everywhere. */
  readonly id: string
  readonly channel: string
  readonly from: string
  readonly text: string
  /** Cluster time (ms). */
  readonly atMs: number
}

/** Somebody whom a shard's lobby sessions show as present. */
export interface Presence {
  readonly id: string
  readonly name: string
  /** Where: `lobby`, or a room's id. */
  readonly where: string
}

/** Players who stay together. */
export interface Party {
  readonly id: string
  readonly leader: string
  /** Player ids, the leader among them, in the order in which they joined. */
  readonly members: readonly string[]
}

/** Parties, the same on every shard in the end. A player is in one at most: joining another leaves the first. */
export interface PartyApi {
  create(leader: string): Party
  /** False: there is no such party here (any more), or it is full. */
  join(id: string, player: string): boolean
  leave(id: string, player: string): void
  disband(id: string): void
  party(id: string): Party | undefined
  of(player: string): Party | undefined
}

export interface LobbyApi {
  viewInstalled(view: View, before: View | undefined, nowMs: number): void
  /** All rooms, of lives in the view alone. */
  rooms(): IterableIterator<ListedRoom>
  room(id: string): ListedRoom | undefined
  /** Lists a room of this shard's, or changes its entry. */
  put(room: OwnRoom): void
  /** It ended. */
  remove(id: string): void
  /** A number that grows with every change that `rooms` shows: for whoever sends differences to clients. */
  readonly version: number
  /** Ids of rooms that changed or went after `version`; undefined: too long ago, take all. */
  changedSince(version: number): readonly string[] | undefined
  /** How busy this shard is (0 to 1); travels with its rooms. */
  setLoad(load: number): void
  loadOf(life: Life): number
  say(channel: string, from: string, text: string): ChatLine
  /** The newest lines of a channel, in causal order. */
  lines(channel: string): readonly ChatLine[]
  readonly parties: PartyApi
  setPresent(presence: Presence): void
  removePresent(id: string): void
  present(): IterableIterator<Presence>
  /** Operators' settings: last writer wins. */
  set(key: string, value: unknown): void
  get(key: string): unknown
  /** Keeps an address, or an identity (a text, or its `id`), out of all shards. Who plays at the moment plays on. */
  ban(subject: string): void
  unban(subject: string): void
  banned(): ReadonlySet<string>
  /** Of all that is agreed on; equal on two shards that know the same. */
  readonly root: string
}
