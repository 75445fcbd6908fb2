/**
 * Reads input messages in passing: how many presses the player had made by the newest tick in them. One per player and end of the link.
 */
import { ByteReader, type CompiledGame, createInputHead, INPUT, InputCodec, InputRing } from '@tickmesh/shared'

export class InputProbe {
  private readonly codec: InputCodec
  private readonly ring: InputRing
  private readonly head: ReturnType<typeof createInputHead>
  private readonly reader = new ByteReader()

  constructor(game: CompiledGame) {
    this.codec = new InputCodec(game)
    this.ring = new InputRing(game)
    this.head = createInputHead(game)
  }

  /** The highest counter of presses that was seen up to and with this message; -1 if it holds no inputs. `nearTick` is about the server's tick. */
  countIn(bytes: Uint8Array, nearTick: number): number {
    if (bytes[0] !== INPUT) return -1
    this.reader.start(bytes, 1, bytes.length - 1)
    if (this.codec.decode(this.reader, this.head, this.ring, nearTick) === 'malformed')
      throw new Error('an input message could not be read in passing')
    return this.ring.newestCounter(0)
  }
}
