/** What somebody sent who is here before its room, and for how long it may wait: see early-arrivals.ts. One per session that is early. Pure. */

const MAX_MESSAGES = 64
const MAX_BYTES = 65_536
const MAX_WAIT_MS = 10_000

export class EarlyInputs {
  /** Its place is free again. */
  readonly takeBack: () => void
  /** Input messages, oldest first. */
  readonly messages: Uint8Array[] = []
  private readonly sinceMs: number
  private bytes = 0

  constructor(takeBack: () => void, nowMs: number) {
    this.takeBack = takeBack
    this.sinceMs = nowMs
  }

  /** The oldest ones go first: their ticks are over first. */
  keep(message: Uint8Array): void {
    const { messages } = this
    messages.push(message.slice())
    this.bytes += message.length
    while (messages.length > MAX_MESSAGES || this.bytes > MAX_BYTES) this.bytes -= messages.shift()?.length ?? 0
  }

  isOver(nowMs: number): boolean {
    return nowMs - this.sinceMs > MAX_WAIT_MS
  }
}
