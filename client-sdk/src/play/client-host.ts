/**
 * What a client needs of the outside world: a clock, alarms, display frames, and whether somebody looks.
 * The browser and Node have one (`real-host.ts`); tests and the bench drive a client on virtual time through theirs.
 */
import type { Cancel, Scheduler } from '@tickmesh/shared'

/** A page that can be left, reloaded, and come back from the browser's cache. */
export interface ClientPage {
  /** Calls `run` when the page is left. */
  onHide(run: () => void): Cancel
  /** Calls `run` when it comes back as it was. */
  onReturn(run: () => void): Cancel
  /** What this tab keeps over a reload; undefined: nothing, or it may not. */
  read(key: string): string | undefined
  /** Undefined removes it. Never throws. */
  write(key: string, value: string | undefined): void
  /** A clock that goes on over a reload. */
  wallMs(): number
}

export interface ClientHost extends Scheduler {
  /** Calls `run` at the next display frame, if this host has a display; gives a function that takes it back. */
  readonly requestFrame: ((run: () => void) => () => void) | undefined
  /** True while the page is hidden or does not have the focus: then input is neutral. */
  isAway(): boolean
  /** 0 up to 1. Nothing of the game depends on it. */
  random(): number
  /** Left out where there is no page. */
  readonly page?: ClientPage | undefined
}
