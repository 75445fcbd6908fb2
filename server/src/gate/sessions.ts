/** The connections of one room host: silent ones are looked for while there are any. Pure: clock and alarm are passed in. */
import type { CloseReason } from '@tickmesh/shared'
import type { TickTimer } from '../tick/tick-timer.ts'
import type { Session } from './session.ts'

const CHECK_EVERY_MS = 250

export class Sessions {
  private readonly all = new Set<Session>()
  private readonly timer: TickTimer
  private cancelCheck: (() => void) | undefined
  private closed: CloseReason | undefined

  constructor(timer: TickTimer) {
    this.timer = timer
  }

  get size(): number {
    return this.all.size
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.all.values()
  }

  /** After `close` it is dropped at once. */
  add(session: Session): void {
    this.all.add(session)
    if (this.closed !== undefined) session.drop(this.closed.code, this.closed.message)
    else if (this.cancelCheck === undefined) this.planCheck()
  }

  delete(session: Session): void {
    this.all.delete(session)
  }

  /** Drops them all, and whoever comes later. */
  close(reason: CloseReason): void {
    this.closed = reason
    this.cancelCheck?.()
    this.cancelCheck = undefined
    for (const session of this.all) session.drop(reason.code, reason.message)
  }

  private planCheck(): void {
    const { timer } = this
    this.cancelCheck = timer.wakeAt(timer.nowMs() + CHECK_EVERY_MS, () => {
      this.cancelCheck = undefined
      const nowMs = timer.nowMs()
      for (const session of this.all) session.check(nowMs)
      if (this.all.size > 0 && this.closed === undefined) this.planCheck()
    })
  }
}
