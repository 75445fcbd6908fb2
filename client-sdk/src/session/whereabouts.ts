/**
 * Where a room is, as far as this client knows: the addresses at which it was found, the newest first, those who go on with it if its server dies, and the greatest
 * epoch that it learned. One for all links of a room, and asked by each line when the server speaks first. Pure.
 * Follows a server to another address a few times in a row, and never from a secure one to one that is not.
 */
import { type EpochTriple, isStaleEpoch, type ServerMessage } from '@tickmesh/shared'

const MAX_HOPS = 5
/** Addresses that are tried in turn. */
const MAX_KEPT = 6
/** Standby servers that are dialled. */
const MAX_STANDBYS = 2

export class Whereabouts {
  /** Where the room let us in last, or where it was joined. Empty: a link that was handed in. */
  url: string
  epoch: EpochTriple | undefined
  /** Who goes on if the room's server dies, best first. */
  standbys: readonly string[] = []
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

  /** Others go on with the room if its server dies. */
  get isProtected(): boolean {
    return this.standbys.length > 0
  }

  /** Where the room is said to be. */
  get newest(): string {
    return this.#known[0] ?? this.url
  }

  /** What to dial next: the shard that ran the room may be gone, so all that are known come in turn, but for those that are `taken`. */
  next(taken: readonly string[] = []): string {
    const free = this.#known.filter((url) => !taken.includes(url))
    return free[this.#tries++ % free.length] ?? this.newest
  }

  /** Whether what is said at `from` may lead to `url`. */
  leads(from: string, url: string): boolean {
    return (/^wss:/.test(from) ? /^wss:/ : /^wss?:/).test(url)
  }

  /** Who is at `from` says that the room is elsewhere. False: there nobody follows it. */
  follow(from: string, { url, epoch }: Pick<Extract<ServerMessage, { t: 'moved' }>, 'url' | 'epoch'>): boolean {
    if (!this.leads(from, url) || ++this.#hops > MAX_HOPS) return false
    this.#found(url)
    this.#learn(epoch)
    return true
  }

  /** It may be at these addresses: the first of them first. */
  seek(urls: readonly string[]): void {
    for (const url of [...urls].reverse()) if (this.leads(this.url, url)) this.#found(url)
  }

  #found(url: string): void {
    this.#known = [url, ...this.#known.filter((known) => known !== url)].slice(0, MAX_KEPT)
    this.#tries = 0
  }

  /** After a wait it follows anew. */
  rest(): void {
    this.#hops = 0
  }

  /** The room's server, which is at `url`, let us in. False: it is one that the room had before. */
  arrive(
    url: string,
    { epoch, standby = [] }: Pick<Extract<ServerMessage, { t: 'welcome' }>, 'epoch' | 'standby'>,
  ): boolean {
    if (isStaleEpoch(epoch, this.epoch)) return false
    this.url = url
    this.#found(url)
    this.rest()
    this.#learn(epoch)
    this.stand(standby)
    return true
  }

  /** Who stands by from now on. Those who did are remembered: they know where the room is when all others are gone. */
  stand(urls: readonly string[]): void {
    this.standbys = urls.filter((url) => this.leads(this.url, url)).slice(0, MAX_STANDBYS)
    const [newest = this.url, ...others] = this.#known.filter((url) => !this.standbys.includes(url))
    this.#known = [...new Set([newest, ...this.standbys, ...others])].slice(0, MAX_KEPT)
  }

  #learn(epoch: EpochTriple | undefined): void {
    if (epoch !== undefined && !isStaleEpoch(epoch, this.epoch)) this.epoch = epoch
  }
}
