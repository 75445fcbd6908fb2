/**
 * Who may come in: origins, and what one address and all together may open. Called by whatever listens, before a connection costs anything:
 * `knock` once per connection, then `admitted` when its hello is accepted, and `left` when it ends. Pure: the time is passed in.
 * What it keeps is bounded by `limits.maxAddresses`; an address without connections that has its whole rate again is forgotten.
 */
import type { NetErrorCode } from '@tickmesh/shared'
import { AddressSet, originalAddress, parseAddress } from './address.ts'
import { AddressBudget } from './address-budget.ts'
import type { Limits } from './limits.ts'
import { type AllowedOrigins, checkOrigins, isOriginAllowed } from './origins.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a connection says of itself before it is one. */
export interface Visit {
  /** The address of the other end of the socket. */
  readonly peer: string
  /** The header `X-Forwarded-For`, of all its lines in order; believed only from trusted proxies. */
  readonly forwardedFor: string | undefined
  readonly origin: string | undefined
  readonly host: string | undefined
  /** What a shard that carries this connection says of whose it is; believed if it is signed. */
  readonly voucher?: string | undefined
}

/** A connection that was let in. */
export interface Entry {
  /** As limits count it, and as logs should name it: `203.0.113.7` or `2001:db8:1:2::/64`. */
  readonly address: string
  /** What all connections of this address may send together. */
  readonly budget: AddressBudget
  /** Another shard carries it, and vouches for the address. */
  readonly carried?: boolean
  /** Its hello was accepted: it is not pending any more. */
  admitted(): void
  /** It ended. Calls after the first do nothing. */
  left(): void
}

/** `status` and `message` are for an HTTP answer; `message` says the remedy. */
export type Knock =
  | { readonly ok: false; readonly status: number; readonly code: NetErrorCode; readonly message: string }
  | { readonly ok: true; readonly entry: Entry }

/** Whether an HTTP request that opens no connection may be answered. `address` is as limits count it; undefined for what programs of this machine ask of its operations. */
export type Asking =
  | { readonly ok: false; readonly status: number; readonly code: NetErrorCode; readonly message: string }
  | { readonly ok: true; readonly address: string | undefined }

export interface DoorkeeperCounts {
  readonly connections: number
  /** Connections whose hello was not accepted yet. */
  readonly pending: number
  readonly addresses: number
  /** Visits turned away since the start, by what they broke. */
  readonly refused: Readonly<Record<Refusal, number>>
}

export type Refusal = 'origin' | 'perAddress' | 'rate' | 'pending' | 'full' | 'requests'

/** One address, while it has connections or has used up some of its rate. */
interface Guest {
  readonly address: string
  readonly handshakes: TokenBucket
  readonly requests: TokenBucket
  readonly budget: AddressBudget
  pending: number
}

/** So many may always come at once, as after a reload of all tabs. */
const LEAST_BURST = 16
/** HTTP requests that may come at once, in seconds of their rate and per connection that is allowed: a page has many files, and a school many pages. */
const REQUEST_BURST_S = 4
const REQUESTS_PER_CONNECTION = 3
const THIS_MACHINE = new AddressSet(['loopback'])
/** The table is looked through for what can be forgotten no more often, however many knock. */
const SWEEP_EVERY_MS = 100
/** Below this it is not looked through at all; then each time that it has doubled, so that addresses of long ago do not stay until it is full. */
const LEAST_SWEPT = 256

export interface DoorkeeperOptions {
  readonly origins: AllowedOrigins
  readonly trustedProxies: readonly string[]
  /** The address that a voucher is for, as it is counted; undefined if it is not good. */
  readonly vouched?: ((voucher: string, visit: Visit) => string | undefined) | undefined
  /** Hosts, with their ports, whose pages may connect as if they were of this server: other shards. */
  readonly isOurs?: ((host: string) => boolean) | undefined
}

export class Doorkeeper {
  private readonly limits: Limits
  private readonly origins: AllowedOrigins
  private readonly trusted: AddressSet
  private readonly vouched: DoorkeeperOptions['vouched']
  private readonly isOurs: DoorkeeperOptions['isOurs']
  private readonly guests = new Map<string, Guest>()
  private readonly refused: Record<Refusal, number> = {
    origin: 0,
    perAddress: 0,
    rate: 0,
    pending: 0,
    full: 0,
    requests: 0,
  }
  private readonly pendingPerAddress: number
  private readonly burst: number
  private readonly requestBurst: number
  /** Of programs of this machine that watch it: strangers behind a proxy, or a player beside it, use up nothing of theirs. */
  private readonly watchers: TokenBucket
  private connections = 0
  private pending = 0
  private sweptMs = Number.NEGATIVE_INFINITY
  private sweepAt = LEAST_SWEPT

  /** Throws BAD_ARGUMENT for origins and proxies that could never match. */
  constructor(limits: Limits, options: DoorkeeperOptions) {
    checkOrigins(options.origins)
    this.limits = limits
    this.origins = options.origins
    this.trusted = new AddressSet(options.trustedProxies)
    this.vouched = options.vouched
    this.isOurs = options.isOurs
    this.pendingPerAddress = Math.max(1, Math.ceil(limits.connectionsPerAddress * limits.pendingShare))
    this.burst = Math.max(LEAST_BURST, limits.connectionsPerAddress)
    this.requestBurst = Math.max(
      limits.httpRequestsPerSecond * REQUEST_BURST_S,
      limits.connectionsPerAddress * REQUESTS_PER_CONNECTION,
    )
    this.watchers = new TokenBucket(limits.httpRequestsPerSecond, this.requestBurst, 0)
  }

