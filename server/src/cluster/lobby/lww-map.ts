/**
 * Settings of operators: a map in which the last writer wins, by hybrid logical clocks. A write replaces the writes that it has seen; of concurrent ones the greatest stamp is read,
 * and the next write replaces them all. A deletion removes what it has seen.
 * Pure. Called by `SharedState`.
 */
import type { DotStore } from './dot-store.ts'
import type { LobbyRules } from './lobby-rules.ts'
import type { Plain } from './plain.ts'

export class LwwMap {
  readonly store: DotStore
  readonly #rules: LobbyRules

  constructor(store: DotStore, rules: LobbyRules) {
    this.store = store
    this.#rules = rules
  }

  get(key: string): Plain | undefined {
    const entries = this.store.of(key)
    let last = entries[0]
    for (const entry of entries) if (last !== undefined && this.#rules.lastWriter(entry.stamp, last.stamp)) last = entry
    return last?.value
  }

  keys(): string[] {
    return [...this.store.keys()].sort()
  }
}
