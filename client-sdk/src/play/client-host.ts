/**
 * What a client needs of the outside world: a clock, alarms, display frames, and whether somebody looks.
 * The browser and Node have one (`real-host.ts`); tests and the bench drive a client on virtual time through theirs.
 */
import type { Scheduler } from '@tickmesh/shared'

export interface ClientHost extends Scheduler {
  /** Calls `run` at the next display frame, if this host has a display; gives a function that takes it back. */
  readonly requestFrame: ((run: () => void) => () => void) | undefined
  /** True while the page is hidden or does not have the focus: then input is neutral. */
  isAway(): boolean
}
