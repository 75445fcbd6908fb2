/**
 * Peers that break something, over real sockets and each in its own way: every one is told why, dropped and counted, within a bounded time, while five honest
 * players in the same room play on. `npm run bench -- hostile` does the same for a minute, and measures it.
 */
import { randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { join, type Room } from '@tickmesh/client'
import { type LogLine, type ServeOptions, type Server, serve } from '@tickmesh/server'
import { CONTROL, fromWebSocketClose, packControl } from '@tickmesh/shared'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AttackPlayer, helloBytes } from '../src/hostile/attack-player.ts'
import { FrameFinder, frameOf, PING, TEXT } from '../src/hostile/frames.ts'
import { type Siege, siege, siegeRules } from '../src/hostile/siege-game.ts'
import { pilot } from '../src/lab/pilot.ts'

const ROOM = 'arena'
const LIMITS = { handshakeMs: 700, idleMs: 8_000, stuckMs: 1_200 }
/** What a busy machine adds. */
const PATIENCE_MS = 6_000

/** A WebSocket by hand, which may do everything wrong. */
class RawPeer {
  readonly player = new AttackPlayer()
  /** Why the server ended it. */
  readonly ended: Promise<string>
  private readonly socket: Socket
  private why = ''

  private constructor(socket: Socket) {
    this.socket = socket
    const finder = new FrameFinder({
      onMessage: (bytes) => this.player.read(bytes),
      onClose: (code, text) => {
        this.why ||= fromWebSocketClose(code, text).code
      },
    })
    this.ended = new Promise((resolve) => socket.once('close', () => resolve(this.why || 'CUT')))
    socket.on('error', () => {})
    socket.on('data', (chunk) => finder.read(chunk))
    socket.on('end', () => socket.end())
  }

