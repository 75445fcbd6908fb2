/**
 * What a shard does with parties: creating, joining, leaving and disbanding say operations; who is in which follows from all that were delivered (`PartyBook`).
 * Pure. Part of the lobby; matchmaking keeps a party together.
 */
import type { Life } from '../life.ts'
import type { Party, PartyApi } from './lobby-api.ts'
import type { Operation, OperationBody } from './operation.ts'
import type { PartyBook, PartyValue } from './party.ts'
import type { Dot } from './version-vector.ts'

/** Remains of parties that are cleared away at once. */
const MAX_TIDIED = 16
/** So often a party must be found abandoned: news of who is there may come later than news of parties. */
const ABANDONED_LOOKS = 6

export class Parties implements PartyApi {
  readonly #book: PartyBook
  readonly #maxSize: number
  readonly #newId: () => string
  readonly #say: (body: OperationBody) => Operation
  /** How often in a row each was found abandoned. */
  #abandoned: ReadonlyMap<string, number> = new Map()

  constructor(book: PartyBook, maxSize: number, newId: () => string, say: (body: OperationBody) => Operation) {
    this.#book = book
    this.#maxSize = maxSize
    this.#newId = newId
    this.#say = say
  }

  create(leader: string): Party {
    this.#leaveFor(leader)
    const id = this.#newId()
    this.#change(id, { adds: [leader], removes: [] })
    return { id, leader, members: [leader] }
  }

  join(id: string, player: string): boolean {
    const party = this.#book.party(id)
    if (party === undefined) return false
    if (party.members.includes(player)) return true
    if (party.members.length >= this.#maxSize) return false
    this.#leaveFor(player)
    this.#change(id, { adds: player, removes: [] })
    return true
  }

  leave(id: string, player: string): void {
    const party = this.#book.party(id)
    if (party === undefined || !party.members.includes(player)) return
    if (party.members.length === 1) return this.disband(id)
    const removes = this.#book.membershipsOf(id, player)
    // The founding outlives its founder.
    this.#change(id, { adds: this.#book.foundedBy(id, player) ? null : undefined, removes })
  }

  disband(id: string): void {
    const dots = this.#book.store.dotsOf(id)
    if (dots.length > 0) this.#change(id, { adds: undefined, removes: dots })
  }

  party(id: string): Party | undefined {
    return this.#book.party(id)
  }

  of(player: string): Party | undefined {
    return this.#book.of(player)
  }

  /**
   * Clears away what concurrent operations left of parties that are none; and parties that only lives that are gone had a hand in, of players who are nowhere:
   * their shard died with them. One shard does so now and then.
   */
  tidy(isGone: (life: Life) => boolean, isPresent: (player: string) => boolean): void {
    for (const id of this.#book.remains().slice(0, MAX_TIDIED)) this.disband(id)
    const looks = new Map<string, number>()
    for (const { id, members } of this.#book.all()) {
      if (members.some(isPresent) || !this.#book.store.of(id).every(({ dot }) => isGone(dot.life))) continue
      looks.set(id, (this.#abandoned.get(id) ?? 0) + 1)
    }
    this.#abandoned = looks
    let left = MAX_TIDIED
    for (const [id, count] of looks) if (count >= ABANDONED_LOOKS && left-- > 0) this.disband(id)
  }

  #leaveFor(player: string): void {
    const party = this.#book.of(player)
    if (party !== undefined) this.leave(party.id, player)
  }

  #change(key: string, { adds, removes }: { adds: PartyValue | undefined; removes: readonly Dot[] }): void {
    this.#say({ kind: 'store', store: 'parties', adds: adds !== undefined, key, value: adds ?? null, removes })
  }
}
