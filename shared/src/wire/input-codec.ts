/**
 * Input messages read: the server takes them into its ring of that player (hot). What they hold stands in input-encoder.ts. One codec serves all
 * players of a game. Allocates nothing; reading never throws, and a refused message leaves head and ring as they were.
 */
import type { CompiledGame } from '../game/compiled.ts'
import { BitReader } from './bit-reader.ts'
import type { ByteReader } from './byte-reader.ts'
import { InputEncoder, LONG_GROWTH } from './input-encoder.ts'
import { copyInputHead, createInputHead, type InputMessageHead, MAX_RECORDS, readInputHead } from './input-head.ts'
import { type InputRing, STAMP_INTS, TICK_STAMP } from './input-ring.ts'

/**
 * 'far': well-formed, and `head` is filled, but the newest tick is more than a ring's capacity from the expected one, so the ring is as it was.
 * 'malformed': nothing was altered.
 */
export type InputResult = 'ok' | 'malformed' | 'far'

export class InputCodec extends InputEncoder {
  private readonly bitsIn = new BitReader()
  /** What was read and is not yet believed: the head, and by record its presence, row and stamps. */
  private readonly readHead: InputMessageHead
  private readonly present = new Uint8Array(MAX_RECORDS)
  private readonly rows: Int32Array
  private readonly stamps: Int32Array

  constructor(game: CompiledGame) {
    super(game)
    this.readHead = createInputHead(game)
    this.rows = new Int32Array(MAX_RECORDS * this.width)
    this.stamps = new Int32Array(MAX_RECORDS * this.stampWidth)
  }

  /**
   * Reads a message up to its end. Ticks that the ring has already, or that are too old for it, are left alone; `head.newMask` names the others.
   * `expectedNearTick` is the server's own tick. In the ring, no counter is above the newest tick's one.
   */
  decode(reader: ByteReader, head: InputMessageHead, ring: InputRing, expectedNearTick: number): InputResult {
    const read = this.readHead
    if (!readInputHead(reader, read, expectedNearTick)) return 'malformed'
    const { newestTick, count } = read
    const bits = this.bitsIn
    bits.start(reader)
    this.stampCodec.start(newestTick, read.ackTick)
    let before = -1
    for (let record = 0; record < count; record++) {
      const tick = newestTick - count + 1 + record
      const present = record === count - 1 || bits.read(1) === 1
      this.present[record] = present ? 1 : 0
      if (!present) continue
      if (tick < 0 || !this.readRecord(ring, tick, record, before, read.wideCounters)) return 'malformed'
      before = record
    }
    if (!reader.ok || reader.left > 0 || !bits.finish()) return 'malformed'
    const distance = newestTick - expectedNearTick
    const far = distance > ring.capacity || distance < -ring.capacity
    if (!far && !this.countersFit(ring, newestTick - count + 1, count)) return 'malformed'
    read.contradicts = !far && this.contradicts(ring, newestTick, count)
    read.newMask = far ? 0 : this.commit(ring, newestTick, count)
    copyInputHead(read, head)
    return far ? 'far' : 'ok'
  }

  /** Reads one record into the scratch. */
  private readRecord(ring: InputRing, tick: number, record: number, before: number, wide: boolean): boolean {
    const row = record * this.width
    if (!this.readLevels(row, before < 0 ? -1 : before * this.width)) return false
    const stamp = record * this.stampWidth
    if (!this.stampCodec.read(this.bitsIn, this.stamps, stamp)) return false
    for (let i = 0; i < this.presses; i++) {
      const counter = row + this.levels + i
      let stamped = true
      if (before < 0) {
        const value = this.readCounter(ring, tick, i, wide)
        if (value < 0) return false
        this.rows[counter] = value
      } else {
        const growth = this.readGrowth()
        this.rows[counter] = (this.rows[before * this.width + this.levels + i] ?? 0) + growth
        stamped = growth > 0
      }
      const at = stamp + (1 + i) * STAMP_INTS
      if (stamped && this.bitsIn.read(1) === 1) {
        if (!this.stampCodec.read(this.bitsIn, this.stamps, at)) return false
      } else this.stamps[at] = this.stamps[at + 1] = this.stamps[at + 2] = -1
    }
    return true
  }

