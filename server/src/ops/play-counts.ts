/**
 * What happened in rooms, as counts that only ever grow: kept by each room for the players that left it, and by the host for the rooms that ended, so that
 * a metric never goes backwards. Pure.
 */
export interface PlayCounts {
  framesSent: number
  framesSkipped: number
  /** Of frames. */
  bytesSent: number
  bodiesEncoded: number
  skippedTicks: number
  lateInputs: number
  ignoredInputs: number
  refusedPresses: number
  clampedStamps: number
  droppedEvents: number
  droppedCommands: number
  overflows: number
}

export function noPlayCounts(): PlayCounts {
  return {
    framesSent: 0,
    framesSkipped: 0,
    bytesSent: 0,
    bodiesEncoded: 0,
    skippedTicks: 0,
    lateInputs: 0,
    ignoredInputs: 0,
    refusedPresses: 0,
    clampedStamps: 0,
    droppedEvents: 0,
    droppedCommands: 0,
    overflows: 0,
  }
}

export function addPlayCounts(sum: PlayCounts, more: Readonly<Partial<PlayCounts>>): void {
  for (const [name, count] of Object.entries(more)) {
    if (Object.hasOwn(sum, name)) sum[name as keyof PlayCounts] += count ?? 0
  }
}
