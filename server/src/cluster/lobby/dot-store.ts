/**
 * Entries that several lives write, each named by the event that made it (a dot), joined causally as in Almeida, Shoker, Baquero 2018: an entry that one side lacks though it knew its event was
 * removed there, and goes; one whose event it did not know is new, and stays. So nothing that was removed comes back, and there are no tombstones: the
 * vector of delivered events says it all. Settings, bans and parties are such stores.
 * Pure. The vector belongs to the caller (`CausalLog`).
 */
import { compareStamps, type Stamp } from './hybrid-clock.ts'
import type { Plain } from './plain.ts'
import { type Dot, dotKey } from './version-vector.ts'

export type StoreName = 'settings' | 'bans' | 'parties'

export interface DotEntry {
  readonly store: StoreName
  readonly dot: Dot
  readonly stamp: Stamp
  readonly key: string
  readonly value: Plain
}

/** Is an event known? */
export type Covered = (dot: Dot) => boolean

/** Told of what is kept and dropped: the hash tree. */
export interface StoreWatcher {
  kept(entry: DotEntry): void
  dropped(entry: DotEntry): void
}

export class DotStore {
  readonly #watcher: StoreWatcher
  readonly #byDot = new Map<string, DotEntry>()
  readonly #byKey = new Map<string, Set<DotEntry>>()
  /** Grows with every change. */
  version = 0

  constructor(watcher: StoreWatcher) {
    this.#watcher = watcher
  }

  get size(): number {
    return this.#byDot.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys()
  }

  entries(): IterableIterator<DotEntry> {
    return this.#byDot.values()
  }

  /** By their stamps, oldest first: the same order everywhere. */
  of(key: string): DotEntry[] {
    return [...(this.#byKey.get(key) ?? [])].sort((a, b) => compareStamps(a.stamp, b.stamp))
  }

  /** Events behind a key: what its removal removes. Concurrent additions are not among them, and survive. */
  dotsOf(key: string): Dot[] {
    return this.of(key).map(({ dot }) => dot)
  }

  add(entry: DotEntry): void {
    const name = dotKey(entry.dot)
    if (this.#byDot.has(name)) return
    this.#byDot.set(name, entry)
    const group = this.#byKey.get(entry.key)
    if (group === undefined) this.#byKey.set(entry.key, new Set([entry]))
    else group.add(entry)
    this.version++
    this.#watcher.kept(entry)
  }

  remove(dot: Dot): void {
    const name = dotKey(dot)
    const entry = this.#byDot.get(name)
    if (entry === undefined) return
    this.#byDot.delete(name)
    const group = this.#byKey.get(entry.key)
    group?.delete(entry)
    if (group?.size === 0) this.#byKey.delete(entry.key)
    this.version++
    this.#watcher.dropped(entry)
  }

  /** `theirs` is all that the other has; the `covers` say which events each side knows. */
  join(theirs: readonly DotEntry[], theyCover: Covered, weCover: Covered): void {
    const names = new Set(theirs.map(({ dot }) => dotKey(dot)))
    for (const entry of [...this.#byDot.values()])
      if (!names.has(dotKey(entry.dot)) && theyCover(entry.dot)) this.remove(entry.dot)
    for (const entry of theirs) if (!weCover(entry.dot)) this.add(entry)
  }
}
