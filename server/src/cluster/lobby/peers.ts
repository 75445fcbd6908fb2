/**
 * What a shard knows of what the others know, from their digests alone: versions of maps, counters of operations. Tombstones, logs and counters of removed lives go
 * when all others are past them.
 * Pure. Called by the lobby's exchange.
 */
import type { Life } from '../life.ts'
import type { View, ViewId } from '../view/view.ts'
import type { MapChunk, MapVersion } from './life-map.ts'
import { type DigestMessage, type HeldDigest, MAX_WAITING } from './lobby-messages.ts'
import type { LobbyRules } from './lobby-rules.ts'
import type { Dot, VersionVector } from './version-vector.ts'

export interface Peer {
  readonly life: Life
  /** As it said last. */
  maps: ReadonlyMap<Life, MapVersion>
  held: ReadonlyMap<Life, HeldDigest>
  view: ViewId | undefined
  /** Operations that it ever said to have: knowledge only grows. */
  readonly vector: VersionVector
  /** Up to where this shard's own map was sent. */
  pushed: MapVersion
  /** When it was sent a whole state, or asked for what is missing, or to mend. */
  wholeMs: number
  askedMs: number
  mendMs: number
}

export class Peers {
  readonly #life: Life
  readonly #rules: LobbyRules
  readonly #peers = new Map<Life, Peer>()
  #view: View | undefined

  constructor(life: Life, rules: LobbyRules) {
    this.#life = life
    this.#rules = rules
  }

  viewInstalled(view: View): void {
    this.#view = view
    for (const life of this.#peers.keys()) if (!this.#rules.acceptsLife(view, life)) this.#peers.delete(life)
    for (const { life } of view.members)
      if (life !== this.#life && !this.#peers.has(life)) this.#peers.set(life, newPeer(life))
  }

  get size(): number {
    return this.#peers.size
  }

  get(life: Life): Peer | undefined {
    return this.#peers.get(life)
  }

  all(): IterableIterator<Peer> {
    return this.#peers.values()
  }

  /** So many at random, or all if there are no more. */
  some(count: number, random: () => number): Peer[] {
    const left = [...this.#peers.values()]
    if (left.length <= count) return left
    const found: Peer[] = []
    while (found.length < count) found.push(...left.splice((random() >>> 0) % left.length, 1))
    return found
  }

  heard(peer: Peer, digest: DigestMessage): void {
    peer.view = digest.view
    peer.maps = new Map(digest.maps.map((each) => [each.life, each]))
    peer.held = new Map(digest.held.map((each) => [each.life, each]))
    for (const { life, counter } of digest.held)
      if (counter > (peer.vector.get(life) ?? 0)) peer.vector.set(life, counter)
  }

  /** What others have of lives that nobody needs any more is forgotten. */
  forgetAll(isOver: (life: Life) => boolean): void {
    for (const { vector } of this.#peers.values())
      for (const life of vector.keys()) if (isOver(life)) vector.delete(life)
  }

  /** The least version of a life's map that any other member is known to have. */
  leastVersion(life: Life): number {
    let least = Number.POSITIVE_INFINITY
    for (const peer of this.#peers.values())
      if (peer.life !== life) least = Math.min(least, peer.maps.get(life)?.version ?? 0)
    return least
  }

  /** Up to where every other member is known to have a life's operations. */
  leastCounter(life: Life): number {
    let least = Number.POSITIVE_INFINITY
    for (const peer of this.#peers.values()) least = Math.min(least, peer.vector.get(life) ?? 0)
    return least
  }

  /** Does each other member hold this operation of a removed life, delivered or not? Undefined: it has not said so since the view. */
  holding({ life, counter }: Dot): (boolean | undefined)[] {
    return [...this.#peers.values()].map((peer) => {
      if (!this.#counts(peer)) return undefined
      const held = peer.held.get(life)
      if (held === undefined) return false
      const untold = held.waiting.length >= MAX_WAITING && counter > (held.waiting.at(-1) ?? 0)
      return counter <= held.counter || held.waiting.includes(counter) || untold
    })
  }

  /** Do all others say that they know no more of a removed life, and keep nothing that it made? */
  allDoneWith(life: Life, counter: number): boolean {
    for (const peer of this.#peers.values()) {
      if (!this.#counts(peer)) return false
      const held = peer.held.get(life)
      if (held !== undefined && (held.used || held.counter > counter || held.waiting.length > 0)) return false
    }
    return true
  }

  #counts(peer: Peer): boolean {
    return this.#view !== undefined && peer.view !== undefined && this.#rules.counts(this.#view, peer.view)
  }
}

/** Nothing of a map. */
export const UNKNOWN: MapVersion = { version: 0, asOf: 0 }

/** What was sent is known from then on. */
export function afterChunk(known: MapVersion, { from, upTo, asOf }: MapChunk): MapVersion {
  return { version: upTo, asOf: Math.max(upTo, from === 0 ? asOf : known.asOf) }
}

function newPeer(life: Life): Peer {
  const never = Number.NEGATIVE_INFINITY
  return {
    life,
    maps: new Map(),
    held: new Map(),
    view: undefined,
    vector: new Map(),
    pushed: UNKNOWN,
    wholeMs: never,
    askedMs: never,
    mendMs: never,
  }
}
