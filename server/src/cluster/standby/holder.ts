/**
 * One holder as the room's owner sees it: brings it up with a keyframe, streams records, says again what is not answered. Made by protected-room.ts, which decides who is
 * a holder. At most `WINDOW_BYTES` of records and two chunks of a keyframe are under way, whatever is lost.
 */
import type { Keyframe } from '../../room/standby-line.ts'
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { RecordLog } from './record-log.ts'
import type { HolderStatus } from './standby-api.ts'
import { RETRY_MS, type StandbyContext } from './standby-context.ts'
import { CHUNK_BYTES, MAX_KEYFRAME_BYTES, RUN_BYTES, RUN_RECORDS, type StandbyMessage } from './standby-messages.ts'

const WINDOW_BYTES = 1024 * 1024
/** Chunks under way. Two, so that the link is not idle while one is answered. */
const WINDOW_CHUNKS = 2
/** Keyframes under way to one life: with their windows 2 MB of the 8 that may wait on a stream. */
const KEYFRAMES_AT_A_TIME = 4
/** The same gap is told with each record that comes after it: it is filled once in so long. */
const FILL_AGAIN_MS = 60
const MAX_RETRY_MS = 1_000

interface Transfer {
  readonly tick: number
  readonly sizes: readonly [number, number, number]
  readonly bytes: Uint8Array
  /** That it has; that were sent. */
  got: number
  sent: number
  hasBegun: boolean
}

/** Over this lag a holder is slow. */
export const SLOW_MS = 500
/** Somebody who is brought up, and is heard nothing of for so long, is given up. */
const STUCK_MS = 3_000

export class Holder {
  readonly life: Life
  /** One of those that the room is to have; else a move's, beside them. */
  isCore: boolean
  /** A move needs it. */
  isPinned: boolean
  state: HolderStatus['state'] = 'joining'
  /** It was called a holder. */
  wasRequired = false
  isKnowing = false
  /** Up to where it has all; -1: it has nothing. */
  tick = -1
  /** Of its game's code; undefined: it has not said so. */
  build: string | undefined
  /** It cannot hold the room. */
  isUnfit = false
  line = 0
  /** When it last said something new, or something was sent that it has to answer. */
  progressMs: number
  /** Waits for a keyframe, is sent one, or follows along. */
  #phase: 'waiting' | 'sending' | 'open' = 'waiting'
  #transfer: Transfer | undefined
  #sentTo = -1
  #filledMs = Number.NEGATIVE_INFINITY
  #filled = -1
  /** When something was last said again. */
  #saidMs = Number.NEGATIVE_INFINITY
  #retryMs = RETRY_MS
  readonly #of: { readonly room: string; readonly epoch: RoomEpoch }
  readonly #context: StandbyContext

  constructor(
    context: StandbyContext,
    of: { readonly room: string; readonly epoch: RoomEpoch; readonly life: Life },
    isCore: boolean,
    nowMs: number,
  ) {
    this.#context = context
    this.#of = { room: of.room, epoch: of.epoch }
    this.life = of.life
    this.isCore = isCore
    this.isPinned = !isCore
    this.progressMs = nowMs
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  get #isWaiting(): boolean {
    return this.#phase === 'waiting'
  }

