/**
 * What one kind of link did in the links bench: kept while it plays, summed up at its end. Pure.
 */
import { mean, percentile, round, sum } from '../figures.ts'

/** One player, from the moment at which measuring begins to its end. */
export interface PlayerTally {
  /** Inputs that came too late for their tick, and presses that came too late to count. */
  readonly lateInputs: number
  readonly refusedPresses: number
  readonly ticks: number
  readonly starvedFrames: number
  readonly drawnFrames: number
  readonly framesLost: number
  readonly frames: number
  readonly reconnects: number
  readonly rttMs: number
  readonly leadMs: number
  readonly interpolationDelayMs: number
  readonly bytesDownPerSecond: number
  readonly bytesUpPerSecond: number
}

export interface LinkFigures {
  readonly players: number
  /** From the end of the newest snapshot's tick at the server to now, looked at 60 times a second in each client. */
  readonly snapshotAgeP50Ms: number
  readonly snapshotAgeP99Ms: number
  readonly snapshotAgeMaxMs: number
  /** Of all inputs, those that came too late for their tick. */
  readonly lateInputShare: number
  readonly refusedPresses: number
  /** Of all drawn frames, those for which the newest snapshot was too old. */
  readonly starvedShare: number
  readonly snapshotsLostShare: number
  readonly rttMs: number
  readonly leadMs: number
  readonly interpolationDelayMs: number
  readonly bytesDownPerSecond: number
  readonly bytesUpPerSecond: number
  readonly reconnects: number
}

export function figuresOf(agesMs: readonly number[], tallies: readonly PlayerTally[]): LinkFigures {
  const total = (read: (tally: PlayerTally) => number) => sum(tallies.map(read))
  const usual = (read: (tally: PlayerTally) => number, digits = 1) => round(mean(tallies.map(read)), digits)
  const share = (part: number, whole: number) => round(whole > 0 ? part / whole : 0, 5)
  const lost = total(({ framesLost }) => framesLost)
  return {
    players: tallies.length,
    snapshotAgeP50Ms: round(percentile(agesMs, 0.5), 1),
    snapshotAgeP99Ms: round(percentile(agesMs, 0.99), 1),
    snapshotAgeMaxMs: round(percentile(agesMs, 1), 1),
    lateInputShare: share(
      total(({ lateInputs }) => lateInputs),
      total(({ ticks }) => ticks),
    ),
    refusedPresses: total(({ refusedPresses }) => refusedPresses),
    starvedShare: share(
      total(({ starvedFrames }) => starvedFrames),
      total(({ drawnFrames }) => drawnFrames),
    ),
    snapshotsLostShare: share(lost, lost + total(({ frames }) => frames)),
    rttMs: usual(({ rttMs }) => rttMs),
    leadMs: usual(({ leadMs }) => leadMs),
    interpolationDelayMs: usual(({ interpolationDelayMs }) => interpolationDelayMs),
    bytesDownPerSecond: usual(({ bytesDownPerSecond }) => bytesDownPerSecond, 0),
    bytesUpPerSecond: usual(({ bytesUpPerSecond }) => bytesUpPerSecond, 0),
    reconnects: total(({ reconnects }) => reconnects),
  }
}
