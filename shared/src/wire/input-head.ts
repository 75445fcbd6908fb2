/**
 * The head of an input message: which ticks it carries, and what the client tells the server of what it received.
 * Filled by the client's sampling, filled again by the server's decoding. Written and read by the input codec (hot): allocates nothing, never throws on bytes.
 *
 *     u16  newest   low 16 bits of the newest tick
 *     u8   flags    0-15 records - 1, 16 has ack, 32 needs a full frame, 64 has suspects, 128 wide counters
 *     svar ack      newest tick - acknowledged tick      (with ack)
 *     u8   hold     in 1/4 ms; 255: a u16 follows        (with ack)
 *     u8   delay    interpolation delay in 4 ms
 *     u8.. suspects a bit per entity type                (with suspects)
 */
import type { CompiledGame } from '../game/compiled.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { nearTick } from './near-tick.ts'

export interface InputMessageHead {
  /** The message holds the inputs of newestTick - count + 1 to newestTick. */
  newestTick: number
  /** 1 to MAX_RECORDS. */
  count: number
  /** Newest snapshot that was decoded; -1: none. */
  ackTick: number
  /** Client time between that frame's arrival and this message's sending. Up to 16 s, in 1/4 ms. */
  ackHoldMs: number
  /** How far in the past others are drawn. Up to 1,020 ms, in 4 ms. */
  interpolationDelayMs: number
  /** True: nothing can be decoded without a full frame. */
  needsFull: boolean
  /**
   * True: the press counters of the first record have 16 bits instead of 8. Set it while the server may have missed more than a second of
   * inputs, so that presses made meanwhile stay countable.
   */
  wideCounters: boolean
  /** Bit t: the check of entity type t failed. All zeros: not sent. */
  readonly suspectTypes: Uint8Array
  /** Set by decoding. Bit i: the input of newestTick - i was new to the ring. */
  newMask: number
  /** Set by decoding. True: a tick that the ring had already came again with other content, which an honest client never sends. */
  contradicts: boolean
}

/** Most ticks in a message. */
export const MAX_RECORDS = 12
/** An acknowledged tick is at most this far after the newest input: further is malformed. */
const MAX_ACK_AHEAD = 1024

const COUNT_BITS = 15
const HAS_ACK = 16
const NEEDS_FULL = 32
const HAS_SUSPECTS = 64
const WIDE = 128
const LONG_HOLD = 255

export function createInputHead(game: CompiledGame): InputMessageHead {
  const suspectTypes = new Uint8Array((game.entities.length + 7) >> 3)
  return {
    newestTick: -1,
    count: 1,
    ackTick: -1,
    ackHoldMs: 0,
    interpolationDelayMs: 0,
    needsFull: false,
    wideCounters: false,
    suspectTypes,
    newMask: 0,
    contradicts: false,
  }
}

/** May the acknowledged tick be sent? Else the message has none. */
export function sendsAck(head: InputMessageHead): boolean {
  return head.ackTick >= 0 && head.ackTick <= head.newestTick + MAX_ACK_AHEAD
}

export function writeInputHead(writer: ByteWriter, head: InputMessageHead): void {
  const { suspectTypes } = head
  const acks = sendsAck(head)
  let suspects = 0
  for (let i = 0; i < suspectTypes.length; i++) suspects |= suspectTypes[i] ?? 0
  writer.u16(head.newestTick)
  writer.u8(
    (head.count - 1) |
      (acks ? HAS_ACK : 0) |
      (head.needsFull ? NEEDS_FULL : 0) |
      (suspects !== 0 ? HAS_SUSPECTS : 0) |
      (head.wideCounters ? WIDE : 0),
  )
  if (acks) {
    writer.signedVarint(head.newestTick - head.ackTick)
    const hold = quantize(head.ackHoldMs * 4, 0xffff)
    writer.u8(hold < LONG_HOLD ? hold : LONG_HOLD)
    if (hold >= LONG_HOLD) writer.u16(hold)
  }
  writer.u8(quantize(head.interpolationDelayMs / 4, 255))
  if (suspects !== 0) for (let i = 0; i < suspectTypes.length; i++) writer.u8(suspectTypes[i] ?? 0)
}

/** Fills `head` but for `newMask` and `contradicts`; the caller looks at the reader's `ok`. False: malformed, and what `head` then holds means nothing. */
export function readInputHead(reader: ByteReader, head: InputMessageHead, expectedNearTick: number): boolean {
  const newestTick = nearTick(reader.u16(), expectedNearTick)
  const flags = reader.u8()
  const count = (flags & COUNT_BITS) + 1
  let ackTick = -1
  let hold = 0
  if ((flags & HAS_ACK) !== 0) {
    ackTick = newestTick - reader.signedVarint()
    hold = reader.u8()
    if (hold === LONG_HOLD) hold = reader.u16()
    if (!(ackTick >= 0 && ackTick <= newestTick + MAX_ACK_AHEAD)) return false
  }
  const delay = reader.u8()
  const { suspectTypes } = head
  const suspects = (flags & HAS_SUSPECTS) !== 0
  for (let i = 0; i < suspectTypes.length; i++) suspectTypes[i] = suspects ? reader.u8() : 0
  if (count > MAX_RECORDS || newestTick < 0 || newestTick > 0x7fff_ffff) return false
  head.newestTick = newestTick
  head.count = count
  head.ackTick = ackTick
  head.ackHoldMs = hold / 4
  head.interpolationDelayMs = delay * 4
  head.needsFull = (flags & NEEDS_FULL) !== 0
  head.wideCounters = (flags & WIDE) !== 0
  return true
}

/** The head `from`, in `to`. Both are of the same game. */
export function copyInputHead(from: InputMessageHead, to: InputMessageHead): void {
  to.newestTick = from.newestTick
  to.count = from.count
  to.ackTick = from.ackTick
  to.ackHoldMs = from.ackHoldMs
  to.interpolationDelayMs = from.interpolationDelayMs
  to.needsFull = from.needsFull
  to.wideCounters = from.wideCounters
  to.newMask = from.newMask
  to.contradicts = from.contradicts
  for (let i = 0; i < to.suspectTypes.length; i++) to.suspectTypes[i] = from.suspectTypes[i] ?? 0
}

/** `value` as a whole number within 0..most; NaN is 0. */
function quantize(value: number, most: number): number {
  if (value >= most) return most
  return value > 0 ? Math.round(value) : 0
}