  get counts(): DoorkeeperCounts {
    const { connections, pending, guests, refused } = this
    return { connections, pending, addresses: guests.size, refused: { ...refused } }
  }

  knock(visit: Visit, nowMs: number): Knock {
    const { limits } = this
    if (!isOriginAllowed(visit.origin, visit.host, this.origins, this.isOurs)) {
      const message = `pages of ${visit.origin} may not connect here. Add it to the option "origins".`
      return this.refuse('origin', 403, 'ORIGIN_REFUSED', message)
    }
    const carriedFor = visit.voucher === undefined ? undefined : this.vouched?.(visit.voucher, visit)
    const guest = this.guestOf(carriedFor ?? originalAddress(visit.peer, visit.forwardedFor, this.trusted), nowMs)
    if (guest === undefined) {
      return this.refuse('full', 503, 'TOO_MANY_CONNECTIONS', 'the server keeps track of no more addresses. Try again.')
    }
    if (!guest.handshakes.take(1, nowMs)) {
      const message = `more than ${limits.handshakesPerSecond} connections a second from one address. Wait, or raise limits.handshakesPerSecond.`
      return this.refuse('rate', 429, 'TOO_FAST', message)
    }
    if (guest.budget.connections >= limits.connectionsPerAddress) {
      const message = `${guest.budget.connections} connections from one address. Raise limits.connectionsPerAddress if that is right.`
      return this.refuse('perAddress', 429, 'TOO_MANY_CONNECTIONS', message)
    }
    if (guest.pending >= this.pendingPerAddress || this.pending >= limits.maxPending) {
      const message = 'too many connections have not said hello yet. Try again.'
      return this.refuse('pending', 503, 'TOO_MANY_CONNECTIONS', message)
    }
    if (this.connections >= limits.maxConnections) {
      return this.refuse('full', 503, 'TOO_MANY_CONNECTIONS', 'the server takes no more connections. Try again later.')
    }
    return { ok: true, entry: this.enter(guest, carriedFor !== undefined) }
  }

  /** An HTTP request that opens no connection. `isOperations`: it is for health or metrics. */
  ask({ peer, forwardedFor }: Pick<Visit, 'peer' | 'forwardedFor'>, isOperations: boolean, nowMs: number): Asking {
    if (isOperations && forwardedFor === undefined && THIS_MACHINE.has(parseAddress(peer) ?? [])) {
      return this.watchers.take(1, nowMs) ? { ok: true, address: undefined } : this.tooManyRequests()
    }
    const guest = this.guestOf(originalAddress(peer, forwardedFor, this.trusted), nowMs)
    if (guest === undefined) {
      return this.refuse('full', 503, 'TOO_MANY_CONNECTIONS', 'the server keeps track of no more addresses. Try again.')
    }
    return guest.requests.take(1, nowMs) ? { ok: true, address: guest.address } : this.tooManyRequests()
  }

  private tooManyRequests(): Asking & { readonly ok: false } {
    const message = `more than ${this.limits.httpRequestsPerSecond} HTTP requests a second from one address. Wait, or raise limits.httpRequestsPerSecond.`
    return this.refuse('requests', 429, 'TOO_FAST', message)
  }

  private refuse(why: Refusal, status: number, code: NetErrorCode, message: string): Knock & { readonly ok: false } {
    this.refused[why]++
    return { ok: false, status, code, message }
  }

  private enter(guest: Guest, carried: boolean): Entry {
    let isPending = true
    let isIn = true
    this.count(guest, 1, 1)
    return {
      address: guest.address,
      budget: guest.budget,
      carried,
      admitted: () => {
        if (isPending) this.count(guest, 0, -1)
        isPending = false
      },
      left: () => {
        if (isIn) this.count(guest, -1, isPending ? -1 : 0)
        isIn = false
        isPending = false
      },
    }
  }

  private count(guest: Guest, connections: number, pending: number): void {
    guest.budget.connections += connections
    guest.pending += pending
    this.connections += connections
    this.pending += pending
  }

  /** Undefined: the table is full of addresses that have something open, or are waiting for their rate. */
  private guestOf(address: string, nowMs: number): Guest | undefined {
    const known = this.guests.get(address)
    if (known !== undefined) return known
    const { limits } = this
    if (this.guests.size >= Math.min(this.sweepAt, limits.maxAddresses)) this.sweep(nowMs)
    if (this.guests.size >= limits.maxAddresses) return undefined
    const guest: Guest = {
      address,
      handshakes: new TokenBucket(limits.handshakesPerSecond, this.burst, nowMs),
      requests: new TokenBucket(limits.httpRequestsPerSecond, this.requestBurst, nowMs),
      budget: new AddressBudget(limits, nowMs),
      pending: 0,
    }
    this.guests.set(address, guest)
    return guest
  }

  private sweep(nowMs: number): void {
    if (nowMs - this.sweptMs < SWEEP_EVERY_MS) return
    this.sweptMs = nowMs
    for (const [address, guest] of this.guests) {
      const { handshakes, requests, budget } = guest
      if (budget.connections === 0 && handshakes.isFull(nowMs) && requests.isFull(nowMs) && budget.isFull(nowMs))
        this.guests.delete(address)
    }
    this.sweepAt = Math.max(LEAST_SWEPT, this.guests.size * 2)
  }
}
