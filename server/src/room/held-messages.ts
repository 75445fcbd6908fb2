/**
 * Messages for a player that cannot be sent yet: it has no welcome, or no link. Owned by the player core; cold.
 * What waits for a player who is away is bounded; when it is full the oldest ones go, as the newest say most.
 */

/** For a player who is away. */
const MAX_HELD_MESSAGES = 64
const MAX_HELD_BYTES = 65_536

export class HeldMessages {
  /** Messages that nobody will get. */
  dropped = 0
  private readonly messages: Uint8Array[] = []
  private bytes = 0

  add(message: Uint8Array): void {
    this.messages.push(message)
    this.bytes += message.length
  }

  /** Forgets the oldest until the rest is within bounds. */
  trim(): void {
    while (this.messages.length > MAX_HELD_MESSAGES || this.bytes > MAX_HELD_BYTES) {
      this.bytes -= this.messages.shift()?.length ?? 0
      this.dropped++
    }
  }

  /** Gives all that wait, in order, and keeps none. */
  take(): readonly Uint8Array[] {
    this.bytes = 0
    return this.messages.splice(0)
  }
}
