/**
 * Standby as the rest sees it: the owner of a room streams its journal to holders, who can go on with it. `Standby` (standby.ts) implements it as a Part; what is in
 * the records is none of its business. What safety rests on is in `standby-rules.ts`.
 *
 * Accepted is what all holders have. A holder takes records of the room's owner in its epoch, in order, and no other; of a lower epoch than it knows of never again.
 */
import type { Keyframe, StandbyMode, TickRecord } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { RoomEpoch, View } from '../view/view.ts'

/** Where the owner's keyframes come from: the room. */
export interface JournalSource {
  /** Between two ticks. */
  keyframe(): Keyframe
  /** The world at the end of an earlier tick, packed for `explain`; undefined: not kept any more. */
  stateAt(tick: number): Uint8Array | undefined
}

/** A room as a holder keeps it. */
export interface StandbyReplica {
  /** The newest tick that it has, replayed or not. */
  readonly tick: number
  /** Ticks that wait to be replayed. */
  readonly waiting: number
  /** Takes the next tick's record; cheap. Throws if it is damaged or not the next: the holder then asks for a keyframe. */
  append(record: TickRecord): void
  /** Replays what waits, at most about `maxMs` long by `nowMs()`; Infinity: all of it. */
  replay(maxMs: number): void
  /** The first tick that came out otherwise than at the owner, since the last keyframe. */
  readonly diverged: number | undefined
  /** What differs between the owner's state of the diverged tick and ours, for people: entity and field. */
  explain(state: Uint8Array): string
  /** Nobody needs it any more. */
  close(): void
}

/** What standby asks of the shard that it is part of. None of it calls back from inside. */
export interface StandbyKeeper {
  /** Owner: all holders have this room up to `tick`; Infinity: nobody is to hold it. Called whenever it changes. */
  heldTo(room: string, tick: number): void
  /** Owner: who holds it now (caught up), and how ticks are to be told from the next keyframe on. */
  holdersChanged(room: string, holders: readonly Life[], mode: StandbyMode): void
  /** Holder: a replica that stands at this keyframe; undefined: it cannot be read here (another game or schema). */
  openReplica(room: string, epoch: RoomEpoch, keyframe: Keyframe): StandbyReplica | undefined
  /** Either side: this game is not deterministic here. */
  diverged(room: string, tick: number, what: string): void
}

export interface StandbyOptions {
  readonly life: Life
  /** Of the game's code. Rooms whose holders have another are told by states. */
  readonly build: string
  /** How many holders a room has, if there are so many other shards: 0, 1 (the default) or 2. */
  readonly holders: number
  /** `states`: games that are not deterministic. */
  readonly mode: StandbyMode
  /** Who may hold a room, best first: other zones first, none that drains. Does not name this shard. */
  readonly candidates: (room: string) => readonly Life[]
}

/** A room that this shard holds, for claims and for people. */
export interface HeldRoom {
  readonly id: string
  readonly owner: Life
  readonly epoch: RoomEpoch
  readonly tick: number
  /** It has all that was ever called held, as its owner said; only then is it claimed. */
  readonly isHolder: boolean
}

export interface HolderStatus {
  readonly life: Life
  /** `joining`: it is being brought up. `leaving`: it is to be out, and has not said so. */
  readonly state: 'joining' | 'holding' | 'leaving'
  readonly tick: number
  /** Since the oldest record that it has not answered. */
  readonly lagMs: number
}

export interface ProtectedStatus {
  readonly id: string
  readonly epoch: RoomEpoch
  readonly mode: StandbyMode
  readonly tick: number
  readonly heldTick: number
  readonly holders: readonly HolderStatus[]
}

export interface StandbyStatus {
  readonly rooms: readonly ProtectedStatus[]
  readonly held: readonly HeldRoom[]
  /** Record bytes sent to holders, and received as one. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Holders that were replaced for being slow, and divergences. */
  readonly replaced: number
  readonly diverged: number
}

export interface StandbyApi {
  viewInstalled(view: View, nowMs: number): void
  /** A room runs here from now on, under this epoch: holders are found and brought up. Nothing of it is held until then, unless nobody is to hold it. */
  protect(room: string, epoch: RoomEpoch, source: JournalSource, nowMs: number): void
  /** A tick of a protected room. Hot. */
  append(room: string, record: TickRecord, nowMs: number): void
  /** The newest tick of a room that all its holders have; Infinity: nobody is to hold it. */
  heldTick(room: string): number
  /** It runs here no more. `ended`: holders drop it, told until they say so. `moved`: they are the new owner's business. */
  unprotect(room: string, why: 'ended' | 'moved', nowMs: number): void
  /** Makes this member a holder, beside the others, for a move; `isHolding` says when it has all. */
  addHolder(room: string, life: Life, nowMs: number): void
  isHolding(room: string, life: Life): boolean
  /** What `addHolder` did is not needed any more. */
  releaseHolder(room: string, life: Life, nowMs: number): void
  /** Holder: what it holds, for claims. */
  readonly held: ReadonlyMap<string, HeldRoom>
  /** Holder: the replica of a room, replayed or not. */
  replicaOf(room: string): StandbyReplica | undefined
  /** Holder: this shard owns the room from now on; its replica is the caller's. All other holders are fenced: they take nothing of lower epochs any more. */
  takeOver(room: string, epoch: RoomEpoch, nowMs: number): StandbyReplica | undefined
  /** Holder: `epoch` has been heard of for a room, from an owner that was named: nothing lower is taken. */
  fence(room: string, epoch: RoomEpoch): void
  status(nowMs: number): StandbyStatus
  /** This life is over: all is dropped. */
  stop(): void
}