  private readLevels(row: number, last: number): boolean {
    const bits = this.bitsIn
    for (let i = 0; i < this.levels; i++) {
      const width = this.bitWidth[i] ?? 0
      if (width > 1 && bits.read(1) === 0) {
        this.rows[row + i] = (last < 0 ? this.neutral[i] : this.rows[last + i]) ?? 0
        continue
      }
      const offset = bits.read(width)
      if (offset > (this.range[i] ?? 0)) return false
      this.rows[row + i] = (this.rawMin[i] ?? 0) + offset
    }
    return true
  }

  /** The counter with these low bits: at or after the ring's newest one if the tick is, else at or before it. Negative: malformed. */
  private readCounter(ring: InputRing, tick: number, press: number, wide: boolean): number {
    const low = this.bitsIn.read(wide ? 16 : 8)
    const mask = wide ? 0xffff : 0xff
    const known = ring.newestCounter(press)
    if (tick <= ring.newestTick) return known - ((known - low) & mask)
    const growth = (low - known) & mask
    return growth <= mask >> 1 && known + growth <= 0x3fff_ffff ? known + growth : -1
  }

  private readGrowth(): number {
    const bits = this.bitsIn
    if (bits.read(1) === 0) return 0
    const growth = bits.read(3) + 1
    return growth < LONG_GROWTH ? growth : bits.read(7)
  }

  /** Counters grow with the ticks: those up to the ring's newest tick are not above its counters, later ones not below. */
  private countersFit(ring: InputRing, oldestTick: number, count: number): boolean {
    for (let i = 0; i < this.presses; i++) {
      const known = ring.newestCounter(i)
      for (let record = 0; record < count; record++) {
        if (this.present[record] === 0) continue
        const counter = this.rows[record * this.width + this.levels + i] ?? 0
        if (oldestTick + record <= ring.newestTick ? counter > known : counter < known) return false
      }
    }
    return true
  }

  /** Has the ring other content for one of the ticks? What it has stays. */
  private contradicts(ring: InputRing, newestTick: number, count: number): boolean {
    for (let record = 0; record < count; record++) {
      if (this.present[record] === 0) continue
      const slot = ring.find(newestTick - count + 1 + record)
      if (slot < 0) continue
      const row = ring.rowOffset(slot)
      const stamp = ring.stampOffset(slot, TICK_STAMP)
      for (let i = 0; i < this.width; i++) if (ring.rows[row + i] !== this.rows[record * this.width + i]) return true
      for (let i = 0; i < this.stampWidth; i++)
        if (ring.stamps[stamp + i] !== this.stamps[record * this.stampWidth + i]) return true
    }
    return false
  }

  /** Puts what was read into the ring. Returns which ticks were new. */
  private commit(ring: InputRing, newestTick: number, count: number): number {
    let newMask = 0
    for (let record = 0; record < count; record++) {
      const tick = newestTick - count + 1 + record
      if (this.present[record] === 0 || ring.find(tick) >= 0) continue
      const slot = ring.slotFor(tick)
      if (slot < 0) continue
      newMask |= 1 << (count - 1 - record)
      const row = ring.rowOffset(slot)
      for (let i = 0; i < this.width; i++) ring.rows[row + i] = this.rows[record * this.width + i] ?? 0
      const stamp = ring.stampOffset(slot, TICK_STAMP)
      for (let i = 0; i < this.stampWidth; i++) ring.stamps[stamp + i] = this.stamps[record * this.stampWidth + i] ?? 0
    }
    return newMask
  }
}
