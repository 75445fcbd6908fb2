/**
 * Where a room is, as far as this client knows: the addresses at which it was found, the newest first, and the greatest epoch that it learned. One for all
 * links of a room, and asked by each line when the server speaks first. Pure.
 * Follows a server to another address a few times in a row, and never from a secure one to one that is not.
 */
import { type EpochTriple, isStaleEpoch, type ServerMessage } from '@tickmesh/shared'

const MAX_HOPS = 5
/** Addresses that are tried in turn. */
const MAX_KEPT = 6

export class Whereabouts {
  /** The newest that the room was moved to, or where it was joined. Empty: a link that was handed in. */
  url: string
  epoch: EpochTriple | undefined
  #known: readonly string[]
  #hops = 0
  #tries = 0

  constructor(url = '', epoch?: EpochTriple) {
    this.url = url
    this.#known = [url]
    this.epoch = epoch
  }

  /** More than one address leads to the room. */
  get hasOthers(): boolean {
    return this.#known.length > 1
  }

  /** What to dial next: the shard that ran the room may be gone, so all that are known come in turn. */
  next(): string {
    this.url = this.#known[this.#tries++ % this.#known.length] ?? this.url
    return this.url
  }

  /** The server says that the room is elsewhere. False: there nobody follows it. */
  follow({ url, epoch }: Extract<ServerMessage, { t: 'moved' }>): boolean {
    if (!(/^wss:/.test(this.url) ? /^wss:/ : /^wss?:/).test(url) || ++this.#hops > MAX_HOPS) return false
    this.#known = [url, ...this.#known.filter((known) => known !== url)].slice(0, MAX_KEPT)
    this.#tries = 0
    this.url = url
    this.#learn(epoch)
    return true
  }

  /** The room's server let us in. False: it is one that the room had before. */
  arrive(epoch: EpochTriple | undefined): boolean {
    if (isStaleEpoch(epoch, this.epoch)) return false
    this.#known = [this.url, ...this.#known.filter((known) => known !== this.url)]
    this.#hops = 0
    this.#tries = 0
    this.#learn(epoch)
    return true
  }

  #learn(epoch: EpochTriple | undefined): void {
    if (epoch !== undefined && !isStaleEpoch(epoch, this.epoch)) this.epoch = epoch
  }
}
