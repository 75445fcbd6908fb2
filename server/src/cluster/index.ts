/** The protocols of the cluster as pure code, `@tickmesh/server/cluster`: for simulations, benches and tools. Servers use `serve({ cluster })`. */
export { drawLife, isLife, type Life } from './life.ts'
export { Lobby, type LobbyOptions, type LobbyStatus } from './lobby/lobby.ts'
export type { ChatLine, ListedRoom, LobbyApi, OwnRoom, Party, PartyApi, Presence } from './lobby/lobby-api.ts'
export { type LobbyMessage, parseLobbyMessage } from './lobby/lobby-messages.ts'
export { LOBBY_LIMITS, LOBBY_RULES, type LobbyLimits, type LobbyRules } from './lobby/lobby-rules.ts'
export { ClusterNode } from './node/cluster-node.ts'
export type {
  ClusterNodeApi,
  ClusterNodeHost,
  ClusterNodeOptions,
  ClusterStatus,
  GossipMember,
  PeerEnvelope,
} from './node/cluster-node-api.ts'
export { NODE_RULES, type NodeRules } from './node/node-rules.ts'
export type { PeerLane } from './part.ts'
export { ClusterRooms } from './ring/cluster-rooms.ts'
export { JOB_RULES, type JobRules } from './ring/jobs.ts'
export { parseRoomMessage, type RoomMessage } from './ring/room-messages.ts'
export { ROOM_RULES, type RoomRules } from './ring/room-rules.ts'
export type { CreateRequest, LocateAnswer, RoomKeeper, RoomPlace } from './ring/rooms-api.ts'
export { parseAddress } from './swim/addresses.ts'
export type { NodeState } from './swim/messages.ts'
export { OUR_VERSIONS } from './swim/messages.ts'
export { Swim } from './swim/swim.ts'
export type { Lifeguard, SwimHost, SwimOptions, SwimTimes } from './swim/swim-api.ts'
export { ALL_OF_LIFEGUARD, GAME_TIMES, LAN_TIMES, NO_LIFEGUARD } from './swim/swim-times.ts'
export { encodeTags } from './swim/tags.ts'
export { compareEpochs, compareViews, majorityOf, memberOf, oldestOf, type RoomEpoch, type View } from './view/view.ts'
export type { ViewMessage } from './view/view-messages.ts'
export { type LeaseTimes, VIEW_RULES, type ViewRules } from './view/view-rules.ts'
export { ASK_EVERY_MS, EVIDENCE_MS, LEASE_TIMES } from './view/view-times.ts'
export { Views } from './view/views.ts'
export type { Founding, SelfDescription, ViewMemory } from './view/views-api.ts'
