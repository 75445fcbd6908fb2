/**
 * What owners and holders of a room say to each other, and how it is checked. Every message names room and epoch; a `line` numbers the keyframes that a shard sends, so
 * that what is said about an earlier one counts no more. Lives that are not in the installed view are not heard.
 * `parseStandbyMessage` believes nothing: what it returns is well-formed and within bounds, whether it is true is for `Standby` to see.
 */
import { isRecord, isRoomId, isText, isWhole } from '@tickmesh/shared'
import { parseEpoch } from '../message-fields.ts'
import type { RoomEpoch } from '../view/view.ts'

interface OfRoom {
  readonly room: string
  readonly epoch: RoomEpoch
}

interface OfLine extends OfRoom {
  readonly line: number
}

/** Owner to holder: `bytes` of a keyframe (about, journal and session, one after the other) from `offset` on. */
export interface HoldMessage extends OfLine {
  readonly t: 'hold'
  readonly build: string
  readonly tick: number
  /** Bytes of about, journal and session. */
  readonly sizes: readonly [number, number, number]
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Owner to holder: consecutive ticks from `from` on; each is journal, then session. None: a sign of life. `counts`: it is a holder, and could be named the successor. */
export interface RecordsMessage extends OfLine {
  readonly t: 'records'
  readonly from: number
  readonly records: readonly Uint8Array[]
  readonly counts: boolean
}

export type StandbyMessage =
  | HoldMessage
  /** Holder to owner: so many bytes of the keyframe came. */
  | (OfLine & { readonly t: 'got'; readonly bytes: number; readonly build: string })
  | RecordsMessage
  /** Holder to owner: it has all up to this tick. `counts`: it knows that it is a holder. */
  | (OfLine & { readonly t: 'held'; readonly tick: number; readonly counts: boolean })
  /** Holder to owner: go on after this tick; or begin anew: line 0, it has nothing that could be gone on with. */
  | (OfLine & { readonly t: 'need'; readonly tick: number })
  /** Holder to owner: it cannot hold this room. */
  | (OfLine & { readonly t: 'refused'; readonly why: 'full' | 'unreadable' })
  /** Owner to holder: forget what began with keyframes up to `line`. */
  | (OfLine & { readonly t: 'drop' })
  | (OfLine & { readonly t: 'dropped' })
  /** Holder to owner: this tick came out otherwise here. */
  | (OfLine & { readonly t: 'diverged'; readonly tick: number })
  /** Owner to holder: what it was at the owner. */
  | (OfLine & { readonly t: 'state'; readonly tick: number; readonly bytes: Uint8Array })
  /** Holder to owner: what differed, for people. */
  | (OfLine & { readonly t: 'explained'; readonly tick: number; readonly what: string })
  /** New owner to all: nothing of a lower epoch is to be taken; `drops`: nor to be kept, as somebody holds the room in this one. */
  | (OfRoom & { readonly t: 'fence'; readonly drops: boolean })
  | (OfRoom & { readonly t: 'fenced'; readonly drops: boolean })

/** Of a keyframe, in one message. */
export const CHUNK_BYTES = 256 * 1024
export const MAX_KEYFRAME_BYTES = 64 * 1024 * 1024
/** Of records, in one message; one alone may be as long as `MAX_RECORD_BYTES`. */
export const RUN_BYTES = 256 * 1024
export const RUN_RECORDS = 1_024
/** A longer one is told by a keyframe. */
export const MAX_RECORD_BYTES = 2 * 1024 * 1024
export const MAX_STATE_BYTES = 2 * 1024 * 1024
export const MAX_WHAT = 2_000
const MAX_BUILD = 128

type Fields = Readonly<Record<string, unknown>>

/** Undefined: it is not a message of this part, or of a version that is not understood. */
export function parseStandbyMessage(value: unknown): StandbyMessage | undefined {
  if (!isRecord(value)) return undefined
  const fields: Fields = value
  const { t, room, line } = fields
  const epoch = parseEpoch(fields.epoch)
  if (!isRoomId(room) || epoch === undefined) return undefined
  if (t === 'fence' || t === 'fenced') return { t, room, epoch, drops: fields.drops === true }
  return isCount(line) ? parseOfLine(fields, { room, epoch, line }) : undefined
}

function parseOfLine(fields: Fields, of: OfLine): StandbyMessage | undefined {
  const { t, tick, why, what, bytes } = fields
  switch (t) {
    case 'hold':
      return parseHold(fields, of)
    case 'records':
      return parseRecords(fields, of)
    case 'got':
      return isCount(bytes) && isBuild(fields.build) ? { t, ...of, bytes, build: fields.build } : undefined
    case 'held':
      return isCount(tick) ? { t, ...of, tick, counts: fields.counts === true } : undefined
    case 'diverged':
    case 'need':
      return isCount(tick) ? { t, ...of, tick } : undefined
    case 'refused':
      return why === 'full' || why === 'unreadable' ? { t, ...of, why } : undefined
    case 'drop':
    case 'dropped':
      return { t, ...of }
    case 'state':
      return isCount(tick) && isBytes(bytes, MAX_STATE_BYTES) ? { t, ...of, tick, bytes } : undefined
    case 'explained':
      return isCount(tick) && isText(what, MAX_WHAT) ? { t, ...of, tick, what } : undefined
    default:
      return undefined
  }
}

function parseHold({ build, tick, sizes, offset, bytes }: Fields, of: OfLine): HoldMessage | undefined {
  if (!isBuild(build) || !isCount(tick) || !isCount(offset) || !isBytes(bytes, CHUNK_BYTES)) return undefined
  if (!Array.isArray(sizes) || sizes.length !== 3) return undefined
  const [about, journal, session]: unknown[] = sizes
  if (!isCount(about) || !isCount(journal) || !isCount(session)) return undefined
  const total = about + journal + session
  if (total > MAX_KEYFRAME_BYTES || offset + bytes.length > total) return undefined
  if (bytes.length === 0 && total > 0) return undefined
  return { t: 'hold', ...of, build, tick, sizes: [about, journal, session], offset, bytes }
}

function parseRecords({ from, records, counts }: Fields, of: OfLine): RecordsMessage | undefined {
  if (!isCount(from) || !Array.isArray(records)) return undefined
  if (records.length % 2 !== 0 || records.length > 2 * RUN_RECORDS) return undefined
  for (const bytes of records) if (!isBytes(bytes, MAX_RECORD_BYTES)) return undefined
  return { t: 'records', ...of, from, records, counts: counts === true }
}

/** One more is a number, too. */
function isCount(value: unknown): value is number {
  return isWhole(value, 0, Number.MAX_SAFE_INTEGER - 1)
}

function isBuild(value: unknown): value is string {
  return isText(value, MAX_BUILD)
}

function isBytes(value: unknown, max: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= max
}
