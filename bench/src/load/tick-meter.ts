/**
 * Measures a server's ticks from inside its process, both servers alike: how many, for how many players, and how late they began.
 * A tick's lateness is counted from the earliest phase that its room has had since measuring began. Pure; hot: allocates nothing.
 */
import { percentile } from '../figures.ts'

const MAX_SAMPLES = 1 << 19

/** One room's earliest phase: the least of (moment - tick × interval). */
export class RoomPhase {
  earliestMs = Number.POSITIVE_INFINITY
  epoch = -1
}

export class TickMeter {
  roomTicks = 0
  clientTicks = 0
  private readonly tickMs: number
  private readonly samples = new Float64Array(MAX_SAMPLES)
  private epoch = 0

  constructor(tickMs: number) {
    this.tickMs = tickMs
  }

  /** Forgets all ticks and phases. */
  start(): void {
    this.roomTicks = 0
    this.clientTicks = 0
    this.epoch++
  }

  /** A room's tick begins. */
  tick(room: RoomPhase, tick: number, players: number, nowMs: number): void {
    const phase = nowMs - tick * this.tickMs
    if (room.epoch !== this.epoch) {
      room.epoch = this.epoch
      room.earliestMs = phase
    } else if (phase < room.earliestMs) {
      room.earliestMs = phase
    }
    this.samples[this.roomTicks % MAX_SAMPLES] = phase - room.earliestMs
    this.roomTicks++
    this.clientTicks += players
  }

  /** 0.99: what 99 of 100 ticks were not later than. 0 if there was none. */
  lateness(share: number): number {
    const kept = Math.min(this.roomTicks, MAX_SAMPLES)
    return kept === 0 ? 0 : percentile(this.samples.subarray(0, kept), share)
  }
}
