/**
 * A WebSocket client that costs as little as Node allows, so that one core of clients fills one core of server: TCP, one shared reading buffer, and
 * short masked frames. Loopback only.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { FrameScanner, type ScannerHost } from './frame-scanner.ts'

/** All sockets read into it: what is read is used up before the next read. */
const readingBuffer = Buffer.allocUnsafeSlow(64 * 1024)
const HEADER_BYTES = 6
const MASK = [0x5a, 0x13, 0xc4, 0x77] as const
const scratch = Buffer.allocUnsafeSlow(256)
const HEADERS_END = '\r\n\r\n'

export class RawSocket {
  private readonly socket: Socket
  private readonly scanner: FrameScanner
  private headers: string | undefined = ''
  private readonly onOpen: () => void
  private readonly host: ScannerHost
  private ended = false

  /** `onOpen` is called once, before any message. */
  constructor(port: number, path: string, host: ScannerHost, onOpen: () => void) {
    this.host = host
    this.onOpen = onOpen
    this.scanner = new FrameScanner(host)
    const onread = {
      buffer: readingBuffer,
      callback: (length: number, buffer: Uint8Array) => {
        this.read(buffer.subarray(0, length))
        return true
      },
    }
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.socket.on('error', (error) => this.end(error.message))
    this.socket.on('close', () => this.end('the connection broke'))
    const key = randomBytes(16).toString('base64')
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13${HEADERS_END}`,
    )
  }

  private read(bytes: Uint8Array): void {
    if (this.headers === undefined) return this.scanner.read(bytes)
    this.headers += Buffer.from(bytes).toString('latin1')
    const end = this.headers.indexOf(HEADERS_END)
    if (end < 0) return
    if (!this.headers.startsWith('HTTP/1.1 101')) return this.end(this.headers.slice(0, 40))
    const rest = Buffer.from(this.headers.slice(end + HEADERS_END.length), 'latin1')
    this.headers = undefined
    this.onOpen()
    if (rest.length > 0) this.scanner.read(rest)
  }

  /** Sends a message of at most 125 bytes. Hot. */
  sendShort(bytes: Uint8Array, length: number): void {
    scratch[0] = 0x82
    scratch[1] = 0x80 | length
    for (let i = 0; i < 4; i++) scratch[2 + i] = MASK[i] ?? 0
    for (let i = 0; i < length; i++) scratch[HEADER_BYTES + i] = (bytes[i] ?? 0) ^ (MASK[i & 3] ?? 0)
    // Node writes a short string without an object for it.
    this.socket.write(scratch.toString('latin1', 0, HEADER_BYTES + length), 'latin1')
  }

  /** Sends a message of 126 to 250 bytes or less. Cold. */
  send(bytes: Uint8Array): void {
    if (bytes.length < 126) return this.sendShort(bytes, bytes.length)
    const frame = Buffer.alloc(8 + bytes.length)
    frame[0] = 0x82
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(bytes.length, 2)
    frame.set(MASK, 4)
    for (let i = 0; i < bytes.length; i++) frame[8 + i] = (bytes[i] ?? 0) ^ (MASK[i & 3] ?? 0)
    this.socket.write(frame)
  }

  /** Breaks the connection, silently. */
  destroy(): void {
    this.ended = true
    this.socket.destroy()
  }

  private end(why: string): void {
    if (this.ended) return
    this.destroy()
    this.host.onEnd(why)
  }
}
