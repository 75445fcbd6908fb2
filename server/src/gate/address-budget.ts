/**
 * What all connections of one address may do together: send the share `addressShare` of what they might send each for itself, and open some rooms. Kept by the
 * doorkeeper, charged by sessions and by admission. Pure; `take` is hot.
 */
import { NetError } from '@tickmesh/shared'
import type { Limits } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Rooms that may be opened at once, as a share of the connections of an address. */
const ROOM_BURST_SHARE = 0.125

export class AddressBudget {
  /** Open ones; counted by the doorkeeper. */
  connections = 0
  /** Seats that are kept for players of this address who lost their link; see SeatClaim. */
  away = 0
  private readonly mostSeats: number
  private readonly messages: TokenBucket
  private readonly bytes: TokenBucket
  private readonly rooms: TokenBucket

  constructor(limits: Limits, nowMs: number) {
    this.mostSeats = limits.connectionsPerAddress
    // Never less than one connection may send.
    const times = Math.max(1, limits.connectionsPerAddress * limits.addressShare)
    this.messages = new TokenBucket(limits.messagesPerSecond * times, limits.messageBurst * times, nowMs)
    this.bytes = new TokenBucket(limits.bytesPerSecond * times, limits.byteBurst * times, nowMs)
    this.rooms = new TokenBucket(
      limits.roomsPerMinute / 60,
      Math.max(1, limits.connectionsPerAddress * ROOM_BURST_SHARE),
      nowMs,
    )
  }

  /** One room. False: the address opens too many. */
  takeRoom(nowMs: number): boolean {
    return this.rooms.take(1, nowMs)
  }

  /** Whether a newcomer may take a seat: those that are kept count as connections, or joining and vanishing would fill rooms. */
  get maySit(): boolean {
    return this.connections + this.away <= this.mostSeats
  }

  /** One message. False: the address sends too much. Hot. */
  take(byteLength: number, nowMs: number): boolean {
    return this.messages.take(1, nowMs) && this.bytes.take(byteLength, nowMs)
  }

  isFull(nowMs: number): boolean {
    return this.away === 0 && this.messages.isFull(nowMs) && this.bytes.isFull(nowMs) && this.rooms.isFull(nowMs)
  }
}

/** A player's seat as its address is charged for it: by its connection, and, while that is lost, by this. */
export class SeatClaim {
  private budget: AddressBudget | undefined
  private isAway = false

  constructor(budget: AddressBudget | undefined) {
    this.budget = budget
  }

  away(isAway: boolean): void {
    if (isAway === this.isAway) return
    this.isAway = isAway
    if (this.budget !== undefined) this.budget.away += isAway ? 1 : -1
  }

  /** The player goes on from another address, perhaps. */
  moveTo(budget: AddressBudget | undefined): void {
    const { isAway } = this
    this.away(false)
    this.budget = budget
    this.away(isAway)
  }
}

/** Throws TOO_FAST for somebody whose address makes rooms without end. */
export function refuseIfOpensTooMany(budget: AddressBudget | undefined, nowMs: number): void {
  if (budget?.takeRoom(nowMs) !== false) return
  const problem = 'your address opens too many rooms.'
  throw new NetError('TOO_FAST', problem, 'Wait a while, or join a room that is there.')
}
