/**
 * The owner's side of `ClusterRooms`: the rooms that this shard runs, the grants of homes that it answers, and the ends that it reports.
 * Answers each grant once and remembers what it said until the home waits for no answer any more, so that a late duplicate opens nothing.
 */
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { Attributes } from './room-messages.ts'
import { type Installed, RETRY_MS, type RoomsContext } from './rooms-context.ts'

/** Answers that are kept for one home, and ends of rooms that were not run here. */
const MAX_KEPT = 20_000

interface GrantsOfHome {
  settled: number
  /** What was answered, by k. */
  readonly answers: Map<number, boolean>
}

interface End {
  readonly epoch: RoomEpoch
  dueMs: number
}

export interface Grant {
  readonly settled: number
  readonly id: string
  readonly epoch: RoomEpoch
  readonly attributes: Attributes
}

export class RoomOwner {
  readonly owned = new Map<string, RoomEpoch>()
  readonly #context: RoomsContext
  #installed: Installed | undefined
  /** In this view. */
  readonly #grants = new Map<Life, GrantsOfHome>()
  /** Told to the home until it says so, by id. A new view needs no such word: what is not claimed has ended. */
  readonly #ending = new Map<string, End>()

  constructor(context: RoomsContext) {
    this.#context = context
  }

  install(installed: Installed): void {
    this.#installed = installed
    this.#grants.clear()
    this.#ending.clear()
  }

  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.#ending.values()) next = Math.min(next, dueMs)
    return next
  }

  /** Rooms whose end the home has not noted. */
  get waiting(): number {
    return this.#ending.size
  }

  tick(nowMs: number): void {
    for (const [id, end] of [...this.#ending]) if (nowMs >= end.dueMs) this.#report(id, end, nowMs)
  }

  /** Runs a room that this shard as its home names itself the owner of. */
  openOwn(id: string, epoch: RoomEpoch, attributes: Attributes): boolean {
    if (this.owned.has(id) || !this.#context.keeper.open(id, epoch, attributes)) return false
    this.owned.set(id, epoch)
    return true
  }

  granted(home: Life, { settled, id, epoch, attributes }: Grant, nowMs: number): void {
    const installed = this.#installed
    if (installed === undefined) return
    const grants = this.#grantsOf(home, settled)
    const { generation, number } = installed.view
    const seen = grants.answers.get(epoch.k)
    const mayOpen = this.#context.rules.mayOpen({
      epoch,
      installed: { generation, number },
      settled: grants.settled,
      seen: seen !== undefined,
      isFromHome: installed.ring.homeOf(id) === home,
      mayAct: this.#context.mayAct(nowMs),
    })
    // A late duplicate of what the home no longer waits for.
    if (!mayOpen && seen === undefined && epoch.k < grants.settled) return
    const isOpen = mayOpen ? this.openOwn(id, epoch, attributes) : (seen ?? false)
    grants.answers.set(epoch.k, isOpen)
    // What is forgotten must not open again: from then on it counts as settled.
    if (grants.answers.size > MAX_KEPT) settle(grants, median([...grants.answers.keys()]))
    this.#context.say(home, { t: 'opened', k: epoch.k, isOpen }, nowMs)
  }

  /** The home knows another owner under `epoch`. */
  outranked(id: string, epoch: RoomEpoch, nowMs: number): void {
    const mine = this.owned.get(id)
    if (mine !== undefined && !this.#context.rules.isOutranked(mine, epoch)) return
    if (mine !== undefined) {
      this.owned.delete(id)
      this.#context.keeper.close(id, 'lost-ownership')
    }
    // Also if it is closed already: the word of that may have been lost. The home says so again.
    if (mine === undefined && this.#ending.size >= MAX_KEPT) return
    this.reportEnd(id, mine ?? { generation: 0, view: 0, k: 0 }, nowMs)
  }

  ended(id: string, nowMs: number): void {
    const epoch = this.owned.get(id)
    if (epoch === undefined) return
    this.owned.delete(id)
    this.reportEnd(id, epoch, nowMs)
  }

  /** Tells the home that this shard does not run the room under that epoch (any more). */
  reportEnd(id: string, epoch: RoomEpoch, nowMs: number): void {
    const end: End = { epoch, dueMs: nowMs }
    this.#ending.set(id, end)
    this.#report(id, end, nowMs)
  }

  noted(id: string, epoch: RoomEpoch): void {
    const end = this.#ending.get(id)
    if (end !== undefined && isSameEpoch(end.epoch, epoch)) this.#ending.delete(id)
  }

  /** This life is over. */
  closeAll(): void {
    const ids = [...this.owned.keys()]
    this.owned.clear()
    this.#ending.clear()
    for (const id of ids) this.#context.keeper.close(id, 'removed')
  }

  #report(id: string, end: End, nowMs: number): void {
    end.dueMs = nowMs + RETRY_MS
    const home = this.#installed?.ring.homeOf(id)
    if (home !== undefined) this.#context.say(home, { t: 'ended', id, epoch: end.epoch }, nowMs)
  }

  #grantsOf(home: Life, settled: number): GrantsOfHome {
    const grants = this.#grants.get(home) ?? { settled: 0, answers: new Map<number, boolean>() }
    this.#grants.set(home, grants)
    if (settled > grants.settled) settle(grants, settled)
    return grants
  }
}

function settle(grants: GrantsOfHome, settled: number): void {
  grants.settled = settled
  for (const k of [...grants.answers.keys()]) if (k < settled) grants.answers.delete(k)
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0
}

export function isSameEpoch(a: RoomEpoch, b: RoomEpoch): boolean {
  return a.generation === b.generation && a.view === b.view && a.k === b.k
}
