/**
 * What a shard does while it has no view: it founds one, as far as its configuration and its memory let it, and asks to join all the while. Pure; `Views`
 * runs it until a view is there.
 */
import type { Life } from '../life.ts'
import { Founding, firstView } from './founding.ts'
import { Joiner } from './joiner.ts'
import type { NewMember } from './next-view.ts'
import type { View } from './view.ts'
import type { FoundingMessage, ViewMessage } from './view-messages.ts'
import type { KnownShard, ViewsEvents, ViewsOptions } from './views-api.ts'

export interface OutsiderHost {
  send(to: Life, message: ViewMessage): void
  self(): NewMember
  /** This shard's ballot made a first view; maybe one without this shard. */
  founded(view: View, nowMs: number): void
}

const FOUNDING_EVERY_MS = 50

export class Outsider {
  readonly #options: ViewsOptions
  readonly #host: OutsiderHost
  readonly #events: Pick<ViewsEvents, 'note' | 'remember'>
  readonly #joiner: Joiner
  #founding: Founding | undefined

  constructor(options: ViewsOptions, host: OutsiderHost, events: Pick<ViewsEvents, 'note' | 'remember'>) {
    this.#options = options
    this.#host = host
    this.#events = events
    this.#joiner = new Joiner(options.life)
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
      if (remembered.every((one) => one === name)) {
        const below = memory?.generation ?? -1
        return this.#host.founded(firstView(cluster, [this.#host.self()], below, this.#options.wallMs()), nowMs)
      }
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
    if (live) this.#founding?.postpone(nowMs)
    this.#joiner.told(voters)
  }

  /** One shard for each name but our own, the last that is known. */
  #otherNames(): KnownShard[] {
    const byName = new Map<string, KnownShard>()
    const { name } = this.#host.self()
    for (const shard of this.#joiner.known) if (shard.name !== name) byName.set(shard.name, shard)
    return [...byName.values()]
  }
}
