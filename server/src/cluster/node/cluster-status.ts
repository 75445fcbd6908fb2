/** What an operator sees of a shard, gathered from its parts. Called by the node; plain data, for JSON. */
import type { ClusterClock } from '../clock/cluster-clock.ts'
import type { Life } from '../life.ts'
import type { Lobby } from '../lobby/lobby.ts'
import type { Mover } from '../migrate/mover.ts'
import type { ClusterRooms } from '../ring/cluster-rooms.ts'
import type { Standby } from '../standby/standby.ts'
import type { Swim } from '../swim/swim.ts'
import type { Views } from '../view/views.ts'
import type { ClusterStatus } from './cluster-node-api.ts'

export interface StatusParts {
  readonly views: Views
  readonly swim: Swim
  readonly rooms: ClusterRooms
  readonly clock: ClusterClock
  readonly lobby: Lobby
  readonly standby: Standby
  readonly mover: Mover
}

export interface StatusSelf {
  readonly cluster: string
  readonly life: Life
  readonly name: string
  /** Peer messages that were not for this life, or not of their form. */
  readonly refused: number
  readonly singleton: Life | undefined
}

export function statusOf(self: StatusSelf, parts: StatusParts, nowMs: number): ClusterStatus {
  const { views, swim, rooms, clock, lobby } = parts
  const { lives, entries, tombstones, root, alarms } = lobby.status()
  const { packetsSent, packetsReceived, bytesSent, bytesReceived } = swim.counts
  return {
    cluster: self.cluster,
    life: self.life,
    name: self.name,
    views: views.status(nowMs),
    gossip: {
      members: [...swim.members.values()].map(({ name, address, state, incarnation, tags }) => ({
        name,
        address,
        state,
        incarnation,
        tags,
      })),
      awareness: swim.awareness,
      packetsSent,
      packetsReceived,
      bytesSent,
      bytesReceived,
      refused: { ...Object.fromEntries(swim.refused), ...(self.refused > 0 && { peer: self.refused }) },
    },
    rooms: { owned: rooms.owned.size, homed: rooms.homed.size, waiting: rooms.waiting },
    standby: parts.standby.status(nowMs),
    moves: parts.mover.status(),
    clock: {
      stratum: clock.stratum,
      offsetMs: clock.offsetMs(nowMs),
      errorMs: clock.errorMs(nowMs),
      steps: clock.steps,
      peers: clock.peers(nowMs),
    },
    lobby: { lives, entries, tombstones, root, alarms },
    singleton: self.singleton,
  }
}
