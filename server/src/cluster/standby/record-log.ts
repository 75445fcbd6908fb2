/**
 * The newest ticks of a room that somebody may still need, with when they came. Held by the room's owner (protected-room.ts), which lets go of what all holders have.
 * Ticks in it are consecutive.
 */
import type { TickRecord } from '../../room/standby-line.ts'

/** What was let go of at the front is really removed when there is so much of it. */
const COMPACT = 256

export class RecordLog {
  /** The newest tick; of a room without records, that of its keyframe. */
  newest: number
  readonly #records: TickRecord[] = []
  readonly #atMs: number[] = []
  /** Bytes of all records ever appended, up to each one's end. */
  readonly #ends: number[] = []
  #head = 0
  #total = 0

  constructor(newest: number) {
    this.newest = newest
  }

  /** The oldest tick that is kept; `newest + 1`: none. */
  get first(): number {
    return this.newest - (this.#records.length - this.#head) + 1
  }

  get bytes(): number {
    return this.bytesBetween(this.first - 1, this.newest)
  }

  /** Hot. `record.tick` is the next. */
  append(record: TickRecord, nowMs: number): void {
    this.newest = record.tick
    this.#total += record.journal.length + record.session.length
    this.#records.push(record)
    this.#atMs.push(nowMs)
    this.#ends.push(this.#total)
  }

  at(tick: number): TickRecord | undefined {
    return this.#records[this.#indexOf(tick)]
  }

  /** When this tick came; undefined: it is not kept. */
  timeOf(tick: number): number | undefined {
    return tick < this.first ? undefined : this.#atMs[this.#indexOf(tick)]
  }

  /** Of the ticks after `after`, up to `upTo`, that are kept. */
  bytesBetween(after: number, upTo: number): number {
    return this.#endOf(upTo) - this.#endOf(Math.max(after, this.first - 1))
  }

  /** Lets go of all up to this tick. */
  letGo(tick: number): void {
    const count = Math.min(tick, this.newest) - this.first + 1
    if (count <= 0) return
    this.#head += count
    if (this.#head < COMPACT && this.#head < this.#records.length) return
    this.#records.splice(0, this.#head)
    this.#atMs.splice(0, this.#head)
    this.#ends.splice(0, this.#head)
    this.#head = 0
  }

  /** Begins anew after `newest`. */
  clear(newest: number): void {
    this.letGo(this.newest)
    this.newest = newest
  }

  #indexOf(tick: number): number {
    return this.#records.length - 1 - (this.newest - tick)
  }

  #endOf(tick: number): number {
    const end = this.#ends[this.#indexOf(tick)]
    if (end !== undefined) return end
    // Before the first that is kept: where that one begins.
    const record = this.#records[this.#head]
    if (record === undefined) return this.#total
    return (this.#ends[this.#head] ?? 0) - record.journal.length - record.session.length
  }
}
