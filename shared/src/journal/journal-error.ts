/**
 * Why a journal is refused, or why its replay stopped. The only error that reading and replaying throw; `code` is the general class,
 * `what` says it exactly, and `offset` or `tick` where.
 */
import { NetError, type NetErrorCode } from '../error.ts'

/**
 * `foreign`: no journal at all. `version`, `game`, `schema`: a journal, but of another format, game or build. `corrupt`: bytes were changed.
 * `truncated`: the end is missing. `diverged`: the game computed something else than it had when the match was recorded.
 */
export type JournalProblem = 'foreign' | 'version' | 'game' | 'schema' | 'corrupt' | 'truncated' | 'diverged'

const CODES: Readonly<Record<JournalProblem, NetErrorCode>> = {
  foreign: 'MALFORMED',
  version: 'PROTOCOL_MISMATCH',
  game: 'GAME_MISMATCH',
  schema: 'SCHEMA_MISMATCH',
  corrupt: 'MALFORMED',
  truncated: 'MALFORMED',
  diverged: 'NON_DETERMINISTIC',
}

const REMEDIES: Readonly<Record<JournalProblem, string>> = {
  foreign: 'Give a file that a Tickmesh server recorded.',
  version: 'Replay it with the version of Tickmesh that recorded it.',
  game: 'Replay it with the game that it was recorded in.',
  schema: 'Replay it with the build of the game that recorded it.',
  corrupt: 'Copy the file again, as binary; what is before that place cannot be trusted either.',
  truncated: 'Open it with allowTruncated to replay what is there.',
  diverged:
    'If the code of the game has changed since, replay with the build that recorded it. If not, a step is not deterministic: run the sync test.',
}

export class JournalError extends NetError {
  readonly what: JournalProblem
  /** The byte at which the trouble begins, or the tick; -1: it has none. */
  readonly offset: number
  readonly tick: number

  /** `remedy`: where the usual one is of no use. */
  constructor(
    what: JournalProblem,
    problem: string,
    where: { readonly offset?: number; readonly tick?: number; readonly remedy?: string } = {},
  ) {
    super(CODES[what], problem, where.remedy ?? REMEDIES[what])
    this.what = what
    this.offset = where.offset ?? -1
    this.tick = where.tick ?? -1
  }
}
