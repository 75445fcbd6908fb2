/** What a room says of itself, made anew each time. Cold. */
import type { Simulation } from '@tickmesh/shared'
import type { RoomStats } from './api.ts'
import type { ReplicationCounts } from './replication.ts'
import type { RoomPace } from './room-pace.ts'
import { NOBODY_WATCHES } from './spectator-stage.ts'

export interface MeasuredRoom {
  readonly sim: Simulation
  readonly tickNumber: number
  readonly players: readonly unknown[]
  readonly seats: { readonly away: number }
  readonly stage: { readonly stats: Pick<RoomStats, 'spectators' | 'spectatorMessagesIgnored'> } | undefined
  readonly pace: RoomPace
  readonly handle: { readonly skippedTicks: number } | undefined
  readonly replication: { readonly counts: ReplicationCounts }
}

export function statsOf(room: MeasuredRoom): RoomStats {
  const { pace } = room
  const { world, events, context } = room.sim
  return {
    tick: room.tickNumber,
    players: room.players.length,
    away: room.seats.away,
    ...(room.stage ?? NOBODY_WATCHES).stats,
    entities: world.tables.reduce((sum, table) => sum + table.count, 0),
    overload: pace.governor.level,
    tickLatenessMs: pace.lateMs,
    tickLatenessP99Ms: pace.lateness.quantile(0.99),
    tickDurationMeanMs: pace.durationMeanMs,
    skippedTicks: room.handle?.skippedTicks ?? 0,
    ...room.replication.counts,
    droppedEvents: events.dropped,
    droppedCommands: context.droppedCommands,
    overflows: world.overflows,
  }
}
