/**
 * Planned moves as the rest sees them: a room goes from its owner to another member, and players do not notice. `Migrations` (migrations.ts) implements it as a Part.
 *
 * Steps: (1) the target becomes a holder, and steps along; (2) the home names the epoch e' under which the target may own it; (3) players connect to the target in
 * advance; (4) after a tick B the owner stops for good in its epoch e, and sends the word (view, e, e', B, hash, late inputs); (5) the target opens at B + 1, or refuses;
 * (6) it tells the home, and the owner, who forgets the room. Before the word either side aborts freely. After it the owner goes on only under another new epoch, after the
 * target's refusal or its "cancelled", else a view change decides: both claim the room as held. A word from another view is void. Rules in `migrate-rules.ts`.
 *
 * Who does what at the end: `keeper.goOn`, `keeper.openAt` and `keeper.handedOver` see to standby by themselves (protect, takeOver, unprotect 'moved'); `Migrations` tells
 * the home (`rooms.runs`, `rooms.gave`). The old owner keeps the halted room until the target says that others hold it there (at most 5 s): until then one death would lose it.
 * After a change of view a halted room stays with the keeper, claimed as held: its home names this shard again (`RoomKeeper.takeOver`, which then lets it go on), or another.
 * `Migrations` asks the home where it is until that is known, and then does as after a move: `rooms.gave` and `keeper.handedOver`.
 */
import type { Life } from '../life.ts'
import type { LocateAnswer } from '../ring/rooms-api.ts'
import type { HeldRoom } from '../standby/standby-api.ts'
import type { RoomEpoch, View } from '../view/view.ts'

/** Where the owner stopped. */
export interface Halt {
  /** B: the last tick of the epoch. */
  readonly tick: number
  /** Of its state. */
  readonly hash: number
  /** Inputs for later ticks, and all else that came and was not used: the room's business. */
  readonly late: Uint8Array
}

export type MoveOutcome = 'moved' | 'refused' | 'aborted' | 'unknown'

/** What migrations ask of the shard that they are part of. */
export interface MoveKeeper {
  /** Owner: players are told to connect there in advance. */
  announce(room: string, url: string): void
  /** Owner: players that are connected. */
  connected(room: string): number
  /** Owner: when players miss least if it is halted, now or soon. On the clock of `nowMs`. */
  bestHaltMs(room: string): number
  /** Owner: no tick runs under its epoch any more. Undefined: it does not run here. */
  halt(room: string): Halt | undefined
  /** Owner: it goes on after all, under a new epoch. */
  goOn(room: string, epoch: RoomEpoch): void
  /** Owner: it was called off before the word; players need not go there. */
  calledOff(room: string): void
  /** Owner: it runs there now. Players who are still here are sent there. */
  handedOver(room: string, to: Life, url: string, epoch: RoomEpoch): void
  /** Target: players come in advance from now on; `false`: no more. */
  expect(room: string, isExpected: boolean): void
  /** Target: players that came in advance. */
  arrived(room: string): number
  /** Target: goes on after `halt.tick` in this epoch, if its own state has that hash. False: it cannot. */
  openAt(room: string, epoch: RoomEpoch, halt: Halt): boolean
  /** A room that stopped here is over everywhere. */
  close(room: string, why: 'lost-ownership' | 'removed'): void
}

/** What migrations use of the other parts. */
export interface MoveParts {
  readonly standby: {
    addHolder(room: string, life: Life, nowMs: number): void
    isHolding(room: string, life: Life): boolean
    releaseHolder(room: string, life: Life, nowMs: number): void
    /** Owner: somebody holds it, or nobody is to. */
    isHeld(room: string): boolean
    readonly held: ReadonlyMap<string, HeldRoom>
  }
  readonly rooms: {
    readonly owned: ReadonlyMap<string, RoomEpoch>
    nextEpoch(id: string, from: RoomEpoch, to: Life, nowMs: number, done: (epoch: RoomEpoch | undefined) => void): void
    halted(id: string, nowMs: number): void
    runs(id: string, epoch: RoomEpoch, nowMs: number): void
    gave(id: string, epoch: RoomEpoch, nowMs: number): void
    locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void
  }
  /** Whether this shard holds a lease at this moment. */
  mayAct(nowMs: number): boolean
}

export interface MoveStatus {
  readonly room: string
  readonly to: Life
  /** `opened`: the target runs it; this shard keeps it until others hold it there. */
  readonly step: 'holding' | 'naming' | 'gathering' | 'halted' | 'opened'
  readonly sinceMs: number
}

export interface MigrationsApi {
  viewInstalled(view: View, nowMs: number): void
  /** Moves a room that this shard owns to another member. `done` is called once. */
  move(room: string, to: Life, nowMs: number, done: (outcome: MoveOutcome) => void): void
  /** Calls a move off, if its word is not out. */
  abort(room: string, nowMs: number): void
  readonly moving: ReadonlyMap<string, MoveStatus>
  /** Moves that this shard began, by how they ended; and those that it took. */
  readonly counts: Readonly<Record<MoveOutcome, number>> & { readonly taken: number }
  stop(): void
}
