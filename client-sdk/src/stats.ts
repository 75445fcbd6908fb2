/**
 * What a client can tell of its own play. Counts grow from the start; the rest is as of now.
 */
import type { ClockSync } from './play/clock-sync.ts'
import type { RoomClient } from './play/room-client.ts'

export interface RoomStats {
  /** Least round trip of the last ten seconds. */
  readonly rttMs: number
  readonly jitterMs: number
  /** How wrong the clock may be by asymmetry of the path. */
  readonly clockErrorBoundMs: number
  readonly serverTick: number
  readonly predictedTick: number
  readonly leadMs: number
  /** How early the server got the last inputs. */
  readonly marginMs: number
  readonly lateInputs: number
  readonly refusedPresses: number
  readonly rollbacks: number
  readonly resimulatedTicks: number
  readonly corrections: number
  /** Largest distance of the last correction, in the field's units. */
  readonly lastCorrection: number
  readonly interpolationDelayMs: number
  readonly starvedFrames: number
  readonly drawnFrames: number
  readonly frames: number
  readonly checkFailures: number
  readonly stalls: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly eventsPredicted: number
  readonly eventsWithdrawn: number
  /** Others' events that were too old to be played when the page was looked at again. */
  readonly eventsStale: number
  /** How overloaded the server says it is, 0 to 3. */
  readonly serverOverload: number
}

export function statsOf(client: RoomClient, clock: ClockSync): RoomStats {
  const { counts, prediction, playback, smoothing, events, lead } = client
  return {
    rttMs: clock.delayMs,
    jitterMs: clock.jitterMs,
    clockErrorBoundMs: clock.errorBoundMs,
    serverTick: client.newestTick,
    predictedTick: prediction.tick,
    leadMs: lead.leadMs,
    marginMs: counts.marginMs,
    lateInputs: counts.lateInputs,
    refusedPresses: counts.refusedPresses,
    rollbacks: prediction.counts.rollbacks,
    resimulatedTicks: prediction.counts.resimulatedTicks,
    corrections: prediction.counts.corrections,
    lastCorrection: smoothing.lastCorrection,
    interpolationDelayMs: playback.delayMs,
    starvedFrames: counts.starvedFrames,
    drawnFrames: counts.drawnFrames,
    frames: counts.frames,
    checkFailures: counts.checkFailures,
    stalls: counts.stalls,
    bytesIn: counts.bytesIn,
    bytesOut: counts.bytesOut,
    eventsPredicted: events.predictedCount,
    eventsWithdrawn: events.withdrawnCount,
    eventsStale: events.staleCount,
    serverOverload: counts.overload,
  }
}
