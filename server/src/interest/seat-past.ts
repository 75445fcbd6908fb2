/**
 * Snapshots as the clients of a room had them, made when they are asked for and kept for a while: rewinding asks for the same ones again. Hot.
 */
import type { SnapshotSource } from '@tickmesh/shared'
import type { PastViews } from './past-views.ts'
import type { SentViews } from './sent-views.ts'

const KEPT = 16

export class SeatPast implements SnapshotSource {
  private readonly past: PastViews
  private readonly memories: Int32Array[]
  private readonly ticks = new Int32Array(KEPT).fill(-1)
  private readonly seats = new Int32Array(KEPT).fill(-1)
  private next = 0
  /** What was given last: a stamp lies between two snapshots, so it is still in use. */
  private last = -1
  private seat = 0
  private sent: SentViews | undefined

  constructor(past: PastViews, worldInts: number) {
    this.past = past
    this.memories = Array.from({ length: KEPT }, () => new Int32Array(worldInts))
  }

  /** Whose past is asked for from now on. */
  of(seat: number, sent: SentViews | undefined): SnapshotSource {
    this.seat = seat
    this.sent = sent
    return this
  }

  /** Somebody else sits there now. */
  forget(seat: number): void {
    for (let slot = 0; slot < KEPT; slot++) if (this.seats[slot] === seat) this.ticks[slot] = -1
  }

  /** What it gives holds until the call after the next. */
  find(tick: number): Int32Array | undefined {
    const { ticks, seats, seat, sent } = this
    if (sent === undefined) return undefined
    for (let slot = 0; slot < KEPT; slot++) {
      if (ticks[slot] !== tick || seats[slot] !== seat) continue
      this.last = slot
      return this.memories[slot]
    }
    const slot = this.next === this.last ? (this.next + 1) % KEPT : this.next
    const memory = this.memories[slot]
    if (memory === undefined) return undefined
    ticks[slot] = -1
    if (!this.past.fill(sent, tick, memory)) return undefined
    this.next = (slot + 1) % KEPT
    this.last = slot
    ticks[slot] = tick
    seats[slot] = seat
    return memory
  }
}