  /** It waits for a keyframe, and others to this life leave room for one. */
  get wantsKeyframe(): boolean {
    if (this.#phase !== 'waiting' || this.state === 'leaving') return false
    return (this.#context.keyframes.get(this.life) ?? 0) < KEYFRAMES_AT_A_TIME
  }

  /** Records up to this tick are not needed for it; undefined: it needs none that are kept. */
  get behindFrom(): number | undefined {
    if (this.state === 'leaving' || this.#phase === 'waiting') return undefined
    return this.#phase === 'open' ? this.tick : this.#transfer?.tick
  }

  /** Since the oldest record that it has not answered. */
  lagMs(log: RecordLog, nowMs: number): number {
    if (this.tick >= log.newest) return 0
    return nowMs - Math.min(log.timeOf(this.tick + 1) ?? this.progressMs, nowMs)
  }

  isSlow(log: RecordLog, nowMs: number): boolean {
    return this.state === 'holding' && this.lagMs(log, nowMs) > SLOW_MS
  }

  /** It is brought up, and nothing comes of it. */
  isStuck(nowMs: number): boolean {
    return this.state === 'joining' && !this.isPinned && !this.#isWaiting && nowMs - this.progressMs > STUCK_MS
  }

  /** It gets a keyframe anew, as soon as there is one. What it has acknowledged it still has. */
  restart(nowMs: number): void {
    this.#endTransfer()
    this.#phase = 'waiting'
    this.progressMs = nowMs
  }

  begin({ tick, about, journal, session }: Keyframe, nowMs: number): void {
    const sizes = [about.length, journal.length, session.length] as const
    const bytes = new Uint8Array(sizes[0] + sizes[1] + sizes[2])
    if (bytes.length > MAX_KEYFRAME_BYTES) {
      this.isUnfit = true
      return
    }
    bytes.set(about)
    bytes.set(journal, sizes[0])
    bytes.set(session, sizes[0] + sizes[1])
    this.#phase = 'sending'
    this.line = this.#context.nextLine()
    this.#transfer = { tick, sizes, bytes, got: 0, sent: 0, hasBegun: false }
    this.#context.keyframes.set(this.life, (this.#context.keyframes.get(this.life) ?? 0) + 1)
    this.progressMs = nowMs
    this.#sendChunks(this.#transfer)
  }

  /** So much of the keyframe came. */
  got(bytes: number, build: string, nowMs: number): void {
    this.build = build
    const transfer = this.#transfer
    if (transfer === undefined || bytes <= transfer.got) return
    transfer.got = Math.min(bytes, transfer.bytes.length)
    transfer.sent = Math.max(transfer.sent, transfer.got)
    this.#progressed(nowMs)
    this.#sendChunks(transfer)
  }

  /** It has all up to `tick`, of the newest keyframe's line. */
  has(tick: number, log: RecordLog, nowMs: number): void {
    if (tick > log.newest) return
    if (this.#phase === 'sending') {
      this.#sentTo = this.#transfer?.tick ?? tick
      this.#endTransfer()
      this.#phase = 'open'
    }
    if (this.#phase !== 'open') return
    if (tick > this.tick) {
      this.tick = tick
      this.#progressed(nowMs)
    }
    if (this.#sentTo < tick) this.#sentTo = tick
    this.stream(log, nowMs)
  }

  /** One before what came was missing. */
  fill(after: number, log: RecordLog, nowMs: number): void {
    if (this.#phase !== 'open') return
    if (after === this.#filled && nowMs - this.#filledMs < FILL_AGAIN_MS) return
    this.#filled = after
    this.#filledMs = nowMs
    if (after < this.#sentTo) this.#sentTo = Math.max(after, this.tick)
    if (this.#sentTo >= log.newest) this.#greet(log.newest)
    else this.stream(log, nowMs)
  }

  /** Sends what was not sent, as far as the window lets it. Hot. */
  stream(log: RecordLog, nowMs: number): void {
    if (this.#phase !== 'open' || this.state === 'leaving') return
    if (this.#sentTo < log.first - 1) return this.restart(nowMs)
    if (this.#sentTo <= this.tick) this.progressMs = nowMs
    while (this.#sentTo < log.newest && log.bytesBetween(this.tick, this.#sentTo) < WINDOW_BYTES) this.#sendRun(log)
  }

  /** Says again what was not answered: seldom, if that does not help. */
  look(log: RecordLog, nowMs: number): void {
    if (nowMs - this.progressMs < RETRY_MS || nowMs - this.#saidMs < this.#retryMs) return
    if (this.state === 'leaving') this.sayDrop()
    else if (this.#transfer !== undefined) {
      this.#transfer.sent = this.#transfer.got
      this.#transfer.hasBegun = false
      this.#sendChunks(this.#transfer)
    } else if (this.#phase === 'open' && this.tick < this.#sentTo) {
      this.#sentTo = this.tick
      if (this.#sentTo < log.first - 1) return this.restart(nowMs)
      this.#sendRun(log)
    } else return
    this.#saidMs = nowMs
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }

  leave(nowMs: number): void {
    this.state = 'leaving'
    this.#endTransfer()
    this.progressMs = nowMs
    this.sayDrop()
  }

  /** It is no holder any more, whatever is under way. */
  forget(): void {
    this.#endTransfer()
    this.#phase = 'waiting'
  }

  sayDrop(): void {
    this.#send({ t: 'drop', ...this.#of, line: this.line })
  }

  #progressed(nowMs: number): void {
    this.progressMs = nowMs
    this.#retryMs = RETRY_MS
  }

  /** A sign of life: there is nothing new. */
  #greet(newest: number): void {
    this.#send({ t: 'records', ...this.#of, line: this.line, from: newest + 1, records: [], counts: this.wasRequired })
  }

  #sendRun(log: RecordLog): void {
    const from = this.#sentTo + 1
    const records: Uint8Array[] = []
    let bytes = 0
    while (this.#sentTo < log.newest && records.length < 2 * RUN_RECORDS) {
      const record = log.at(this.#sentTo + 1)
      if (record === undefined) break
      const size = record.journal.length + record.session.length
      if (bytes > 0 && bytes + size > RUN_BYTES) break
      records.push(record.journal, record.session)
      bytes += size
      this.#sentTo++
    }
    this.#context.counts.bytesSent += bytes
    this.#send({ t: 'records', ...this.#of, line: this.line, from, records, counts: this.wasRequired })
  }

  #sendChunks(transfer: Transfer): void {
    const { bytes, sizes, tick } = transfer
    const until = Math.min(bytes.length, transfer.got + WINDOW_CHUNKS * CHUNK_BYTES)
    while (transfer.sent < until || !transfer.hasBegun) {
      const offset = transfer.sent
      const chunk = bytes.subarray(offset, Math.min(offset + CHUNK_BYTES, bytes.length))
      const { build } = this.#context.options
      // All has come, and the answer was lost: the last chunk again.
      if (chunk.length === 0 && bytes.length > 0) {
        transfer.sent = Math.max(0, bytes.length - CHUNK_BYTES)
        continue
      }
      transfer.hasBegun = true
      transfer.sent += chunk.length
      this.#context.counts.bytesSent += chunk.length
      this.#send({ t: 'hold', ...this.#of, line: this.line, build, tick, sizes, offset, bytes: chunk })
    }
  }

  #endTransfer(): void {
    if (this.#transfer === undefined) return
    this.#transfer = undefined
    this.#context.keyframes.set(this.life, Math.max(0, (this.#context.keyframes.get(this.life) ?? 0) - 1))
  }

  #send(message: StandbyMessage): void {
    this.#context.send(this.life, message, 'stream')
  }
}
