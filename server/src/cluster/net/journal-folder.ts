/**
 * A folder with the journals of a shard's rooms, so that they come back after a restart of the whole cluster. Made by the shard's composition where an operator asks for it.
 *
 *     file      <room>.journal: frames, the first a keyframe
 *     frame     length u32 (big-endian), CRC-32 u32 of what follows, then msgpack: ['key', epoch, tick, about, journal, session] or ['tick', tick, journal, session]
 *
 * Frames are gathered for a moment and appended; from time to time a room's file begins anew with a keyframe, beside the old one, which it then replaces. What cannot be
 * read any more, such as the end of a file that was being written when the power went, is left out, which is said. Never throws for what is in a file, and never stops
 * a match: a folder that fails is said once for each room, and that room is not written any more.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, decodeControl, encodeControl, isEpochTriple, isRoomId } from '@tickmesh/shared'
import type { Keyframe, TickRecord } from '../../room/standby-line.ts'
import type { JournalStore, StoredJournal } from '../hosting/journal-store.ts'
import type { HeldClaim } from '../ring/rooms-api.ts'
import type { RoomEpoch } from '../view/view.ts'

const FLUSH_MS = 250
/** A file begins anew after so long, or so many bytes. */
const ANEW_MS = 30_000
const ANEW_BYTES = 8 * 1024 * 1024
const MAX_FRAME_BYTES = 64 * 1024 * 1024
const LIMITS = { maxBytes: MAX_FRAME_BYTES, maxDepth: 8, maxElements: 65_536, maxStringBytes: MAX_FRAME_BYTES }
const ENDING = '.journal'
/** Of a file that is to replace another. */
const BESIDE = '.journal.new'

interface Writing {
  readonly epoch: RoomEpoch
  readonly keyframe: () => Keyframe
  readonly path: string
  frames: Uint8Array[]
  bytes: number
  beganMs: number
  /** Writes of one file follow each other. */
  last: Promise<void>
  failed: boolean
}

interface Found {
  readonly claim: HeldClaim
  readonly journal: StoredJournal
  /** Whether there is more in the file, which cannot be read. */
  readonly isCut: boolean
}

export class JournalFolder implements JournalStore {
  readonly #dir: string
  readonly #note: (event: string, message: string) => void
  readonly #found = new Map<string, Found>()
  readonly #rooms = new Map<string, Writing>()
  readonly #timer: NodeJS.Timeout
  /** Those that are under way. */
  readonly #writes = new Set<Promise<void>>()
  /** The last write to the file of a room that is not written at the moment, which the first one of its next life follows. */
  readonly #endings = new Map<string, Promise<void>>()
  #isKept = false

