/** What a room client is made with. */
import type { EventListener } from './event-tracker.ts'
import type { Prediction } from './prediction.ts'
import type { RepeatTest } from './repeat-test.ts'
import type { Stall } from './stall.ts'

/** What whoever joins chooses; handed down as it is from the join to the room client. */
export interface PlayChoices {
  readonly development: boolean
  /** What the player does now. */
  readonly sample: () => Readonly<Record<string, unknown>>
  /** See `JoinOptions`. */
  readonly maxRollbackTicks?: number | undefined
  readonly inputDelayTicks?: number | undefined
  readonly syncTestTicks?: number | undefined
  /** What `syncTestTicks` is done by. */
  readonly repeatTest?: typeof RepeatTest | undefined
  /** What is in the place of prediction; a spectator (seat 0) has one that computes nothing. */
  readonly prediction?: typeof Prediction | undefined
}

export interface PlayOptions extends PlayChoices {
  readonly seat: number
  /** Server time in ms at which tick 0 ended. */
  readonly epochMs: number
  /** What was on the screen longer ago than this is not believed. */
  readonly maxRewindMs: number
  readonly events: EventListener
  /** The play stands still, or goes on after it stood still. */
  readonly onStall?: (stall: Stall) => void
}
