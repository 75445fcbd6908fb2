/** The figures of a room host: what `stats` and metrics say. Read by whoever asks; cold. */
import type { NetErrorCode } from '@tickmesh/shared'
import { addPlayCounts, type PlayCounts } from '../ops/play-counts.ts'
import type { ServerStats } from '../ops/server-stats.ts'
import type { RoomCore } from '../room/room-core.ts'
import { countsOf } from '../room/room-counts.ts'
import type { TickLoop } from '../tick/tick-loop.ts'
import type { HostCounts } from './host-options.ts'

export interface CountedHost {
  readonly cores: ReadonlyMap<string, RoomCore>
  readonly sessions: Iterable<{ readonly info: { readonly transport?: string } }> & { readonly size: number }
  readonly loop: TickLoop
  readonly made: number
  readonly dropped: number
  readonly droppedByCode: ReadonlyMap<NetErrorCode, number>
  /** Of rooms that ended. */
  readonly past: PlayCounts
  readonly admission: {
    readonly pending: number
    readonly desk: { readonly resumes: number; readonly refused: number }
  }
}

export function statsOf({ cores, sessions, loop, made, dropped, admission }: CountedHost): ServerStats {
  const { lateness } = loop
  const rooms = [...cores.values()].map((room) => room.stats)
  return {
    rooms: rooms.length,
    connections: sessions.size,
    players: rooms.reduce((sum, { players }) => sum + players, 0),
    away: rooms.reduce((sum, { away }) => sum + away, 0),
    spectators: rooms.reduce((sum, { spectators }) => sum + spectators, 0),
    roomsMade: made,
    authenticating: admission.pending,
    resumes: admission.desk.resumes,
    resumesRefused: admission.desk.refused,
    peersDropped: dropped,
    ticks: lateness.count,
    tickLatenessP50Ms: lateness.quantile(0.5),
    tickLatenessP99Ms: lateness.quantile(0.99),
    tickLatenessMaxMs: lateness.max,
  }
}

export function countsOfHost({ cores, sessions, loop, droppedByCode, past }: CountedHost): HostCounts {
  const play = { ...past }
  const overload = [0, 0, 0, 0]
  for (const room of cores.values()) {
    addPlayCounts(play, countsOf(room))
    const level = room.stats.overload
    overload[level] = (overload[level] ?? 0) + 1
  }
  const transports = new Map<string, number>()
  for (const { info } of sessions) {
    const transport = info.transport ?? 'other'
    transports.set(transport, (transports.get(transport) ?? 0) + 1)
  }
  const { lateness, durations } = loop
  return { play, overload, transports, dropped: droppedByCode, lateness, durations }
}
