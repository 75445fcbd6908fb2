/**
 * The private head of a frame: what one client must know of a snapshot besides its content. Written by the room for each client and frame, read by the
 * client (hot): allocates nothing, reading never throws, and a refused head leaves the object as it was.
 *
 *     u8   flags     1 full, 2 usual count, 4 baseline is the last frame, 8 every input was used, 16 has newest input, 32 has echo, 64 has rare, 128 has tail
 *     u16  tick      its low 16 bits; u32 and whole in a full frame
 *     u8   count     ticks since the last frame, 0 to 32; absent if usual (the game's ticksPerSnapshot)
 *     var  baseline  tick - baseline; absent if full, or if the baseline is the last frame (tick - count)
 *     u8.. mask      ceil(count / 8) bytes; absent if every input was used
 *     svar newest    newest input - tick
 *     i8   margin    in 1/4 ms; -128: none; -127: an i16 follows
 *     u8   echo, var hold in 1/16 ms
 *     var  send      send offset in 1/16 ms
 *     u8   rare      bits 0-1 overload, 4 has late, 8 has refused; then u8 late, u8 refused
 *     var  body      bytes of the body; absent if the body goes to the end
 */
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { nearTick } from './near-tick.ts'

/** Made once by `createFrameHead`, then filled again and again. */
export interface FrameHead {
  /** The snapshot's tick. */
  tick: number
  /** The snapshot that the frame builds on; -1: on none (a full frame). */
  baselineTick: number
  /** Newest input tick that the server has from this client; -1: none. */
  newestInputTick: number
  /** Bit i: the input of tick `tick - i` was there in time and was used; i from 0 to usedCount - 1. */
  usedMask: number
  /** Ticks since the last frame that was sent to this client, 0 to 32. */
  usedCount: number
  /** How early inputs came: the least since the last frame. Negative: late. NaN: no input came. Within ±8,191 ms. */
  marginMs: number
  /** Inputs that came late since the last frame; stops at 255. */
  lateInputs: number
  /** Presses that came too late to be applied at all, since the last frame; stops at 255. */
  refusedPresses: number
  /** Low 8 bits of the newest tick in the input message whose arrival `holdMs` counts from; -1: none since the last frame. */
  echo: number
  /** Server time between that message's arrival and this frame's sending. Up to 4,095 ms. */
  holdMs: number
  /** Server time between the nominal end of `tick` and this frame's sending. Up to 4,095 ms. */
  sendOffsetMs: number
  /** How overloaded the server is, 0 (not) to 3. */
  overload: number
  /** Bytes of the shared body that follows; then comes the owner's tail. -1: the body goes to the end, there is no tail. */
  bodyBytes: number
}

const MAX_USED_COUNT = 32
/** An upper bound of a head's bytes. */
export const MAX_FRAME_HEAD_BYTES = 40

const FULL = 1
const USUAL_COUNT = 2
const LAST_FRAME = 4
const ALL_USED = 8
const HAS_NEWEST = 16
const HAS_ECHO = 32
const HAS_RARE = 64
const HAS_TAIL = 128
const RARE_LATE = 4
const RARE_REFUSED = 8
const NO_MARGIN = -128
const LONG_MARGIN = -127
const MAX_SIXTEENTHS = 0xffff

export function createFrameHead(): FrameHead {
  return {
    tick: 0,
    baselineTick: -1,
    newestInputTick: -1,
    usedMask: 0,
    usedCount: 0,
    marginMs: Number.NaN,
    lateInputs: 0,
    refusedPresses: 0,
    echo: -1,
    holdMs: 0,
    sendOffsetMs: 0,
    overload: 0,
    bodyBytes: -1,
  }
}

/** Writes the head after the message's kind. What exceeds a bound above is clamped to it. `ticksPerSnapshot` is the game's. */
export function encodeFrameHead(writer: ByteWriter, head: FrameHead, ticksPerSnapshot: number): void {
  const { tick, baselineTick, newestInputTick } = head
  const count = clamp(head.usedCount, MAX_USED_COUNT)
  const all = maskOf(count)
  const mask = head.usedMask & all
  const full = baselineTick < 0
  const afterLast = !full && count > 0 && baselineTick === tick - count
  const rare =
    (head.overload & 3) | (head.lateInputs > 0 ? RARE_LATE : 0) | (head.refusedPresses > 0 ? RARE_REFUSED : 0)
  let flags = full ? FULL : 0
  if (count === ticksPerSnapshot) flags |= USUAL_COUNT
  if (afterLast) flags |= LAST_FRAME
  if (mask === all) flags |= ALL_USED
  if (newestInputTick >= 0) flags |= HAS_NEWEST
  if (head.echo >= 0) flags |= HAS_ECHO
  if (rare !== 0) flags |= HAS_RARE
  if (head.bodyBytes >= 0) flags |= HAS_TAIL
  writer.u8(flags)
  if (full) writer.u32(tick)
  else writer.u16(tick)
  if (count !== ticksPerSnapshot) writer.u8(count)
  if (!full && !afterLast) writer.varint(tick - baselineTick)
  if (mask !== all) for (let bit = 0; bit < count; bit += 8) writer.u8((mask >>> bit) & 255)
  if (newestInputTick >= 0) writer.signedVarint(newestInputTick - tick)
  writeMargin(writer, head.marginMs)
  if (head.echo >= 0) {
    writer.u8(head.echo & 255)
    writer.varint(clamp(Math.round(head.holdMs * 16), MAX_SIXTEENTHS))
  }
  writer.varint(clamp(Math.round(head.sendOffsetMs * 16), MAX_SIXTEENTHS))
  if (rare !== 0) {
    writer.u8(rare)
    if (head.lateInputs > 0) writer.u8(clamp(head.lateInputs, 255))
    if (head.refusedPresses > 0) writer.u8(clamp(head.refusedPresses, 255))
  }
  if (head.bodyBytes >= 0) writer.varint(head.bodyBytes)
}

