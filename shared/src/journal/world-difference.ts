/**
 * The difference between two worlds of one game, as a journal keeps it: how far to the next integer that differs, and by how much, until 0.
 * Written by the journal's writer (hot: three times per tick), read by the replay. Only rows in use are looked at; the rows behind them are 0 in every
 * settled world, but for the spare one.
 */
import {
  type CompiledGame,
  HEADER_COUNTS,
  HEADER_NEXT_ID,
  HEADER_SEED,
  HEADER_TICK,
  SEAT_LEVELS,
  SEAT_PRESENT,
} from '../game/compiled.ts'
import type { AnyField } from '../game/field.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { hashFinish, hashInts, hashStep } from '../wire/hash.ts'
import { settleTable } from '../world/settle.ts'

function tablesBase(game: CompiledGame): number {
  return game.entities[0]?.base ?? game.worldInts
}

export class DifferenceWriter {
  private readonly game: CompiledGame
  private last = -1

  constructor(game: CompiledGame) {
    this.game = game
  }

  /** Writes what turns `from` into `to`. Hot. */
  write(writer: ByteWriter, from: Int32Array, to: Int32Array): void {
    const { game } = this
    this.last = -1
    this.span(writer, from, to, 0, tablesBase(game))
    for (let index = 0; index < game.entities.length; index++) {
      const type = game.entities[index]
      if (type === undefined) continue
      const count = Math.max(from[HEADER_COUNTS + index] ?? 0, to[HEADER_COUNTS + index] ?? 0)
      for (let column = 0; column < type.columns; column++) {
        const at = type.base + column * type.rows
        this.span(writer, from, to, at, at + count)
        this.span(writer, from, to, at + type.max, at + type.rows)
      }
    }
    writer.u8(0)
  }

  private span(writer: ByteWriter, from: Int32Array, to: Int32Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const difference = ((to[at] ?? 0) - (from[at] ?? 0)) | 0
      if (difference === 0) continue
      writer.varint(at - this.last)
      writer.signedVarint(difference)
      this.last = at
    }
  }
}

/** Knows what each integer of a world may be: a file whose checks are right, but that no server wrote, gets no further than here. */
export class DifferenceReader {
  private readonly game: CompiledGame
  private readonly low: Int32Array
  private readonly high: Int32Array

  constructor(game: CompiledGame) {
    this.game = game
    this.low = new Int32Array(game.worldInts)
    this.high = new Int32Array(game.worldInts).fill(0x7fff_ffff)
    this.limitHead()
    this.limitTables()
  }

  private limit(from: number, count: number, low: number, high: number): void {
    this.low.fill(Math.min(0, low), from, from + count)
    this.high.fill(Math.max(0, high), from, from + count)
  }

  private limitField(from: number, count: number, field: AnyField): void {
    if (field.kind === 'float32') this.limit(from, count, -0x8000_0000, 0x7fff_ffff)
    else this.limit(from, count, field.rawMin, field.rawMax)
  }

  private limitHead(): void {
    const { game } = this
    this.limit(HEADER_TICK, 1, 0, 0x7fff_ffff)
    this.limit(HEADER_NEXT_ID, 1, 0, 0x7fff_ffff)
    this.limit(HEADER_SEED, 1, -0x8000_0000, 0x7fff_ffff)
    for (let index = 0; index < game.entities.length; index++)
      this.limit(HEADER_COUNTS + index, 1, 0, game.entities[index]?.max ?? 0)
    this.limit(game.seatBase + SEAT_PRESENT * game.seatRows, game.seatRows, 0, 1)
    for (const { index, field } of game.levels)
      this.limitField(game.seatBase + (SEAT_LEVELS + index) * game.seatRows, game.seatRows, field)
  }

  private limitTables(): void {
    for (const type of this.game.entities) {
      this.limit(type.base + type.rows, type.rows, 0, this.game.maxPlayers)
      this.limit(type.base + 2 * type.rows, type.rows, 0, 15)
      for (const { offset, field } of type.fields) this.limitField(offset, type.rows, field)
    }
  }

  /**
   * Adds a difference to `ints`. False if it is none of this game; `ints` is then useless. With `clamps`, for a world that is not the one it was made
   * for, what leaves its range stays at the edge.
   */
  apply(reader: ByteReader, ints: Int32Array, clamps = false): boolean {
    let at = -1
    for (;;) {
      const gap = reader.varint()
      if (!reader.ok) return false
      if (gap === 0) return true
      at += gap
      if (at >= ints.length) return false
      const value = ((ints[at] ?? 0) + reader.signedVarint()) | 0
      const low = this.low[at] ?? 0
      const high = this.high[at] ?? 0
      if (!reader.ok || (!clamps && (value < low || value > high))) return false
      ints[at] = value < low ? low : value > high ? high : value
    }
  }
}

/** Puts all tables of a memory in order. Both sides of a journal do it between the steps and what rules did, so that they agree to the last bit. */
export function settleAll(game: CompiledGame, ints: Int32Array): void {
  for (let index = 0; index < game.entities.length; index++) {
    const type = game.entities[index]
    if (type !== undefined) settleTable(type, ints)
  }
}

/** The hash of a tick that is over: the settled world, and all integers of its events. */
export function hashTick({ game, world, events }: Simulation, tick: number): number {
  const from = events.at(tick, 0)
  const made = hashInts(events.ints, from, from + events.count(tick) * events.stride, 0)
  return hashWorld(game, world.ints, made)
}

/** The hash of a settled world: header, seats, and the rows in use, column by column. */
function hashWorld(game: CompiledGame, ints: Int32Array, seed: number): number {
  let hash = seed | 0
  let count = tablesBase(game)
  for (let at = 0; at < count; at++) hash = hashStep(hash, ints[at] ?? 0)
  for (let index = 0; index < game.entities.length; index++) {
    const type = game.entities[index]
    if (type === undefined) continue
    const rows = ints[HEADER_COUNTS + index] ?? 0
    for (let column = 0; column < type.columns; column++) {
      const start = type.base + column * type.rows
      for (let at = start; at < start + rows; at++) hash = hashStep(hash, ints[at] ?? 0)
    }
    count += rows * type.columns
  }
  return hashFinish(hash, count * 4)
}
