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

/** What `ClusterRooms` asks of the shard that it is part of. */
export interface RoomKeeper {
  /** Runs this room from now on. False: it cannot (full, stopping, failed). */
  open(id: string, epoch: RoomEpoch, attributes: Readonly<Record<string, unknown>>): boolean
  /** Ends it: another owns it, or this life is over. */
  close(id: string, why: 'lost-ownership' | 'removed'): void
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
  /** Rooms that this shard owns. */
  readonly owned: ReadonlyMap<string, RoomEpoch>
  /** Rooms whose home this shard is, by id. */
  readonly homed: ReadonlyMap<string, RoomPlace>
}
