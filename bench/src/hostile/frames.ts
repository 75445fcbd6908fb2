/**
 * WebSocket frames as an attacker writes them: right, or wrong in one way; and the frames of a server, read without a limit. Pure.
 */

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
const CLOSE = 8
export const PING = 9

export interface FrameTricks {
  readonly opcode?: number
  readonly final?: boolean
  readonly masked?: boolean
  /** Bits 4 to 6 of the first byte. */
  readonly reserved?: number
  /** What the header claims instead of the payload's length. */
  readonly declared?: bigint
}

const MASK = [0x5a, 0x13, 0xc4, 0x77] as const

export function frameOf(payload: Uint8Array, tricks: FrameTricks = {}): Buffer {
  const { opcode = BINARY, final = true, masked = true, reserved = 0 } = tricks
  const declared = tricks.declared ?? BigInt(payload.length)
  const lengthBytes = declared < 126n ? 0 : declared < 65_536n ? 2 : 8
  const frame = Buffer.alloc(2 + lengthBytes + (masked ? 4 : 0) + payload.length)
  frame[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode
  const short = lengthBytes === 0 ? Number(declared) : lengthBytes === 2 ? 126 : 127
  frame[1] = (masked ? 0x80 : 0) | short
  if (lengthBytes === 2) frame.writeUInt16BE(Number(declared), 2)
  else if (lengthBytes === 8) frame.writeBigUInt64BE(declared, 2)
  let at = 2 + lengthBytes
  if (masked) for (const byte of MASK) frame[at++] = byte
  for (let i = 0; i < payload.length; i++) frame[at + i] = (payload[i] ?? 0) ^ (masked ? (MASK[i & 3] ?? 0) : 0)
  return frame
}

export interface FrameListener {
  /** Borrowed. */
  onMessage(bytes: Uint8Array): void
  onClose(code: number, text: string): void
}

/** Finds frames in a server's stream, however it is cut. Frames of a server are neither masked nor fragmented. */
export class FrameFinder {
  private rest: Buffer = Buffer.alloc(0)
  private readonly listener: FrameListener

  constructor(listener: FrameListener) {
    this.listener = listener
  }

  read(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    for (;;) {
      const next = this.frame(bytes, at)
      if (next < 0) break
      at = next
    }
    this.rest = Buffer.from(bytes.subarray(at))
  }

  /** Hands on the frame at `at`. Gives the offset after it, or -1 if it is not all there. */
  private frame(bytes: Buffer, at: number): number {
    if (at + 2 > bytes.length) return -1
    const short = (bytes[at + 1] ?? 0) & 127
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const start = at + 2 + lengthBytes
    if (start > bytes.length) return -1
    const length =
      lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(at + 2)) : short
    const end = start + length
    if (end > bytes.length) return -1
    const opcode = (bytes[at] ?? 0) & 15
    const payload = bytes.subarray(start, end)
    if (opcode === BINARY) this.listener.onMessage(payload)
    else if (opcode === CLOSE)
      this.listener.onClose(length >= 2 ? payload.readUInt16BE(0) : 1005, payload.subarray(2).toString('utf8'))
    return end
  }
}
