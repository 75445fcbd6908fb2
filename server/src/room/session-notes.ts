/**
 * Session notes: what a room's journal tells besides simulation, players' names and attributes (which journal notes tell), so that another shard can go on with its
 * sessions. Written by the room core in each tick, added up by the ledger (session-ledger.ts) of whoever stands by. Times are cluster time.
 * Packing and parsing: notes are packed one by one, so that each keeps its own bounds and a keyframe may hold many. Parsers believe nothing, and never throw. To apply a note twice does no harm: a keyframe may tell what the next record tells again.
 */
import {
  ByteReader,
  ByteWriter,
  decodeControl,
  encodeControl,
  isCount,
  isPlainObject,
  isRecord,
  type PlainObject,
  SERVER_CONTROL_LIMITS,
} from '@tickmesh/shared'
import type { RoomListing } from './room-listing.ts'

/** Who sits in a seat, as the gate found. Follows the journal's `join` in the same tick. */
export interface WhoNote {
  readonly id: string
  readonly identity?: unknown
  readonly options?: unknown
  readonly ticketId?: string
}

/** Why somebody is away. */
export interface AwayNote {
  readonly code: string
  readonly message: string
  /** Cluster time, ms. */
  readonly untilMs: number
}

export type SessionNote =
  | readonly ['who', seat: number, WhoNote]
  | readonly ['gone', seat: number]
  /** SHA-256 of the newest secret that the client is known to have, and of the newest that was sent. */
  | readonly ['secrets', seat: number, known: Uint8Array | null, newest: Uint8Array | null]
  /** Its link is lost (or null: it is back). */
  | readonly ['away', seat: number, AwayNote | null]
  /** An input of this player was used once: it is no stranger any more. */
  | readonly ['played', seat: number]
  /** Messages of this client that were applied, in all. */
  | readonly ['heard', seat: number, count: number]
  /** A game's message to this client, packed: the `count`th. The newest 64 (64 kB) of each seat are kept. */
  | readonly ['said', seat: number, count: number, Uint8Array]
  /** A named timer (`room.schedule`), and its end. */
  | readonly ['timer', id: number, dueTick: number, everyTicks: number, name: string, data: unknown]
  | readonly ['timer-off', id: number]
  /** An effect on the outside, to be run once this is held; and its end. */
  | readonly ['effect', id: string, tick: number, name: string, data: unknown]
  | readonly ['effect-done', id: string]
  /** Where `room.random` stands. */
  | readonly ['random', number, number, number, number]
  | readonly ['listing', RoomListing | null]
  /** A seat that is kept for a ticket; and its end. */
  | readonly ['reserve', seat: number, ticketId: string, untilMs: number]
  | readonly ['unreserve', seat: number]
  /** The room ends with this tick, by its rules' wish: nobody goes on with it, but its effects are still to be carried out. */
  | readonly ['closing', message: string]

/** What a keyframe says of the room as a whole: never changes while it runs. */
export interface StandbyHead {
  readonly game: string
  readonly schema: number
  /** Of the game's code: those who differ in it do not compute each other's ticks. */
  readonly build: string
  readonly tickRate: number
  readonly worldInts: number
  readonly historyTicks: number
  readonly secretSeed: number
  readonly publicSeed: number
  /** What whoever created the room asked for. */
  readonly created: PlainObject
}

/** A `said` holds a whole message as a binary. */
const NOTE_LIMITS = { ...SERVER_CONTROL_LIMITS, maxBytes: 327_680, maxStringBytes: 270_336 }
const MAX_NOTES = 262_144
const HASH_BYTES = 32
const MAX_TEXT = 4_096
const NOTHING = new Uint8Array(0)

/** Throws BAD_ARGUMENT for a note that holds what is no plain data: see `packable`. */
export function packNotes(notes: readonly SessionNote[]): Uint8Array {
  if (notes.length === 0) return NOTHING
  const packed = notes.map((note) => encodeControl(note, NOTE_LIMITS))
  const bytes = new Uint8Array(packed.reduce((sum, { length }) => sum + length + 5, 5))
  const writer = new ByteWriter().start(bytes)
  writer.varint(packed.length)
  for (const one of packed) {
    writer.varint(one.length)
    writer.raw(one)
  }
  return bytes.slice(0, writer.position)
}

