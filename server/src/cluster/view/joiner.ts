/**
 * How a shard without a view comes into one: it asks those it knows in turn, voters first, until a view that names it arrives. Pure; `Views` runs one while it
 * has no view.
 */
import type { Life } from '../life.ts'
import type { KnownShard } from './views-api.ts'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 2_000

export class Joiner {
  readonly #self: Life
  #known: readonly KnownShard[] = []
  #voters: readonly Life[] = []
  #turn: number
  #retryMs = FIRST_RETRY_MS
  #nextMs = Number.NEGATIVE_INFINITY

  /** `first`: any number, another for each shard, so that many that join together do not all ask the same one, who may not be in yet. */
  constructor(self: Life, first: number) {
    this.#self = self
    this.#turn = first % 1_024
  }

  get nextMs(): number {
    return this.#nextMs
  }

  get known(): readonly KnownShard[] {
    return this.#known
  }

  know(shards: readonly KnownShard[]): void {
    if (shards.length > this.#known.length) this.#soon()
    this.#known = shards.filter(({ life }) => life !== this.#self)
  }

  /** Somebody in a view says who decides. */
  told(voters: readonly Life[]): void {
    if (voters.join() !== this.#voters.join()) this.#soon()
    this.#voters = voters
  }

  /** Whom to ask now; undefined: nobody yet. */
  next(nowMs: number): Life | undefined {
    if (nowMs < this.#nextMs) return undefined
    const lives = new Set([...this.#voters, ...this.#known.map(({ life }) => life)])
    // Voters every other time; shards that gossip knows may know better voters.
    const told = this.#voters.length > 0
    const chosen = told && this.#turn % 2 === 0 ? this.#voters : [...lives]
    const life = chosen[(told ? this.#turn >> 1 : this.#turn) % Math.max(1, chosen.length)]
    this.#turn++
    this.#nextMs = nowMs + this.#retryMs
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 1.3)
    return life
  }

  #soon(): void {
    this.#retryMs = FIRST_RETRY_MS
    this.#nextMs = Number.NEGATIVE_INFINITY
  }
}
