/**
 * The decisions on which it rests that a room has one owner at a time, as pure functions of a few values. `ClusterRooms` takes them from here; the simulation
 * replaces one by a mistake, and must notice.
 */
import type { Life } from '../life.ts'
import { compareEpochs, compareViews, isSameEpoch, type RoomEpoch, type ViewId } from '../view/view.ts'

/** What a home knows when it is asked for a room. */
export interface HomeKnows {
  /** All members of the home's view have told it which rooms they run. */
  readonly claimsComplete: boolean
  /** Before this nothing may be taken over from members that were removed. */
  readonly takeoverFromMs: number
  /** The home holds a lease at this moment. */
  readonly mayAct: boolean
  readonly nowMs: number
}

/** A member that holds a room's journal up to `tick`, as its owner under `epoch` told it. */
export interface HeldBy {
  readonly life: Life
  readonly epoch: RoomEpoch
  readonly tick: number
}

/** An epoch that a home gave for a move, and nobody runs the room under yet. */
export interface Renaming {
  readonly asker: Life
  readonly to: Life
  readonly epoch: RoomEpoch
}

export interface RoomRules {
  /** Does a message count that was sent in view `sent`, for who has installed `installed`? Older grants are void, newer ones not understood yet: the sender asks again. */
  acceptsView(installed: ViewId, sent: ViewId): boolean
  /** May a home name the owner of a room that it has no claim for, or say that there is no such room? */
  mayName(home: HomeKnows): boolean
  /** May a home say where a room is that a member of its view claimed? */
  maySay(home: HomeKnows): boolean
  /** The epoch under which a home names an owner: its `named`th of this view, from 1. The epochs of one id grow: within a view it has one home, and views grow. */
  nextEpoch(view: ViewId, named: number): RoomEpoch
  /** May a member open the room that a home grants to it? `settled`: below this k the home waits for no answer any more. `seen`: it has answered for this very grant. */
  mayOpen(grant: {
    readonly epoch: RoomEpoch
    readonly installed: ViewId
    readonly settled: number
    readonly seen: boolean
    readonly isFromHome: boolean
    readonly mayAct: boolean
  }): boolean
  /** Must the owner under `mine` give its room up, because the home knows an owner under `other`? */
  isOutranked(mine: RoomEpoch, other: RoomEpoch): boolean
  /** Must a room be taken over that is held under `held`? `run`: its owner is a member, and runs it under this epoch. `over`: it ended, or was given up, in this epoch. */
  needsHeir(room: {
    readonly held: RoomEpoch
    readonly run: RoomEpoch | undefined
    readonly over: RoomEpoch | undefined
  }): boolean
  /** Who takes it over. Of equal ones the first. */
  bestHolder(holders: readonly HeldBy[]): HeldBy | undefined
  /** Which of its rooms does a member claim to run? `halted`: it stopped for good in its epoch. */
  isRun(room: { readonly halted: boolean }): boolean
  /** May a home give the epoch of a room's next owner? `under`: the epoch in which the asker says that it owns the room. */
  mayRename(asked: {
    readonly home: HomeKnows
    readonly asker: Life
    readonly under: RoomEpoch
    readonly owner: { readonly owner: Life; readonly epoch: RoomEpoch } | undefined
    readonly toIsMember: boolean
    readonly before: Renaming | undefined
  }): boolean
  /** Does a member own a room from now on that says that it runs it under this epoch? */
  mayRegister(from: Life, epoch: RoomEpoch, renaming: Renaming | undefined): boolean
}

export const ROOM_RULES: RoomRules = {
  acceptsView: (installed, sent) => compareViews(installed, sent) === 0,
  mayName: ({ claimsComplete, takeoverFromMs, mayAct, nowMs }) => claimsComplete && mayAct && nowMs >= takeoverFromMs,
  maySay: ({ mayAct }) => mayAct,
  nextEpoch: ({ generation, number }, named) => ({ generation, view: number, k: named }),
  mayOpen: ({ epoch, installed, settled, seen, isFromHome, mayAct }) =>
    epoch.generation === installed.generation &&
    epoch.view === installed.number &&
    epoch.k >= settled &&
    !seen &&
    isFromHome &&
    mayAct,
  isOutranked: (mine, other) => compareEpochs(mine, other) < 0,
  needsHeir: ({ held, run, over }) =>
    (run === undefined || compareEpochs(run, held) < 0) && (over === undefined || compareEpochs(over, held) < 0),
  bestHolder(holders) {
    let best: HeldBy | undefined
    for (const holder of holders) {
      const order = best === undefined ? 1 : compareEpochs(holder.epoch, best.epoch) || holder.tick - best.tick
      if (order > 0) best = holder
    }
    return best
  },
  isRun: ({ halted }) => !halted,
  mayRename: ({ home, asker, under, owner, toIsMember, before }) =>
    home.claimsComplete &&
    home.mayAct &&
    toIsMember &&
    owner?.owner === asker &&
    isSameEpoch(owner.epoch, under) &&
    (before === undefined || before.asker === asker),
  mayRegister: (from, epoch, renaming) => renaming?.to === from && isSameEpoch(renaming.epoch, epoch),
}

/** Why a home does not answer, for people. */
export function whyNot({ claimsComplete, mayAct, nowMs, takeoverFromMs }: HomeKnows): string {
  if (!mayAct) return 'its home has no lease'
  if (!claimsComplete) return 'its home has not heard from all shards of the view'
  return nowMs < takeoverFromMs ? 'leases of removed shards are not over' : 'its home does not know'
}
