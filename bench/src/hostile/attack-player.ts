/**
 * What an attacker knows of the game: how to say hello, and how to make input messages that are right, or wrong in one place.
 */
import {
  ByteReader,
  ByteWriter,
  CONTROL,
  createFrameHead,
  createInputHead,
  decodeControl,
  decodeFrameHead,
  INPUT,
  InputCodec,
  type InputMessageHead,
  InputRing,
  PROTOCOL_VERSION,
  packControl,
  SNAPSHOT,
} from '@tickmesh/shared'
import { siege } from './siege-game.ts'

export interface InputTricks {
  /** Grows of the press counters. */
  readonly presses?: number
  readonly stamp?: readonly [older: number, newer: number, fraction: number]
  readonly needsFull?: boolean
  readonly suspects?: boolean
  readonly ackTick?: number
}

/** Inputs are for ticks so far after the newest frame's. */
const LEAD_TICKS = 3

const codec = new InputCodec(siege)

export function helloBytes(more: object = {}): Uint8Array {
  return packControl({
    t: 'hello',
    protocol: PROTOCOL_VERSION,
    game: siege.id,
    schema: siege.schemaHash >>> 0,
    ...more,
  })
}

/** Follows one joined connection: which tick is due, and what it presses. */
export class AttackPlayer {
  /** The newest tick of a frame; -1: no frame yet. */
  tick = -1
  welcomed = false
  resume: string | undefined
  private lastTick = -1
  private readonly ring = new InputRing(siege, 128)
  private readonly head: InputMessageHead = createInputHead(siege)
  private readonly frameHead = createFrameHead()
  private readonly reader = new ByteReader()
  private readonly writer = new ByteWriter()
  private readonly counters: number[] = siege.presses.map(() => 0)

  read(bytes: Uint8Array): void {
    if (bytes[0] === SNAPSHOT) {
      const reader = this.reader.start(bytes, 1)
      if (decodeFrameHead(reader, this.frameHead, siege.ticksPerSnapshot, Math.max(0, this.tick)))
        this.tick = this.frameHead.tick
    } else if (bytes[0] === CONTROL && !this.welcomed) {
      const decoded = decodeControl(Uint8Array.from(bytes.subarray(1)))
      if (!decoded.ok) return
      const { t, resume, tick } = decoded.value as { t?: unknown; resume?: unknown; tick?: unknown }
      if (t !== 'welcome') return
      this.welcomed = true
      this.tick = Number(tick)
      if (typeof resume === 'string') this.resume = resume
    }
  }

  /** The tick to send an input for: each but once, in time. */
  nextTick(): number {
    this.lastTick = Math.max(this.lastTick + 1, this.tick + LEAD_TICKS)
    return this.lastTick
  }

  /** The input of a tick. A right one if no tricks are asked for. */
  input(tick: number, tricks: InputTricks = {}): Uint8Array {
    const { ring, head, counters } = this
    const slot = ring.slotFor(tick)
    if (slot >= 0) {
      const row = ring.rowOffset(slot)
      ring.rows[row] = tick % 100
      for (let i = 0; i < counters.length; i++) {
        counters[i] = (counters[i] ?? 0) + (tricks.presses ?? 0)
        ring.rows[row + ring.levels + i] = counters[i] ?? 0
      }
      if (tricks.stamp !== undefined) ring.setStamp(slot, 0, ...tricks.stamp)
    }
    head.newestTick = slot >= 0 ? tick : ring.newestTick
    head.count = 1
    head.ackTick = tricks.ackTick ?? this.tick
    head.needsFull = tricks.needsFull ?? false
    head.suspectTypes.fill(tricks.suspects === true ? 3 : 0)
    const bytes = new Uint8Array(256)
    this.writer.start(bytes).u8(INPUT)
    codec.encode(this.writer, ring, head)
    return bytes.slice(0, this.writer.position)
  }
}
