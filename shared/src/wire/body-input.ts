/**
 * What a body is made of: handed to the snapshot writer by replication, and by the trainer of a prior. Types only.
 */
import type { EventSource } from './snapshot-events.ts'

/** What a body is made of. Memories are as `World.save` gives them, or a view of one with fewer rows; they must be settled. */
export interface BodyInput {
  /** What the client has; `undefined` for a full frame. */
  readonly baseline: Int32Array | undefined
  /** The snapshot on which the baseline's frame was built, if the client still has it: lets rates go on. Used up to MAX_WINDOW_TICKS before it. */
  readonly earlier?: Int32Array | undefined
  /** With a baseline: 1 to MAX_WINDOW_TICKS before `tick`. Without: where its events begin, `tick` for none. */
  readonly baselineTick: number
  readonly current: Int32Array
  readonly tick: number
  /** A memory whose seat columns are what was held in that tick. Missing: as in the tick before. Not asked for `tick` itself. */
  heldAt(tick: number): Int32Array | undefined
  /** Holds the events of the ticks after `baselineTick`, up to `tick`. */
  readonly events: EventSource | undefined
  /** For a client that sees a part: what is not in its baseline and `current`, it does not learn from the rest of the body either. */
  readonly part?: BodyPart | undefined
  /** Per entity type: 1 = code it without its motion, because this client's motion disagreed. */
  readonly plainTypes: Uint8Array
}

/** What a body is made of besides, for a client that sees only a part of the world. */
export interface BodyPart {
  /** What the client will expect of the baseline's rows, row by row as they are there; where it is not known here, `undefined`: it is computed. */
  readonly expected: Int32Array | undefined
  /** Per seat: 1 = shown in the baseline or now. All others hold the neutral values throughout. */
  readonly stage: Uint8Array
  /** Those that are 1: the first `seatCount` of the list. */
  readonly seats: Int32Array
  readonly seatCount: number
  /** Per seat: the tick from which on it is shown; -1: it is not shown now. What it held before is neutral. */
  readonly since: Int32Array
}