/**
 * Reads a head; the body then begins at the reader's position, and is known to be there.
 * `expectedNearTick` is any tick near the true one, such as that of the last frame. False: malformed, and `head` is as before.
 */
export function decodeFrameHead(
  reader: ByteReader,
  head: FrameHead,
  ticksPerSnapshot: number,
  expectedNearTick: number,
): boolean {
  const flags = reader.u8()
  const full = (flags & FULL) !== 0
  const tick = full ? reader.u32() : nearTick(reader.u16(), expectedNearTick)
  const usedCount = (flags & USUAL_COUNT) !== 0 ? ticksPerSnapshot : reader.u8()
  if (tick < 0 || tick > 0x7fff_ffff || usedCount > MAX_USED_COUNT) return false
  const baselineTick = readBaseline(reader, flags, tick, usedCount)
  const all = maskOf(usedCount)
  const usedMask = (flags & ALL_USED) !== 0 ? all : readMask(reader, usedCount)
  const newestInputTick = (flags & HAS_NEWEST) !== 0 ? tick + reader.signedVarint() : -1
  const marginQuarters = readMargin(reader)
  const echo = (flags & HAS_ECHO) !== 0 ? reader.u8() : -1
  const hold = echo >= 0 ? reader.varint() : 0
  const send = reader.varint()
  const rare = (flags & HAS_RARE) !== 0 ? reader.u8() : 0
  const late = (rare & RARE_LATE) !== 0 ? reader.u8() : 0
  const refused = (rare & RARE_REFUSED) !== 0 ? reader.u8() : 0
  const bodyBytes = (flags & HAS_TAIL) !== 0 ? reader.varint() : -1
  if (!reader.ok || bodyBytes > reader.left || baselineTick < -1 || (usedMask & ~all) !== 0) return false
  if (hold > MAX_SIXTEENTHS || send > MAX_SIXTEENTHS || rare > 15) return false
  if ((flags & HAS_NEWEST) !== 0 && !(newestInputTick >= 0 && newestInputTick <= 0x7fff_ffff)) return false
  head.tick = tick
  head.baselineTick = baselineTick
  head.newestInputTick = newestInputTick
  head.usedMask = usedMask
  head.usedCount = usedCount
  head.marginMs = marginQuarters / 4
  head.lateInputs = late
  head.refusedPresses = refused
  head.echo = echo
  head.holdMs = hold / 16
  head.sendOffsetMs = send / 16
  head.overload = rare & 3
  head.bodyBytes = bodyBytes
  return true
}

/** -1 for a full frame; less than that if malformed. */
function readBaseline(reader: ByteReader, flags: number, tick: number, usedCount: number): number {
  if ((flags & FULL) !== 0) return (flags & LAST_FRAME) === 0 ? -1 : -2
  const age = (flags & LAST_FRAME) !== 0 ? usedCount : reader.varint()
  return age > 0 && age <= tick ? tick - age : -2
}

function maskOf(count: number): number {
  return count === 32 ? -1 : (1 << count) - 1
}

function readMask(reader: ByteReader, count: number): number {
  let mask = 0
  for (let bit = 0; bit < count; bit += 8) mask |= reader.u8() << bit
  return mask
}

function writeMargin(writer: ByteWriter, marginMs: number): void {
  if (Number.isNaN(marginMs)) return writer.u8(NO_MARGIN & 255)
  const quarters = Math.max(-32767, Math.min(32767, Math.round(marginMs * 4)))
  if (quarters > LONG_MARGIN && quarters < 128) return writer.u8(quarters & 255)
  writer.u8(LONG_MARGIN & 255)
  writer.u16(quarters & 0xffff)
}

function readMargin(reader: ByteReader): number {
  const short = (reader.u8() << 24) >> 24
  if (short === NO_MARGIN) return Number.NaN
  return short === LONG_MARGIN ? (reader.u16() << 16) >> 16 : short
}

/** `value` within 0..most; NaN is 0. */
function clamp(value: number, most: number): number {
  if (value > most) return most
  return value > 0 ? value : 0
}
