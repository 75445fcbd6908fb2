/**
 * What a client counts of its own play, from the start on. Filled by the room client, shown as the room's stats.
 */
export interface PlayCounts {
  bytesIn: number
  bytesOut: number
  frames: number
  lateInputs: number
  refusedPresses: number
  checkFailures: number
  starvedFrames: number
  drawnFrames: number
  /** Jumps over a gap in local time. */
  stalls: number
  overload: number
  marginMs: number
}

export function createCounts(): PlayCounts {
  return {
    bytesIn: 0,
    bytesOut: 0,
    frames: 0,
    lateInputs: 0,
    refusedPresses: 0,
    checkFailures: 0,
    starvedFrames: 0,
    drawnFrames: 0,
    stalls: 0,
    overload: 0,
    marginMs: 0,
  }
}
