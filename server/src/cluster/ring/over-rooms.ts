/**
 * Ids of rooms that are over up to some epoch: they ended, or were given up as lost. Kept by whoever ran them and by their homes, and told to the homes of the next view, so
 * that nobody takes over from a journal what is over. The oldest are forgotten when there are too many.
 */
import { compareEpochs, type RoomEpoch } from '../view/view.ts'

const MAX_OVER = 4_000
/** Told to new homes for so long; those who hold a room have dropped it by then. */
const TOLD_MS = 60_000

interface Over {
  readonly epoch: RoomEpoch
  readonly sinceMs: number
}

export class OverRooms {
  readonly #rooms = new Map<string, Over>()

  note(id: string, epoch: RoomEpoch, nowMs: number): void {
    const known = this.#rooms.get(id)
    if (known !== undefined && compareEpochs(known.epoch, epoch) >= 0) return
    this.#rooms.delete(id)
    this.#rooms.set(id, { epoch, sinceMs: nowMs })
    if (this.#rooms.size <= MAX_OVER) return
    for (const oldest of this.#rooms.keys()) {
      this.#rooms.delete(oldest)
      break
    }
  }

  /** The newest epoch in which it is known to be over. */
  epochOf(id: string): RoomEpoch | undefined {
    return this.#rooms.get(id)?.epoch
  }

  *recent(nowMs: number): IterableIterator<{ readonly id: string; readonly epoch: RoomEpoch }> {
    for (const [id, { epoch, sinceMs }] of this.#rooms) if (nowMs < sinceMs + TOLD_MS) yield { id, epoch }
  }
}
