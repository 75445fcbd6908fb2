/**
 * The owner's side of `ClusterRooms`: the rooms that this shard runs, the grants of homes that it answers, the ends that it reports, and moves: rooms that stopped here for
 * good in their epoch (halted), went elsewhere (given), or came here (told to the home).
 * Answers each grant once and remembers what it said until the home waits for no answer any more, so that a late duplicate opens nothing.
 */
import type { Life } from '../life.ts'
import { firstDue, postpone } from '../retry.ts'
import { isSameEpoch, memberOf, type RoomEpoch } from '../view/view.ts'
import type { Attributes } from './room-messages.ts'
import { type Installed, MAX_RETRY_MS, RETRY_MS, type RoomsContext } from './rooms-context.ts'

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

interface Told extends End {
  retryMs: number
}

export interface Grant {
  readonly settled: number
  readonly id: string
  readonly epoch: RoomEpoch
  readonly attributes: Attributes
  readonly takeOver: boolean
}

export class RoomOwner {
  readonly owned = new Map<string, RoomEpoch>()
  readonly #context: RoomsContext
  #installed: Installed | undefined
  /** In this view. */
  readonly #grants = new Map<Life, GrantsOfHome>()
  /** Told to the home until it says so, by id. A new view needs no such word: what is not claimed has ended. */
  readonly #ending = new Map<string, End>()
  /** Rooms that came here by a move, until the home has noted it. */
  readonly #running = new Map<string, Told>()
  /** Rooms that run nowhere for all that is known here: they stopped for good, under this epoch. */
  readonly #halted = new Map<string, RoomEpoch>()
  /** Rooms that another runs under this epoch, of which the home may not know yet. In this view. */
  readonly #given = new Map<string, RoomEpoch>()

  constructor(context: RoomsContext) {
    this.#context = context
  }

  install(installed: Installed): void {
    this.#installed = installed
    this.#grants.clear()
    this.#ending.clear()
    this.#running.clear()
    this.#given.clear()
  }

  get nextMs(): number {
    return Math.min(firstDue(this.#ending.values()), firstDue(this.#running.values()))
  }

  /** Rooms whose end, or whose move here, the home has not noted. */
  get waiting(): number {
    return this.#ending.size + this.#running.size
  }

  /** The rooms that it claims to run. */
  *claims(): IterableIterator<{ readonly id: string; readonly epoch: RoomEpoch }> {
    const { rules } = this.#context
    for (const [id, epoch] of this.owned) yield { id, epoch }
    for (const [id, epoch] of this.#halted) if (rules.isRun({ halted: true })) yield { id, epoch }
  }

  tick(nowMs: number): void {
    for (const [id, end] of [...this.#ending]) if (nowMs >= end.dueMs) this.#report(id, end, nowMs)
    for (const [id, told] of [...this.#running]) if (nowMs >= told.dueMs) this.#tellRuns(id, told, nowMs)
  }

  /** Runs a room that this shard as its home names itself the owner of. */
  openOwn(id: string, epoch: RoomEpoch, attributes: Attributes): boolean {
    if (this.owned.has(id) || this.#halted.has(id) || !this.#context.keeper.open(id, epoch, attributes)) return false
    this.#owns(id, epoch)
    return true
  }

  /** Goes on with a room whose journal it holds, as its home (which may be this shard) says. */
  takeOver(id: string, epoch: RoomEpoch): boolean {
    if (this.owned.has(id) || !this.#context.keeper.takeOver(id, epoch)) return false
    this.#owns(id, epoch)
    return true
  }

  granted(home: Life, { settled, id, epoch, attributes, takeOver }: Grant, nowMs: number): void {
    const installed = this.#installed
    if (installed === undefined) return
    const grants = this.#grantsOf(home, settled)
    const { generation, number } = installed.view
    const seen = grants.answers.get(epoch.k)
    const mayAct = this.#context.mayAct(nowMs)
    // It may, as soon as it has a lease again: to refuse would lose the room, if nobody else holds it. The home asks again.
    if (takeOver && !mayAct && seen === undefined) return
    const mayOpen = this.#context.rules.mayOpen({
      epoch,
      installed: { generation, number },
      settled: grants.settled,
      seen: seen !== undefined,
      isFromHome: installed.ring.homeOf(id) === home,
      mayAct,
    })
    // A late duplicate of what the home no longer waits for.
    if (!mayOpen && seen === undefined && epoch.k < grants.settled) return
    const open = () => (takeOver ? this.takeOver(id, epoch) : this.openOwn(id, epoch, attributes))
    const isOpen = mayOpen ? open() : (seen ?? false)
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
      this.#running.delete(id)
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
    this.#running.delete(id)
    this.#context.over.note(id, epoch, nowMs)
    this.reportEnd(id, epoch, nowMs)
  }

  /** It runs no tick in its epoch any more, here or elsewhere. */
  halted(id: string): void {
    const epoch = this.owned.get(id)
    if (epoch === undefined) return
    this.owned.delete(id)
    this.#running.delete(id)
    this.#halted.set(id, epoch)
  }

  /** It runs here, under an epoch that the home gave: said again until the home has noted it. A new view needs no such word. */
  runs(id: string, epoch: RoomEpoch, nowMs: number): void {
    const mine = this.owned.get(id)
    if (mine !== undefined && !this.#context.rules.isOutranked(mine, epoch)) return
    this.#owns(id, epoch)
    const told: Told = { epoch, dueMs: nowMs, retryMs: RETRY_MS }
    this.#running.set(id, told)
    this.#tellRuns(id, told, nowMs)
  }

  registered(id: string, epoch: RoomEpoch): void {
    const told = this.#running.get(id)
    if (told !== undefined && isSameEpoch(told.epoch, epoch)) this.#running.delete(id)
  }

  gave(id: string, epoch: RoomEpoch): void {
    if (!this.#halted.delete(id)) return
    if (this.#given.size < MAX_KEPT) this.#given.set(id, epoch)
  }

  /** Another has taken over a room that stopped here. */
  taken(id: string, owner: Life, epoch: RoomEpoch): void {
    const mine = this.#halted.get(id)
    const url = this.#installed && memberOf(this.#installed.view, owner)?.url
    if (mine === undefined || url === undefined || !this.#context.rules.isOutranked(mine, epoch)) return
    this.#halted.delete(id)
    this.#context.keeper.handedOver(id, owner, url, epoch)
  }

  /** Its home knows it as run here under `epoch`, and it is being moved, or was. */
  isMoving(id: string, epoch: RoomEpoch): boolean {
    const given = this.#given.get(id)
    return this.#halted.has(id) || (given !== undefined && this.#context.rules.isOutranked(epoch, given))
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
    const ids = [...this.owned.keys(), ...this.#halted.keys()]
    this.owned.clear()
    this.#halted.clear()
    this.#ending.clear()
    this.#running.clear()
    for (const id of ids) this.#context.keeper.close(id, 'removed')
  }

  #owns(id: string, epoch: RoomEpoch): void {
    this.owned.set(id, epoch)
    this.#halted.delete(id)
    this.#given.delete(id)
  }

  #tellRuns(id: string, told: Told, nowMs: number): void {
    postpone(told, MAX_RETRY_MS, nowMs)
    const home = this.#installed?.ring.homeOf(id)
    if (home !== undefined) this.#context.say(home, { t: 'runs', id, epoch: told.epoch }, nowMs)
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
