/**
 * View stamps in an input message: what was on the client's screen at a tick or press. Called by the input codec for each record (hot).
 * A stamp is mostly 9 or 13 bits: the same two snapshots as the stamp before, or a whole number of snapshot intervals behind the acknowledged one.
 * What is read is consistent (older <= newer <= newest input, at most 64 ticks apart) but may be a lie: the room judges.
 *
 *     1 bit   same snapshots as the last stamp of this message     (only if there was one)
 *     else 2  kind: 0 no stamp, 1 beyond the newer, 2 one snapshot interval between them, 3 other
 *             6  ticks between - 1                                  (kind 3)
 *             2  intervals from the newer to the acknowledged tick; 3: other    (only with an acknowledged tick)
 *             11 newest input - newer                               (other, or without one)
 *     8       fraction
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { BitReader } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'
import { STAMP_INTS } from './input-ring.ts'

/** Most ticks between the two snapshots of a stamp. */
const MAX_STAMP_SPAN = 64
/** Most ticks between a stamp's newer snapshot and the newest input of the message. */
const MAX_STAMP_AGE = 2047

const NONE = 0
const BEYOND = 1
const USUAL_SPAN = 2
const OTHER_SPAN = 3
const OTHER_AGE = 3

export class ViewStampCodec {
  readonly #interval: number
  #newestTick = 0
  #ackTick = -1
  #older = -1
  #newer = -1

  constructor(game: CompiledGame) {
    this.#interval = game.ticksPerSnapshot
  }

  /** Begins a message. `ackTick` as the message carries it, or -1. */
  start(newestTick: number, ackTick: number): void {
    this.#newestTick = newestTick
    this.#ackTick = ackTick
    this.#older = -1
    this.#newer = -1
  }

  /** Writes the stamp at `stamps[at]`. One that cannot be (after the newest input, too old, too wide) is written as none. */
  write(bits: BitWriter, stamps: Int32Array, at: number): void {
    const older = stamps[at] ?? -1
    const newer = stamps[at + 1] ?? -1
    const fraction = stamps[at + 2] ?? 0
    const possible = this.#isPossible(older, newer) && fraction >= 0 && fraction <= 255
    if (this.#newer >= 0) {
      const same = possible && older === this.#older && newer === this.#newer
      bits.write(same ? 1 : 0, 1)
      if (same) return bits.write(fraction, 8)
    }
    if (!possible) return bits.write(NONE, 2)
    const span = newer - older
    const kind = span === 0 ? BEYOND : span === this.#interval ? USUAL_SPAN : OTHER_SPAN
    bits.write(kind, 2)
    if (kind === OTHER_SPAN) bits.write(span - 1, 6)
    this.#writeAge(bits, newer)
    bits.write(fraction, 8)
    this.#older = older
    this.#newer = newer
  }

  /** Reads a stamp into `stamps[at]`. False: malformed. */
  read(bits: BitReader, stamps: Int32Array, at: number): boolean {
    if (this.#newer < 0 || bits.read(1) === 0) {
      const kind = bits.read(2)
      if (kind === NONE) {
        for (let i = 0; i < STAMP_INTS; i++) stamps[at + i] = -1
        return true
      }
      const span = kind === BEYOND ? 0 : kind === USUAL_SPAN ? this.#interval : bits.read(6) + 1
      const newer = this.#readAge(bits)
      if (!this.#isPossible(newer - span, newer)) return false
      this.#older = newer - span
      this.#newer = newer
    }
    stamps[at] = this.#older
    stamps[at + 1] = this.#newer
    stamps[at + 2] = bits.read(8)
    return true
  }

  #isPossible(older: number, newer: number): boolean {
    return (
      older >= 0 &&
      older <= newer &&
      newer - older <= MAX_STAMP_SPAN &&
      newer <= this.#newestTick &&
      this.#newestTick - newer <= MAX_STAMP_AGE
    )
  }

  #writeAge(bits: BitWriter, newer: number): void {
    if (this.#ackTick >= 0) {
      const intervals = (this.#ackTick - newer) / this.#interval
      const usual = intervals === 0 || intervals === 1 || intervals === 2
      bits.write(usual ? intervals : OTHER_AGE, 2)
      if (usual) return
    }
    bits.write(this.#newestTick - newer, 11)
  }

  #readAge(bits: BitReader): number {
    if (this.#ackTick >= 0) {
      const intervals = bits.read(2)
      if (intervals !== OTHER_AGE) return this.#ackTick - intervals * this.#interval
    }
    return this.#newestTick - bits.read(11)
  }
}
