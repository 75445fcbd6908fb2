/**
 * What the server says about itself: one object per event, for whatever logger the game uses. Types only.
 * Nothing secret is ever put into one: no credential, ticket or resume secret, and no bytes that a client sent.
 */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  /** Short and stable, for filters: `room-failed`, `peer-dropped`. */
  readonly event: string
  /** For people. */
  readonly message: string
  /** The error code, if it is about one (`TOO_FAST`). */
  readonly code?: string
  readonly room?: string
  readonly player?: string
  /** This line stands for so many of the same event and code that were held back. */
  readonly heldBack?: number
  /** Of `listening`: who carries WebSockets, where, and whether with a certificate of its own. */
  readonly transport?: string
  readonly port?: number
  readonly tls?: boolean
  /** Of an error of the game's or of our own code. */
  readonly stack?: string
}

export type Log = (line: LogLine) => void
