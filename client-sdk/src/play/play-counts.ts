/**
 * What a client counts of its own play, from the start on. Filled by the room client and the live room, shown as the room's stats.
 */
import type { FrameHead } from '@tickmesh/shared'

export interface PlayCounts {
  /** Bytes of snapshot frames, and of all other messages that came. */
  bytesIn: number
  controlIn: number
  /** Bytes of input messages, and of all others that were sent. */
  bytesOut: number
  controlOut: number
  frames: number
  /** Those that said of ticks that they were not held yet. */
  provisionalFrames: number
  /** The newest tick of which a frame came, even if it could not be decoded. */
  newestHead: number
  framesLost: number
  /** Of late, by a decaying mean: 0 to 1. */
  lostShare: number
  lateInputs: number
  refusedPresses: number
  checkFailures: number
  starvedFrames: number
  drawnFrames: number
  /** Jumps over a gap in local time. */
  stalls: number
  /** How often the play went on after it had stood still. */
  resyncs: number
  overload: number
  marginMs: number
  echoMs: number
  tickLateMs: number
  latenessMs: number
}

/** Seconds over which losses are averaged. */
const LOSS_SECONDS = 10
/** The most that a head says of the ticks since the frame before: then it may be more. */
const UNKNOWN_GAP = 32

export function createCounts(): PlayCounts {
  return {
    bytesIn: 0,
    controlIn: 0,
    bytesOut: 0,
    controlOut: 0,
    frames: 0,
    provisionalFrames: 0,
    newestHead: -1,
    framesLost: 0,
    lostShare: 0,
    lateInputs: 0,
    refusedPresses: 0,
    checkFailures: 0,
    starvedFrames: 0,
    drawnFrames: 0,
    stalls: 0,
    resyncs: 0,
    overload: 0,
    marginMs: 0,
    echoMs: 0,
    tickLateMs: 0,
    latenessMs: 0,
  }
}

/** Counts what a frame's head says, when a frame of its tick comes for the first time. Hot. */
export function countHead(counts: PlayCounts, head: FrameHead, snapshotRate: number): void {
  counts.lateInputs += head.lateInputs
  counts.refusedPresses += head.refusedPresses
  counts.overload = head.overload
  counts.tickLateMs = head.sendOffsetMs
  const lost = lostBefore(counts, head)
  counts.framesLost += lost
  const remembered = snapshotRate * LOSS_SECONDS
  // Each known fate moves the mean by its share: `lost` times 1, and once 0. A late one moves it back.
  const share = Math.min(lost, remembered - 1)
  counts.lostShare = Math.max(0, counts.lostShare + (share - counts.lostShare * (share + 1)) / remembered)
}

/**
 * How many frames are missing between the newest one known and this one. A head says how many ticks before it the server sent the last one to
 * this client, so frames that the server left out are not taken for lost; further back than that frame it is taken to have sent as often. One that
 * comes late was counted, and is taken back: -1.
 */
function lostBefore(counts: PlayCounts, { tick, usedCount }: FrameHead): number {
  const { newestHead } = counts
  if (tick < newestHead) return counts.framesLost > 0 ? -1 : 0
  counts.newestHead = tick
  return newestHead < 0 || usedCount === 0 || usedCount >= UNKNOWN_GAP
    ? 0
    : Math.ceil((tick - newestHead) / usedCount) - 1
}
