/**
 * The load game on Tickmesh, by nothing but its public API.
 */
import { type Room, type Rules, serve } from '@tickmesh/server'
import type { Game, Shape } from '@tickmesh/shared'
import { FIELD_SIZE, makeLoadGame, PLAYERS_PER_ROOM } from './load-game.ts'
import type { Transport } from './messages.ts'
import { RoomPhase, type TickMeter } from './tick-meter.ts'

type LoadShape = ReturnType<typeof makeLoadGame> extends Game<infer S extends Shape> ? S : never

export async function startOurs(
  hz: number,
  meter: TickMeter,
  transport: Transport,
): Promise<{ port: number; counts(): { rooms: number; players: number } }> {
  const phases = new Map<string, RoomPhase>()
  const rules: Rules<LoadShape> = {
    onCreate(room: Room<LoadShape>) {
      phases.set(room.id, new RoomPhase())
    },
    onDispose(room) {
      phases.delete(room.id)
    },
    onJoin(room, player) {
      const at = (FIELD_SIZE * (player.seat % 17)) / 17
      room.spawn('player', { owner: player.seat, x: at, y: at })
    },
    onTick(room) {
      const phase = phases.get(room.id)
      if (phase !== undefined) meter.tick(phase, room.tick, room.players.size, performance.now())
    },
  }
  const server = await serve(makeLoadGame(hz, PLAYERS_PER_ROOM), rules, {
    port: 0,
    host: '127.0.0.1',
    transport,
    development: false,
    maxRooms: 100_000,
    roomIdleMs: 500,
    // The players of the step before are gone, and must not be measured with those of this one.
    graceMs: 0,
    limits: { connectionsPerAddress: 100_000, maxConnections: 100_000 },
    log: (line) => {
      if (line.level === 'error') console.error(line)
    },
  })
  return {
    port: server.port,
    counts: () => {
      let players = 0
      for (const room of server.rooms.values()) players += room.players.size
      return { rooms: server.rooms.size, players }
    },
  }
}
