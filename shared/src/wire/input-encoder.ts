/**
 * Input messages, the whole uplink of a match, as the client writes them: the newest ticks of its ring (hot). Allocates nothing.
 * `InputCodec` also reads them; what is written stands apart, so that browsers do not load what only servers need.
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
import { BitWriter } from './bit-writer.ts'
import type { ByteWriter } from './byte-writer.ts'
import { type InputMessageHead, MAX_RECORDS, sendsAck, writeInputHead } from './input-head.ts'
import { type InputRing, STAMP_INTS, TICK_STAMP } from './input-ring.ts'
import { ViewStampCodec } from './view-stamp-codec.ts'

/** Most that a press counter may grow from one record of a message to the next. The sampling side bounds presses per tick far below it. */
const MAX_PRESS_GROWTH = 127
/** Growth from here on has a code of its own. */
export const LONG_GROWTH = 8

export class InputEncoder {
  protected readonly levels: number
  protected readonly presses: number
  protected readonly width: number
  protected readonly stampWidth: number
  /** By level: least raw value, raw values beyond it, and their bits. */
  protected readonly rawMin: Int32Array
  protected readonly range: Uint32Array
  protected readonly bitWidth: Int32Array
  readonly #bitsOut = new BitWriter()
  protected readonly stampCodec: ViewStampCodec
  /** A row as if before the first record: neutral levels. */
  protected readonly neutral: Int32Array

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
  }

  /** Writes the message after its kind. `ring` must hold newestTick; of the other ticks those that it holds are written. */
  encode(writer: ByteWriter, ring: InputRing, head: InputMessageHead): void {
    const { newestTick, count } = head
    assert(count >= 1 && count <= MAX_RECORDS, 'an input message carries 1 to 12 ticks')
    assert(ring.find(newestTick) >= 0, 'the newest tick of an input message is in the ring')
    writeInputHead(writer, head)
    const bits = this.#bitsOut
    bits.start(writer)
    this.stampCodec.start(newestTick, sendsAck(head) ? head.ackTick : -1)
    let before = -1
    for (let tick = newestTick - count + 1; tick <= newestTick; tick++) {
      const slot = ring.find(tick)
      if (tick < newestTick) bits.write(slot < 0 ? 0 : 1, 1)
      if (slot < 0) continue
      this.#writeLevels(ring, slot, before)
      this.stampCodec.write(bits, ring.stamps, ring.stampOffset(slot, TICK_STAMP))
      if (before < 0) this.#writeFirstPresses(ring, slot, head.wideCounters ? 16 : 8)
      else this.#writePresses(ring, slot, before)
      before = slot
    }
    bits.finish()
  }

  #writeLevels(ring: InputRing, slot: number, before: number): void {
    const bits = this.#bitsOut
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

  #writeFirstPresses(ring: InputRing, slot: number, width: number): void {
    const counters = ring.rowOffset(slot) + this.levels
    for (let i = 0; i < this.presses; i++) {
      this.#bitsOut.write(ring.rows[counters + i] ?? 0, width)
      this.#writePressStamp(ring, slot, i)
    }
  }

  #writePresses(ring: InputRing, slot: number, before: number): void {
    const bits = this.#bitsOut
    const counters = ring.rowOffset(slot) + this.levels
    const last = ring.rowOffset(before) + this.levels
    for (let i = 0; i < this.presses; i++) {
      const growth = (ring.rows[counters + i] ?? 0) - (ring.rows[last + i] ?? 0)
      assert(growth >= 0 && growth <= MAX_PRESS_GROWTH, 'press counters only grow, and by at most 127')
      bits.write(growth > 0 ? 1 : 0, 1)
      if (growth === 0) continue
      bits.write(growth < LONG_GROWTH ? growth - 1 : LONG_GROWTH - 1, 3)
      if (growth >= LONG_GROWTH) bits.write(growth, 7)
      this.#writePressStamp(ring, slot, i)
    }
  }

  #writePressStamp(ring: InputRing, slot: number, press: number): void {
    const at = ring.stampOffset(slot, 1 + press)
    const stamped = (ring.stamps[at] ?? -1) >= 0
    this.#bitsOut.write(stamped ? 1 : 0, 1)
    if (stamped) this.stampCodec.write(this.#bitsOut, ring.stamps, at)
  }
}
