/**
 * Finds the addresses of the shards to join: given as addresses or DNS names, each of which may have many (a headless service of Kubernetes). Made by the
 * shell. Looked up again every 30 seconds, and sooner after a failure; never gives up. What a name said last counts while it cannot be looked up.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ClusterAddress } from '../life.ts'
import { joinAddress } from '../swim/addresses.ts'
import { CLUSTER_PORT, splitHostPort } from './cluster-options.ts'

export interface SeedsOptions {
  readonly names: readonly string[]
  readonly changed: (addresses: readonly ClusterAddress[]) => void
  readonly note: (event: string, message: string) => void
  /** All addresses of a name; rejects if there are none. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly everyMs?: number
  readonly retryMs?: number
}

const EVERY_MS = 30_000
const RETRY_MS = 1_000
const MAX_ADDRESSES = 256
/** A name that cannot be found is said again after so long. */
const SAY_AGAIN_MS = 300_000

export class Seeds {
  readonly #options: SeedsOptions
  /** By name: what it said last. */
  readonly #known = new Map<string, readonly ClusterAddress[]>()
  #saidMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: SeedsOptions) {
    this.#options = options
    for (const name of options.names) {
      const { host, port = CLUSTER_PORT } = splitHostPort(name)
      this.#known.set(name, isIP(host) === 0 ? [] : [joinAddress(host, port)])
    }
  }

  /** All that are known now. */
  get addresses(): readonly ClusterAddress[] {
    return [...new Set([...this.#known.values()].flat())].slice(0, MAX_ADDRESSES)
  }

  start(): void {
    const names = this.#options.names.filter((name) => isIP(splitHostPort(name).host) === 0)
    if (names.length > 0) this.#look(names)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #look(names: readonly string[]): void {
    Promise.all(names.map((name) => this.#lookUp(name))).then((found) => {
      if (this.#closed) return
      if (found.includes('changed')) this.#options.changed(this.addresses)
      const { everyMs = EVERY_MS, retryMs = RETRY_MS } = this.#options
      this.#failures = found.includes('failed') ? this.#failures + 1 : 0
      const waitMs = this.#failures === 0 ? everyMs : Math.min(everyMs, retryMs * 2 ** Math.min(this.#failures - 1, 10))
      this.#timer = setTimeout(() => this.#look(names), waitMs)
      this.#timer.unref()
    }, this.#failed)
  }

  /** Never rejects. */
  async #lookUp(name: string): Promise<'same' | 'changed' | 'failed'> {
    const { host, port = CLUSTER_PORT } = splitHostPort(name)
    const { resolve = lookUpAll } = this.#options
    try {
      const found = (await resolve(host)).map((ip) => joinAddress(ip, port)).sort()
      const before = this.#known.get(name) ?? []
      this.#known.set(name, found)
      return before.join() === found.join() ? 'same' : 'changed'
    } catch (error) {
      this.#say(`${name}: ${error instanceof Error ? error.message : error}`)
      return 'failed'
    }
  }

  #failed = (error: unknown): void => this.#say(`${error}`)

  #say(message: string): void {
    const nowMs = performance.now()
    if (nowMs - this.#saidMs < SAY_AGAIN_MS) return
    this.#saidMs = nowMs
    this.#options.note('seed-not-found', `${message}; looking again and again`)
  }
}

async function lookUpAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}
