/** What the rooms of a shard need of the room host and of the present life, and what they count. Types of hosted-rooms.ts. */
import type { CloseReason, EpochTriple } from '@tickmesh/shared'
import type { HaltableRoom } from '../../room/room-pause.ts'
import type { RoomReplica } from '../../room/room-replica.ts'
import type { Keyframe, StandbyLine, StandbyMode } from '../../room/standby-line.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
import type { Halt } from '../migrate/migrate-api.ts'
import type { StandbyApi } from '../standby/standby-api.ts'
import type { View } from '../view/view.ts'
import type { JournalStore } from './journal-store.ts'
import type { LinedRoom } from './room-line.ts'
import type { ListableRoom } from './room-lister.ts'

/** What a room of a cluster is opened with. */
export interface HostedRoom {
  readonly epoch: EpochTriple
  readonly created: Readonly<Record<string, unknown>>
  readonly standby: StandbyLine
}

/** A room of the host, as it is kept here. */
export interface KeptRoom extends LinedRoom, ListableRoom, HaltableRoom {
  readonly game: ListableRoom['game'] & HaltableRoom['game']
  readonly connectedPlayers: number
  announceMove(url: string): void
  halt(): Halt
  goOn(epoch: EpochTriple): void
}

/** What it needs of the room host. */
export interface KeptHost {
  openRoom(id: string, room: HostedRoom): KeptRoom
  openReplica(keyframe: Keyframe): RoomReplica
  restoreRoom(id: string, room: HostedRoom, replica: RoomReplica, late?: Uint8Array): KeptRoom
  /** Players may connect in advance; undefined: no more. */
  expectRoom(id: string, replica: RoomReplica | undefined): void
  arrived(id: string): number
  /** Another shard owns it, or is about to: links are closed so that clients dial again; no hooks run. */
  dropRoom(id: string, reason: CloseReason): void
  /** Another shard runs it. */
  handOver(id: string, place: { readonly url: string; readonly epoch: EpochTriple }): void
  roomNamed(id: string): KeptRoom | undefined
  /** 0 to 1. */
  readonly load: number
}

/** What it uses of the present life. */
export interface HostingLife {
  readonly lobby: LobbyApi
  readonly standby: StandbyApi
  readonly view: View | undefined
}

export interface HostingOptions {
  readonly host: KeptHost
  /** Undefined between two lives. */
  readonly life: () => HostingLife | undefined
  /** Of the node. */
  readonly nowMs: () => number
  readonly mode: StandbyMode
  /** Clients reach one address only, and are carried on from there: nobody is told where a shard is. */
  readonly carries?: boolean
  /** Lets the node be called when it wants to: after calls to its parts that did not come from it. */
  readonly wake: () => void
  readonly note: (event: string, message: string) => void
  /** Keeps journals over restarts. */
  readonly store?: JournalStore
  /** A room runs here: whoever waits for it may come. */
  readonly onOpened?: (room: string) => void
  /** A room was lost with all who held it, and this shard is its home. */
  readonly onLost?: (room: string) => void
}

/** What happened to rooms here, for people. */
export interface HostingCounts {
  readonly takenOver: number
  /** Ticks that were replayed at the last takeover, and how long that took. */
  readonly replayedTicks: number
  readonly replayMs: number
  readonly replayMaxMs: number
  readonly lost: number
}

export const NO_HOSTING: HostingCounts = { takenOver: 0, replayedTicks: 0, replayMs: 0, replayMaxMs: 0, lost: 0 }
