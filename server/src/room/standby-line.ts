/**
 * How a room is protected: its journal goes, tick by tick, to those who stand by. Types only; a line is made by whoever protects rooms (cluster/hosting), used by the
 * room core. A room without one is protected by nobody.
 */

/** What went into one tick. The bytes are the record's own. */
export interface TickRecord {
  readonly tick: number
  /** Of the simulation, as `JournalStream.tick` makes it. */
  readonly journal: Uint8Array
  /** What sessions, timers, effects and the like did in this tick: packed SessionNotes; empty if nothing. */
  readonly session: Uint8Array
}

/** All that somebody needs to go on after `tick`. */
export interface Keyframe {
  readonly tick: number
  /** A packed StandbyHead. */
  readonly about: Uint8Array
  /** As `JournalStream.keyframe` makes it: the world, and the past that a rewind may ask for. */
  readonly journal: Uint8Array
  /** Packed SessionNotes: all that notes add up to. */
  readonly session: Uint8Array
}

/** `inputs`: each tick is computed again by those who stand by. `states`: each tick is told as it came out, which needs no determinism, and more bytes. */
export type StandbyMode = 'inputs' | 'states'

export interface StandbyLine {
  readonly mode: StandbyMode
  /** The newest tick that all holders have. Infinity: nobody is to hold it, so nothing waits. */
  readonly heldTick: number
  /** Where clients find those who stand by, best first; a new list when it changes. */
  readonly urls: readonly string[]
  append(record: TickRecord): void
}
