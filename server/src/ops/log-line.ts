/**
 * What the server says about itself: one object per event, for whatever logger the game uses. Types only.
 */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  /** Short and stable, for filters: `room-failed`, `peer-dropped`. */
  readonly event: string
  /** For people. */
  readonly message: string
  readonly room?: string
  readonly player?: string
  /** Of an error of the game's or of our own code. */
  readonly stack?: string
}

export type Log = (line: LogLine) => void
