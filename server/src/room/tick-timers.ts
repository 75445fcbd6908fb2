/**
 * Timers of a room, counted in ticks, so that they belong to the match and not to a clock. Used by `room.after` and `room.every`, and, with names in the place
 * of functions, by `room.schedule` and `room.scheduleEvery`: those can be told to another shard, and go on there.
 * They run before the steps of their tick, in the order of their times, equal ones in the order in which they were made.
 */
import { NetError } from '@tickmesh/shared'
import type { SessionNote } from './session-notes.ts'

/** What `room.after` and `room.every` give. */
export interface Timer {
  /** Takes it back. Harmless after it ran. */
  cancel(): void
}

/** What a timer with a name is made of. */
export interface NamedTimer {
  readonly id: number
  readonly dueTick: number
  /** 0: it runs once. */
  readonly everyTicks: number
  readonly name: string
  /** Plain data, for the rule of this name. */
  readonly data: unknown
}

interface Waiting extends Timer {
  dueTick: number
  readonly everyTicks: number
  readonly run: () => void
  cancelled: boolean
  readonly named: { readonly id: number; readonly name: string; readonly data: unknown } | undefined
}

const MAX_TIMERS = 10_000

export class TickTimers {
  /** The one due last comes first. */
  private readonly waiting: Waiting[] = []
  /** What became of timers with names since the last look, if somebody looks. */
  news: SessionNote[] | undefined
  private readonly tickRate: number
  private readonly runNamed: (name: string, data: unknown) => void
  private nextId = 1

  constructor(tickRate: number, runNamed: (name: string, data: unknown) => void = () => {}) {
    this.tickRate = tickRate
    this.runNamed = runNamed
  }

  after(nowTick: number, ms: number, run: () => void): Timer {
    return this.add(nowTick + this.ticksOf(ms), 0, run)
  }

  every(nowTick: number, ms: number, run: () => void): Timer {
    const ticks = this.ticksOf(ms)
    return this.add(nowTick + ticks, ticks, run)
  }

  schedule(nowTick: number, ms: number, again: boolean, name: string, data: unknown): Timer {
    const ticks = this.ticksOf(ms)
    return this.addNamed({ id: this.nextId, dueTick: nowTick + ticks, everyTicks: again ? ticks : 0, name, data })
  }

  /** A timer that another shard had, in the order of `named`. One that is overdue runs with the next tick. */
  restore(timer: NamedTimer): void {
    this.addNamed(timer)
  }

  /** All that have names, in the order in which they will run. */
  named(): NamedTimer[] {
    const timers: NamedTimer[] = []
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const { dueTick, everyTicks, named } = this.waiting[i] ?? {}
      if (named !== undefined && dueTick !== undefined) timers.push({ ...named, dueTick, everyTicks: everyTicks ?? 0 })
    }
    return timers
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
        this.tell(next)
      } else this.tellOff(next)
      next.run()
    }
  }

  clear(): void {
    this.waiting.length = 0
  }

  private ticksOf(ms: number): number {
    if (!(ms >= 0 && ms <= 2 ** 31)) {
      throw new NetError('BAD_ARGUMENT', `a timer of ${ms} ms is not possible.`, 'Give milliseconds, 0 or more.')
    }
    return Math.max(1, Math.round((ms * this.tickRate) / 1000))
  }

  private addNamed({ id, dueTick, everyTicks, name, data }: NamedTimer): Timer {
    const timer = this.add(dueTick, everyTicks, () => this.runNamed(name, data), { id, name, data })
    this.nextId = Math.max(this.nextId, id + 1)
    return timer
  }

  private add(dueTick: number, everyTicks: number, run: () => void, named?: Waiting['named']): Timer {
    if (this.waiting.length >= MAX_TIMERS) {
      throw new NetError(
        'BAD_STATE',
        `${MAX_TIMERS} timers wait in one room.`,
        'Cancel timers that are not needed any more.',
      )
    }
    const timer: Waiting = {
      dueTick,
      everyTicks,
      run,
      named,
      cancelled: false,
      cancel: () => {
        timer.cancelled = true
        const at = this.waiting.indexOf(timer)
        if (at < 0) return
        this.waiting.splice(at, 1)
        this.tellOff(timer)
      },
    }
    this.insert(timer)
    this.tell(timer)
    return timer
  }

  private tell({ dueTick, everyTicks, named }: Waiting): void {
    if (named !== undefined) this.news?.push(['timer', named.id, dueTick, everyTicks, named.name, named.data ?? null])
  }

  private tellOff({ named }: Waiting): void {
    if (named !== undefined) this.news?.push(['timer-off', named.id])
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
