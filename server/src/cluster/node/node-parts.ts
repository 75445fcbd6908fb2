/** How a node makes its parts from its options: each with what it needs of the others, as functions. Called once per life, by `ClusterNode`. */
import type { Life } from '../life.ts'
import { Lobby } from '../lobby/lobby.ts'
import type { LobbyMessage } from '../lobby/lobby-messages.ts'
import { LOBBY_LIMITS, LOBBY_RULES } from '../lobby/lobby-rules.ts'
import type { PartHost } from '../part.ts'
import type { RoomKeeper } from '../ring/rooms-api.ts'
import { Swim } from '../swim/swim.ts'
import type { SwimHost } from '../swim/swim-api.ts'
import { ALL_OF_LIFEGUARD, GAME_TIMES } from '../swim/swim-times.ts'
import { encodeTags } from '../swim/tags.ts'
import type { ViewMessage } from '../view/view-messages.ts'
import { ASK_EVERY_MS, EVIDENCE_MS } from '../view/view-times.ts'
import { Views } from '../view/views.ts'
import type { ViewsEvents } from '../view/views-api.ts'
import type { ClusterNodeHost, ClusterNodeOptions } from './cluster-node-api.ts'

/** What gossip says of a shard's state. */
export type TagStatus = 'joining' | 'ready' | 'draining' | 'leaving'

export function tagsOf(options: ClusterNodeOptions, status: TagStatus): Record<string, string> {
  const { cluster, life, schema, self } = options
  const { url, zone, weight } = self
  const capacity = String(options.capacity ?? weight)
  return { role: 'tickmesh', cluster, life, url, zone, schema, capacity, status }
}

export function makeViews(options: ClusterNodeOptions, host: PartHost<ViewMessage>, events: ViewsEvents): Views {
  const { cluster, life, self, founding, memory, rules, times, random, wallMs } = options
  const fixed = { askEveryMs: ASK_EVERY_MS, evidenceMs: EVIDENCE_MS }
  return new Views({ cluster, life, self, founding, memory, rules, times, random, wallMs, ...fixed }, host, events)
}

export function makeLobby(
  { life, hash, random, lobbyRules }: ClusterNodeOptions,
  clusterNowMs: () => number,
  host: PartHost<LobbyMessage>,
): Lobby {
  return new Lobby({ life, hash, random, clusterNowMs, limits: LOBBY_LIMITS, rules: lobbyRules ?? LOBBY_RULES }, host)
}

export function makeSwim(
  options: ClusterNodeOptions,
  host: ClusterNodeHost,
  memberChanged: SwimHost['memberChanged'],
): Swim {
  const { self, random, wallMs } = options
  // The longest status that comes later: what does not fit is to be said now.
  encodeTags(tagsOf(options, 'draining'))
  return new Swim(
    {
      name: self.name,
      address: self.address,
      tags: tagsOf(options, 'joining'),
      times: GAME_TIMES,
      lifeguard: ALL_OF_LIFEGUARD,
      random,
      incarnation: Math.max(1, Math.floor(wallMs() / 1000)),
    },
    {
      sendPacket: (to, packet) => host.sendGossip(to, packet),
      exchange: (to, request, id) => host.exchangeGossip(to, request, id),
      memberChanged,
      note: (event, message) => host.note(event, message),
    },
  )
}

/** Rooms are listed as they open; whoever runs them says more of them to the lobby. */
export function listingKeeper(host: ClusterNodeHost, lobby: Lobby, life: Life): RoomKeeper {
  return {
    open: (id, epoch, attributes) => {
      if (!host.open(id, epoch, attributes)) return false
      if (lobby.room(id)?.owner !== life) {
        lobby.put({ id, epoch, state: 'open', players: 0, maxPlayers: 0, attributes: {} })
      }
      return true
    },
    close: (id, why) => {
      host.close(id, why)
      lobby.remove(id)
    },
    load: () => host.load(),
    loadOf: (of) => lobby.loadOf(of),
  }
}
