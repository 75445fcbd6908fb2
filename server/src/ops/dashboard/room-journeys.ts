/**
 * Which rooms went from one shard to another, seen from the lobby, so that every shard's dashboard shows the same. Part of the dashboard's memory; bounded.
 */
import type { View } from '../../cluster/view/view.ts'
import type { JourneyEntry } from './dashboard-state.ts'

/** What of a listed room counts. */
export interface TravellingRoom {
  readonly id: string
  readonly owner: string
  readonly state: string
}

const MAX_JOURNEYS = 100
const MAX_ROOMS = 10_000
/** Names of lives that are gone, for those who left something behind. */
const MAX_NAMES = 256

export class RoomJourneys {
  readonly entries: JourneyEntry[] = []
  readonly #owners = new Map<string, string>()
  readonly #names = new Map<string, string>()

  follow(atMs: number, rooms: Iterable<TravellingRoom>, view: View): void {
    for (const { life, name } of view.members) this.#name(life, name)
    const lives = new Set(view.members.map(({ life }) => life))
    const there = new Set<string>()
    for (const { id, owner, state } of rooms) {
      there.add(id)
      const before = this.#owners.get(id)
      if (state === 'recovering') continue
      if (state === 'lost') {
        if (before !== undefined) this.#add({ atMs, room: id, kind: 'lost', from: this.#nameOf(before), to: '' })
        this.#owners.delete(id)
        continue
      }
      if (before !== undefined && before !== owner) {
        const kind = lives.has(before) ? 'move' : 'failover'
        this.#add({ atMs, room: id, kind, from: this.#nameOf(before), to: this.#nameOf(owner) })
      }
      if (this.#owners.size < MAX_ROOMS || before !== undefined) this.#owners.set(id, owner)
    }
    // A room that is not listed may be on its way, if the shard that ran it is gone.
    for (const [id, owner] of this.#owners) if (!there.has(id) && lives.has(owner)) this.#owners.delete(id)
  }

  #add(entry: JourneyEntry): void {
    this.entries.push(entry)
    if (this.entries.length > MAX_JOURNEYS) this.entries.shift()
  }

  #name(life: string, name: string): void {
    this.#names.delete(life)
    this.#names.set(life, name)
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= MAX_NAMES) break
      this.#names.delete(oldest)
    }
  }

  #nameOf(life: string): string {
    return this.#names.get(life) ?? life.slice(0, 8)
  }
}
