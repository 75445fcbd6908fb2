/**
 * Listeners of the page: who wants to hear of something. Used by the live room.
 */
import type { Unsubscribe } from './room.ts'

/** A listener that throws is reported at the end of the call, and harms nobody else. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #set = new Set<(...args: Args) => void>()

  add(listener: (...args: Args) => void): Unsubscribe {
    this.#set.add(listener)
    return () => {
      this.#set.delete(listener)
    }
  }

  call(...args: Args): void {
    for (const listener of this.#set) {
      try {
        listener(...args)
      } catch (error) {
        report(error)
      }
    }
  }

  get size(): number {
    return this.#set.size
  }
}

/** Lets an error of the page's own code reach the page's handler, from outside of whatever called that code. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** The listeners of a name, made when first asked for. */
export function listenersOf<Args extends readonly unknown[]>(
  map: Map<string, Listeners<Args>>,
  name: string,
): Listeners<Args> {
  let listeners = map.get(name)
  if (listeners === undefined) {
    listeners = new Listeners<Args>()
    map.set(name, listeners)
  }
  return listeners
}
