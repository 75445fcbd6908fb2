/**
 * The way of one player's inputs, followed from outside on both ends of its link: when the client made the input of each tick, and when the server had it.
 */
import { ByteReader, type CompiledGame, createInputHead, INPUT, InputCodec, InputRing } from '@tickmesh/shared'

const RING = 256

export class InputTrace {
  /** By tick; NaN where nothing is known. */
  readonly madeMs: number[] = []
  readonly arrivedMs: number[] = []
  private readonly sent: Reading
  private readonly received: Reading

  constructor(game: CompiledGame) {
    this.sent = new Reading(game)
    this.received = new Reading(game)
  }

  onSend(bytes: Uint8Array, nowMs: number, nearTick: number): void {
    this.sent.each(bytes, nearTick, (tick) => {
      this.madeMs[tick] ??= nowMs
    })
  }

  onArrive(bytes: Uint8Array, nowMs: number, nearTick: number): void {
    this.received.each(bytes, nearTick, (tick) => {
      this.arrivedMs[tick] ??= nowMs
    })
  }
}

/** Reads input messages, and names the ticks in each that were not in any before. */
class Reading {
  private readonly codec: InputCodec
  private readonly ring: InputRing
  private readonly head
  private readonly reader = new ByteReader()

  constructor(game: CompiledGame) {
    this.codec = new InputCodec(game)
    this.ring = new InputRing(game, RING)
    this.head = createInputHead(game)
  }

  each(bytes: Uint8Array, nearTick: number, visit: (tick: number) => void): void {
    if (bytes[0] !== INPUT) return
    const { head } = this
    if (this.codec.decode(this.reader.start(bytes, 1), head, this.ring, nearTick) !== 'ok') return
    for (let age = head.count - 1; age >= 0; age--) if (((head.newMask >>> age) & 1) === 1) visit(head.newestTick - age)
  }
}
