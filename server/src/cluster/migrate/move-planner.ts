/**
 * Which rooms a shard moves where: all of them, if it drains; else now and then one, if others have less to do. Only says what to do next; `Mover` does it. Pure, and
 * each shard decides for its own rooms alone, from the rooms that the lobby lists: old news by up to a second.
 * Cannot swing: a room goes only to a member with less than the mean, and only if that has no more than this shard after it.
 */
import type { Life } from '../life.ts'
import { compareViews, memberOf, type View } from '../view/view.ts'
import type { MoveOutcome } from './migrate-api.ts'

/** What planning looks at. */
export interface PlanFacts {
  readonly view: View
  /** Rooms that this shard owns and is not moving. */
  readonly rooms: readonly string[]
  /** Moves that run, or wait. */
  readonly moving: number
  isHolding(room: string, life: Life): boolean
  /** 0 to 1, where 1 is full; coarse. */
  loadOf(life: Life): number
  /** How many rooms a member runs, this shard included. */
  roomsOf(life: Life): number
}

export interface Plan {
  readonly room: string
  readonly to: Life
}

export interface PlannerOptions {
  readonly life: Life
  /** Gives 32 bits. */
  readonly random: () => number
  /** Also when it does not drain. */
  readonly rebalance: boolean
}

/** A draining shard moves so many at a time. */
const DRAIN_AT_A_TIME = 2
/** A move that failed is tried again, with another target. */
const AGAIN_MS = 1_000
const DRAIN_LOOK_MS = 50
const REBALANCE_EVERY_MS = 5_000
/** Between 0.8 and 1.2 of that, so that shards do not decide together. */
const JITTER = 0.4
/** The view says that this shard drains; until it does, or for so long, none is moved: a new view interrupts moves. */
const DRAIN_VIEW_MS = 1_000
/** A young view: its rooms are still being claimed and taken over, and its loads are of before. */
const VIEW_AGE_MS = 10_000
/** From the mean: as far as loads may differ. */
const UNEVEN = 0.25

interface Failure {
  readonly tried: Set<Life>
  againMs: number
}

export class MovePlanner {
  readonly #options: PlannerOptions
  readonly #failures = new Map<string, Failure>()
  #view: View | undefined
  #rebalanceMs = Number.POSITIVE_INFINITY
  #drainMs = Number.POSITIVE_INFINITY
  #drainFromMs = Number.POSITIVE_INFINITY

  constructor(options: PlannerOptions) {
    this.#options = options
  }

  get nextMs(): number {
    return Math.min(this.#rebalanceMs, this.#drainMs)
  }

  get isDraining(): boolean {
    return Number.isFinite(this.#drainMs)
  }

  viewInstalled(view: View, nowMs: number): void {
    if (this.#view !== undefined && compareViews(view, this.#view) <= 0) return
    this.#view = view
    this.#failures.clear()
    if (this.#options.rebalance && !this.isDraining) this.#rebalanceMs = nowMs + VIEW_AGE_MS + this.#every()
  }

  drain(nowMs: number): void {
    if (!this.isDraining) this.#drainMs = this.#drainFromMs = nowMs
    this.#rebalanceMs = Number.POSITIVE_INFINITY
  }

  /** A move that it had planned is over. */
  ended({ room, to }: Plan, outcome: MoveOutcome, nowMs: number): void {
    if (outcome === 'moved') {
      this.#failures.delete(room)
      return
    }
    const failure = this.#failures.get(room) ?? { tried: new Set(), againMs: 0 }
    failure.tried.add(to)
    failure.againMs = nowMs + AGAIN_MS
    this.#failures.set(room, failure)
  }

  /** What is to be moved now. */
  next(facts: PlanFacts, nowMs: number): Plan[] {
    if (this.isDraining) {
      if (nowMs < this.#drainMs) return []
      this.#drainMs = nowMs + DRAIN_LOOK_MS
      const isKnown = memberOf(facts.view, this.#options.life)?.draining === true
      return isKnown || nowMs >= this.#drainFromMs + DRAIN_VIEW_MS ? this.#drain(facts, nowMs) : []
    }
    if (nowMs < this.#rebalanceMs) return []
    this.#rebalanceMs = nowMs + this.#every()
    const plan = facts.moving === 0 ? this.#even(facts, nowMs) : undefined
    return plan === undefined ? [] : [plan]
  }

  #drain(facts: PlanFacts, nowMs: number): Plan[] {
    const plans: Plan[] = []
    for (const room of facts.rooms) {
      if (facts.moving + plans.length >= DRAIN_AT_A_TIME) break
      const failure = this.#failures.get(room)
      if (failure !== undefined && nowMs < failure.againMs) continue
      const to = this.#targetOf(room, facts, failure?.tried)
      if (to !== undefined) plans.push({ room, to })
      // All were tried: from the beginning.
      else if (failure !== undefined) this.#failures.set(room, { tried: new Set(), againMs: nowMs + AGAIN_MS })
    }
    return plans
  }

  /** Its holder, which has all of it already; else whoever has least to do. */
  #targetOf(room: string, facts: PlanFacts, tried: ReadonlySet<Life> = new Set()): Life | undefined {
    const free = this.#others(facts).filter((life) => !tried.has(life) && facts.loadOf(life) < 1)
    return free.find((life) => facts.isHolding(room, life)) ?? least(free, facts.loadOf)
  }

  #even(facts: PlanFacts, nowMs: number): Plan | undefined {
    const { rooms, view } = facts
    // By weight: a shard with twice the weight is to have twice the rooms.
    const share = (life: Life): number => facts.roomsOf(life) / (memberOf(view, life)?.weight ?? 1)
    const others = this.#others(facts).filter((life) => facts.loadOf(life) < 1)
    const own = share(this.#options.life)
    const mean = (own + sum(others.map(share))) / (others.length + 1)
    const to = least(others, share)
    if (to === undefined || rooms.length < 2 || own <= mean) return undefined
    const its = share(to)
    const isUneven = own > (1 + UNEVEN) * mean || its < (1 - UNEVEN) * mean
    const left = own - 1 / (memberOf(view, this.#options.life)?.weight ?? 1)
    if (!isUneven || its >= mean || left < its + 1 / (memberOf(view, to)?.weight ?? 1)) return undefined
    const movable = rooms.filter((room) => nowMs >= (this.#failures.get(room)?.againMs ?? 0))
    const room =
      movable.find((id) => facts.isHolding(id, to)) ?? movable[(this.#options.random() >>> 0) % movable.length]
    return room === undefined ? undefined : { room, to }
  }

  #others({ view }: PlanFacts): Life[] {
    const { life } = this.#options
    return view.members.filter((member) => !member.draining && member.life !== life).map((member) => member.life)
  }

  #every(): number {
    const share = (this.#options.random() >>> 0) / 2 ** 32
    return REBALANCE_EVERY_MS * (1 + JITTER * (share - 0.5))
  }
}

function least(lives: readonly Life[], of: (life: Life) => number): Life | undefined {
  let found: Life | undefined
  for (const life of lives) if (found === undefined || of(life) < of(found)) found = life
  return found
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
