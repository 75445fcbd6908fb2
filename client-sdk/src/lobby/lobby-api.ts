/** What a page sees of a cluster's lobby: `lobby(game, url)` gives one. */
import type {
  CloseReason,
  LobbyAttributes,
  LobbyFilter,
  LobbyLine,
  LobbyParty,
  LobbyPerson,
  LobbyPlace,
  LobbyRoom,
} from '@tickmesh/shared'
import type { Unsubscribe } from '../room.ts'

export interface LobbyOptions {
  /** Shown to others; at most 32 letters. */
  readonly name?: string
  /** For the server's `authenticate`; a function is asked anew for each connection. */
  readonly auth?: string | (() => string | Promise<string>)
  /** Which rooms to show at first; see `setFilter`. */
  readonly filter?: LobbyFilter
  readonly signal?: AbortSignal
  /** How long the first connection may take; 15,000 ms by default. */
  readonly timeoutMs?: number
}

export interface CreateOptions {
  /** An id of your choice, 1 to 64 letters, digits, "_" and "-"; drawn if left out. */
  readonly room?: string
  /** Flat, at most 16: shown in the list, seen by the game's `onCreate`, asked for by filters and matches. */
  readonly attributes?: LobbyAttributes
  /** A short id to be read out to friends. Such a room is not listed, and no match leads there. */
  readonly code?: boolean
}

export interface MatchOptions {
  /** What the room's attributes must be, such as mode and region; a room that is made for this gets them. */
  readonly attributes?: LobbyAttributes
  /** Rooms whose attribute `skill` is nearest come first, and none that is further away than `skillRange` (300 by default). */
  readonly skill?: number
  readonly skillRange?: number
}

/**
 * The lobby of a whole cluster, over one connection to any of its shards. If that breaks, it connects again by itself, to the next of the URLs; the
 * list stays as it was, and is then brought up to date.
 */
export interface Lobby {
  /** How others see you here; changes when the connection was lost. */
  readonly you: string
  /** False while it connects again. */
  readonly connected: boolean
  /** By the filter, the fullest first; a new array at each change. */
  readonly rooms: readonly LobbyRoom[]
  /** Of the whole cluster, filtered or not. */
  readonly counts: { readonly rooms: number; readonly players: number }
  readonly present: readonly LobbyPerson[]
  readonly party: LobbyParty | undefined
  setFilter(filter: LobbyFilter): void
  /** Makes a room, and keeps a seat in it. Rejects with a NetError, such as NOT_READY while the cluster has no view. */
  create(options?: CreateOptions): Promise<LobbyPlace>
  /** A seat in the room of this id, or code. Rejects with ROOM_NOT_FOUND, ROOM_FULL, ROOM_LOST ... */
  find(room: string): Promise<LobbyPlace>
  /** A seat in a room that suits: rooms that are there are filled, then new ones made. The leader's call takes the whole party along (`onCalled`). */
  quickMatch(options?: MatchOptions): Promise<LobbyPlace>
  createParty(): Promise<LobbyParty>
  joinParty(code: string): Promise<LobbyParty>
  leaveParty(): void
  /** At most 300 letters. Too many lines in a short time are not heard. */
  say(channel: string, text: string): void
  /** What is said in a channel, the newest 200 lines in causal order; heard from the first call on. At most 16 channels. */
  lines(channel: string): readonly LobbyLine[]
  onRooms(listener: (rooms: readonly LobbyRoom[]) => void): Unsubscribe
  onChat(listener: (channel: string, lines: readonly LobbyLine[]) => void): Unsubscribe
  onPresent(listener: (present: readonly LobbyPerson[]) => void): Unsubscribe
  onParty(listener: (party: LobbyParty | undefined) => void): Unsubscribe
  /** Your party's leader found a match: your own seat. */
  onCalled(listener: (place: LobbyPlace) => void): Unsubscribe
  onConnection(listener: (connected: boolean) => void): Unsubscribe
  /** It is over: `close` was called, or the server will not have us any more. */
  onClose(listener: (reason: CloseReason) => void): Unsubscribe
  close(): void
}
