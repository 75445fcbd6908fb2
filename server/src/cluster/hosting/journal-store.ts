/**
 * Where a shard keeps the journals of its own rooms over restarts, if it does: net/journal-folder.ts on a disk, a test in memory. Best effort: what was written last may be
 * missing. Used by HostedRooms. Types only.
 */
import type { Keyframe, TickRecord } from '../../room/standby-line.ts'
import type { HeldClaim } from '../ring/rooms-api.ts'
import type { RoomEpoch } from '../view/view.ts'

export interface StoredJournal {
  readonly keyframe: Keyframe
  /** Each the next of the one before. */
  readonly records: readonly TickRecord[]
}

export interface JournalStore {
  /** A room runs here from now on. `keyframe` is asked for now, and again from time to time, between two ticks. */
  began(room: string, epoch: RoomEpoch, keyframe: () => Keyframe): void
  record(room: string, record: TickRecord): void
  /** It ended, or another shard runs it. */
  ended(room: string): void
  /** This shard's life is over, and with it the room here. If the cluster was restarted, it goes on: it is found again. */
  shelved(room: string): void
  /** What was there at the start, and was neither begun anew nor dropped. */
  readonly found: readonly HeldClaim[]
  load(room: string): StoredJournal | undefined
  /** It is of no use any more. */
  drop(room: string): void
}
