/**
 * What a client can tell of its own play. Counts grow from the start; the rest is as of now.
 */
import type { ClockSync } from './play/clock-sync.ts'
import type { RoomClient } from './play/room-client.ts'
import type { CarrierKind, Session } from './session/session.ts'

export interface RoomStats {
  /** What carries the messages now. */
  readonly link: CarrierKind
  /** How often play went on over another link: after a loss, or for a better one. */
  readonly reconnects: number
  /** Of them, how often to where the room had moved, and to another server that went on with it when its own had died. */
  readonly moves: number
  readonly failovers: number
  /** Least round trip of the last ten seconds. */
  readonly rttMs: number
  /** Round trip of the newest input that the server answered, with whatever held it up. */
  readonly lastRttMs: number
  readonly jitterMs: number
  /** How wrong the clock may be by asymmetry of the path. */
  readonly clockErrorBoundMs: number
  readonly serverTick: number
  readonly predictedTick: number
  readonly leadMs: number
  /** Ticks between an input and its effect on the own screen that were chosen for this client. */
  readonly inputDelayTicks: number
  /** How early the server got the last inputs. */
  readonly marginMs: number
  readonly lateInputs: number
  /** Presses that came too late for the server to apply. */
  readonly refusedPresses: number
  /** Presses that were not even sent: more than eight of one kind before the next tick, or while play stood still. */
  readonly droppedPresses: number
  /** Snapshots in which what this client predicts stood otherwise. */
  readonly rollbacks: number
  /** Ticks that were computed again, because anything in a snapshot was not as predicted. */
  readonly resimulatedTicks: number
  /** Snapshots after which something predicted stood elsewhere in the present: after a rollback, or because others' courses had changed. */
  readonly corrections: number
  /** Of them, those that moved what this player owns. */
  readonly ownCorrections: number
  /** Largest distance of the last correction, in the field's units. */
  readonly lastCorrection: number
  readonly interpolationDelayMs: number
  readonly starvedFrames: number
  readonly drawnFrames: number
  /** Snapshots that came and could be read. */
  readonly frames: number
  /** Share of them that left before those who stand by for the server had all that is in them: 0 to 1. */
  readonly provisional: number
  /**
   * Snapshots that the server sent and that did not come, or not yet: one that comes late is taken off again. Each frame says how long before it the
   * server sent the last one, so those that the server left out (it thins them when it or the network is overloaded) do not count. Nor does a
   * silence of more than 31 ticks, about which a frame says nothing. Always 0 over a WebSocket, where a loss is a delay.
   */
  readonly framesLost: number
  /** Share of snapshots lost, in percent: a decaying mean over about ten seconds. */
  readonly lossPct: number
  readonly checkFailures: number
  /** Jumps over a gap in time, for which no inputs were made. */
  readonly stalls: number
  /** How often the play went on after it had stood still (`room.onStall`). */
  readonly resyncs: number
  /** Bytes of messages since joining, without the headers below them; and of which kind they were. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly bytesInByKind: { readonly snapshots: number; readonly control: number }
  readonly bytesOutByKind: { readonly inputs: number; readonly control: number }
  readonly eventsPredicted: number
  readonly eventsWithdrawn: number
  /** Others' events that were too old to be played when the page was looked at again. */
  readonly eventsStale: number
  /** Ticks whose events were never told, because so many frames were lost that a full one had to stand in for them; 0 over a WebSocket. */
  readonly eventTicksUntold: number
  /** How overloaded the server says it is, 0 to 3. */
  readonly serverOverload: number
  /** How long after the end of its tick the server sent the newest snapshot. */
  readonly serverTickLateMs: number
  /** How long after the end of its tick the newest snapshot came, by the server's clock: a way down, and lateness. NaN: not known. */
  readonly snapshotLatenessMs: number
}

export function statsOf(client: RoomClient, clock: ClockSync, session: Session): RoomStats {
  const { counts, prediction, playback, smoothing, events, lead } = client
  return {
    link: session.kind,
    reconnects: session.reconnects,
    moves: session.moves,
    failovers: session.failovers,
    rttMs: clock.delayMs,
    lastRttMs: counts.echoMs,
    jitterMs: clock.jitterMs,
    clockErrorBoundMs: clock.errorBoundMs,
    serverTick: client.newestTick,
    predictedTick: prediction.tick,
    leadMs: lead.leadMs,
    inputDelayTicks: prediction.inputDelayTicks,
    marginMs: counts.marginMs,
    lateInputs: counts.lateInputs,
    refusedPresses: counts.refusedPresses,
    droppedPresses: client.latch.dropped,
    rollbacks: prediction.counts.rollbacks,
    resimulatedTicks: prediction.counts.resimulatedTicks,
    corrections: prediction.counts.corrections,
    ownCorrections: prediction.counts.ownCorrections,
    lastCorrection: smoothing.lastCorrection,
    interpolationDelayMs: playback.delayMs,
    starvedFrames: counts.starvedFrames,
    drawnFrames: counts.drawnFrames,
    frames: counts.frames,
    provisional: counts.provisionalFrames / Math.max(1, counts.frames),
    framesLost: counts.framesLost,
    lossPct: counts.lostShare * 100,
    checkFailures: counts.checkFailures,
    stalls: counts.stalls,
    resyncs: counts.resyncs,
    bytesIn: counts.bytesIn + counts.controlIn,
    bytesOut: counts.bytesOut + counts.controlOut,
    bytesInByKind: { snapshots: counts.bytesIn, control: counts.controlIn },
    bytesOutByKind: { inputs: counts.bytesOut, control: counts.controlOut },
    eventsPredicted: events.predictedCount,
    eventsWithdrawn: events.withdrawnCount,
    eventsStale: events.staleCount,
    eventTicksUntold: events.untoldTicks,
    serverOverload: counts.overload,
    serverTickLateMs: counts.tickLateMs,
    snapshotLatenessMs: counts.latenessMs,
  }
}
