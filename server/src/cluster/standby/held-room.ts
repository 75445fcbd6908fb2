/** A room as a holder keeps it: whose it is, and a replica. Made by held-rooms.ts once a keyframe has come whole. */
import type { TickRecord } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { HeldRoom, StandbyReplica } from './standby-api.ts'
import type { Having } from './standby-rules.ts'

/** Ticks that wait to be replayed. With more the holder takes no more: it is too slow, and its owner sees that. */
const MAX_WAITING = 2_400

export class HeldCopy implements HeldRoom, Having {
  readonly id: string
  readonly owner: Life
  readonly epoch: RoomEpoch
  readonly line: number
  readonly replica: StandbyReplica
  /** When its owner last said something of it. */
  heardMs: number
  /** When its owner was last asked whether it is still needed. */
  askedMs: number
  /** When a newer epoch was heard of. */
  fencedMs = Number.POSITIVE_INFINITY
  replayMs: number
  /** When it was last said that it came out otherwise. */
  saidDivergedMs = Number.NEGATIVE_INFINITY
  hasExplained = false
  /** Its owner said so. One that was still being brought up must not be gone on with: it may lack what others have. */
  isHolder = false

  constructor(
    of: { readonly id: string; readonly owner: Life; readonly epoch: RoomEpoch; readonly line: number },
    replica: StandbyReplica,
    nowMs: number,
  ) {
    this.id = of.id
    this.owner = of.owner
    this.epoch = of.epoch
    this.line = of.line
    this.replica = replica
    this.heardMs = nowMs
    this.askedMs = nowMs
    this.replayMs = nowMs
  }

  get tick(): number {
    return this.replica.tick
  }

  get isFull(): boolean {
    return this.replica.waiting >= MAX_WAITING
  }

  /** False: the record is damaged. Hot. */
  take(tick: number, journal: Uint8Array, session: Uint8Array): boolean {
    const record: TickRecord = { tick, journal, session }
    try {
      this.replica.append(record)
      return true
    } catch {
      return false
    }
  }
}
