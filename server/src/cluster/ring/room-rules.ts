/**
 * The decisions on which it rests that a room has one owner at a time, as pure functions of a few values. `ClusterRooms` takes them from here; the simulation
 * replaces one by a mistake, and must notice.
 */
import { compareEpochs, compareViews, type RoomEpoch, type ViewId } from '../view/view.ts'

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
}

/** Why a home does not answer, for people. */
export function whyNot({ claimsComplete, mayAct, nowMs, takeoverFromMs }: HomeKnows): string {
  if (!mayAct) return 'its home has no lease'
  if (!claimsComplete) return 'its home has not heard from all shards of the view'
  return nowMs < takeoverFromMs ? 'leases of removed shards are not over' : 'its home does not know'
}
