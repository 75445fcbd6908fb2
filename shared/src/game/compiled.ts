/**
 * A game as the runtime needs it: names resolved to numbers, and every column's place in a world's memory.
 * Made once per definition by `compileGame`; nothing here changes afterwards.
 *
 * Memory of a world, in 32-bit integers:
 *
 *     header   tick, next entity id, public seed, 0, then the count of each entity type
 *     seats    a column per [present, level parts..., press counters...], each maxPlayers + 1 long; row 0 is nobody
 *     tables   per entity type a column per [id, owner, flags, fields...], each max + 1 long; the last row is a spare
 */
import type { Hitbox } from '../math/hitbox.ts'
import type { AnyField } from './field.ts'
import type { Text } from './message.ts'

export const HEADER_TICK = 0
export const HEADER_NEXT_ID = 1
export const HEADER_SEED = 2
export const HEADER_COUNTS = 4

/** Columns that every entity type has before its fields. */
export const COLUMN_ID = 0
export const COLUMN_OWNER = 1
export const COLUMN_FLAGS = 2
export const BUILT_IN_COLUMNS = 3

/** Bits of the flags column. The two teleport bits count jumps modulo 4. */
export const FLAG_ASLEEP = 1
export const FLAG_DEAD = 2
export const TELEPORT_UNIT = 4
export const TELEPORT_MASK = 12

export interface CompiledField {
  readonly name: string
  readonly field: AnyField
  /** Which column of its table, built-in columns included. */
  readonly column: number
  /** Where its column starts in a world's memory. */
  readonly offset: number
}

export interface CompiledEntity {
  readonly name: string
  readonly index: number
  readonly max: number
  /** Rows of a column: max + 1. */
  readonly rows: number
  /** Where the table starts in a world's memory: column c, row r is at `base + c * rows + r`. */
  readonly base: number
  readonly columns: number
  readonly fields: readonly CompiledField[]
  readonly hitbox: Hitbox | undefined
  readonly motion: ((entity: object, held: object, dt: number) => void) | undefined
  /** The pairs of a ready-made linear motion, as places in `fields`; empty for every other motion. */
  readonly linear: readonly { readonly position: number; readonly velocity: number }[]
  readonly step: ((entity: object, input: object, ctx: object) => void) | undefined
}

/** One number of the input: a level, or a part of one. */
export interface CompiledLevel {
  readonly name: string
  /** '' or the part's name (`x`, `y`). */
  readonly part: string
  readonly field: AnyField
  /** Index among the levels: its place in an input row. */
  readonly index: number
  /** True if it is sent to everybody, because a motion reads it. */
  readonly shared: boolean
  readonly private: boolean
}

export interface CompiledPress {
  readonly name: string
  /** Index among the presses. Its place in an input row is `levels.length + index`. */
  readonly index: number
}

export interface CompiledRecord {
  readonly name: string
  readonly index: number
  /** `place` names the field in messages: `events.shot.x`. */
  readonly fields: readonly { readonly name: string; readonly field: AnyField; readonly place: string }[]
}

export interface CompiledMessage {
  readonly name: string
  readonly index: number
  readonly fields: readonly { readonly name: string; readonly field: AnyField | Text }[]
}

export type PredictRule = 'own' | 'all' | ((entity: object, seat: number, world: object) => boolean)

export interface CompiledGame {
  readonly id: string
  readonly tickRate: number
  readonly snapshotRate: number
  readonly ticksPerSnapshot: number
  readonly maxPlayers: number
  /** Rows of a seat column: maxPlayers + 1. */
  readonly seatRows: number
  /** Where the seat columns start; column c, seat s is at `seatBase + c * seatRows + s`. Column 0 is `present`. */
  readonly seatBase: number
  readonly levels: readonly CompiledLevel[]
  readonly presses: readonly CompiledPress[]
  /** Numbers in an input row: the levels' raw values, then the press counters. */
  readonly inputWidth: number
  readonly entities: readonly CompiledEntity[]
  readonly events: readonly CompiledRecord[]
  readonly commands: readonly CompiledRecord[]
  readonly toServer: readonly CompiledMessage[]
  readonly toClient: readonly CompiledMessage[]
  readonly roomAttributes: Readonly<Record<string, unknown>>
  readonly playerAttributes: Readonly<Record<string, unknown>>
  readonly predict: PredictRule
  readonly inputDelayTicks: number
  readonly step: ((world: object, ctx: object) => void) | undefined
  /** Trained start of the codec's models, or ''. */
  readonly prior: string
  /** Steps and motions as they were written; for the fingerprint. */
  readonly code: readonly unknown[]
  readonly opaque:
    | { create(): unknown; save(state: unknown): Uint8Array; load(state: unknown, bytes: Uint8Array): void }
    | undefined
  /** Size of a world's memory in 32-bit integers. */
  readonly worldInts: number
  /** Two sides with equal hashes code worlds, inputs and messages alike. */
  readonly schemaHash: number
}

/** Seat column that says whether somebody sits there. */
export const SEAT_PRESENT = 0
/** Seat column of the first level; the press counters follow the levels. */
export const SEAT_LEVELS = 1
