/**
 * The file format of a journal in numbers; docs/journal.md says it in words. Used by the writer and by the reader.
 *
 *     file      magic (8), version u16, then records
 *     record    kind u8, length varint, `length` bytes, CRC-32 u32 of all of the record before it
 *     order     head, keyframe, then ticks and keyframes, end
 */

/** Like PNG's: a byte no text has, the name, and line ends that a transfer as text would change. */
export const JOURNAL_MAGIC: readonly number[] = [0x89, 0x54, 0x4d, 0x4a, 0x0d, 0x0a, 0x1a, 0x0a]
export const JOURNAL_VERSION = 1

export const RECORD_HEAD = 1
export const RECORD_KEYFRAME = 2
export const RECORD_TICK = 3
export const RECORD_END = 4

/** What a record takes besides its payload, at most. */
export const MAX_RECORD_FRAME_BYTES = 10

/** Scrubbing computes at most so much of a match again. */
export const KEYFRAME_EVERY_MS = 10_000

/** What a journal says of itself before anything else. */
export interface JournalHead {
  /** The game's id. */
  readonly game: string
  readonly schema: number
  readonly tickRate: number
  /** Integers of a world: two builds that agree in their schema agree in this. */
  readonly worldInts: number
  /** How many ticks a rewind may go back. */
  readonly historyTicks: number
  /** The seed of `ctx.secretRandom`. */
  readonly secretSeed: number
  readonly room: string
  /** When the recording began, as a text for people; '' if nobody said. */
  readonly startedAt: string
}
