/**
 * Opens and closes rooms as the cluster says (`RoomKeeper`), over the room host, and lists them in the lobby. Made by the shard's composition
 * (shard-cluster.ts), which calls `list` some times a second.
 * A room that ended by itself is told to the cluster; one that was closed for it is not.
 */
import type { CloseReason, EpochTriple } from '@tickmesh/shared'
import type { RoomListing } from '../../room/room-listing.ts'
import type { Life } from '../life.ts'
import type { LobbyApi, OwnRoom } from '../lobby/lobby-api.ts'
import type { RoomKeeper } from '../ring/rooms-api.ts'
import type { RoomEpoch } from '../view/view.ts'
import { tripleOf } from './room-gate.ts'

/** What it needs of the room host. */
export interface KeptHost {
  openRoom(id: string, cluster: { epoch: EpochTriple; created: Readonly<Record<string, unknown>> }): unknown
  closeRoom(id: string, reason: CloseReason): void
  roomNamed(id: string): KeptRoom | undefined
  /** 0 to 1. */
  readonly load: number
}

interface KeptRoom {
  readonly listing: RoomListing | undefined
  readonly seats: { readonly taken: number }
  readonly game: { readonly maxPlayers: number }
}

/** Clients dial again, and are sent to whoever knows more. */
const NOT_OURS: CloseReason = { code: 'STALE_EPOCH', message: 'this shard does not own the room any more.' }

export class HostedRooms implements RoomKeeper {
  private readonly host: KeptHost
  private readonly lobby: () => LobbyApi | undefined
  private readonly note: (event: string, message: string) => void
  private readonly epochs = new Map<string, RoomEpoch>()
  /** As it was told to the lobby. */
  private readonly listed = new Map<string, string>()
  private draining = false

  constructor(host: KeptHost, lobby: () => LobbyApi | undefined, note: (event: string, message: string) => void) {
    this.host = host
    this.lobby = lobby
    this.note = note
  }

  epochOf(id: string): RoomEpoch | undefined {
    return this.epochs.get(id)
  }

  open(id: string, epoch: RoomEpoch, attributes: Readonly<Record<string, unknown>>): boolean {
    if (this.draining) return false
    // One of an older epoch is not the room that the cluster means.
    this.close(id, 'lost-ownership')
    this.epochs.set(id, epoch)
    try {
      this.host.openRoom(id, { epoch: tripleOf(epoch), created: attributes })
    } catch (error) {
      this.epochs.delete(id)
      this.note('room-not-opened', `the room "${id}" could not be opened: ${String(error)}`)
      return false
    }
    // At once, as it is: a private room must not be seen, and matches look for attributes.
    this.listRoom(id, epoch)
    return true
  }

  close(id: string, why: 'lost-ownership' | 'removed'): void {
    if (!this.epochs.delete(id)) return
    this.unlist(id)
    this.note('room-taken', `the room "${id}" is not this shard's any more: ${why}`)
    this.host.closeRoom(id, NOT_OURS)
  }

  /** The host says that a room ended. True: the cluster has to hear of it. */
  ended(id: string): boolean {
    this.unlist(id)
    return this.epochs.delete(id)
  }

  /** This life is over: what is left ends, and the next life's lobby knows of nothing. */
  closeAll(): void {
    for (const id of [...this.epochs.keys()]) this.close(id, 'removed')
    this.listed.clear()
  }

  drain(): void {
    this.draining = true
  }

  load(): number {
    return this.draining ? 1 : this.host.load
  }

  loadOf(life: Life): number {
    return this.lobby()?.loadOf(life) ?? 0
  }

  /** Tells the lobby what changed since it was called last. */
  list(): void {
    const lobby = this.lobby()
    if (lobby === undefined) return
    for (const [id, epoch] of this.epochs) this.listRoom(id, epoch)
    lobby.setLoad(this.load())
  }

  private listRoom(id: string, epoch: RoomEpoch): void {
    const [lobby, room] = [this.lobby(), this.host.roomNamed(id)]
    if (lobby === undefined || room === undefined) return
    const entry = entryOf(id, epoch, room, this.draining)
    const text = JSON.stringify(entry)
    if (this.listed.get(id) === text) return
    this.listed.set(id, text)
    try {
      lobby.put(entry)
    } catch (error) {
      this.note('room-not-listed', `the room "${id}" is not listed: ${String(error)}`)
    }
  }

  private unlist(id: string): void {
    if (this.listed.delete(id)) this.lobby()?.remove(id)
  }
}

function entryOf(id: string, epoch: RoomEpoch, { listing, seats, game }: KeptRoom, draining: boolean): OwnRoom {
  // Seats that are kept for somebody count: nobody else gets them.
  const players = seats.taken
  const isFull = players >= game.maxPlayers
  const state = draining || listing?.state === 'closed' ? 'closed' : isFull ? 'full' : 'open'
  const { maxPlayers } = game
  return { id, epoch, state, players, maxPlayers, attributes: listing?.attributes ?? {} }
}
