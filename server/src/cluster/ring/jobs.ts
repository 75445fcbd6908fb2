/**
 * Jobs that run once in the cluster, such as matchmaking: the view's oldest member runs them under its lease. Held by the node.
 * At most one shard `mayRun` at any instant: a removed member's lease is over before `takeoverFromMs`, and who stays the oldest has no successor.
 * A job that waits for something (a timer, an answer) asks `mayRun` again before it acts.
 */
import { NetError } from '@tickmesh/shared'
import type { Life } from '../life.ts'
import { oldestOf, type View } from '../view/view.ts'

export interface Job {
  start(nowMs: number): void
  stop(nowMs: number): void
}

export interface JobRules {
  /** May this shard run what runs once? */
  mayRun(shard: {
    readonly isOldest: boolean
    readonly mayAct: boolean
    readonly nowMs: number
    readonly takeoverFromMs: number
  }): boolean
}

export const JOB_RULES: JobRules = {
  mayRun: ({ isOldest, mayAct, nowMs, takeoverFromMs }) => isOldest && mayAct && nowMs >= takeoverFromMs,
}

export interface JobsOptions {
  readonly life: Life
  /** Whether this shard holds a lease at this moment. */
  readonly mayAct: (nowMs: number) => boolean
  /** On the local clock; -Infinity: none. */
  readonly leaseEndMs: () => number
  readonly rules?: JobRules
}

export class Jobs {
  readonly #options: JobsOptions
  readonly #jobs = new Map<string, { readonly job: Job; isRunning: boolean }>()
  #view: View | undefined
  #takeoverFromMs = Number.NEGATIVE_INFINITY
  #tickedMs = Number.NEGATIVE_INFINITY

  constructor(options: JobsOptions) {
    this.#options = options
  }

  /** It starts when `tick` sees that it may. */
  register(name: string, job: Job): void {
    if (this.#jobs.has(name))
      throw new NetError('BAD_ARGUMENT', `there is a job "${name}"`, 'Give each job a name of its own.')
    this.#jobs.set(name, { job, isRunning: false })
  }

  /** The life that runs what runs once, in the installed view. */
  get runner(): Life | undefined {
    return this.#view === undefined ? undefined : oldestOf(this.#view)?.life
  }

  viewInstalled(view: View, takeoverFromMs: number, nowMs: number): void {
    this.#view = view
    // It holds for all views from here on: a member that was removed before may have been the oldest.
    this.#takeoverFromMs = Math.max(this.#takeoverFromMs, takeoverFromMs)
    this.tick(nowMs)
  }

  mayRun(nowMs: number): boolean {
    const { life, mayAct, rules = JOB_RULES } = this.#options
    const isOldest = this.runner === life
    return rules.mayRun({ isOldest, mayAct: mayAct(nowMs), nowMs, takeoverFromMs: this.#takeoverFromMs })
  }

  /** Starts and stops what is due. */
  tick(nowMs: number): void {
    this.#tickedMs = nowMs
    const may = this.mayRun(nowMs)
    for (const entry of this.#jobs.values()) {
      if (entry.isRunning === may) continue
      entry.isRunning = may
      if (may) entry.job.start(nowMs)
      else entry.job.stop(nowMs)
    }
  }

  /** This life is over. */
  stop(nowMs: number): void {
    this.#view = undefined
    this.tick(nowMs)
  }

  /** The lease's end while jobs run, so that they stop at it; else when they may start, if there is a lease then. */
  get nextMs(): number {
    const leaseEndMs = this.#options.leaseEndMs()
    const entries = [...this.#jobs.values()]
    if (entries.some(({ isRunning }) => isRunning)) return leaseEndMs
    if (entries.length === 0 || this.runner !== this.#options.life) return Number.POSITIVE_INFINITY
    const startMs = Math.max(this.#takeoverFromMs, this.#tickedMs)
    return startMs < leaseEndMs ? startMs : Number.POSITIVE_INFINITY
  }
}
