/**
 * What happened in one room since it was made, as counts that only grow: players who left are counted in. Read now and then; cold. Pure.
 */
import { addPlayCounts, noPlayCounts, type PlayCounts } from '../ops/play-counts.ts'
import type { Player, RoomStats } from './api.ts'
import type { ReplicationCounts } from './replication.ts'

/** What is counted of a room. */
export interface CountedRoom {
  readonly past: PlayCounts
  readonly players: readonly { readonly facade: Player }[]
  readonly replication: { readonly counts: ReplicationCounts }
  readonly stats: RoomStats
}

/** Adds one player's own counts. */
export function addPlayer(sum: PlayCounts, { stats }: Player): void {
  const { lateInputs, ignoredInputs, refusedPresses, clampedStamps } = stats
  addPlayCounts(sum, { lateInputs, ignoredInputs, refusedPresses, clampedStamps })
}

export function countsOf(room: CountedRoom): PlayCounts {
  const sum = noPlayCounts()
  addPlayCounts(sum, room.past)
  for (const { facade } of room.players) addPlayer(sum, facade)
  const { framesSent, framesSkipped, bytesSent, bodiesEncoded } = room.replication.counts
  addPlayCounts(sum, { framesSent, framesSkipped, bytesSent, bodiesEncoded })
  const { skippedTicks, droppedEvents, droppedCommands, overflows } = room.stats
  addPlayCounts(sum, { skippedTicks, droppedEvents, droppedCommands, overflows })
  return sum
}
