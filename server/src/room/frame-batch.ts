/**
 * Frames that leave together: replication puts each client's frame here as soon as it is made, and sends all at the end. Between two sends there is then no
 * time in which a receiver on this machine, or a network card, goes to sleep and has to be woken again: that costs more than a short frame's bytes.
 * Used where each client gets a body of its own. Memory is taken at the start; what does not fit is sent at once. Hot.
 */
import type { Lane } from '@tickmesh/shared'
import { BODY_AT, type FrameMemory } from './frame-memory.ts'
import type { PlayerCore } from './player-core.ts'

const BATCH_BYTES = 131_072

export class FrameBatch {
  private readonly bytes = new Uint8Array(BATCH_BYTES)
  private readonly memory: FrameMemory
  private readonly players: (PlayerCore | undefined)[]
  private readonly lanes: Lane[]
  /** Where each frame lies in `bytes`, and how long its head is. */
  private readonly starts: Int32Array
  private readonly lengths: Int32Array
  private readonly headBytes: Int32Array
  private count = 0
  private used = 0

  constructor(memory: FrameMemory, maxFrames: number) {
    this.memory = memory
    this.players = Array.from({ length: maxFrames }, () => undefined)
    this.lanes = Array.from({ length: maxFrames }, () => 'datagram')
    this.starts = new Int32Array(maxFrames)
    this.lengths = new Int32Array(maxFrames)
    this.headBytes = new Int32Array(maxFrames)
  }

  /** Takes the frame that lies in the frame memory between two offsets. False: there is no room. */
  take(player: PlayerCore, lane: Lane, from: number, to: number): boolean {
    const { count, used, memory } = this
    const length = to - from
    if (count === this.players.length || used + length > BATCH_BYTES) return false
    for (let i = 0; i < length; i++) this.bytes[used + i] = memory.bytes[from + i] ?? 0
    this.players[count] = player
    this.lanes[count] = lane
    this.starts[count] = used
    this.lengths[count] = length
    this.headBytes[count] = BODY_AT - from
    this.count = count + 1
    this.used = used + length
    return true
  }

  /** Sends all, by way of the frame memory, which has views for every frame. */
  flush(): void {
    const { bytes, memory } = this
    for (let n = 0; n < this.count; n++) {
      const start = this.starts[n] ?? 0
      const length = this.lengths[n] ?? 0
      const from = BODY_AT - (this.headBytes[n] ?? 0)
      for (let i = 0; i < length; i++) memory.bytes[from + i] = bytes[start + i] ?? 0
      this.players[n]?.link.send(this.lanes[n] ?? 'datagram', memory.view(from, from + length))
      this.players[n] = undefined
    }
    this.count = 0
    this.used = 0
  }
}
