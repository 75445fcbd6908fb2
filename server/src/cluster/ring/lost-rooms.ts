/** Ids of rooms whose owner was removed, as far as this shard knows: to answer `lost`, and to tell their homes. The oldest are forgotten when there are too many. */
import { compareEpochs, type RoomEpoch } from '../view/view.ts'

const MAX_LOST = 10_000

export class LostRooms {
  readonly #epochs = new Map<string, RoomEpoch>()

  get size(): number {
    return this.#epochs.size
  }

  add(id: string, epoch: RoomEpoch): void {
    const known = this.#epochs.get(id)
    if (known !== undefined && compareEpochs(known, epoch) >= 0) return
    this.#epochs.delete(id)
    this.#epochs.set(id, epoch)
    if (this.#epochs.size <= MAX_LOST) return
    for (const oldest of this.#epochs.keys()) {
      this.#epochs.delete(oldest)
      break
    }
  }

  has(id: string): boolean {
    return this.#epochs.has(id)
  }

  delete(id: string): void {
    this.#epochs.delete(id)
  }

  entries(): IterableIterator<[string, RoomEpoch]> {
    return this.#epochs.entries()
  }
}
