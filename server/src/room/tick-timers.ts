/**
 * Timers of a room, counted in ticks, so that they belong to the match and not to a clock. Used by `room.after` and `room.every`.
 * They run before the steps of their tick, in the order of their times, equal ones in the order in which they were made.
 */
import { NetError } from '@tickmesh/shared'

/** What `room.after` and `room.every` give. */
export interface Timer {
  /** Takes it back. Harmless after it ran. */
  cancel(): void
}

interface Waiting extends Timer {
  dueTick: number
  readonly everyTicks: number
  readonly run: () => void
  cancelled: boolean
}

const MAX_TIMERS = 10_000

export class TickTimers {
  /** The one due last comes first. */
  private readonly waiting: Waiting[] = []
  private readonly tickRate: number

  constructor(tickRate: number) {
    this.tickRate = tickRate
  }

  after(nowTick: number, ms: number, run: () => void): Timer {
    return this.add(nowTick, ms, run, false)
  }

  every(nowTick: number, ms: number, run: () => void): Timer {
    return this.add(nowTick, ms, run, true)
  }

  /** Runs what is due at `tick`. */
  run(tick: number): void {
    for (;;) {
      const next = this.waiting.at(-1)
      if (next === undefined || next.dueTick > tick) return
      this.waiting.pop()
      if (next.cancelled) continue
      if (next.everyTicks > 0) {
        next.dueTick += next.everyTicks
        this.insert(next)
      }
      next.run()
    }
  }

  clear(): void {
    this.waiting.length = 0
  }

  private add(nowTick: number, ms: number, run: () => void, again: boolean): Timer {
    if (!(ms >= 0 && ms <= 2 ** 31)) {
      throw new NetError('BAD_ARGUMENT', `a timer of ${ms} ms is not possible.`, 'Give milliseconds, 0 or more.')
    }
    if (this.waiting.length >= MAX_TIMERS) {
      throw new NetError(
        'BAD_STATE',
        `${MAX_TIMERS} timers wait in one room.`,
        'Cancel timers that are not needed any more.',
      )
    }
    const ticks = Math.max(1, Math.round((ms * this.tickRate) / 1000))
    const timer: Waiting = {
      dueTick: nowTick + ticks,
      everyTicks: again ? ticks : 0,
      run,
      cancelled: false,
      cancel: () => {
        timer.cancelled = true
        const at = this.waiting.indexOf(timer)
        if (at >= 0) this.waiting.splice(at, 1)
      },
    }
    this.insert(timer)
    return timer
  }

  private insert(timer: Waiting): void {
    const { waiting } = this
    let low = 0
    let high = waiting.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((waiting[middle]?.dueTick ?? 0) >= timer.dueTick) low = middle + 1
      else high = middle
    }
    // Before those of the same tick that are there already, as the list runs from its end.
    while (low > 0 && waiting[low - 1]?.dueTick === timer.dueTick) low--
    waiting.splice(low, 0, timer)
  }
}
