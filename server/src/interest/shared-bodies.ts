/**
 * The bodies made for one tick, so that clients with equal baselines and equal views share one: teammates who see for each other, for example. A body is found by
 * all that it is made of; equal hashes are not believed. Hot; what does not fit is not shared.
 */
import type { EventFilter } from './event-filter.ts'
import type { Projection } from './projection.ts'
import type { ViewList } from './view-list.ts'
import type { Viewer } from './viewer.ts'

/** Where so many ticks in a row nobody shared anything, only every 16th tick is looked at. */
const TICKS_BEFORE_DOUBT = 60
const DOUBT_MASK = 15
const MOST_BODIES = 64
const MOST_INTS = 64 * 1024
const MOST_BYTES = 128 * 1024

export class SharedBodies {
  private readonly hashes = new Int32Array(MOST_BODIES)
  private readonly intStarts = new Int32Array(MOST_BODIES + 1)
  private readonly byteStarts = new Int32Array(MOST_BODIES + 1)
  private readonly ints = new Int32Array(MOST_INTS)
  private readonly bytes = new Uint8Array(MOST_BYTES)
  private readonly seatWords: Int32Array
  private count = 0
  /** Behind the kept ones: what the body in hand is made of; length 0: it is not to be shared. */
  private length = 0
  private hash = 0
  /** Ticks since somebody shared, and whether this one is looked at. */
  private fruitless = 0
  private looks = true

  constructor(seatRows: number) {
    this.seatWords = new Int32Array(3 * ((seatRows + 31) >> 5))
  }

  /** Another tick. */
  begin(): void {
    this.count = 0
    this.length = 0
    this.fruitless++
    this.looks = this.fruitless < TICKS_BEFORE_DOUBT || (this.fruitless & DOUBT_MASK) === 0
  }

  /** Takes note of what the body in hand is made of. */
  describe(
    viewer: Viewer,
    list: ViewList,
    projection: Projection,
    filter: EventFilter,
    baselineTick: number,
    now: number,
  ): void {
    const { ints } = this
    const start = this.intStarts[this.count] ?? 0
    this.length = 0
    if (!this.looks) return
    const events = filter.total
    const most = 4 + this.seatWords.length + 2 * (list.baseCount + list.count) + events
    if (list.exact || this.count === MOST_BODIES || start + most > MOST_INTS) return
    if (!this.describeSeats(viewer, projection, baselineTick, now)) return
    let at = start
    ints[at++] = baselineTick
    ints[at++] = list.baseCount
    ints[at++] = list.count
    ints[at++] = events
    for (let n = 0; n < this.seatWords.length; n++) ints[at++] = this.seatWords[n] ?? 0
    for (let k = 0; k < list.baseCount; k++) {
      ints[at++] = (list.basePlace[k] ?? 0) | ((list.baseLag[k] ?? 0) << 16)
      ints[at++] = list.baseOrigin[k] ?? 0
    }
    for (let i = 0; i < list.count; i++) {
      ints[at++] = (list.place[i] ?? 0) | ((list.told[i] ?? 0) << 16)
      ints[at++] = list.base[i] ?? -1
    }
    for (let n = 0; n < events; n++) ints[at++] = filter.startOf(n)
    let hash = 0
    for (let n = start; n < at; n++) hash = Math.imul(hash ^ (ints[n] ?? 0), 0x01000193)
    this.hash = hash
    this.length = at - start
  }

  /** Who is shown before, now, and now for the first time. False: somebody was hidden in between, which is too rare to compare. */
  private describeSeats({ since }: Viewer, projection: Projection, baselineTick: number, now: number): boolean {
    const { seatWords } = this
    const { seats, seatCount } = projection
    const words = seatWords.length / 3
    seatWords.fill(0)
    for (let n = 0; n < seatCount; n++) {
      const seat = seats[n] ?? 0
      const bit = 1 << (seat & 31)
      const word = seat >> 5
      if (projection.wasShown(seat)) seatWords[word] = (seatWords[word] ?? 0) | bit
      if (!projection.isShown(seat)) continue
      seatWords[words + word] = (seatWords[words + word] ?? 0) | bit
      const from = since[seat] ?? -1
      if (from <= baselineTick) continue
      if (from !== now) return false
      seatWords[2 * words + word] = (seatWords[2 * words + word] ?? 0) | bit
    }
    return true
  }

  /** Writes the body in hand at `offset` of `into` if it was made before. Gives the offset after it, or -1. */
  copy(into: Uint8Array, offset: number): number {
    if (this.length === 0) return -1
    const own = this.intStarts[this.count] ?? 0
    for (let n = 0; n < this.count; n++) {
      if (this.hashes[n] !== this.hash || !this.isSame(this.intStarts[n] ?? 0, this.intStarts[n + 1] ?? 0, own))
        continue
      this.fruitless = 0
      const from = this.byteStarts[n] ?? 0
      const bytes = (this.byteStarts[n + 1] ?? 0) - from
      for (let i = 0; i < bytes; i++) into[offset + i] = this.bytes[from + i] ?? 0
      return offset + bytes
    }
    return -1
  }

  private isSame(start: number, end: number, own: number): boolean {
    const { ints } = this
    if (end - start !== this.length) return false
    for (let n = 0; n < this.length; n++) if (ints[start + n] !== ints[own + n]) return false
    return true
  }

  /** Keeps the body in hand, which was written from `start` to `end`. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    const to = this.byteStarts[this.count] ?? 0
    if (this.length === 0 || to + end - start > MOST_BYTES) return
    for (let at = start; at < end; at++) this.bytes[to + at - start] = bytes[at] ?? 0
    this.hashes[this.count] = this.hash
    this.intStarts[this.count + 1] = (this.intStarts[this.count] ?? 0) + this.length
    this.count++
    this.byteStarts[this.count] = to + end - start
  }
}
