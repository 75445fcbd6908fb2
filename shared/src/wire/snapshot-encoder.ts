/**
 * Snapshots as bytes: deltas against a baseline, by the expectation of the game's motions, range coded from the schema's prior. Called by the server's
 * replication once per group of clients with equal baseline and view (bodies) and once per client (tails); hot. Wire format: PROTOCOL.md.
 */
import { NetError } from '../error.ts'
import type { CompiledGame } from '../game/compiled.ts'
import type { BodyInput } from './body-input.ts'
import { RangeEncoder } from './range-coder.ts'
import { makeLayout, type SnapshotLayout } from './snapshot-layout.ts'
import { encodeTailFields, hasNews } from './snapshot-tail.ts'
import { SnapshotWriter } from './snapshot-writer.ts'

const FIRST_CAPACITY = 16 * 1024
const MAX_CAPACITY = 64 * 1024 * 1024

export class SnapshotEncoder {
  readonly layout: SnapshotLayout
  private readonly writer: SnapshotWriter
  private readonly range = new RangeEncoder()
  private bytes = new Uint8Array(FIRST_CAPACITY)

  /** Throws BAD_DEFINITION if the game's prior was trained for another schema. */
  constructor(game: CompiledGame) {
    this.layout = makeLayout(game)
    this.writer = new SnapshotWriter(this.layout)
  }

  /** A body. Borrowed until the next call. Throws BAD_ARGUMENT if the baseline is over MAX_WINDOW_TICKS old. */
  encodeBody(input: BodyInput): Uint8Array {
    for (;;) {
      const end = this.writeBody(input, this.bytes, 0)
      if (end >= 0) return this.bytes.subarray(0, end)
      this.grow()
    }
  }

  /** A seat's tail; empty if there is nothing new. Borrowed until the next call. */
  encodeTail(seat: number, baseline: Int32Array | undefined, current: Int32Array): Uint8Array {
    for (;;) {
      const end = this.writeTail(seat, baseline, current, this.bytes, 0)
      if (end >= 0) return this.bytes.subarray(0, end)
      this.grow()
    }
  }

  /** Writes a body into memory of the caller. Gives the offset after it, or -1 if it does not fit. Allocates nothing. */
  writeBody(input: BodyInput, into: Uint8Array, offset: number): number {
    this.range.start(into, offset)
    this.writer.writeBody(this.range, input)
    const end = this.range.finish()
    return this.range.overflowed ? -1 : end
  }

  /** Writes a tail into memory of the caller. Gives the offset after it, or -1 if it does not fit. Allocates nothing. */
  writeTail(
    seat: number,
    baseline: Int32Array | undefined,
    current: Int32Array,
    into: Uint8Array,
    offset: number,
  ): number {
    if (!hasNews(this.layout, seat, baseline, current)) return offset
    this.range.start(into, offset)
    encodeTailFields(this.range, this.writer.models, this.layout, seat, baseline, current)
    const end = this.range.finish()
    return this.range.overflowed ? -1 : end
  }

  private grow(): void {
    if (this.bytes.length >= MAX_CAPACITY) {
      throw new NetError('TOO_LARGE', `a body takes more than ${MAX_CAPACITY} bytes.`, 'Lower `max` of the entities.')
    }
    this.bytes = new Uint8Array(this.bytes.length * 4)
  }
}
