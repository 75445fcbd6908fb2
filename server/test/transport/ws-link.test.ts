/** The server's WebSocket link over a socket made of memory, so that the test decides where the stream is cut. */
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { type Link, WEBSOCKET_CLOSE_CODES } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WsTransport } from '../../src/transport/ws-transport.ts'
import { Recorder } from '../link-conformance.ts'

class MemorySocket extends Duplex {
  readonly written: Buffer[] = []
  /** Set to false, nothing written is ever taken. */
  takes = true

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk))
    if (this.takes) done()
  }
}

const handshake = {
  method: 'GET',
  url: '/',
  headers: { upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
} as unknown as IncomingMessage

function open(options: ConstructorParameters<typeof WsTransport>[0] = {}): {
  socket: MemorySocket
  link: Link
  at: Recorder
} {
  const socket = new MemorySocket()
  let opened: { link: Link; at: Recorder } | undefined
  new WsTransport(options).handleUpgrade(handshake, socket, Buffer.alloc(0), (link) => {
    opened = { link, at: new Recorder(link) }
  })
  if (opened === undefined) throw new Error('the handshake failed')
  socket.written.length = 0
  return { socket, ...opened }
}

/** One masked client frame. */
function frame(opcode: number, payload: Uint8Array, fin = true, mask = 0x9a_3c_51_0f): Buffer {
  const { length } = payload
  const head = length < 126 ? Buffer.alloc(6) : length < 65_536 ? Buffer.alloc(8) : Buffer.alloc(14)
  head[0] = (fin ? 0x80 : 0) | opcode
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2)
  else if (length >= 126) head.writeUInt16BE(length, 2)
  head.writeUInt32BE(mask, head.length - 4)
  const body = Buffer.from(payload)
  for (let i = 0; i < length; i++) body[i] = (body[i] ?? 0) ^ (head[head.length - 4 + (i % 4)] ?? 0)
  return Buffer.concat([head, body])
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const payloads = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 60_000, max: 65_536 }).map((length) => new Uint8Array(length).fill(length & 0xff)),
  },
)

/** A message as one frame or as several, with pings between them. */
const messages = fc.record({
  payload: payloads,
  cuts: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }) },
  ),
  ping: fc.boolean(),
})

function framesOf({ payload, cuts, ping }: { payload: Uint8Array; cuts: readonly number[]; ping: boolean }): Buffer {
  const ends = [...cuts.map((cut) => Math.floor(cut * payload.length)).sort((a, b) => a - b), payload.length]
  const frames: Buffer[] = []
  let start = 0
  for (const [n, end] of ends.entries()) {
    frames.push(frame(n === 0 ? 2 : 0, payload.subarray(start, end), n === ends.length - 1))
    if (ping) frames.push(frame(9, Uint8Array.of(n)))
    start = end
  }
  return Buffer.concat(frames)
}

describe('the WebSocket link', () => {
  it('reads the same messages wherever the network cuts the stream, whatever lies between them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(messages, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }),
        async (sent, sizes) => {
          const { socket, at } = open()
          const stream = Buffer.concat(sent.map(framesOf))
          // A few small pieces, then whatever is left in larger ones, so that a long message is not thousands of pieces.
          for (let start = 0, n = 0; start < stream.length; n++) {
            const some = sizes[n % sizes.length] ?? 1
            const size = n < 50 ? some : Math.max(512, some * 100)
            socket.push(Buffer.from(stream.subarray(start, start + size)))
            start += size
            if (n % 7 === 0) await turn()
          }
          await turn()
          await turn()
          expect(at.closes).toEqual([])
          expect(at.messages.length).toBe(sent.length)
          // Compared natively: an assertion on 60,000 elements takes long.
          for (const [n, { payload }] of sent.entries())
            expect(Buffer.compare(payload, at.messages[n] ?? Buffer.alloc(0))).toBe(0)
          socket.destroy()
        },
      ),
      { numRuns: 200 },
    )
  })

  it('ends in a typed reason, or waits for more, for any bytes at all', async () => {
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      messages.map(framesOf),
      fc
        .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 130 }))
        .map(([opcode, payload]) => frame(opcode & 0x7f, payload, opcode > 127)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { maxLength: 8 }), async (parts) => {
        const { socket, at } = open({ closeTimeoutMs: 1 })
        for (const part of parts) {
          socket.push(Buffer.from(part))
          await turn()
        }
        await turn()
        expect(at.closes.length).toBeLessThanOrEqual(1)
        for (const { code } of at.closes) expect(Object.keys(WEBSOCKET_CLOSE_CODES)).toContain(code)
        socket.destroy()
        await turn()
      }),
      { numRuns: 500 },
    )
  })

  it('writes each message as one unmasked binary frame with the shortest length field', () => {
    const { socket, link } = open()
    for (const [length, head] of [
      [0, [0x82, 0]],
      [125, [0x82, 125]],
      [126, [0x82, 126, 0, 126]],
      [16_000, [0x82, 126, 0x3e, 0x80]],
      [16_001, [0x82, 126, 0x3e, 0x81]],
      [65_535, [0x82, 126, 0xff, 0xff]],
      [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    ] as const) {
      socket.written.length = 0
      const bytes = new Uint8Array(length).map((_, i) => (i * 31) & 0xff)
      link.send('reliable', bytes)
      expect(Buffer.concat(socket.written).equals(Buffer.concat([Uint8Array.from(head), bytes]))).toBe(true)
    }
    socket.destroy()
  })

  it('keeps every byte of what waits, while other links send', () => {
    const transport = new WsTransport()
    const links: { socket: MemorySocket; link: Link }[] = []
    for (let n = 0; n < 8; n++) {
      const socket = new MemorySocket()
      transport.handleUpgrade(handshake, socket, Buffer.alloc(0), (link) => links.push({ socket, link }))
      socket.written.length = 0
      socket.cork()
    }
    for (let round = 0; round < 20; round++) {
      for (const [n, { link }] of links.entries()) link.send('datagram', new Uint8Array(10 + round).fill(n + 1))
    }
    for (const [n, { socket }] of links.entries()) {
      socket.uncork()
      const stream = Buffer.concat(socket.written)
      for (let round = 0, at = 0; round < 20; round++) {
        expect([...stream.subarray(at, at + 2)]).toEqual([0x82, 10 + round])
        expect(stream.subarray(at + 2, at + 12 + round).every((byte) => byte === n + 1)).toBe(true)
        at += 12 + round
      }
      socket.destroy()
    }
  })

  it('counts the bytes that wait, and drops the link above its limit', async () => {
    const { socket, link, at } = open({ maxBufferedBytes: 1_000 })
    socket.takes = false
    link.send('reliable', new Uint8Array(400))
    link.send('reliable', new Uint8Array(400))
    expect(link.bufferedBytes).toBe(808)
    expect(at.closes).toEqual([])
    link.send('reliable', new Uint8Array(400))
    expect(at.closes).toEqual([])
    await turn()
    expect(at.closes.map((reason) => reason.code)).toEqual(['TOO_SLOW'])
    expect(socket.destroyed).toBe(true)
  })
})
