/**
 * Claims of a view that this shard has not installed: others may have been told of it sooner. They are kept until it is, so that no home waits until they are said again;
 * as if they had been longer on their way. Bounded: what is not kept comes again.
 */
import type { Life } from '../life.ts'
import { compareViews, type ViewId } from '../view/view.ts'
import type { RoomMessage } from './room-messages.ts'

const MAX_KEPT = 128
const MAX_OF_ONE = 8

export interface Early {
  readonly from: Life
  readonly message: RoomMessage
}

export class EarlyClaims {
  #kept: Early[] = []

  keep(from: Life, message: RoomMessage): void {
    if (message.t !== 'claims' || this.#kept.length >= MAX_KEPT) return
    if (this.#kept.filter((early) => early.from === from).length < MAX_OF_ONE) this.#kept.push({ from, message })
  }

  /** Those of this view; of later ones they go on to be kept. */
  take(view: ViewId): Early[] {
    const kept = this.#kept
    this.#kept = kept.filter(({ message }) => compareViews(message.view, view) > 0)
    return kept.filter(({ message }) => compareViews(message.view, view) === 0)
  }
}
