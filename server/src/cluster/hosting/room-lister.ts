/** Lists the rooms of a shard in the lobby, and tells it only what changed. Part of HostedRooms. */
import type { RoomListing } from '../../room/room-listing.ts'
import type { Life } from '../life.ts'
import type { LobbyApi, OwnRoom } from '../lobby/lobby-api.ts'
import type { RoomEpoch } from '../view/view.ts'

export interface ListableRoom {
  readonly listing: RoomListing | undefined
  readonly seats: { readonly taken: number }
  readonly game: { readonly maxPlayers: number }
}

/** What its room does not know. */
export interface ListedAbout {
  readonly draining: boolean
  readonly holders: readonly Life[]
}

export class RoomLister {
  readonly #lobby: () => LobbyApi | undefined
  readonly #note: (event: string, message: string) => void
  /** As it was told to the lobby. */
  readonly #listed = new Map<string, string>()

  constructor(lobby: () => LobbyApi | undefined, note: (event: string, message: string) => void) {
    this.#lobby = lobby
    this.#note = note
  }

  list(id: string, epoch: RoomEpoch, room: ListableRoom | undefined, about: ListedAbout): void {
    const lobby = this.#lobby()
    if (lobby === undefined || room === undefined) return
    const entry = entryOf(id, epoch, room, about)
    const text = JSON.stringify(entry)
    if (this.#listed.get(id) === text) return
    this.#listed.set(id, text)
    try {
      lobby.put(entry)
    } catch (error) {
      this.#note('room-not-listed', `the room "${id}" is not listed: ${String(error)}`)
    }
  }

  unlist(id: string): void {
    if (this.#listed.delete(id)) this.#lobby()?.remove(id)
  }

  /** The lobby is another, which knows of nothing. */
  clear(): void {
    this.#listed.clear()
  }
}

function entryOf(id: string, epoch: RoomEpoch, { listing, seats, game }: ListableRoom, about: ListedAbout): OwnRoom {
  const { draining, holders } = about
  // Seats that are kept for somebody count: nobody else gets them.
  const players = seats.taken
  const isFull = players >= game.maxPlayers
  const state = draining || listing?.state === 'closed' ? 'closed' : isFull ? 'full' : 'open'
  const { maxPlayers } = game
  return { id, epoch, state, players, maxPlayers, attributes: listing?.attributes ?? {}, holders }
}
