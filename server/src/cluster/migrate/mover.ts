/**
 * Moves, and who decides on them: a shard's `Migrations`, with a planner that empties it when it drains and evens out loads at leisure. Held by the node, one per life;
 * driven by messages and time.
 */
import type { Life } from '../life.ts'
import type { Part, PartHost } from '../part.ts'
import type { View } from '../view/view.ts'
import type { MigrationsApi, MoveKeeper, MoveStatus } from './migrate-api.ts'
import { Migrations, type MigrationsOptions } from './migrations.ts'
import type { MoveMessage } from './move-messages.ts'
import { MovePlanner, type Plan } from './move-planner.ts'

export interface MoverOptions extends MigrationsOptions {
  /** Gives 32 bits. */
  readonly random: () => number
  readonly rebalance: boolean
  /** 0 to 1; coarse. */
  readonly loadOf: (life: Life) => number
  /** As others list them. */
  readonly roomsOf: (life: Life) => number
}

/** For people. */
export interface MovesStatus {
  readonly moving: readonly MoveStatus[]
  readonly inLine: number
  /** Rooms that stopped here, and of which it is not known who goes on with them. */
  readonly stranded: number
  readonly counts: MigrationsApi['counts']
}

export class Mover implements Part<MoveMessage> {
  readonly migrations: Migrations
  readonly #options: MoverOptions
  readonly #planner: MovePlanner
  #view: View | undefined
  #nowMs = 0

  constructor(options: MoverOptions, keeper: MoveKeeper, host: PartHost<MoveMessage>) {
    const { life, random, rebalance } = options
    this.#options = options
    this.migrations = new Migrations(options, keeper, host)
    this.#planner = new MovePlanner({ life, random, rebalance })
  }

  get nextMs(): number {
    return Math.min(this.migrations.nextMs, this.#planner.nextMs)
  }

  /** Nothing of this shard's is left to be moved, or on its way. */
  get isEmpty(): boolean {
    const { moving, inLine, stranded } = this.migrations
    return this.#options.parts.rooms.owned.size + moving.size + inLine + stranded === 0
  }

  viewInstalled(view: View, nowMs: number): void {
    this.#view = view
    this.#nowMs = nowMs
    this.migrations.viewInstalled(view, nowMs)
    this.#planner.viewInstalled(view, nowMs)
  }

  drain(nowMs: number): void {
    this.#planner.drain(nowMs)
  }

  receive(from: Life, message: MoveMessage, nowMs: number): void {
    this.#nowMs = nowMs
    this.migrations.receive(from, message, nowMs)
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs
    this.migrations.tick(nowMs)
    for (const plan of this.#plan(nowMs))
      this.migrations.move(plan.room, plan.to, nowMs, (outcome) => this.#planner.ended(plan, outcome, this.#nowMs))
  }

  status(): MovesStatus {
    const { moving, inLine, stranded, counts } = this.migrations
    const list = [...moving.values()].map(({ room, to, step, sinceMs }) => ({ room, to, step, sinceMs }))
    return { moving: list, inLine, stranded, counts }
  }

  stop(): void {
    this.migrations.stop()
  }

  #plan(nowMs: number): readonly Plan[] {
    const view = this.#view
    if (view === undefined || nowMs < this.#planner.nextMs) return []
    const { parts, loadOf, life: self } = this.#options
    const roomsOf = (life: Life) => (life === self ? parts.rooms.owned.size : this.#options.roomsOf(life))
    const { moving, inLine } = this.migrations
    const isHolding = (room: string, life: Life) => parts.standby.isHolding(room, life)
    const rooms = [...parts.rooms.owned.keys()].filter((room) => !moving.has(room))
    return this.#planner.next({ view, rooms, moving: moving.size + inLine, isHolding, loadOf, roomsOf }, nowMs)
  }
}
