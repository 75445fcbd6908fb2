/**
 * What the rest sees of where rooms are: homes, owners, claims, epochs. `ClusterRooms` (cluster-rooms.ts) implements it as a Part.
 * A room's home is a pure function of view and id; the home knows the room and arbitrates. The owner runs it.
 */
import type { Life } from '../life.ts'
import type { RoomEpoch, View } from '../view/view.ts'

export interface RoomPlace {
  readonly id: string
  readonly owner: Life
  /** Where clients connect. */
  readonly url: string
  readonly epoch: RoomEpoch
}

export type LocateAnswer =
  | { readonly kind: 'here'; readonly id: string; readonly epoch: RoomEpoch }
  | { readonly kind: 'there'; readonly place: RoomPlace }
  | { readonly kind: 'none' }
  /** Its owner died, and nobody has its journal. */
  | { readonly kind: 'lost' }
  /** Not known at the moment: no view, no lease at the home, claims that have not come. Ask again in a while. */
  | { readonly kind: 'unknown'; readonly why: string }

/** What a shard says before its cluster has taken it in. */
export const NOT_IN = { kind: 'unknown', why: 'this shard is not in the cluster yet' } as const satisfies LocateAnswer

export interface CreateRequest {
  /** Left out: ids are drawn, and the one whose home has least to do is taken. */
  readonly id?: string
  /** Plain data for the game, seen by its `onCreate` (room attributes). */
  readonly attributes?: Readonly<Record<string, unknown>>
}

/** A room whose journal a member holds, with which it could go on after `tick`. */
export interface HeldClaim {
  readonly id: string
  readonly epoch: RoomEpoch
  readonly tick: number
}

/** What `ClusterRooms` asks of the shard that it is part of. */
export interface RoomKeeper {
  /** Runs this room from now on. False: it cannot (full, stopping, failed). */
  open(id: string, epoch: RoomEpoch, attributes: Readonly<Record<string, unknown>>): boolean
  /** Goes on with a room whose journal it holds, under this epoch. False: it cannot. */
  takeOver(id: string, epoch: RoomEpoch): boolean
  /** The rooms whose journals it holds (those that it runs are not among them). */
  holds(): Iterable<HeldClaim>
  /** This shard is the home of a room that was lost with all who held it: told once by a home, some homes may tell it again. */
  lost(id: string, epoch: RoomEpoch): void
  /** Ends it: another owns it, or this life is over. */
  close(id: string, why: 'lost-ownership' | 'removed'): void
  /** A room that is halted here goes on at `url`: whoever is still here is told. */
  handedOver(id: string, to: Life, url: string, epoch: RoomEpoch): void
  /** 0 to 1: how busy this shard is. 1: it takes no more rooms. */
  load(): number
  /** What is known of how busy another is: old news by up to a second. */
  loadOf(life: Life): number
}

export interface RoomsApi {
  viewInstalled(view: View, before: View | undefined, takeoverFromMs: number, nowMs: number): void
  /** Where a room is. `done` is called once, at once or within some seconds. */
  locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void
  /** Makes a room, or finds the one with this id. */
  create(request: CreateRequest, nowMs: number, done: (answer: LocateAnswer) => void): void
  /** A room of ours ended by itself. */
  ended(id: string, nowMs: number): void
  /**
   * Asks the home of a room under `from` for the epoch under which `to` would own it next: for a move, or for the owner itself after a move that failed. Undefined: not
   * now (no lease there, another is named, the view changed). Called once.
   */
  nextEpoch(id: string, from: RoomEpoch, to: Life, nowMs: number, done: (epoch: RoomEpoch | undefined) => void): void
  /** Its owner stopped it for good in its epoch, and a word is out: it is not owned any more; at a new view it is claimed as held. */
  halted(id: string, nowMs: number): void
  /** This shard runs it now, under an epoch that the home gave by `nextEpoch`. Told to the home until it is noted. */
  runs(id: string, epoch: RoomEpoch, nowMs: number): void
  /** After `halted`: another runs it, under this epoch. Nothing is left to claim. */
  gave(id: string, epoch: RoomEpoch, nowMs: number): void
  /** Rooms that this shard owns. */
  readonly owned: ReadonlyMap<string, RoomEpoch>
  /** Rooms whose home this shard is, by id. */
  readonly homed: ReadonlyMap<string, RoomPlace>
}
