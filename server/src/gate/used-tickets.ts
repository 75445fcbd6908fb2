/**
 * Which tickets were used, until they expire: none is used twice. Bounded: when it is full it takes no more, rather than forget one. Pure.
 */
import { NetError } from '@tickmesh/shared'

/** Below this nothing is looked through; then each time that there are twice as many, so that expired ones do not stay until it is full. */
const LEAST_SWEPT = 256

export class UsedTickets {
  /** When each expires, by its id. */
  private readonly expiry = new Map<string, number>()
  private readonly most: number
  /** No ticket expires before. */
  private nextExpiryMs = Number.POSITIVE_INFINITY
  private sweepAt = LEAST_SWEPT

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.expiry.size
  }

  has(id: string): boolean {
    return this.expiry.has(id)
  }

  /** Remembers a ticket that is used now. Throws TICKET_USED if it was used before, TOO_MANY_CONNECTIONS if there is no room. */
  use(id: string, expiresMs: number, nowMs: number): void {
    if (this.expiry.has(id)) {
      throw new NetError('TICKET_USED', 'this ticket was used before.', 'Get a new one: each lets in once.')
    }
    if (this.expiry.size >= Math.min(this.sweepAt, this.most)) this.forgetExpired(nowMs)
    if (this.expiry.size >= this.most) {
      const problem = `the server remembers ${this.most} used tickets, and cannot take more at the moment.`
      throw new NetError('TOO_MANY_CONNECTIONS', problem, 'Try again in a minute.')
    }
    this.expiry.set(id, expiresMs)
    this.nextExpiryMs = Math.min(this.nextExpiryMs, expiresMs)
  }

  /** One that was used on another shard, whose room goes on here. */
  remember(id: string, expiresMs: number, nowMs: number): void {
    if (!this.expiry.has(id) && this.expiry.size < this.most) this.use(id, expiresMs, nowMs)
  }

  /** The join did not succeed: the ticket is as good as before. */
  giveBack(id: string): void {
    this.expiry.delete(id)
  }

  /** Looks through all only if there is something to find. */
  private forgetExpired(nowMs: number): void {
    if (nowMs <= this.nextExpiryMs) return
    this.nextExpiryMs = Number.POSITIVE_INFINITY
    for (const [id, expiresMs] of this.expiry) {
      if (expiresMs < nowMs) this.expiry.delete(id)
      else this.nextExpiryMs = Math.min(this.nextExpiryMs, expiresMs)
    }
    this.sweepAt = Math.max(LEAST_SWEPT, this.expiry.size * 2)
  }
}
