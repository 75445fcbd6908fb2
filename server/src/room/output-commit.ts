/**
 * Output commit: what players are told of a tick waits until all who stand by hold that tick, so that nobody ever saw as final what a takeover undoes. One per
 * protected room, with an outbox per player; rooms that nobody protects have neither. Order is kept: behind what waits waits all that is said later.
 * What waits is bounded: beyond that the player who has most is dropped, and may come back.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { StandbyLine } from './standby-line.ts'

/** Whom an outbox is of. */
export interface Receiver {
  readonly outbox: Outbox | undefined
  /** Onto the link, now. */
  transmit(bytes: Uint8Array): void
  /** Its welcome is on the link. */
  greeted(): void
  /** Says why, and closes the link, now. */
  depart(reason: CloseReason): void
  /** The same, if it was not said before. */
  end(reason: CloseReason, isOfLink: boolean): void
}

/** Bytes that may wait in one room; each message counts for some more than it has. */
const MAX_WAITING_BYTES = 4_194_304
const MESSAGE_COST_BYTES = 64
const TOO_SLOW: CloseReason = { code: 'TOO_SLOW', message: 'too much waited for this player. Connect again.' }

export class OutputCommit {
  /** The tick to which belongs what is said now: the one that is being computed, or the next. */
  saying = 1
  /** Rules are running. */
  inTick = false
  waitingBytes = 0
  private readonly line: StandbyLine
  private readonly receivers: readonly Receiver[]
  private over = false

  constructor(line: StandbyLine, receivers: readonly Receiver[]) {
    this.line = line
    this.receivers = receivers
  }

  /** Whether what is said now has to wait. */
  get waits(): boolean {
    return !this.over && this.line.heldTick < this.saying
  }

  begin(tick: number): void {
    this.saying = tick
    this.inTick = true
  }

  /** The tick is over, and its record is on its way. */
  end(tick: number): void {
    this.saying = tick + 1
    this.inTick = false
  }

  /** Sends what is held by now. */
  release(): void {
    const { heldTick } = this.line
    for (let i = 0; i < this.receivers.length; i++) this.receivers[i]?.outbox?.release(heldTick)
  }

  /** The room is over: what is said now is said at once, and what waits never. */
  close(): void {
    this.over = true
    this.inTick = false
    for (const { outbox } of this.receivers) outbox?.drop()
  }

  added(bytes: number): void {
    this.waitingBytes += bytes
    if (this.waitingBytes <= MAX_WAITING_BYTES) return
    let most: Receiver | undefined
    for (const receiver of this.receivers)
      if ((receiver.outbox?.bytes ?? 0) > (most?.outbox?.bytes ?? 0)) most = receiver
    most?.outbox?.drop()
    most?.end(TOO_SLOW, true)
  }
}

interface Waiting {
  readonly tick: number
  readonly bytes: Uint8Array | undefined
  readonly isWelcome: boolean
  /** The last thing that is said. */
  readonly end: CloseReason | undefined
}

export class Outbox {
  /** What waits takes, with what each message counts for. */
  bytes = 0
  /** Of the player, that are gone. */
  private links = 0
  private readonly waiting: Waiting[] = []
  private readonly commit: OutputCommit
  private readonly receiver: Receiver

  constructor(commit: OutputCommit, receiver: Receiver) {
    this.commit = commit
    this.receiver = receiver
  }

  /** Whether what is said now has to wait. */
  get holds(): boolean {
    return this.waiting.length > 0 || this.commit.waits
  }

  /** Whether an end has to wait: one that rules wish does, as all that they do. All others are of this link alone. */
  get holdsEnd(): boolean {
    return this.commit.inTick && this.commit.waits
  }

  add(bytes: Uint8Array, isWelcome = false): void {
    this.push({ tick: this.commit.saying, bytes, isWelcome, end: undefined })
  }

  addEnd(end: CloseReason): void {
    this.push({ tick: this.commit.saying, bytes: undefined, isWelcome: false, end })
  }

  private push(item: Waiting): void {
    const cost = costOf(item)
    this.waiting.push(item)
    this.bytes += cost
    this.commit.added(cost)
  }

  /** Sends what is of ticks up to `heldTick`, in order. */
  release(heldTick: number): void {
    const { waiting, receiver } = this
    let count = 0
    while (count < waiting.length && (waiting[count]?.tick ?? 0) <= heldTick) count++
    if (count === 0) return
    const items = waiting.splice(0, count)
    for (const item of items) {
      const cost = costOf(item)
      this.bytes -= cost
      this.commit.waitingBytes -= cost
    }
    const { links } = this
    for (const item of items) {
      // A link may end at what is sent over it: the rest is for nobody.
      if (this.links !== links) return
      if (item.bytes !== undefined) receiver.transmit(item.bytes)
      if (item.isWelcome) receiver.greeted()
      if (item.end !== undefined) receiver.depart(item.end)
    }
  }

  /** Forgets what waits, but for an end, which is said now. */
  drop(): void {
    const end = this.waiting.at(-1)?.end
    this.clear()
    if (end !== undefined) this.receiver.depart(end)
  }

  /** Forgets what waits: its link is gone. */
  clear(): void {
    this.links++
    this.commit.waitingBytes -= this.bytes
    this.bytes = 0
    this.waiting.length = 0
  }
}

function costOf({ bytes }: Waiting): number {
  return MESSAGE_COST_BYTES + (bytes?.length ?? 0)
}