  /** Reads what is there. Throws if the folder cannot be made or read. */
  constructor(dir: string, note: (event: string, message: string) => void) {
    this.#dir = dir
    this.#note = note
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(dir)) {
      // It was being written when its shard died; what it was to replace is there.
      if (name.endsWith(BESIDE)) rmSync(join(dir, name), { force: true, recursive: true })
      else if (name.endsWith(ENDING)) this.#read(name.slice(0, -ENDING.length), join(dir, name))
    }
    this.#timer = setInterval(() => this.#flushAll(), FLUSH_MS)
    this.#timer.unref()
  }

  #read(room: string, path: string): void {
    const found = isRoomId(room) ? readJournal(room, contentOf(path)) : undefined
    if (found === undefined) return this.#note('journal-damaged', `${path} is of no use: its beginning cannot be read`)
    this.#found.set(room, found)
    if (found.isCut)
      this.#note(
        'journal-damaged',
        `${path} cannot be read after tick ${found.claim.tick}: what was written after that is lost`,
      )
  }

  get found(): readonly HeldClaim[] {
    return [...this.#found.values()].map(({ claim }) => claim)
  }

  load(room: string): StoredJournal | undefined {
    return this.#found.get(room)?.journal
  }

  drop(room: string): void {
    if (this.#found.delete(room) && !this.#rooms.has(room)) rmSync(this.#path(room), { force: true })
  }

  began(room: string, epoch: RoomEpoch, keyframe: () => Keyframe): void {
    const last = this.#rooms.get(room)?.last ?? this.#endings.get(room) ?? Promise.resolve()
    this.#found.delete(room)
    const path = this.#path(room)
    const writing = { epoch, keyframe, path, frames: [], bytes: 0, beganMs: 0, last, failed: false }
    this.#rooms.set(room, writing)
    this.#beginAnew(writing)
  }

  record(room: string, { tick, journal, session }: TickRecord): void {
    const writing = this.#rooms.get(room)
    // That its players leave with the server is not to be written.
    if (writing === undefined || writing.failed || this.#isKept) return
    const frame = this.#framed(writing, () => ['tick', tick, journal, session])
    if (frame === undefined) return
    writing.frames.push(frame)
    writing.bytes += frame.length
  }

  ended(room: string): void {
    const writing = this.#rooms.get(room)
    if (writing === undefined) return
    this.#rooms.delete(room)
    if (!this.#isKept) this.#finish(room, writing, (path) => rm(path, { force: true }))
  }

  shelved(room: string): void {
    const writing = this.#rooms.get(room)
    if (writing === undefined) return
    this.#append(writing)
    this.#rooms.delete(room)
    this.#finish(room, writing, async (path) => {
      if (!writing.failed && !this.#rooms.has(room)) this.#read(room, path)
    })
  }

  /** After what was written of it last. */
  #finish(room: string, { last, path }: Writing, run: (path: string) => Promise<void>): void {
    const done = this.#written(last.then(() => run(path)).catch(() => {}))
    this.#endings.set(room, done)
    void done.then(() => this.#endings.get(room) === done && this.#endings.delete(room))
  }

  /** The server stops: rooms that end from now on end with it, and come back after a restart as they are now; so do those that come here yet. */
  keep(): void {
    this.#flushAll()
    this.#isKept = true
  }

  /** What waits is written. Rooms that run stay there: this is no end of theirs. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#flushAll()
    await Promise.all(this.#writes)
  }

  #path(room: string): string {
    return join(this.#dir, room + ENDING)
  }

  #flushAll(): void {
    const nowMs = performance.now()
    for (const writing of this.#rooms.values()) {
      if (writing.failed) continue
      if (!this.#isKept && (nowMs - writing.beganMs > ANEW_MS || writing.bytes > ANEW_BYTES)) this.#beginAnew(writing)
      else this.#append(writing)
    }
  }

  #append(writing: Writing): void {
    if (writing.frames.length === 0) return
    const bytes = Buffer.concat(writing.frames.splice(0))
    this.#then(writing, () => appendFile(writing.path, bytes))
  }

  /** With the world as it is between two ticks; what was gathered before is in it. */
  #beginAnew(writing: Writing): void {
    const frame = this.#framed(writing, () => {
      const { tick, about, journal, session } = writing.keyframe()
      const { generation, view, k } = writing.epoch
      return ['key', [generation, view, k], tick, about, journal, session]
    })
    if (frame === undefined) return
    writing.frames = []
    writing.bytes = frame.length
    writing.beganMs = performance.now()
    const beside = writing.path.slice(0, -ENDING.length) + BESIDE
    this.#then(writing, async () => {
      await writeFile(beside, frame, { mode: 0o600 })
      await rename(beside, writing.path)
    })
  }

  /** Undefined: it cannot be written. */
  #framed(writing: Writing, content: () => readonly unknown[]): Uint8Array | undefined {
    try {
      return frameOf(content())
    } catch (error) {
      this.#failed(writing, error)
      return undefined
    }
  }

  #then(writing: Writing, write: () => Promise<void>): void {
    writing.last = this.#written(writing.last.then(write).catch((error: unknown) => this.#failed(writing, error)))
  }

  #written(write: Promise<void>): Promise<void> {
    this.#writes.add(write)
    void write.finally(() => this.#writes.delete(write))
    return write
  }

  #failed(writing: Writing, error: unknown): void {
    if (!writing.failed) this.#note('journal-failed', `${writing.path} cannot be written: ${String(error)}`)
    writing.failed = true
    writing.frames = []
  }
}

function frameOf(content: readonly unknown[]): Uint8Array {
  const body = encodeControl(content, LIMITS)
  const frame = new Uint8Array(8 + body.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, body.length)
  view.setUint32(4, crc32(body, 0, body.length))
  frame.set(body, 8)
  return frame
}

/** As much as can be read; undefined: not even the keyframe. */
function readJournal(room: string, file: Uint8Array): Found | undefined {
  let keyframe: Keyframe | undefined
  let epoch: RoomEpoch | undefined
  const records: TickRecord[] = []
  let readBytes = 0
  for (const { content, end } of framesOf(file)) {
    if (keyframe === undefined) {
      const [kind, triple, tick, about, journal, session] = content
      if (kind !== 'key' || !isEpochTriple(triple) || !isTick(tick)) return undefined
      if (!isBytes(about) || !isBytes(journal) || !isBytes(session)) return undefined
      keyframe = { tick, about, journal, session }
      epoch = { generation: triple[0], view: triple[1], k: triple[2] }
    } else {
      const [kind, tick, journal, session] = content
      if (kind !== 'tick' || tick !== keyframe.tick + records.length + 1) break
      if (!isBytes(journal) || !isBytes(session)) break
      records.push({ tick, journal, session })
    }
    readBytes = end
  }
  if (keyframe === undefined || epoch === undefined) return undefined
  const claim = { id: room, epoch, tick: keyframe.tick + records.length }
  return { claim, journal: { keyframe, records }, isCut: readBytes < file.length }
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch {
    return new Uint8Array()
  }
}

function* framesOf(file: Uint8Array): Generator<{ readonly content: readonly unknown[]; readonly end: number }> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = 0; at + 8 <= file.length; ) {
    const length = view.getUint32(at)
    const end = at + 8 + length
    if (length > MAX_FRAME_BYTES || end > file.length || crc32(file, at + 8, end) !== view.getUint32(at + 4)) return
    const decoded = decodeControl(file.subarray(at + 8, end), LIMITS)
    if (!decoded.ok || !Array.isArray(decoded.value)) return
    yield { content: decoded.value, end }
    at = end
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function isTick(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
