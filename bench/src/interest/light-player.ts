/**
 * A player of the interest bench that costs little: it steers, reads the heads of its frames, acknowledges them, and sends an input for every tick.
 * A sampled one hands each whole frame to a FrameSample, which decodes it. Hot: two hundred of them share one core with their measuring.
 */
import {
  ByteReader,
  ByteWriter,
  CONTROL,
  type CompiledGame,
  createFrameHead,
  createInputHead,
  decodeControl,
  decodeFrameHead,
  INPUT,
  InputCodec,
  InputRing,
  PROTOCOL_VERSION,
  packControl,
  SNAPSHOT,
} from '@tickmesh/shared'
import { Hand } from '../load/player.ts'
import { RawSocket } from '../load/raw-socket.ts'
import type { FrameSample } from './frame-sample.ts'

/** An input is for the tick that comes so many after the one that the server is thought to compute. */
const LEAD_TICKS = 3
/** One that is so many ticks further ahead waits. */
const SLACK_TICKS = 2
/** Others are drawn so far in the past. */
const VIEW_DELAY_MS = 75

/** The codecs of one game, shared by its players. */
export class LightWire {
  readonly game: CompiledGame
  readonly inputs: InputCodec
  readonly inputHead
  readonly frameHead = createFrameHead()
  readonly reader = new ByteReader()
  readonly writer = new ByteWriter()
  readonly bytes = new Uint8Array(125)

  constructor(game: CompiledGame) {
    this.game = game
    this.inputs = new InputCodec(game)
    this.inputHead = createInputHead(game)
    this.inputHead.interpolationDelayMs = VIEW_DELAY_MS
  }
}

export class LightPlayer {
  playing = false
  seat = 0
  frames = 0
  /** Payload bytes of all messages from the server. */
  bytesIn = 0
  inputs = 0
  /** Why the connection ended, if it did. */
  failure: string | undefined
  private readonly wire: LightWire
  private readonly socket: RawSocket
  private readonly ring: InputRing
  private readonly hand: Hand
  private readonly sample: FrameSample | undefined
  private ackTick = -1
  private ackAtMs = 0
  private sentTick = -1

  constructor(wire: LightWire, port: number, seed: number, sample?: FrameSample) {
    const { game } = wire
    this.wire = wire
    this.sample = sample
    this.hand = new Hand(seed, game.tickRate)
    this.ring = new InputRing(game, 16)
    const hello = { t: 'hello', protocol: PROTOCOL_VERSION, game: game.id, schema: game.schemaHash >>> 0 }
    this.socket = new RawSocket(port, '/tickmesh', this, () => this.socket.send(packControl(hello)))
  }

  onMessage(bytes: Uint8Array, from: number, to: number): void {
    this.bytesIn += to - from
    if (bytes[from] === SNAPSHOT) this.takeFrame(bytes, from, to)
    else if (bytes[from] === CONTROL) this.takeControl(bytes.slice(from + 1, to))
  }

  private takeFrame(bytes: Uint8Array, from: number, to: number): void {
    const { reader, frameHead, game } = this.wire
    reader.start(bytes, from + 1)
    if (!decodeFrameHead(reader, frameHead, game.ticksPerSnapshot, Math.max(0, this.ackTick)))
      return this.onEnd('the head of a frame could not be read')
    const problem = this.sample?.take(frameHead, bytes, reader.position, to, this.seat)
    if (problem !== undefined) return this.onEnd(problem)
    this.ackTick = frameHead.tick
    this.ackAtMs = performance.now()
    this.frames++
    this.playing = true
  }

  private takeControl(bytes: Uint8Array): void {
    const decoded = decodeControl(bytes)
    if (!decoded.ok) return
    const { t, seat, message } = decoded.value as { t?: unknown; seat?: unknown; message?: unknown }
    if (t === 'welcome') this.seat = Number(seat)
    else if (t === 'refused' || t === 'bye') this.onEnd(`${t}: ${String(message)}`)
  }

  onEnd(why: string): void {
    this.failure ??= why
    this.playing = false
    this.socket.destroy()
  }

  /** The input of the next tick: never two for one tick, never far ahead, and at the same rate however few snapshots come. */
  sendInput(nowMs: number): void {
    if (!this.playing) return
    const { wire, ring, hand } = this
    const { inputHead: head, writer } = wire
    const due = this.ackTick + LEAD_TICKS + Math.floor(((nowMs - this.ackAtMs) * wire.game.tickRate) / 1000)
    const tick = due > this.sentTick ? due : this.sentTick + 1
    if (tick > due + SLACK_TICKS) return
    const slot = ring.slotFor(tick)
    if (slot < 0) return
    this.sentTick = tick
    hand.move()
    const row = ring.rowOffset(slot)
    ring.rows[row] = hand.x * 127
    ring.rows[row + 1] = hand.y * 127
    ring.rows[row + 2] = hand.aim - 512
    ring.rows[row + 3] = hand.fire ? 1 : 0
    ring.rows[row + 4] = hand.dashes
    head.newestTick = tick
    head.ackTick = this.ackTick
    head.ackHoldMs = nowMs - this.ackAtMs
    writer.start(wire.bytes).u8(INPUT)
    wire.inputs.encode(writer, ring, head)
    this.socket.sendShort(wire.bytes, writer.position)
    this.inputs++
  }

  leave(): void {
    this.socket.destroy()
  }
}
