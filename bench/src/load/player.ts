/**
 * Simulated players of the load bench: what a hand does, and how each of the two protocols says it. One input message per tick, acknowledging what came.
 */
import {
  ByteWriter,
  CONTROL,
  type CompiledGame,
  createInputHead,
  decodeControl,
  encodeControl,
  INPUT,
  InputCodec,
  InputRing,
  PROTOCOL_VERSION,
  SeededRandom,
  SNAPSHOT,
} from '@tickmesh/shared'
import { HAND_INPUT_BYTES } from './hand-written-server.ts'
import { RawSocket } from './raw-socket.ts'

/** A player: steers anew every 0.25 to 1.2 s, turns its aim all the time, fires now and then, dashes seldom. */
export class Hand {
  x = 0
  y = 0
  /** In 1/1024 of a turn. */
  aim = 0
  fire = false
  dashes = 0
  private steerIn = 0
  private readonly random: SeededRandom
  private readonly hz: number

  constructor(seed: number, hz: number) {
    this.random = new SeededRandom(seed)
    this.hz = hz
  }

  move(): void {
    const { random } = this
    this.aim = (this.aim + 1 + (random.uint32() & 7)) & 1023
    if (this.steerIn-- > 0) return
    this.steerIn = Math.round(this.hz * (0.25 + 0.95 * random.next()))
    this.x = (random.uint32() % 3) - 1
    this.y = (random.uint32() % 3) - 1
    this.fire = (random.uint32() & 3) === 0
    if ((random.uint32() & 7) === 0) this.dashes++
  }
}

/** What the crowd needs of a player of either kind. */
export interface LoadPlayer {
  /** True once states come in. */
  readonly playing: boolean
  /** States received so far, in all. */
  readonly states: number
  readonly bytesIn: number
  /** Why the connection ended, if it did. */
  readonly failure: string | undefined
  /** Sends the input of the next tick, if playing. Hot. */
  sendInput(nowMs: number): void
  leave(): void
}

const FULL = 1
/** Inputs are for ticks so far after the newest state's. */
const LEAD_TICKS = 2
/** Others are drawn so many ticks in the past. */
const VIEW_TICKS = 1.5

/** The codecs of one game, shared by its players. */
export class TickmeshWire {
  readonly game: CompiledGame
  readonly codec: InputCodec
  readonly head
  readonly writer = new ByteWriter()
  readonly bytes = new Uint8Array(125)

  constructor(game: CompiledGame) {
    this.game = game
    this.codec = new InputCodec(game)
    this.head = createInputHead(game)
    this.head.interpolationDelayMs = (VIEW_TICKS * 1000) / game.tickRate
  }
}

export class TickmeshPlayer implements LoadPlayer {
  playing = false
  states = 0
  bytesIn = 0
  failure: string | undefined
  private readonly wire: TickmeshWire
  private readonly socket: RawSocket
  private readonly ring: InputRing
  private readonly hand: Hand
  private ackTick = -1
  private ackAtMs = 0
  private sentTick = -1

  constructor(wire: TickmeshWire, port: number, room: string, seed: number) {
    this.wire = wire
    this.hand = new Hand(seed, wire.game.tickRate)
    this.ring = new InputRing(wire.game, 16)
    this.socket = new RawSocket(port, '/tickmesh', this, () => this.hello(room))
  }

  private hello(room: string): void {
    const { game } = this.wire
    const body = encodeControl({
      t: 'hello',
      protocol: PROTOCOL_VERSION,
      game: game.id,
      schema: game.schemaHash >>> 0,
      room,
      create: true,
    })
    const bytes = new Uint8Array(body.length + 1)
    bytes[0] = CONTROL
    bytes.set(body, 1)
    this.socket.send(bytes)
  }

  onMessage(bytes: Uint8Array, from: number, to: number): void {
    this.bytesIn += to - from
    if (bytes[from] === SNAPSHOT) {
      const flags = bytes[from + 1] ?? 0
      const low = (bytes[from + 2] ?? 0) | ((bytes[from + 3] ?? 0) << 8)
      if ((flags & FULL) !== 0) this.ackTick = low | ((bytes[from + 4] ?? 0) << 16) | ((bytes[from + 5] ?? 0) << 24)
      else this.ackTick += (((low - this.ackTick) & 0xffff) << 16) >> 16
      this.ackAtMs = performance.now()
      this.states++
      this.playing = true
    } else if (!this.playing) {
      const decoded = decodeControl(bytes.slice(from + 1, to))
      const value = decoded.ok ? (decoded.value as { t?: unknown; message?: unknown }) : {}
      if (value.t === 'refused' || value.t === 'bye') this.onEnd(`${value.t}: ${String(value.message)}`)
    }
  }

  onEnd(why: string): void {
    this.failure ??= why
    this.playing = false
    this.socket.destroy()
  }

  sendInput(nowMs: number): void {
    if (!this.playing) return
    const { wire, ring, hand } = this
    const { head, writer } = wire
    const due = this.ackTick + LEAD_TICKS
    // Never two for one tick, and never far ahead.
    const tick = due > this.sentTick ? due : this.sentTick + 1
    if (tick > due + LEAD_TICKS) return
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
    // Three ticks behind the input's: two of lead, one of delay beyond the half that the input comes before its tick.
    ring.setStamp(slot, 0, this.ackTick - 1, this.ackTick, 0)
    head.newestTick = tick
    head.ackTick = this.ackTick
    head.ackHoldMs = nowMs - this.ackAtMs
    writer.start(wire.bytes).u8(INPUT)
    wire.codec.encode(writer, ring, head)
    this.socket.sendShort(wire.bytes, writer.position)
  }

  leave(): void {
    this.socket.destroy()
  }
}

const handInput = Buffer.alloc(HAND_INPUT_BYTES)

export class HandWrittenPlayer implements LoadPlayer {
  playing = false
  states = 0
  bytesIn = 0
  failure: string | undefined
  private readonly socket: RawSocket
  private readonly hand: Hand
  private sequence = 0
  private dashes = 0

  constructor(port: number, room: string, seed: number, hz: number) {
    this.hand = new Hand(seed, hz)
    this.socket = new RawSocket(port, `/${room}`, this, () => {})
  }

  onMessage(_bytes: Uint8Array, from: number, to: number): void {
    this.bytesIn += to - from
    this.states++
    this.playing = true
  }

  onEnd(why: string): void {
    this.failure ??= why
    this.playing = false
    this.socket.destroy()
  }

  sendInput(): void {
    if (!this.playing) return
    const { hand } = this
    hand.move()
    handInput.writeUInt32LE(++this.sequence, 0)
    handInput[4] = hand.x * 127
    handInput[5] = hand.y * 127
    handInput.writeFloatLE(((hand.aim - 512) / 1024) * 2 * Math.PI, 6)
    handInput[10] = hand.fire ? 1 : 0
    handInput[11] = hand.dashes - this.dashes
    this.dashes = hand.dashes
    this.socket.sendShort(handInput, HAND_INPUT_BYTES)
  }

  leave(): void {
    this.socket.destroy()
  }
}