  static open(port: number): Promise<RawPeer> {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true })
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET /tickmesh HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('data', (answer) => {
        const end = answer.indexOf('\r\n\r\n')
        if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) return reject(new Error(answer.toString()))
        const peer = new RawPeer(socket)
        const rest = answer.subarray(end + 4)
        if (rest.length > 0) socket.emit('data', rest)
        resolve(peer)
      })
    })
  }

  send(bytes: Uint8Array, tricks: Parameters<typeof frameOf>[1] = {}): void {
    if (!this.socket.destroyed) this.socket.write(frameOf(bytes, tricks))
  }

  raw(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes)
  }

  /** From now on nothing is read, for a while. */
  readNothing(forMs: number): void {
    this.socket.pause()
    setTimeout(() => this.socket.resume(), forMs)
  }

  /** Calls `step` again and again while it is connected. */
  every(ms: number, step: (n: number) => void): void {
    let n = 0
    const timer = setInterval(() => step(n++), ms)
    this.socket.once('close', () => clearInterval(timer))
  }

  async welcomed(): Promise<void> {
    this.send(helloBytes({ room: ROOM }))
    await expect.poll(() => this.player.tick, { timeout: PATIENCE_MS }).toBeGreaterThan(0)
  }

  leave(): void {
    this.socket.destroy()
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const ping = packControl({ t: 'ping', id: 1 })

interface Hostile {
  readonly name: string
  readonly told: RegExp
  readonly withinMs: number
  act(peer: RawPeer): void | Promise<void>
}

const AT_ONCE = 0
const HOSTILE: readonly Hostile[] = [
  { name: 'malformed', told: /MALFORMED/, withinMs: AT_ONCE, act: (peer) => peer.send(Uint8Array.of(9, 9, 9)) },
  { name: 'empty', told: /MALFORMED/, withinMs: AT_ONCE, act: (peer) => peer.send(new Uint8Array(0)) },
  { name: 'of text', told: /MALFORMED/, withinMs: AT_ONCE, act: (peer) => peer.send(bytesOf('{}'), { opcode: TEXT }) },
  {
    // uWebSockets.js does not look: it takes the first bytes for the mask, and waits for the rest.
    name: 'unmasked',
    told: /MALFORMED|HANDSHAKE_TIMEOUT/,
    withinMs: LIMITS.handshakeMs,
    act: (peer) => peer.send(helloBytes(), { masked: false }),
  },
  {
    name: 'of a large control frame',
    told: /MALFORMED|CUT/,
    withinMs: AT_ONCE,
    act: (peer) => peer.send(new Uint8Array(200), { opcode: PING }),
  },
  { name: 'oversized', told: /TOO_LARGE/, withinMs: AT_ONCE, act: (peer) => peer.send(new Uint8Array(20_000)) },
  {
    name: 'of a length that nobody could hold',
    told: /TOO_LARGE|MALFORMED|CUT/,
    withinMs: AT_ONCE,
    act: (peer) => peer.send(new Uint8Array(10), { declared: 1n << 62n }),
  },
  {
    name: 'deep',
    told: /TOO_LARGE/,
    withinMs: AT_ONCE,
    act: (peer) => peer.send(Uint8Array.from([CONTROL, ...new Array<number>(2_000).fill(0x91), 0xc0])),
  },
  { name: 'truncated', told: /MALFORMED/, withinMs: AT_ONCE, act: (peer) => peer.send(helloBytes().subarray(0, -3)) },
  {
    name: 'replayed: its hello comes twice',
    told: /MALFORMED/,
    withinMs: AT_ONCE,
    async act(peer) {
      await peer.welcomed()
      peer.send(helloBytes({ room: ROOM }))
    },
  },
  {
    name: 'reordered: an input before the hello',
    told: /MALFORMED/,
    withinMs: AT_ONCE,
    act: (peer) => peer.send(peer.player.input(5)),
  },
  {
    name: 'too fast',
    told: /TOO_FAST/,
    withinMs: AT_ONCE,
    async act(peer) {
      await peer.welcomed()
      for (let n = 0; n < 1_200; n++) peer.send(ping)
    },
  },
  {
    name: 'too slow: a byte of its hello now and then',
    told: /HANDSHAKE_TIMEOUT/,
    withinMs: LIMITS.handshakeMs,
    act(peer) {
      const frame = frameOf(helloBytes({ room: ROOM }))
      peer.every(100, (n) => peer.raw(frame.subarray(n, n + 1)))
    },
  },
  { name: 'silent', told: /HANDSHAKE_TIMEOUT/, withinMs: LIMITS.handshakeMs, act: () => {} },
  {
    name: 'half-open: it joins and is never heard of again',
    told: /TOO_SLOW|TIMED_OUT/,
    withinMs: LIMITS.stuckMs,
    act: (peer) => peer.welcomed(),
  },
  {
    name: 'never reading',
    told: /TOO_SLOW/,
    withinMs: LIMITS.stuckMs,
    async act(peer) {
      await peer.welcomed()
      peer.readNothing(2 * LIMITS.stuckMs)
      const from = peer.player.tick + 3
      peer.every(1000 / 60, (n) => peer.send(peer.player.input(from + n, { ackTick: from - 3 })))
    },
  },
]

for (const transport of ['ws', 'uWebSockets.js'] satisfies ServeOptions['transport'][]) {
  describe(`on ${transport}, a peer that is`, () => {
    const lines: LogLine[] = []
    const changes: string[] = []
    const honest: Room<Siege>[] = []
    let server: Server<Siege>
    let fates: Promise<{ why: string; ms: number }>[] = []

    beforeAll(async () => {
      const log = (line: LogLine) => void lines.push(line)
      server = await serve(siege, siegeRules, {
        host: '127.0.0.1',
        transport,
        limits: LIMITS,
        graceMs: 0,
        log,
        development: false,
      })
      for (let n = 0; n < 5; n++) {
        const { sample } = pilot(n)
        const room = await join(siege, server.url, { room: ROOM, sample })
        room.onConnection(({ state }) => changes.push(state))
        honest.push(room)
      }
      fates = HOSTILE.map(async ({ act }) => {
        const peer = await RawPeer.open(server.port)
        await act(peer)
        const since = performance.now()
        return { why: await peer.ended, ms: performance.now() - since }
      })
      for (const fate of fates) fate.catch(() => {})
    })

    afterAll(async () => {
      for (const room of honest) room.leave()
      await server?.close()
    })

    HOSTILE.forEach(({ name, told, withinMs }, n) => {
      it(`${name} is told why and dropped in time`, async () => {
        const fate = await fates[n]
        expect(fate?.why).toMatch(told)
        expect(fate?.ms).toBeLessThan(withinMs + PATIENCE_MS)
      })
    })

    it('late, early and contradictory with its inputs only hurts itself, and is counted', async () => {
      const peer = await RawPeer.open(server.port)
      await peer.welcomed()
      const { player } = peer
      const from = player.tick
      const inputs = Array.from({ length: 30 }, (_, n) => player.input(from + n))
      for (const bytes of [...inputs.reverse(), ...inputs, player.input(from + 9_000)]) peer.send(bytes)
      const strange = () => {
        const players = [...(server.rooms.get(ROOM)?.players.values() ?? [])]
        return players.reduce((sum, { stats }) => sum + stats.ignoredInputs, 0)
      }
      await expect.poll(strange, { timeout: PATIENCE_MS }).toBeGreaterThan(0)
      peer.leave()
    })

    it('honest plays on: none lost its connection, or the room', async () => {
      await Promise.all(fates)
      expect(changes).toEqual([])
      const before = honest.map(({ tick }) => tick)
      await expect
        .poll(() => honest.every(({ tick }, n) => tick > (before[n] ?? 0) + 30), { timeout: 10_000 })
        .toBe(true)
      await expect.poll(() => server.rooms.get(ROOM)?.players.size, { timeout: PATIENCE_MS }).toBe(5)
      expect(honest.every(({ open }) => open)).toBe(true)
      // uWebSockets.js cuts the large control frame without saying that it was a fault.
      expect(server.stats.peersDropped).toBeGreaterThanOrEqual(HOSTILE.length - (transport === 'ws' ? 0 : 1))
      expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    })
  })
}
