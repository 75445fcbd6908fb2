/** What both sides of `Standby` (owner, holder) share: who this shard is, its rules and keeper, the installed view, and how to speak. */
import type { Life } from '../life.ts'
import type { PeerLane } from '../part.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { StandbyKeeper, StandbyOptions } from './standby-api.ts'
import type { StandbyMessage } from './standby-messages.ts'
import type { StandbyRules } from './standby-rules.ts'

export interface StandbyCounts {
  bytesSent: number
  bytesReceived: number
  replaced: number
  diverged: number
}

export interface StandbyContext {
  readonly options: StandbyOptions
  readonly rules: StandbyRules
  readonly keeper: StandbyKeeper
  readonly counts: StandbyCounts
  /** Keyframes that are under way to each life: so many at a time that what waits on a stream stays bounded. */
  readonly keyframes: Map<Life, number>
  isMember(life: Life): boolean
  send(to: Life, message: StandbyMessage, lane: PeerLane): void
  /** Has all members but these let go of what they hold of a room in earlier epochs. `done`: they said so, or are gone. */
  fence(room: string, epoch: RoomEpoch, but: ReadonlySet<Life>, nowMs: number, done: () => void): void
  unfence(room: string, epoch: RoomEpoch): void
  /** Numbers this shard's keyframes, from 1. */
  nextLine(): number
}

/** How long until something that was not answered is said again. */
export const RETRY_MS = 250
/** How often everything is looked at while there is something to look at. */
export const LOOK_MS = 50
