/**
 * Decodes all frames of one player as a real client does, and keeps what they showed, to be compared with the truth afterwards.
 */
import { type CompiledGame, type FrameHead, type SnapshotDecoder, SnapshotRing } from '@tickmesh/shared'
import { entityCount } from './world-rows.ts'

/** One frame as the client had it. */
export interface ShownFrame {
  readonly tick: number
  readonly arrivedMs: number
  readonly world: Int32Array
}

/** Frames that a client keeps as baselines. */
const KEPT_FRAMES = 128

export class FrameSample {
  seat = 0
  /** What was shown since `keep` was set. */
  readonly shown: ShownFrame[] = []
  keep = false
  /** Entities in all frames that were taken since `keep`, and how many frames. */
  entitiesShown = 0
  framesShown = 0
  private readonly game: CompiledGame
  private readonly decoder: SnapshotDecoder
  private readonly frames: SnapshotRing
  private readonly builtOn = new Map<number, number>()

  /** The decoder is shared by all samples: it keeps nothing between frames. */
  constructor(game: CompiledGame, decoder: SnapshotDecoder) {
    this.game = game
    this.decoder = decoder
    this.frames = new SnapshotRing(KEPT_FRAMES, game.worldInts)
  }

  /** The body of a frame is `bytes[at]` to `bytes[to - 1]`, with the owner's tail. Gives what is wrong with it, or undefined. */
  take(head: FrameHead, bytes: Uint8Array, at: number, to: number, seat: number): string | undefined {
    const { tick, baselineTick } = head
    const { frames, decoder, builtOn } = this
    this.seat = seat
    const baseline = frames.find(baselineTick)
    if (baselineTick >= 0 && baseline === undefined) return `a frame of tick ${tick} builds on ${baselineTick}, unknown`
    const bodyBytes = head.bodyBytes < 0 ? to - at : head.bodyBytes
    const from = baselineTick < 0 ? tick : baselineTick
    const earlier = frames.find(builtOn.get(baselineTick) ?? -1)
    const out = new Int32Array(this.game.worldInts)
    let status = decoder.decodeBody(bytes, at, bodyBytes, baseline, from, tick, out, undefined, earlier)
    const tailAt = at + bodyBytes
    if (status === 'ok') status = decoder.decodeTail(bytes, tailAt, to - tailAt, seat, baseline, out)
    if (status !== 'ok') return `a frame of tick ${tick} could not be decoded: ${status}`
    frames.put(tick, out)
    builtOn.set(tick, baselineTick)
    builtOn.delete(tick - 2 * KEPT_FRAMES)
    if (!this.keep) return undefined
    this.framesShown++
    this.entitiesShown += entityCount(this.game, out)
    this.shown.push({ tick, arrivedMs: performance.now(), world: out })
    return undefined
  }
}
