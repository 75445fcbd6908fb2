/**
 * How a room keeps up: how long its ticks take, how late they begin, and what the governor makes of it. One per room. Hot.
 */
import type { Log } from '../ops/log-line.ts'
import { Governor } from '../tick/governor.ts'
import { LogHistogram } from '../tick/log-histogram.ts'

const DURATION_WEIGHT = 1 / 64

export class RoomPace {
  readonly governor = new Governor()
  readonly lateness = new LogHistogram()
  durationMeanMs = 0
  /** How late this tick began. */
  lateMs = 0
  private readonly room: string
  private readonly tickMs: number
  private readonly log: Log

  constructor(room: string, tickMs: number, log: Log) {
    this.room = room
    this.tickMs = tickMs
    this.log = log
  }

  measure(durationMs: number, lateMs: number): void {
    const before = this.governor.level
    const level = this.governor.update(durationMs, lateMs, this.tickMs)
    this.durationMeanMs += (durationMs - this.durationMeanMs) * DURATION_WEIGHT
    this.lateness.record(lateMs)
    if (level === before) return
    const pressure = this.governor.pressure.toFixed(2)
    const message = `overload level ${level} (was ${before}), pressure ${pressure}.`
    this.log({ level: level > before ? 'warn' : 'info', event: 'overload', message, room: this.room })
  }
}
