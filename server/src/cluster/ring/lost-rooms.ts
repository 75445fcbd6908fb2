/** Ids of rooms whose owner was removed, as far as this shard knows: to answer `lost`, to tell their homes, and to say it once. The oldest are forgotten when there are too many. */
import { compareEpochs, type RoomEpoch } from '../view/view.ts'

const MAX_LOST = 10_000

export class LostRooms {
  readonly #epochs = new Map<string, RoomEpoch>()
  /** Of these nobody was told. */
  readonly #untold = new Set<string>()

  get size(): number {
    return this.#epochs.size
  }

  add(id: string, epoch: RoomEpoch): void {
    const known = this.#epochs.get(id)
    if (known !== undefined && compareEpochs(known, epoch) >= 0) return
    this.#epochs.delete(id)
    this.#epochs.set(id, epoch)
    this.#untold.add(id)
    if (this.#epochs.size <= MAX_LOST) return
    for (const oldest of this.#epochs.keys()) {
      this.delete(oldest)
      break
    }
  }

  has(id: string): boolean {
    return this.#epochs.has(id)
  }

  delete(id: string): void {
    this.#epochs.delete(id)
    this.#untold.delete(id)
  }

  /** Those that were not told yet; from now on they are. */
  tell(): { readonly id: string; readonly epoch: RoomEpoch }[] {
    const news: { readonly id: string; readonly epoch: RoomEpoch }[] = []
    for (const id of this.#untold) {
      const epoch = this.#epochs.get(id)
      if (epoch !== undefined) news.push({ id, epoch })
    }
    this.#untold.clear()
    return news
  }

  /** It could not be said yet. */
  again(id: string): void {
    if (this.#epochs.has(id)) this.#untold.add(id)
  }

  entries(): IterableIterator<[string, RoomEpoch]> {
    return this.#epochs.entries()
  }
}
