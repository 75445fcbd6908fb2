/**
 * Rooms that go on without their owner: a home gathers who holds them from the claims of a new view; once it has heard all members and the leases of removed ones are
 * over, it has each one that nobody runs taken over by the best of its holders. Nobody has to ask for that. What nobody holds is lost. Part of `RoomHome`.
 */
import type { Life } from '../life.ts'
import type { RoomEpoch } from '../view/view.ts'
import type { HeldRoomClaim } from './room-messages.ts'
import type { HeldBy, HomeKnows } from './room-rules.ts'
import type { RoomPlace } from './rooms-api.ts'
import { type Installed, LEASE_LOOK_MS, type RoomsContext } from './rooms-context.ts'

export interface RecoveringHome {
  knows(nowMs: number): HomeKnows
  placeOf(id: string): RoomPlace | undefined
  /** An owner that was outranked has not said that it stopped. */
  isContested(id: string): boolean
  /** The owner that is known has to stop: there was another after it, under `epoch`. */
  contest(id: string, epoch: RoomEpoch, nowMs: number): void
  nameHeir(id: string, holders: readonly HeldBy[], nowMs: number): void
  /** Nothing is left to wait for: what nobody runs, and nobody takes over, is lost. */
  tellLost(nowMs: number): void
}

export class RoomRecovery {
  readonly #context: RoomsContext
  readonly #home: RecoveringHome
  #installed: Installed | undefined
  /** Held rooms of which it is not decided who runs them. */
  readonly #held = new Map<string, HeldBy[]>()
  #isDue = false
  #nextMs = Number.POSITIVE_INFINITY

  constructor(context: RoomsContext, home: RecoveringHome) {
    this.#context = context
    this.#home = home
  }

  get nextMs(): number {
    return this.#isDue ? this.#nextMs : Number.POSITIVE_INFINITY
  }

  /** It may have to be taken over: not decided yet. */
  has(id: string): boolean {
    return this.#held.has(id)
  }

  install(installed: Installed): void {
    this.#installed = installed
    this.#held.clear()
    this.look()
  }

  /** There may be something to decide at the next call of `decide`. */
  look(): void {
    this.#isDue = true
    this.#nextMs = Number.NEGATIVE_INFINITY
  }

  claimed(life: Life, held: readonly HeldRoomClaim[]): void {
    const ring = this.#installed?.ring
    for (const { id, epoch, tick } of held) {
      if (ring?.homeOf(id) !== this.#context.life) continue
      const holders = (this.#held.get(id) ?? []).filter((holder) => holder.life !== life)
      this.#held.set(id, [...holders, { life, epoch, tick }])
    }
    if (held.length > 0) this.look()
  }

  /** Those who have not refused; the home could not name one now. */
  postponed(id: string, holders: readonly HeldBy[], nowMs: number): void {
    this.#held.set(id, [...holders])
    this.#isDue = true
    this.#nextMs = nowMs + LEASE_LOOK_MS
  }

  /** Called with every message and tick: acts in the very call in which it may. */
  decide(nowMs: number): void {
    if (!this.#isDue) return
    const knows = this.#home.knows(nowMs)
    if (!this.#context.rules.mayName(knows)) {
      this.#nextMs = whenAgain(knows)
      return
    }
    this.#isDue = false
    for (const [id, holders] of [...this.#held]) this.#decideOne(id, holders, nowMs)
    this.#home.tellLost(nowMs)
  }

  #decideOne(id: string, holders: readonly HeldBy[], nowMs: number): void {
    const { rules, over } = this.#context
    if (this.#home.isContested(id)) return
    const newest = rules.bestHolder(holders)
    if (newest === undefined) return
    const run = this.#home.placeOf(id)?.epoch
    if (!rules.needsHeir({ held: newest.epoch, run, over: over.epochOf(id) })) {
      this.#held.delete(id)
      if (run === undefined) this.#tellOver(id, holders, nowMs)
    } else if (run !== undefined) this.#home.contest(id, newest.epoch, nowMs)
    else {
      this.#held.delete(id)
      this.#home.nameHeir(id, this.#inRingOrder(id, holders), nowMs)
    }
  }

  #tellOver(id: string, holders: readonly HeldBy[], nowMs: number): void {
    const epoch = this.#context.over.epochOf(id)
    if (epoch !== undefined) for (const { life } of holders) this.#context.say(life, { t: 'over', id, epoch }, nowMs)
  }

  /** The home first, then others as they come on the ring: of equal ones the first is taken. */
  #inRingOrder(id: string, holders: readonly HeldBy[]): HeldBy[] {
    const order = this.#installed?.ring.successorsOf(id, Number.POSITIVE_INFINITY) ?? []
    const rank = (life: Life) => {
      const at = order.indexOf(life)
      return life === this.#context.life ? -1 : at === -1 ? order.length : at
    }
    return [...holders].sort((a, b) => rank(a.life) - rank(b.life))
  }
}

function whenAgain({ claimsComplete, takeoverFromMs, nowMs }: HomeKnows): number {
  if (!claimsComplete) return Number.POSITIVE_INFINITY
  return nowMs < takeoverFromMs ? takeoverFromMs : nowMs + LEASE_LOOK_MS
}
