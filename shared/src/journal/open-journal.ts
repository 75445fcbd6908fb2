/**
 * Opens a journal: finds its records, and refuses what is foreign, changed or cut, saying what and where. Called once per file; a replay reads from what
 * this gives. Throws nothing but JournalError, whatever the bytes are; takes time and memory in proportion to them.
 */
import type { CompiledGame } from '../game/compiled.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { decodeControl } from '../wire/control-codec.ts'
import { isObject } from '../wire/plain-data.ts'
import { crc32 } from './crc32.ts'
import { JOURNAL_MAGIC, JOURNAL_VERSION, type JournalHead, RECORD_END, RECORD_HEAD, RECORD_KEYFRAME } from './format.ts'
import { JournalError } from './journal-error.ts'

/** A keyframe's or tick's payload in the file. */
export interface RecordPlace {
  readonly tick: number
  readonly offset: number
  readonly length: number
}

/** A journal whose records are whole. What they hold is looked at when it is replayed. */
export interface Journal {
  readonly game: CompiledGame
  readonly bytes: Uint8Array
  readonly head: JournalHead
  /** Sorted by tick; there is always one. */
  readonly keyframes: readonly RecordPlace[]
  /** One per tick, without gaps, from the first keyframe's next one on. */
  readonly ticks: readonly RecordPlace[]
  /** Where the first keyframe stands, and the newest tick. */
  readonly firstTick: number
  readonly lastTick: number
  /** Why the match ended; undefined if the end is missing. */
  readonly endReason: string | undefined
}

export interface OpenOptions {
  /** Takes a journal whose end is missing (the server crashed, or is still recording) up to its last whole record. */
  readonly allowTruncated?: boolean
}

/** A room keeps a second at most, or so many ticks, and two snapshots: what a file asks for beyond that is not from a server. */
const LEAST_HISTORY_TICKS = 64
function maxHistoryTicks(game: CompiledGame): number {
  return Math.max(game.tickRate, LEAST_HISTORY_TICKS) + 2 * game.ticksPerSnapshot + 2
}

const HEADER_BYTES = JOURNAL_MAGIC.length + 2

export function openJournal(bytes: Uint8Array, game: CompiledGame, options: OpenOptions = {}): Journal {
  checkMagic(bytes)
  return new RecordScan(bytes, game, options.allowTruncated === true).run()
}

function checkMagic(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new JournalError('foreign', 'the file is empty.', { offset: 0 })
  const there = Math.min(bytes.length, JOURNAL_MAGIC.length)
  for (let at = 0; at < there; at++) {
    if (bytes[at] === JOURNAL_MAGIC[at]) continue
    const asText = at >= 4 ? ' It was changed by a transfer as text.' : ''
    throw new JournalError('foreign', `this is not a journal: it does not begin like one.${asText}`, { offset: at })
  }
  if (bytes.length < HEADER_BYTES)
    throw new JournalError('truncated', 'the journal ends within its first bytes.', { offset: bytes.length })
  const version = (bytes[JOURNAL_MAGIC.length] ?? 0) | ((bytes[JOURNAL_MAGIC.length + 1] ?? 0) << 8)
  if (version === JOURNAL_VERSION) return
  const problem = `the journal is of format ${version}; this program reads format ${JOURNAL_VERSION}.`
  throw new JournalError('version', problem, { offset: JOURNAL_MAGIC.length })
}

class RecordScan {
  private readonly bytes: Uint8Array
  private readonly game: CompiledGame
  private readonly allowTruncated: boolean
  private readonly reader = new ByteReader()
  private readonly keyframes: RecordPlace[] = []
  private readonly ticks: RecordPlace[] = []
  private head: JournalHead | undefined
  private lastTick = 0
  private endReason: string | undefined
  private at = HEADER_BYTES

  constructor(bytes: Uint8Array, game: CompiledGame, allowTruncated: boolean) {
    this.bytes = bytes
    this.game = game
    this.allowTruncated = allowTruncated
  }

  run(): Journal {
    const { bytes, game, keyframes, ticks } = this
    let isWhole = true
    while (this.at < bytes.length && isWhole) {
      if (this.endReason !== undefined) throw this.corrupt('bytes follow after the end')
      isWhole = this.record()
    }
    const { head, lastTick, endReason } = this
    const [first] = keyframes
    const where = { offset: this.at }
    if (head === undefined || first === undefined) {
      const problem = `the journal ends before its first keyframe, at byte ${this.at}.`
      throw new JournalError('truncated', problem, { ...where, remedy: 'Nothing in it can be replayed.' })
    }
    if (endReason === undefined && !this.allowTruncated) {
      const problem = `the journal has no end: after byte ${this.at} (tick ${lastTick}) nothing whole follows. Its server crashed, still records, or the file was cut.`
      throw new JournalError('truncated', problem, where)
    }
    return { game, bytes, head, keyframes, ticks, firstTick: first.tick, lastTick, endReason }
  }

