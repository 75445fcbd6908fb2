/** How a node makes its parts from its options: each with what it needs of the others, as functions. Called once per life, by `ClusterNode`. */
import type { CallsMessage } from '../calls/call-messages.ts'
import type { Life } from '../life.ts'
import { Lobby } from '../lobby/lobby.ts'
import type { ListedRoom } from '../lobby/lobby-api.ts'
import type { LobbyMessage } from '../lobby/lobby-messages.ts'
import { LOBBY_LIMITS, LOBBY_RULES } from '../lobby/lobby-rules.ts'
import type { MoveParts } from '../migrate/migrate-api.ts'
import type { MoveMessage } from '../migrate/move-messages.ts'
import { Mover } from '../migrate/mover.ts'
import type { PartHost } from '../part.ts'
import { Jobs } from '../ring/jobs.ts'
import type { RoomKeeper } from '../ring/rooms-api.ts'
import { Standby } from '../standby/standby.ts'
import type { StandbyKeeper } from '../standby/standby-api.ts'
import type { StandbyMessage } from '../standby/standby-messages.ts'
import { Swim } from '../swim/swim.ts'
import type { SwimHost } from '../swim/swim-api.ts'
import { ALL_OF_LIFEGUARD, GAME_TIMES } from '../swim/swim-times.ts'
import { encodeTags } from '../swim/tags.ts'
import type { ViewMessage } from '../view/view-messages.ts'
import { ASK_EVERY_MS, EVIDENCE_MS } from '../view/view-times.ts'
import { Views } from '../view/views.ts'
import type { ViewsEvents } from '../view/views-api.ts'
import type { ClusterNodeHost, ClusterNodeOptions } from './cluster-node-api.ts'
import type { RoomFates } from './room-fates.ts'
import { Services, type ServicesOptions } from './services.ts'

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
  const rules = lobbyRules ?? LOBBY_RULES
  const recovers = ({ state }: ListedRoom) => state !== 'lost'
  return new Lobby({ life, hash, random, clusterNowMs, limits: LOBBY_LIMITS, rules, recovers }, host)
}

export function makeStandby(
  { life, build, holders, standbyMode, standbyRules }: ClusterNodeOptions,
  candidates: (room: string) => readonly Life[],
  keeper: StandbyKeeper,
  host: PartHost<StandbyMessage>,
): Standby {
  const options = { life, build: build ?? '', holders: holders ?? 1, mode: standbyMode ?? 'inputs', candidates }
  return new Standby(options, keeper, host, standbyRules)
}

/** What moves use of the other parts. */
export interface MoverParts {
  readonly rooms: MoveParts['rooms'] & { candidatesFor(room: string): readonly Life[] }
  readonly standby: Standby
  readonly lobby: Lobby
  readonly mayAct: (nowMs: number) => boolean
}

export function makeMover(
  { life, random, holders, moveRules, rebalance }: ClusterNodeOptions,
  { rooms, standby, lobby, mayAct }: MoverParts,
  keeper: ClusterNodeHost,
  host: PartHost<MoveMessage>,
): Mover {
  const isHeld = (room: string) => {
    const others = rooms.candidatesFor(room)
    return holders === 0 || others.length === 0 || others.some((other) => standby.isHolding(room, other))
  }
  const parts: MoveParts = {
    rooms,
    standby: {
      addHolder: (room, to, nowMs) => standby.addHolder(room, to, nowMs),
      isHolding: (room, to) => standby.isHolding(room, to),
      releaseHolder: (room, to, nowMs) => standby.releaseHolder(room, to, nowMs),
      isHeld,
      get held() {
        return standby.held
      },
    },
    mayAct,
  }
  const loadOf = (of: Life) => (of === life ? keeper.load() : lobby.loadOf(of))
  const roomsOf = (of: Life): number => {
    let count = 0
    for (const { owner } of lobby.rooms()) if (owner === of) count++
    return count
  }
  const rules = moveRules && { rules: moveRules }
  return new Mover({ life, random, parts, loadOf, roomsOf, rebalance: rebalance ?? true, ...rules }, keeper, host)
}

export function makeJobs(
  { life, jobRules }: ClusterNodeOptions,
  mayAct: (nowMs: number) => boolean,
  leaseEndMs: () => number,
): Jobs {
  return new Jobs({ life, mayAct, leaseEndMs, ...(jobRules && { rules: jobRules }) })
}

export function makeServices(
  { life, random, maxPlayers = Number.POSITIVE_INFINITY }: ClusterNodeOptions,
  parts: Pick<ServicesOptions, 'lobby' | 'isSingleton' | 'create'>,
  host: PartHost<CallsMessage>,
): Services {
  return new Services({ life, random, maxPlayers, ...parts }, host)
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

/** Rooms are listed as they open, and when they are lost; whoever runs them says more of them to the lobby. */
export function listingKeeper(
  host: ClusterNodeHost,
  lobby: Lobby,
  life: Life,
  fates: RoomFates,
  nowMs: () => number,
): RoomKeeper {
  return {
    open: (id, epoch, attributes) => {
      if (!host.open(id, epoch, attributes)) return false
      const known = lobby.room(id)
      // Its home may have listed the match that was there before as lost.
      if (known?.owner !== life || known.state === 'lost') {
        lobby.put({ id, epoch, state: 'open', players: 0, maxPlayers: 0, attributes: {} })
      }
      return true
    },
    takeOver: (id, epoch) => {
      if (!host.takeOver(id, epoch)) return false
      fates.takenOver(id, epoch)
      return true
    },
    holds: () => host.holds(),
    lost: (id, epoch) => {
      fates.lost(id, epoch, nowMs())
      host.lost(id, epoch)
    },
    close: (id, why) => {
      host.close(id, why)
      lobby.remove(id)
    },
    handedOver: (id, to, url, epoch) => host.handedOver(id, to, url, epoch),
    load: () => host.load(),
    loadOf: (of) => lobby.loadOf(of),
  }
}
