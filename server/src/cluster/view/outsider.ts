/**
 * What a shard does while it has no view: it founds one, as far as its configuration and its memory let it, and asks to join all the while. Pure; `Views`
 * runs it until a view is there.
 */
import type { Life } from '../life.ts'
import { Founding, firstView } from './founding.ts'
import { Joiner } from './joiner.ts'
import { startedAnew } from './memory.ts'
import type { NewMember } from './next-view.ts'
import { blockingOf, idOf, type View } from './view.ts'
import type { FoundingMessage, ViewMessage } from './view-messages.ts'
import type { KnownShard, ViewsEvents, ViewsOptions } from './views-api.ts'

export interface OutsiderHost {
  send(to: Life, message: ViewMessage): void
  self(): NewMember
  /** This shard's ballot made a first view; maybe one without this shard. */
  founded(view: View, nowMs: number): void
}

const FOUNDING_EVERY_MS = 50
/** One that founds alone and remembers nothing listens for so long whether members with leases ask a life before it, three rounds of asks: then there is a cluster that it belongs to. */
const LISTEN_MS = 350
/** And so long after each such ask it asks to join. Who asks without a lease is waited for no longer: that cluster may need this very shard. */
const PUT_OFF_MS = 2_000
/** How often one that founded alone, and is alone, asks a shard that gossip knows whether there is a cluster. */
const LOOK_BEYOND_MS = 1_000

export class Outsider {
  readonly #options: ViewsOptions
  readonly #host: OutsiderHost
  readonly #events: Pick<ViewsEvents, 'note' | 'remember'>
  readonly #joiner: Joiner
  #founding: Founding | undefined
  /** When this shard founds alone; Infinity: never. */
  #aloneMs = Number.POSITIVE_INFINITY
  #beyondMs = Number.NEGATIVE_INFINITY

  constructor(options: ViewsOptions, host: OutsiderHost, events: Pick<ViewsEvents, 'note' | 'remember'>) {
    this.#options = options
    this.#host = host
    this.#events = events
    this.#joiner = new Joiner(options.life, options.random() >>> 0)
  }

  get known(): readonly KnownShard[] {
    return this.#joiner.known
  }

  get phase(): 'founding' | 'joining' {
    return this.#options.founding.kind === 'join' ? 'joining' : 'founding'
  }

  know(shards: readonly KnownShard[]): void {
    this.#joiner.know(shards)
  }

  /** Once, before anything else. */
  start(nowMs: number): void {
    const { founding, memory, cluster, times } = this.#options
    const { name } = this.#host.self()
    const remembered = [...(memory?.voterNames ?? []), ...(memory?.nextVoterNames ?? [])]
    let names: readonly string[] = founding.kind === 'list' ? founding.names : []
    if (founding.kind === 'alone') {
      if (remembered.length === 0) {
        this.#aloneMs = nowMs + LISTEN_MS
        return
      }
      if (remembered.every((one) => one === name)) return this.#foundAlone(nowMs)
      names = [...new Set(remembered)]
      this.#events.note(
        'founding',
        `this shard may found alone, but it remembers view ${memory?.number} with other voters (${names.join(', ')}), who may go on without it. It joins them, or founds with a majority of them. To found alone all the same, take another cluster id, or delete what it remembers.`,
      )
    }
    this.#founding = new Founding(
      { cluster, names, memory, waitMs: times.leaseMs * times.clockBound },
      {
        send: (to, message) => this.#host.send(to, message),
        self: () => this.#host.self(),
        others: () => this.#otherNames(),
        remember: (written) => this.#events.remember(written),
        founded: (view, at) => this.#host.founded(view, at),
        random: () => this.#options.random() >>> 0,
        wallMs: () => this.#options.wallMs(),
      },
    )
  }

  /** Gives when it wants to be called again. */
  tick(nowMs: number): number {
    if (nowMs >= this.#aloneMs) {
      this.#foundAlone(nowMs)
      return nowMs
    }
    this.#founding?.tick(nowMs)
    const to = this.#joiner.next(nowMs)
    if (to !== undefined) this.#host.send(to, { kind: 'join', member: this.#host.self(), forwarded: false })
    return Math.max(nowMs + 1, Math.min(this.#joiner.nextMs, nowMs + FOUNDING_EVERY_MS))
  }

  receive(from: Life, message: FoundingMessage, nowMs: number): void {
    this.#founding?.receive(from, message, nowMs)
  }

  /** There is a view. `live`: with leases, so that nothing may be founded beside it. */
  told(voters: readonly Life[], live: boolean, nowMs: number): void {
    if (live) this.predecessorAsked(nowMs)
    this.#joiner.told(voters)
  }

  /** A member with a lease takes an earlier life of this shard for one, or says so. */
  predecessorAsked(nowMs: number): void {
    this.#founding?.postpone(nowMs)
    if (this.#aloneMs !== Number.POSITIVE_INFINITY) this.#aloneMs = Math.max(this.#aloneMs, nowMs + PUT_OFF_MS)
  }

  /**
   * For a member without a lease: the voters of its view may all be gone from newer ones, so others are asked. False: so many voters have started anew that
   * this view ends here.
   */
  searchNewer(view: View): boolean {
    const { known } = this
    const lives = [...view.members, ...known].map(({ life }) => life)
    for (let i = 0; i < 2; i++) {
      const to = lives[(this.#options.random() >>> 0) % lives.length]
      if (to !== undefined) this.#host.send(to, { kind: 'fetch', view: idOf(view) })
    }
    return view.voters.filter((voter) => startedAnew(view, voter, known)).length < blockingOf(view.voters.length)
  }

  /** One that founded alone may have been removed from a cluster that goes on without it, and remember nothing. */
  lookBeyond(view: View, nowMs: number): void {
    if (!this.#isLone(view) || nowMs < this.#beyondMs) return
    this.#beyondMs = nowMs + LOOK_BEYOND_MS
    const { known } = this
    const to = known[(this.#options.random() >>> 0) % Math.max(1, known.length)]
    const { life } = this.#options
    if (to !== undefined) this.#host.send(to.life, { kind: 'found-prepare', ballot: { round: 0, life } })
  }

  /** There is one, of several voters, with leases: this life makes room for one that joins it, and remembers whom to join. */
  yieldsTo(view: View, { view: other, voters, live }: Extract<ViewMessage, { kind: 'voters' }>): boolean {
    if (!this.#isLone(view) || !live || voters.length < 2 || other.generation === view.generation) return false
    const voterNames = this.known.filter(({ life }) => voters.includes(life)).map(({ name }) => name)
    if (voterNames.length === 0) return false
    this.#events.remember({ generation: other.generation, number: other.number, voterNames })
    return true
  }

  #isLone(view: View): boolean {
    return this.#options.founding.kind === 'alone' && view.members.length === 1
  }

  #foundAlone(nowMs: number): void {
    this.#aloneMs = Number.POSITIVE_INFINITY
    const below = this.#options.memory?.generation ?? -1
    const { cluster } = this.#options
    this.#host.founded(firstView(cluster, [this.#host.self()], below, this.#options.wallMs()), nowMs)
  }

  /** One shard for each name but our own, the last that is known. */
  #otherNames(): KnownShard[] {
    const byName = new Map<string, KnownShard>()
    const { name } = this.#host.self()
    for (const shard of this.#joiner.known) if (shard.name !== name) byName.set(shard.name, shard)
    return [...byName.values()]
  }
}