/** Whether `value` can be in a note. */
export function isPackable(value: unknown): boolean {
  try {
    encodeControl(value, SERVER_CONTROL_LIMITS)
    return true
  } catch {
    return false
  }
}

/** Undefined: damaged. The notes share no memory with `bytes`. */
export function unpackNotes(bytes: Uint8Array): SessionNote[] | undefined {
  const notes: SessionNote[] = []
  if (bytes.length === 0) return notes
  const reader = new ByteReader().start(bytes)
  const count = reader.varint()
  if (!reader.ok || count > MAX_NOTES) return undefined
  for (let i = 0; i < count; i++) {
    const length = reader.varint()
    if (!reader.ok || length > reader.left) return undefined
    const decoded = decodeControl(reader.raw(length), NOTE_LIMITS)
    if (!decoded.ok || !isSessionNote(decoded.value)) return undefined
    notes.push(decoded.value)
  }
  return reader.ok && reader.left === 0 ? notes : undefined
}

/** Throws BAD_ARGUMENT for what is no plain data. */
export function packHead(head: StandbyHead): Uint8Array {
  return encodeControl(head, SERVER_CONTROL_LIMITS)
}

export function unpackHead(bytes: Uint8Array): StandbyHead | undefined {
  const decoded = decodeControl(bytes, SERVER_CONTROL_LIMITS)
  if (!decoded.ok || !isPlainObject(decoded.value)) return undefined
  const { game, schema, build, tickRate, worldInts, historyTicks, secretSeed, publicSeed, created } = decoded.value
  if (!isText(game) || !isText(build) || !isPlainObject(created)) return undefined
  if (!isCount(schema) || !isCount(tickRate) || !isCount(worldInts) || !isCount(historyTicks)) return undefined
  if (!isWord(secretSeed) || !isWord(publicSeed)) return undefined
  return { game, schema, build, tickRate, worldInts, historyTicks, secretSeed, publicSeed, created }
}

/** By kind, what follows it. */
const CHECKS: { readonly [Kind in SessionNote[0]]: (fields: readonly unknown[]) => boolean } = {
  who: ([seat, who]) => isSeat(seat) && isWho(who),
  gone: ([seat]) => isSeat(seat),
  secrets: ([seat, known, newest]) => isSeat(seat) && isHash(known) && isHash(newest),
  away: ([seat, away]) => isSeat(seat) && (away === null || isAway(away)),
  played: ([seat]) => isSeat(seat),
  heard: ([seat, count]) => isSeat(seat) && isCount(count),
  said: ([seat, count, bytes]) => isSeat(seat) && isCount(count) && bytes instanceof Uint8Array,
  timer: ([id, due, every, name]) => isCount(id) && isCount(due) && isCount(every) && isText(name),
  'timer-off': ([id]) => isCount(id),
  effect: ([id, tick, name]) => isText(id) && isCount(tick) && isText(name),
  'effect-done': ([id]) => isText(id),
  random: (words) => words.length === 4 && words.every(isWord),
  listing: ([listing]) => listing === null || isPlainObject(listing),
  reserve: ([seat, ticketId, untilMs]) => isSeat(seat) && isText(ticketId) && isNumber(untilMs),
  unreserve: ([seat]) => isSeat(seat),
  closing: ([message]) => isText(message),
}

function isSessionNote(value: unknown): value is SessionNote {
  if (!Array.isArray(value) || typeof value[0] !== 'string' || !Object.hasOwn(CHECKS, value[0])) return false
  return CHECKS[value[0] as SessionNote[0]](value.slice(1))
}

function isWho(value: unknown): value is WhoNote {
  if (!isMap(value)) return false
  return isText(value.id) && (value.ticketId === undefined || isText(value.ticketId))
}

function isAway(value: unknown): value is AwayNote {
  return isMap(value) && isText(value.code) && isText(value.message) && isNumber(value.untilMs)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && !(value instanceof Uint8Array)
}

function isHash(value: unknown): boolean {
  return value === null || (value instanceof Uint8Array && value.length === HASH_BYTES)
}

function isSeat(value: unknown): boolean {
  return isCount(value) && value >= 1 && value <= 1000
}

/** 32 bits, with or without a sign. */
function isWord(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}
