/**
 * Finds the messages in a server's WebSocket stream, however it is cut. For the load process: only unfragmented binary frames and closes are expected.
 * Hot: a chunk of whole frames is read in place.
 */

const BINARY_FINAL = 0x82
const CLOSE_FINAL = 0x88
const PING_FINAL = 0x89
const LENGTH_16 = 126
const LENGTH_64 = 127

export interface ScannerHost {
  /** A message is `bytes[from]` to `bytes[to - 1]`, borrowed. */
  onMessage(bytes: Uint8Array, from: number, to: number): void
  /** Something else than messages, or a close. */
  onEnd(why: string): void
}

export class FrameScanner {
  private rest = new Uint8Array(0)
  private readonly host: ScannerHost

  constructor(host: ScannerHost) {
    this.host = host
  }

  read(chunk: Uint8Array): void {
    let bytes = chunk
    if (this.rest.length > 0) {
      bytes = new Uint8Array(this.rest.length + chunk.length)
      bytes.set(this.rest)
      bytes.set(chunk, this.rest.length)
      this.rest = new Uint8Array(0)
    }
    let at = 0
    while (at < bytes.length) {
      const next = this.frame(bytes, at)
      if (next < 0) {
        this.rest = bytes.slice(at)
        return
      }
      at = next
    }
  }

  /** Hands on the frame at `at`. Gives the offset after it, or -1 if it is not all there. */
  private frame(bytes: Uint8Array, at: number): number {
    if (at + 2 > bytes.length) return -1
    const kind = bytes[at] ?? 0
    let length = (bytes[at + 1] ?? 0) & 127
    let start = at + 2
    if (length === LENGTH_16) {
      if (at + 4 > bytes.length) return -1
      length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
      start = at + 4
    } else if (length === LENGTH_64) {
      this.host.onEnd('a frame of over 64 KiB')
      return bytes.length
    }
    const end = start + length
    if (end > bytes.length) return -1
    if (kind === BINARY_FINAL) this.host.onMessage(bytes, start, end)
    else if (kind === CLOSE_FINAL)
      this.host.onEnd(`closed: ${Buffer.from(bytes.slice(start, end)).toString('latin1').slice(2)}`)
    else if (kind !== PING_FINAL) this.host.onEnd(`a frame of kind ${kind}`)
    return end
  }
}
