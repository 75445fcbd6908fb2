/**
 * Effects of a room on the outside, such as a score to be written down: said by rules within a tick, carried out once that tick is held, at least once. One per
 * room, which it outlives until all is done. Pure: time is an argument, and a timer may be passed in for the time after the room.
 * What the game's code throws or rejects never leaves it: it is logged, and tried again after 1 s, 2 s, and so on up to 30 s.
 */
import { NetError } from '@tickmesh/shared'
import { failureLine } from '../ops/failure-line.ts'
import type { Log } from '../ops/log-line.ts'
import type { TickTimer } from '../tick/tick-timer.ts'
import type { SessionNote } from './session-notes.ts'

/** What a rule of effects gets. */
export interface Effect {
  /** The same whenever it is tried again, also by another shard: receivers drop what they have had. */
  readonly id: string
  readonly room: string
  readonly data: unknown
}

export type EffectRules = Readonly<Record<string, (effect: Effect) => void | Promise<void>>>

/** An effect that is not done. */
export interface PendingEffect {
  readonly id: string
  /** Carried out once this is held. */
  readonly tick: number
  readonly name: string
  readonly data: unknown
}

interface Pending extends PendingEffect {
  running: boolean
  failures: number
  dueMs: number
}

export interface EffectDeskOptions {
  readonly room: string
  readonly publicSeed: number
  readonly rules: EffectRules | undefined
  readonly log: Log
  readonly timer: TickTimer | undefined
}

const MAX_PENDING = 256
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
/** What is not done so long after the room ended is given up. */
const AFTERLIFE_MS = 60_000
const LOOK_EVERY_MS = 250

export class EffectDesk {
  /** What became of effects since the last look, if somebody looks. */
  news: SessionNote[] | undefined
  private readonly options: EffectDeskOptions
  private readonly effects = new Map<string, Pending>()
  /** Of the newest tick in which there were any: how many. */
  private tick = -1
  private count = 0
  /** Another shard goes on with the room, and with these. */
  private stopped = false
  private afterlife:
    | { readonly untilMs: number; readonly heldTick: () => number; readonly done: () => void }
    | undefined

  constructor(options: EffectDeskOptions) {
    this.options = options
  }

  get pending(): readonly PendingEffect[] {
    return [...this.effects.values()].map(({ id, tick, name, data }) => ({ id, tick, name, data }))
  }

  get size(): number {
    return this.effects.size
  }

  /** Throws BAD_STATE if too many wait. `data` is the desk's own. */
  add(tick: number, name: string, data: unknown): void {
    if (this.effects.size >= MAX_PENDING) {
      const problem = `${MAX_PENDING} effects of this room are not done yet.`
      throw new NetError('BAD_STATE', problem, 'Say fewer, or see in the log why they fail.')
    }
    if (tick !== this.tick) this.count = 0
    this.tick = tick
    const { room, publicSeed } = this.options
    const id = `${room}/${(publicSeed >>> 0).toString(16).padStart(8, '0')}/${tick}/${this.count++}`
    this.keep({ id, tick, name, data })
    this.news?.push(['effect', id, tick, name, data ?? null])
  }

  /** One that another shard had, and did not say to be done. */
  restore(effect: PendingEffect): void {
    if (this.effects.size < MAX_PENDING) this.keep(effect)
  }

  private keep({ id, tick, name, data }: PendingEffect): void {
    this.effects.set(id, { id, tick, name, data, running: false, failures: 0, dueMs: Number.NEGATIVE_INFINITY })
  }

  /** Carries out what is due of the ticks up to `heldTick`. */
  run(heldTick: number, nowMs: number): void {
    if (this.stopped) return
    for (const effect of this.effects.values()) {
      if (effect.running || effect.tick > heldTick || effect.dueMs > nowMs) continue
      this.carryOut(effect, nowMs)
    }
  }

  private carryOut(effect: Pending, nowMs: number): void {
    const { rules, room } = this.options
    const { id, name, data } = effect
    const rule = rules?.[name]
    if (rule === undefined) return this.failed(effect, new Error(`there is no rules.effects.${name}`), nowMs)
    effect.running = true
    try {
      const result: unknown = rule({ id, room, data })
      if (!isThenable(result)) return this.done(effect)
      Promise.resolve(result).then(
        () => this.done(effect),
        (error: unknown) => this.failed(effect, error, this.options.timer?.nowMs() ?? nowMs),
      )
    } catch (error) {
      this.failed(effect, error, nowMs)
    }
  }

  private done({ id }: Pending): void {
    if (!this.effects.delete(id)) return
    this.news?.push(['effect-done', id])
    this.endIfDone()
  }

  private failed(effect: Pending, error: unknown, nowMs: number): void {
    effect.running = false
    effect.dueMs = nowMs + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** effect.failures)
    effect.failures++
    const { log, room } = this.options
    log(failureLine('effect-failed', `rules.effects.${effect.name} failed; it is tried again`, error, { room }))
  }

  /** Whatever waits is somebody else's from now on. What runs already cannot be called back. */
  stop(): void {
    this.stopped = true
    this.effects.clear()
    this.endIfDone()
  }

  /** The room ended: what is not done is still carried out, for a while. `done` is called once. */
  outlive(nowMs: number, heldTick: () => number, done: () => void): void {
    this.news = undefined
    this.afterlife = { untilMs: nowMs + AFTERLIFE_MS, heldTick, done }
    this.look()
  }

  private look(): void {
    const { afterlife } = this
    if (afterlife === undefined) return
    const { timer, log, room } = this.options
    const nowMs = timer?.nowMs() ?? 0
    if (nowMs < afterlife.untilMs) this.run(afterlife.heldTick(), nowMs)
    this.endIfDone()
    if (this.afterlife === undefined) return
    if (timer !== undefined && nowMs < afterlife.untilMs) {
      timer.wakeAt(nowMs + LOOK_EVERY_MS, () => this.look())
      return
    }
    const names = [...this.effects.values()].map(({ name }) => name).join(', ')
    const message = `the room ended, and these effects could not be carried out: ${names.slice(0, 500)}.`
    log({ level: 'error', event: 'effects-given-up', message, room })
    this.effects.clear()
    this.endIfDone()
  }

  private endIfDone(): void {
    const { afterlife } = this
    if (afterlife === undefined || this.effects.size > 0) return
    this.afterlife = undefined
    afterlife.done()
  }
}

/** Query builders and the like are promises too. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
