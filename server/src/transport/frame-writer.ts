/**
 * Writes messages as WebSocket frames straight to the raw socket, past the general machinery of `ws`.
 * Used by every WebSocket link of one transport; hot: once per message sent.
 * Never lets a byte of one message reach another: a frame is built in a scratch buffer, and what the socket gets is an immutable string of its bytes
 * (or, for large messages, a buffer of its own), so the scratch buffer is free again as soon as the call returns, whatever the socket still has to write.
 */
import type { Duplex } from 'node:stream'

const FINAL_BINARY = 0x82
const LENGTH_16 = 126
const LENGTH_64 = 127
/** Below this Node writes strings from its own stack; above it a buffer is cheaper. */
const MAX_STRING_BYTES = 16_000

export class FrameWriter {
  readonly #scratch = Buffer.allocUnsafeSlow(MAX_STRING_BYTES + 4)

  /** False if the socket now holds more than it likes to. */
  write(socket: Duplex, bytes: Uint8Array): boolean {
    const length = bytes.length
    if (length > MAX_STRING_BYTES) {
      return socket.write(largeFrame(bytes))
    }
    const scratch = this.#scratch
    scratch[0] = FINAL_BINARY
    let start = 2
    if (length < LENGTH_16) {
      scratch[1] = length
    } else {
      scratch[1] = LENGTH_16
      scratch[2] = length >> 8
      scratch[3] = length & 0xff
      start = 4
    }
    scratch.set(bytes, start)
    return socket.write(scratch.toString('latin1', 0, start + length), 'latin1')
  }
}

function largeFrame(bytes: Uint8Array): Buffer {
  const length = bytes.length
  const start = length > 0xffff ? 10 : 4
  const frame = Buffer.allocUnsafeSlow(start + length)
  frame[0] = FINAL_BINARY
  if (length > 0xffff) {
    frame[1] = LENGTH_64
    frame.writeBigUInt64BE(BigInt(length), 2)
  } else {
    frame[1] = LENGTH_16
    frame.writeUInt16BE(length, 2)
  }
  frame.set(bytes, start)
  return frame
}