  /** Reads one record. False: it is cut off. */
  private record(): boolean {
    const { bytes, at } = this
    const reader = this.reader.start(bytes, at)
    const kind = reader.u8()
    if (kind < RECORD_HEAD || kind > RECORD_END) throw this.corrupt(`a record of unknown kind ${kind} begins`)
    const length = reader.varint()
    if (!reader.ok) {
      if (reader.left === 0) return false
      throw this.corrupt('a length is no number')
    }
    const offset = reader.position
    if (length + 4 > bytes.length - offset) return false
    const end = offset + length
    if (reader.start(bytes, end).u32() !== crc32(bytes, at, end)) throw this.corrupt('the check of a record is wrong')
    reader.start(bytes, offset, length)
    this.take(kind, reader, offset, length)
    this.at = end + 4
    return true
  }

  private take(kind: number, reader: ByteReader, offset: number, length: number): void {
    if (this.head === undefined || kind === RECORD_HEAD) {
      if (this.head !== undefined || kind !== RECORD_HEAD)
        throw this.corrupt('the head is not the first record, or not alone')
      this.head = this.readHead(this.bytes.subarray(offset, offset + length))
    } else if (kind === RECORD_END) {
      this.takeEnd(offset, length)
    } else {
      const tick = reader.varint()
      if (!reader.ok || tick > 0x7fff_ffff) throw this.corrupt('a record has no tick')
      this.takeTick(kind, { tick, offset: reader.position, length: offset + length - reader.position })
    }
  }

  private takeTick(kind: number, place: RecordPlace): void {
    const isFirst = this.keyframes.length === 0
    if (kind === RECORD_KEYFRAME) {
      const doubled = place.tick === this.keyframes.at(-1)?.tick
      if (!isFirst && (place.tick !== this.lastTick || doubled))
        throw this.corrupt(`a keyframe of tick ${place.tick} is out of order`)
      this.keyframes.push(place)
    } else {
      if (isFirst) throw this.corrupt('a tick comes before the first keyframe')
      if (place.tick !== this.lastTick + 1) throw this.corrupt(`tick ${place.tick} follows tick ${this.lastTick}`)
      this.ticks.push(place)
    }
    this.lastTick = place.tick
  }

  private takeEnd(offset: number, length: number): void {
    const decoded = decodeControl(this.bytes.subarray(offset, offset + length))
    const [tick, reason]: unknown[] = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
    if (this.keyframes.length === 0 || tick !== this.lastTick || typeof reason !== 'string')
      throw this.corrupt('the end does not fit what came before')
    this.endReason = reason
  }

  private readHead(bytes: Uint8Array): JournalHead {
    const { game } = this
    const decoded = decodeControl(bytes)
    if (!decoded.ok || !isHead(decoded.value, maxHistoryTicks(game))) throw this.corrupt('the head cannot be read')
    const head = decoded.value
    const where = { offset: this.at }
    if (head.game !== game.id)
      throw new JournalError('game', `the journal is of the game "${head.game}", not of "${game.id}".`, where)
    if (head.schema === game.schemaHash && head.worldInts === game.worldInts && head.tickRate === game.tickRate)
      return head
    const [theirs, ours] = [head.schema, game.schemaHash].map((hash) => hash.toString(16).padStart(8, '0'))
    const problem = `the journal is of ${head.game} (schema ${theirs}), this is ${game.id} (schema ${ours}).`
    throw new JournalError('schema', problem, where)
  }

  private corrupt(problem: string): JournalError {
    return new JournalError('corrupt', `the journal is damaged at byte ${this.at}: ${problem}.`, { offset: this.at })
  }
}

function isHead(value: unknown, maxTicks: number): value is JournalHead {
  if (!isObject(value)) return false
  const { game, schema, tickRate, worldInts, historyTicks, secretSeed, room, startedAt } = value
  const numbers = [schema, tickRate, worldInts, historyTicks, secretSeed]
  return (
    [game, room, startedAt].every((text) => typeof text === 'string') &&
    numbers.every((number) => Number.isInteger(number)) &&
    typeof historyTicks === 'number' &&
    historyTicks > 0 &&
    historyTicks <= maxTicks
  )
}
