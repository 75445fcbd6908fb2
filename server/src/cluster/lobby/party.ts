/**
 * Parties: players who stay together, a leader first. A party is its founding and its memberships: entries of a `DotStore` under its id; operations come in causal order, and concurrent ones come to the same end
 * everywhere: a disbanding removes what it has seen, and memberships without a founding show no party.
 * A player is in one party at most: of several memberships the newest counts. When the leader goes, whoever joined first of the others leads.
 * Pure. Called by `SharedState` and the lobby.
 */
import type { DotEntry, DotStore } from './dot-store.ts'
import { compareStamps } from './hybrid-clock.ts'
import type { Party } from './lobby-api.ts'
import type { Plain } from './plain.ts'
import type { Dot } from './version-vector.ts'

/** What stands in an entry: the founder (founding and membership in one), the mere founding once the founder left, or a member. */
export type PartyValue = readonly [founder: string] | null | string

function playerIn(value: Plain): string | undefined {
  const player: unknown = Array.isArray(value) ? value[0] : value
  return typeof player === 'string' ? player : undefined
}

export class PartyBook {
  readonly store: DotStore
  #parties: ReadonlyMap<string, Party> = new Map()
  #byPlayer: ReadonlyMap<string, Party> = new Map()
  #version = 0

  constructor(store: DotStore) {
    this.store = store
  }

  party(id: string): Party | undefined {
    this.#derive()
    return this.#parties.get(id)
  }

  of(player: string): Party | undefined {
    this.#derive()
    return this.#byPlayer.get(player)
  }

  all(): IterableIterator<Party> {
    this.#derive()
    return this.#parties.values()
  }

  /** What to remove when a player leaves: all its memberships in that party, as far as they are seen. */
  membershipsOf(id: string, player: string): Dot[] {
    return this.store.of(id).flatMap((entry) => (playerIn(entry.value) === player ? [entry.dot] : []))
  }

  /** Would nothing found the party without this player's entries? */
  foundedBy(id: string, player: string): boolean {
    return !this.store.of(id).some(({ value }) => typeof value !== 'string' && playerIn(value) !== player)
  }

  /** Ids of which entries are left, but no party is: for a tidy shard to remove. */
  remains(): string[] {
    this.#derive()
    return [...this.store.keys()].filter((id) => !this.#parties.has(id))
  }

  #derive(): void {
    if (this.#version === this.store.version) return
    this.#version = this.store.version
    const newest = new Map<string, DotEntry>()
    for (const id of this.store.keys()) {
      const entries = this.store.of(id)
      if (entries.every(({ value }) => typeof value === 'string')) continue
      for (const entry of entries) {
        const player = playerIn(entry.value)
        if (player === undefined) continue
        const before = newest.get(player)
        if (before === undefined || compareStamps(entry.stamp, before.stamp) > 0) newest.set(player, entry)
      }
    }
    const members = new Map<string, string[]>()
    for (const [player, { key }] of [...newest].sort(([, a], [, b]) => compareStamps(a.stamp, b.stamp)))
      members.set(key, [...(members.get(key) ?? []), player])
    const parties = new Map<string, Party>()
    const byPlayer = new Map<string, Party>()
    for (const [id, players] of members) {
      const party: Party = { id, leader: players[0] ?? '', members: players }
      parties.set(id, party)
      for (const player of players) byPlayer.set(player, party)
    }
    this.#parties = parties
    this.#byPlayer = byPlayer
  }
}
