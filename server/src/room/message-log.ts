/**
 * The game's messages to one player, counted, and the newest of them kept: those that did not come over a link that was lost are sent again over the next one.
 * Owned by the player core; cold. Memory for 64 is taken at the start; of larger ones fewer are kept, the newest always.
 */

const MAX_KEPT = 64
const MAX_KEPT_BYTES = 65_536

export class MessageLog {
  /** All that were said so far. */
  count = 0
  /** Those up to this one are not kept any more. */
  forgotten = 0
  private readonly kept: (Uint8Array | undefined)[] = Array.from({ length: MAX_KEPT })
  private bytes = 0

  /** The bytes are kept, not copied. */
  add(message: Uint8Array): void {
    if (this.count - this.forgotten === MAX_KEPT) this.forget()
    this.kept[this.count % MAX_KEPT] = message
    this.count++
    this.bytes += message.length
    while (this.bytes > MAX_KEPT_BYTES && this.count - this.forgotten > 1) this.forget()
  }

  /** The nth message, counted from 1; undefined: not kept. */
  at(n: number): Uint8Array | undefined {
    return n > this.forgotten && n <= this.count ? this.kept[(n - 1) % MAX_KEPT] : undefined
  }

  /** Goes on after `count` messages of which none is kept: what another shard said before. */
  startAt(count: number): void {
    while (this.forgotten < this.count) this.forget()
    this.count = count
    this.forgotten = count
  }

  private forget(): void {
    const slot = this.forgotten % MAX_KEPT
    this.bytes -= this.kept[slot]?.length ?? 0
    this.kept[slot] = undefined
    this.forgotten++
  }
}
