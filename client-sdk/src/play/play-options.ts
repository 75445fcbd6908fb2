/** What a room client is made with. */
import type { EventListener } from './event-tracker.ts'
import type { Prediction } from './prediction.ts'
import type { Stall } from './stall.ts'

export interface PlayOptions {
  readonly seat: number
  /** Server time in ms at which tick 0 ended. */
  readonly epochMs: number
  /** What was on the screen longer ago than this is not believed. */
  readonly maxRewindMs: number
  readonly development: boolean
  /** What the player does now. */
  readonly sample: () => Readonly<Record<string, unknown>>
  readonly events: EventListener
  /** The play stands still, or goes on after it stood still. */
  readonly onStall?: (stall: Stall) => void
  /** See `JoinOptions`. */
  readonly maxRollbackTicks?: number | undefined
  readonly inputDelayTicks?: number | undefined
  readonly syncTestTicks?: number | undefined
  /** What is in the place of prediction; a spectator (seat 0) has one that computes nothing. */
  readonly prediction?: typeof Prediction | undefined
}
