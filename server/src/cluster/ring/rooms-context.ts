/** What the sides of `ClusterRooms` (home, owner, asker) share: who this shard is, what it may do, the view, and how to speak. */
import type { Life } from '../life.ts'
import type { RoomEpoch, View } from '../view/view.ts'
import type { OverRooms } from './over-rooms.ts'
import type { Ring, TextHash } from './ring.ts'
import type { RoomMessageBody } from './room-messages.ts'
import type { RoomRules } from './room-rules.ts'
import type { RoomKeeper } from './rooms-api.ts'

export interface ClusterRoomsOptions {
  readonly life: Life
  /** XXH32. */
  readonly hash: TextHash
  /** Gives 32 bits. */
  readonly random: () => number
  /** Whether this shard holds a lease at this moment. */
  readonly mayAct: (nowMs: number) => boolean
  /** `ROOM_RULES`, unless a proof plants a mistake. */
  readonly rules?: RoomRules
  /** What this shard holds of a room up to this epoch is of no use any more: it is over. */
  readonly onOver?: (id: string, epoch: RoomEpoch) => void
}

export interface Installed {
  readonly view: View
  readonly ring: Ring
  /** The lives of the view's members. */
  readonly lives: ReadonlySet<Life>
  /** On the local clock: before this nothing is taken over from removed members, of this view and those before. */
  readonly takeoverFromMs: number
}

export interface RoomsContext extends Required<ClusterRoomsOptions> {
  readonly keeper: RoomKeeper
  /** As this shard knows, as owner or as home. */
  readonly over: OverRooms
  /** Sends in the installed view; to this shard itself at once. */
  say(to: Life, body: RoomMessageBody, nowMs: number): void
}

/** How long until something that was not answered is said again. */
export const RETRY_MS = 150
export const MAX_RETRY_MS = 1_200
/** How soon a home that has all claims looks again whether it has its lease back. */
export const LEASE_LOOK_MS = 20
