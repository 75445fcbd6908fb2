/**
 * The sequence of decided views as one shard knows it: the newest, the changes that led to it, and the lives that were removed. Pure data; `Views` installs
 * what it gives. It goes forward by decided changes, one at a time, or to a whole newer view.
 */
import type { Life } from '../life.ts'
import { applyChange, type ViewChange } from './next-view.ts'
import { compareViews, memberOf, type View, type ViewId } from './view.ts'
import { type ChainMessage, MAX_CHAIN, MAX_REMOVED } from './view-messages.ts'

export class ViewChain {
  #view: View | undefined
  /** The newest changes; the last one made the newest view. */
  readonly #changes: ViewChange[] = []
  /** Oldest first. */
  readonly #removed = new Set<Life>()

  get view(): View | undefined {
    return this.#view
  }

  wasRemoved(life: Life): boolean {
    return this.#removed.has(life)
  }

  /** Makes a view that was told as a whole the newest. */
  start(view: View, removed: readonly Life[]): void {
    this.#changes.length = 0
    for (const member of this.#view?.members ?? [])
      if (memberOf(view, member.life) === undefined) this.#forget(member.life)
    for (const life of removed) if (memberOf(view, life) === undefined) this.#forget(life)
    this.#view = view
  }

  extend(change: ViewChange): View {
    if (this.#view === undefined) throw new Error('a chain goes on from a view')
    this.#view = applyChange(this.#view, change)
    this.#changes.push(change)
    if (this.#changes.length > MAX_CHAIN) this.#changes.shift()
    for (const life of change.removals) this.#forget(life)
    return this.#view
  }

  /** What brings somebody at `from` up to date; undefined: nothing to say. `restMs`: how long from now on nothing may be taken over. */
  since(from: ViewId | undefined, restMs: number): ChainMessage | undefined {
    const view = this.#view
    if (view === undefined) return undefined
    if (from !== undefined && compareViews(from, view) >= 0) return undefined
    const missing = view.number - (from?.number ?? 0)
    if (from === undefined || from.generation !== view.generation || missing > this.#changes.length) {
      return { kind: 'whole', view, removed: [...this.#removed] }
    }
    return { kind: 'chain', base: from, changes: this.#changes.slice(-missing), restMs }
  }

  #forget(life: Life): void {
    this.#removed.delete(life)
    this.#removed.add(life)
    if (this.#removed.size <= MAX_REMOVED) return
    for (const oldest of this.#removed) {
      this.#removed.delete(oldest)
      return
    }
  }
}
