/**
 * The opponent: what a good engineer writes by hand over `ws` for exactly this game. One class, no framework: binary inputs in, one Float32 state per
 * room and tick out, built once and sent to each socket. No delta, no history, no lag compensation, no limits.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { drive, FIELD_SIZE } from './load-game.ts'
import { RoomPhase, type TickMeter } from './tick-meter.ts'

/** Input: u32 sequence, i8 x, i8 y, f32 aim, u8 fire, u8 dashes. */
export const HAND_INPUT_BYTES = 12
/** State: tick, count, then per player these. */
const FLOATS_PER_PLAYER = 9

interface HandPlayer {
  readonly id: number
  readonly socket: WebSocket
  sequence: number
  mx: number
  my: number
  fire: boolean
  aim: number
  x: number
  y: number
  vx: number
  vy: number
  hp: number
  dashes: number
}

class HandRoom {
  readonly players: HandPlayer[] = []
  readonly phase = new RoomPhase()
  tick = 0
  dueMs: number
  timer: NodeJS.Timeout | undefined
  private nextId = 1

  constructor(dueMs: number) {
    this.dueMs = dueMs
  }

  join(socket: WebSocket): void {
    const id = this.nextId++
    const at = (FIELD_SIZE * (id % 17)) / 17
    const player = {
      id,
      socket,
      sequence: 0,
      mx: 0,
      my: 0,
      fire: false,
      aim: 0,
      x: at,
      y: at,
      vx: 0,
      vy: 0,
      hp: 100,
      dashes: 0,
    }
    this.players.push(player)
    socket.on('message', (data: Buffer) => {
      if (data.length !== HAND_INPUT_BYTES) return socket.close(1002)
      player.sequence = data.readUInt32LE(0)
      player.mx = data.readInt8(4) / 127
      player.my = data.readInt8(5) / 127
      player.aim = data.readFloatLE(6)
      player.fire = data[10] === 1
      player.dashes += data[11] ?? 0
    })
    socket.on('close', () => this.players.splice(this.players.indexOf(player), 1))
    socket.on('error', () => socket.terminate())
  }

  step(dt: number): void {
    this.tick++
    for (const p of this.players) {
      drive(p, p.mx, p.my, dt)
      if (p.fire && p.hp > 0) p.hp = p.hp === 1 ? 100 : p.hp - 1
    }
  }

  send(): void {
    const { players } = this
    const state = new Float32Array(2 + players.length * FLOATS_PER_PLAYER)
    state[0] = this.tick
    state[1] = players.length
    let at = 2
    for (const p of players) {
      state[at] = p.id
      state[at + 1] = p.sequence
      state[at + 2] = p.x
      state[at + 3] = p.y
      state[at + 4] = p.vx
      state[at + 5] = p.vy
      state[at + 6] = p.aim
      state[at + 7] = p.hp
      state[at + 8] = p.dashes
      at += FLOATS_PER_PLAYER
    }
    const bytes = Buffer.from(state.buffer)
    for (const { socket } of players) socket.send(bytes)
  }
}

/** Runs until the process ends. Gives the port; rooms are named by the path. */
export async function startHandWritten(
  hz: number,
  meter: TickMeter,
): Promise<{ port: number; counts(): { rooms: number; players: number } }> {
  const tickMs = 1000 / hz
  const rooms = new Map<string, HandRoom>()
  const http = createServer()
  const sockets = new WebSocketServer({
    server: http,
    perMessageDeflate: false,
    maxPayload: 16_384,
    clientTracking: false,
  })

  const run = (name: string, room: HandRoom): void => {
    const nowMs = performance.now()
    if (room.players.length === 0) {
      rooms.delete(name)
      return
    }
    // Absolute deadlines: no drift. Too far behind to catch up: go on from now.
    if (nowMs - room.dueMs > 4 * tickMs) room.dueMs = nowMs
    meter.tick(room.phase, room.tick, room.players.length, nowMs)
    room.step(1 / hz)
    room.send()
    room.dueMs += tickMs
    room.timer = setTimeout(() => run(name, room), Math.max(0, room.dueMs - performance.now()))
  }

  sockets.on('connection', (socket, request) => {
    const name = request.url ?? '/'
    let room = rooms.get(name)
    if (room === undefined) {
      // Rooms are spread over the interval by the golden ratio.
      room = new HandRoom(performance.now() + tickMs * ((rooms.size * 0.618_034) % 1))
      const made = room
      rooms.set(name, made)
      made.timer = setTimeout(() => run(name, made), made.dueMs - performance.now())
    }
    room.join(socket)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    port,
    counts: () => {
      let players = 0
      for (const room of rooms.values()) players += room.players.length
      return { rooms: rooms.size, players }
    },
  }
}
