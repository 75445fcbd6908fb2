/**
 * Sections 1, 7 and 8 of PROTOCOL.md, without anything of the project: the head of a frame, and input messages. Used by the stranger's tests.
 */
import { finish, step } from './stranger-entropy.ts'
import { at, type GameText, Malformed } from './stranger-game.ts'

class Reader {
  position: number
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes
    this.position = position
  }
  u8(): number {
    return at(this.bytes, this.position++)
  }
  u16(): number {
    return this.u8() + 256 * this.u8()
  }
  var(): number {
    let value = 0
    for (let n = 0; n < 5; n++) {
      const byte = this.u8()
      value += (byte & 127) * 2 ** (7 * n)
      if (byte >= 128) continue
      if ((byte === 0 && n > 0) || value >= 2 ** 32) break
      return value
    }
    throw new Malformed('a var')
  }
  svar(): number {
    const value = this.var()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

export interface Head {
  readonly tick: number
  /** The newest tick whose events are final; undefined: not known. */
  readonly finalTick: number | undefined
  /** -1: a full frame. */
  readonly baselineTick: number
  readonly count: number
  readonly used: readonly boolean[]
  readonly newestInput: number | undefined
  readonly marginMs: number | undefined
  readonly echo: { readonly tick8: number; readonly holdMs: number } | undefined
  readonly sendMs: number
  readonly overload: number
  readonly late: number
  readonly refused: number
  readonly body: Uint8Array
  readonly tail: Uint8Array
}

function near(low16: number, expected: number): number {
  return expected + (((low16 - expected) << 16) >> 16)
}

/** The byte of a room's epoch that its frames carry. */
export function tagOf(epoch: readonly number[]): number {
  const halves = epoch.flatMap((part) => [(part % 2 ** 32) | 0, Math.floor(part / 2 ** 32)])
  return (
    finish(
      halves.reduce((h, half) => step(h, half), 0),
      24,
    ) % 256
  )
}

/** A frame, byte 3, 4 or 5 included. `tag`: of the epoch that the welcome announced, if it did. */
export function readFrame(bytes: Uint8Array, game: GameText, expectedTick: number, tag?: number): Head {
  const reader = new Reader(bytes, 0)
  const kind = reader.u8()
  if (tag === undefined ? kind !== 3 : kind !== 4 && kind !== 5) throw new Malformed('not a frame')
  if (tag !== undefined && reader.u8() !== tag) throw new Malformed('another epoch')
  const behind = kind === 5 ? reader.u8() : 0
  if (kind === 5 && behind === 0) throw new Malformed('behind')
  const flags = reader.u8()
  const has = (flag: number) => (flags & flag) !== 0
  const low = reader.u16()
  const tick = has(1) ? low + 65536 * reader.u16() : near(low, expectedTick)
  const count = has(2) ? game.tickRate / game.snapshotRate : reader.u8()
  const age = has(1) ? 0 : has(4) ? count : reader.var()
  if (tick < 0 || tick >= 2 ** 31 || count > 32 || (has(1) && has(4)) || (!has(1) && (age < 1 || age > tick)))
    throw new Malformed('a head')
  const mask = has(8) ? [] : Array.from({ length: Math.ceil(count / 8) }, () => reader.u8())
  const used = Array.from({ length: count }, (_, i) => has(8) || ((at(mask, i >> 3) >> (i & 7)) & 1) === 1)
  const newestInput = has(16) ? tick + reader.svar() : undefined
  const short = (reader.u8() << 24) >> 24
  const margin = short === -127 ? (reader.u16() << 16) >> 16 : short
  const echo = has(32) ? { tick8: reader.u8(), holdMs: reader.var() / 16 } : undefined
  const sendMs = reader.var() / 16
  const rare = has(64) ? reader.u8() : 0
  const late = (rare & 4) !== 0 ? reader.u8() : 0
  const refused = (rare & 8) !== 0 ? reader.u8() : 0
  const length = has(128) ? reader.var() : bytes.length - reader.position
  const end = reader.position + length
  if (end > bytes.length || rare > 15) throw new Malformed('a head')
  return {
    tick,
    finalTick: behind === 255 ? undefined : tick - behind,
    baselineTick: has(1) ? -1 : tick - age,
    count,
    used,
    newestInput,
    marginMs: short === -128 ? undefined : margin / 4,
    echo,
    sendMs,
    overload: rare & 3,
    late,
    refused,
    body: bytes.subarray(reader.position, end),
    tail: bytes.subarray(end),
  }
}

export interface Stamp {
  readonly older: number
  readonly newer: number
  readonly fraction: number
}
export interface Input {
  readonly tick: number
  /** Raw values of all levels. */
  readonly levels: readonly number[]
  /** Counters of all presses. */
  readonly presses: readonly number[]
  readonly stamp: Stamp | undefined
  /** By press, if it was made in this tick. */
  readonly pressStamps: readonly (Stamp | undefined)[]
}
export interface InputHead {
  readonly ack: number | undefined
  readonly holdMs: number
  readonly delayMs: number
  readonly needsFull: boolean
  readonly wide: boolean
  readonly suspects: readonly number[]
}

/** An input message, byte 2 included. `inputs` are in the order of their ticks, at most 12 ticks apart. */
export function writeInputs(game: GameText, head: InputHead, inputs: readonly Input[]): Uint8Array {
  const newest = at(inputs, inputs.length - 1).tick
  const oldest = at(inputs, 0).tick
  const bytes: number[] = [2, newest & 255, (newest >> 8) & 255]
  bytes.push(
    newest -
      oldest +
      (head.ack === undefined ? 0 : 16) +
      (head.needsFull ? 32 : 0) +
      (head.suspects.length > 0 ? 64 : 0) +
      (head.wide ? 128 : 0),
  )
  if (head.ack !== undefined) {
    const n = newest - head.ack
    for (let rest = ((n << 1) ^ (n >> 31)) >>> 0; ; rest >>>= 7) {
      bytes.push(rest > 127 ? (rest & 127) + 128 : rest)
      if (rest <= 127) break
    }
    const hold = Math.min(65535, Math.round(head.holdMs * 4))
    if (hold < 255) bytes.push(hold)
    else bytes.push(255, hold & 255, hold >> 8)
  }
  bytes.push(Math.min(255, Math.round(head.delayMs / 4)))
  if (head.suspects.length > 0) {
    const first = bytes.length
    for (let n = 0; n < Math.ceil(game.entities.length / 8); n++) bytes.push(0)
    for (const type of head.suspects) bytes[first + (type >> 3)] = at(bytes, first + (type >> 3)) | (1 << (type & 7))
  }
  const bits = new RecordBits(game, newest, head.ack)
  for (let tick = oldest; tick <= newest; tick++) {
    const input = inputs.find((one) => one.tick === tick)
    if (tick < newest) bits.put(input === undefined ? 0 : 1, 1)
    if (input !== undefined) bits.record(input, head.wide)
  }
  return Uint8Array.from([...bytes, ...bits.bytes()])
}

class RecordBits {
  private readonly bits: number[] = []
  private last: Input | undefined
  private lastStamp: Stamp | undefined
  private readonly game: GameText
  private readonly newest: number
  private readonly ack: number | undefined

  constructor(game: GameText, newest: number, ack: number | undefined) {
    this.game = game
    this.newest = newest
    this.ack = ack
  }

  put(value: number, width: number): void {
    for (let n = 0; n < width; n++) this.bits.push((value >>> n) & 1)
  }

  bytes(): number[] {
    const bytes: number[] = []
    this.bits.forEach((bit, n) => {
      bytes[n >> 3] = (bytes[n >> 3] ?? 0) | (bit << (n & 7))
    })
    return bytes
  }

  record(input: Input, wide: boolean): void {
    const { last } = this
    this.game.levels.forEach(({ field }, n) => {
      const raw = at(input.levels, n)
      const width = 32 - Math.clz32(field.rawMax - field.rawMin)
      const changed = raw !== (last === undefined ? field.initial : at(last.levels, n))
      if (width > 1) this.put(changed ? 1 : 0, 1)
      if (width === 1 || changed) this.put(raw - field.rawMin, width)
    })
    this.stamp(input.stamp)
    this.game.presses.forEach((_, n) => {
      const counter = at(input.presses, n)
      const growth = last === undefined ? counter : counter - at(last.presses, n)
      if (last === undefined) this.put(counter, wide ? 16 : 8)
      else {
        this.put(growth > 0 ? 1 : 0, 1)
        if (growth > 0) this.put(Math.min(growth - 1, 7), 3)
        if (growth >= 8) this.put(growth, 7)
        if (growth === 0) return
      }
      const stamp = input.pressStamps[n]
      this.put(stamp === undefined ? 0 : 1, 1)
      if (stamp !== undefined) this.stamp(stamp)
    })
    this.last = input
  }

  private stamp(stamp: Stamp | undefined): void {
    const { newest, ack, lastStamp } = this
    const perSnapshot = this.game.tickRate / this.game.snapshotRate
    const sent =
      stamp !== undefined &&
      stamp.older >= 0 &&
      stamp.newer <= newest &&
      stamp.newer - stamp.older <= 64 &&
      newest - stamp.newer <= 2047
        ? stamp
        : undefined
    if (lastStamp !== undefined) {
      const same = sent?.older === lastStamp.older && sent.newer === lastStamp.newer
      this.put(same ? 1 : 0, 1)
      if (same) return this.put(sent.fraction, 8)
    }
    if (sent === undefined) return this.put(0, 2)
    const span = sent.newer - sent.older
    this.put(span === 0 ? 1 : span === perSnapshot ? 2 : 3, 2)
    if (span !== 0 && span !== perSnapshot) this.put(span - 1, 6)
    const back = ack === undefined ? -1 : (ack - sent.newer) / perSnapshot
    const usual = back === 0 || back === 1 || back === 2
    if (ack !== undefined) this.put(usual ? back : 3, 2)
    if (!usual) this.put(newest - sent.newer, 11)
    this.put(sent.fraction, 8)
    this.lastStamp = sent
  }
}
