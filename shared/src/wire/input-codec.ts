/**
 * Input messages, the whole uplink of a match: the client writes the newest ticks of its ring, the server reads them into its ring of that player (hot).
 * One codec serves all players of a game. Allocates nothing; reading never throws, and a refused message leaves head and ring as they were.
 * After the head (input-head) come bits, least significant first, for each tick from the oldest to the newest:
 *
 *     1        present                          (not for the newest, which always is)
 *     levels   of one bit: that bit; of more: 1 changed since the record before (the first: since neutral), then raw - rawMin
 *     stamp    of the tick (view-stamp-codec)
 *     presses  first record: low 8 (wide: 16) bits of the counter
 *              others: 1 grew, then 3 growth - 1; 7: then 7 bits growth
 *              if first or grown: 1 has a stamp, then the stamp
 *
 * The last byte is filled with zeros, and is the message's last.
 */
import { assert } from '../error.ts'
import type { CompiledGame } from '../game/compiled.ts'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import {
  copyInputHead,
  createInputHead,
  type InputMessageHead,
  MAX_RECORDS,
  readInputHead,
  sendsAck,
  writeInputHead,
} from './input-head.ts'
import { type InputRing, STAMP_INTS, TICK_STAMP } from './input-ring.ts'
import { ViewStampCodec } from './view-stamp-codec.ts'

/**
 * 'far': well-formed, and `head` is filled, but the newest tick is more than a ring's capacity from the expected one, so the ring is as it was.
 * 'malformed': nothing was altered.
 */
export type InputResult = 'ok' | 'malformed' | 'far'

/** Most that a press counter may grow from one record of a message to the next. The sampling side bounds presses per tick far below it. */
const MAX_PRESS_GROWTH = 127
/** Growth from here on has a code of its own. */
const LONG_GROWTH = 8

export class InputCodec {
  private readonly levels: number
  private readonly presses: number
  private readonly width: number
  private readonly stampWidth: number
  /** By level: least raw value, raw values beyond it, and their bits. */
  private readonly rawMin: Int32Array
  private readonly range: Uint32Array
  private readonly bitWidth: Int32Array
  private readonly bitsOut = new BitWriter()
  private readonly bitsIn = new BitReader()
  private readonly stampCodec: ViewStampCodec
  /** A row as if before the first record: neutral levels. */
  private readonly neutral: Int32Array
  /** What was read and is not yet believed: the head, and by record its presence, row and stamps. */
  private readonly readHead: InputMessageHead
  private readonly present = new Uint8Array(MAX_RECORDS)
  private readonly rows: Int32Array
  private readonly stamps: Int32Array

  constructor(game: CompiledGame) {
    const { levels } = game
    this.levels = levels.length
    this.presses = game.presses.length
    this.width = game.inputWidth
    this.stampWidth = STAMP_INTS * (1 + this.presses)
    this.rawMin = Int32Array.from(levels, (level) => level.field.rawMin)
    this.range = Uint32Array.from(levels, (level) => level.field.rawMax - level.field.rawMin)
    this.bitWidth = Int32Array.from(this.range, (range) => 32 - Math.clz32(range))
    this.neutral = new Int32Array(this.width)
    for (let i = 0; i < levels.length; i++) this.neutral[i] = levels[i]?.field.initial ?? 0
    this.stampCodec = new ViewStampCodec(game)
    this.readHead = createInputHead(game)
    this.rows = new Int32Array(MAX_RECORDS * this.width)
    this.stamps = new Int32Array(MAX_RECORDS * this.stampWidth)
  }

  /** Writes the message after its kind. `ring` must hold newestTick; of the other ticks those that it holds are written. */
  encode(writer: ByteWriter, ring: InputRing, head: InputMessageHead): void {
    const { newestTick, count } = head
    assert(count >= 1 && count <= MAX_RECORDS, 'an input message carries 1 to 12 ticks')
    assert(ring.find(newestTick) >= 0, 'the newest tick of an input message is in the ring')
    writeInputHead(writer, head)
    const bits = this.bitsOut
    bits.start(writer)
    this.stampCodec.start(newestTick, sendsAck(head) ? head.ackTick : -1)
    let before = -1
    for (let tick = newestTick - count + 1; tick <= newestTick; tick++) {
      const slot = ring.find(tick)
      if (tick < newestTick) bits.write(slot < 0 ? 0 : 1, 1)
      if (slot < 0) continue
      this.writeLevels(ring, slot, before)
      this.stampCodec.write(bits, ring.stamps, ring.stampOffset(slot, TICK_STAMP))
      if (before < 0) this.writeFirstPresses(ring, slot, head.wideCounters ? 16 : 8)
      else this.writePresses(ring, slot, before)
      before = slot
    }
    bits.finish()
  }

  private writeLevels(ring: InputRing, slot: number, before: number): void {
    const bits = this.bitsOut
    const row = ring.rowOffset(slot)
    const last = before < 0 ? 0 : ring.rowOffset(before)
    const lastRows = before < 0 ? this.neutral : ring.rows
    for (let i = 0; i < this.levels; i++) {
      const raw = ring.rows[row + i] ?? 0
      const offset = raw - (this.rawMin[i] ?? 0)
      assert(offset >= 0 && offset <= (this.range[i] ?? 0), "an input's raw value is within its field's range")
      const width = this.bitWidth[i] ?? 0
      if (width > 1) {
        const changed = raw !== lastRows[last + i]
        bits.write(changed ? 1 : 0, 1)
        if (changed) bits.write(offset, width)
      } else bits.write(offset, width)
    }
  }

  private writeFirstPresses(ring: InputRing, slot: number, width: number): void {
    const counters = ring.rowOffset(slot) + this.levels
    for (let i = 0; i < this.presses; i++) {
      this.bitsOut.write(ring.rows[counters + i] ?? 0, width)
      this.writePressStamp(ring, slot, i)
    }
  }

  private writePresses(ring: InputRing, slot: number, before: number): void {
    const bits = this.bitsOut
    const counters = ring.rowOffset(slot) + this.levels
    const last = ring.rowOffset(before) + this.levels
    for (let i = 0; i < this.presses; i++) {
      const growth = (ring.rows[counters + i] ?? 0) - (ring.rows[last + i] ?? 0)
      assert(growth >= 0 && growth <= MAX_PRESS_GROWTH, 'press counters only grow, and by at most 127')
      bits.write(growth > 0 ? 1 : 0, 1)
      if (growth === 0) continue
      bits.write(growth < LONG_GROWTH ? growth - 1 : LONG_GROWTH - 1, 3)
      if (growth >= LONG_GROWTH) bits.write(growth, 7)
      this.writePressStamp(ring, slot, i)
    }
  }

  private writePressStamp(ring: InputRing, slot: number, press: number): void {
    const at = ring.stampOffset(slot, 1 + press)
    const stamped = (ring.stamps[at] ?? -1) >= 0
    this.bitsOut.write(stamped ? 1 : 0, 1)
    if (stamped) this.stampCodec.write(this.bitsOut, ring.stamps, at)
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
