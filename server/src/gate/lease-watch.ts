/**
 * Stops all rooms while this shard has no lease, and lets them go on. Owned by the room host; asked by the tick loop before each tick and by rooms before
 * frames leave. A lease that is over is noticed there, also if nobody says so, such as after a stall; while rooms stand still it is looked for often.
 */
import type { Log } from '../ops/log-line.ts'
import type { TickTimer } from '../tick/tick-timer.ts'

const LOOK_EVERY_MS = 20

export interface HeldLoop {
  hold(): void
  release(): void
}

export class LeaseWatch {
  frozen = false
  /** How often, and for how long all together. */
  pauses = 0
  pausedMs = 0
  private sinceMs = 0
  private readonly timer: TickTimer
  private readonly mayAct: () => boolean
  private readonly log: Log
  private cancelLook: (() => void) | undefined
  private stopped = false

  constructor(timer: TickTimer, mayAct: (() => boolean) | undefined, log: Log) {
    this.timer = timer
    this.mayAct = mayAct ?? (() => true)
    this.log = log
  }

  /** `loop` is held by now, or is about to be. */
  freeze(loop: HeldLoop): void {
    if (this.frozen || this.stopped) return
    this.frozen = true
    this.pauses++
    this.sinceMs = this.timer.nowMs()
    this.log({ level: 'warn', event: 'frozen', message: 'this shard has no lease: its rooms stand still.' })
    loop.hold()
    this.look(loop)
  }

  /** Only if the lease is there. */
  thaw(loop: HeldLoop): void {
    if (!this.frozen || this.stopped || !this.mayAct()) return
    this.frozen = false
    this.cancelLook?.()
    const ms = this.timer.nowMs() - this.sinceMs
    this.pausedMs += ms
    this.log({ level: 'info', event: 'thawed', message: `rooms go on after ${Math.round(ms)} ms without a lease.` })
    loop.release()
  }

  stop(): void {
    this.stopped = true
    this.cancelLook?.()
  }

  private look(loop: HeldLoop): void {
    this.cancelLook = this.timer.wakeAt(this.timer.nowMs() + LOOK_EVERY_MS, () => {
      this.thaw(loop)
      if (this.frozen && !this.stopped) this.look(loop)
    })
  }
}
