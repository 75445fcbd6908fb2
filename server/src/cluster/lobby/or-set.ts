/**
 * Who is banned: an observed-remove set without tombstones (Bieniusa et al. 2012). A removal takes back the additions that it has seen; one made elsewhere at the same time survives.
 * Pure. Called by `SharedState`.
 */
import type { DotStore } from './dot-store.ts'

export class OrSet {
  readonly store: DotStore
  #elements: ReadonlySet<string> = new Set()
  #version = 0

  constructor(store: DotStore) {
    this.store = store
  }

  has(element: string): boolean {
    return this.store.has(element)
  }

  elements(): ReadonlySet<string> {
    if (this.#version !== this.store.version) {
      this.#elements = new Set([...this.store.keys()].sort())
      this.#version = this.store.version
    }
    return this.#elements
  }
}
