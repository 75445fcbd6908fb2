/** The protocols of the cluster as pure code, `@tickmesh/server/cluster`: for simulations, benches and tools. Servers use `serve({ cluster })`. */
export { HostedRooms } from './hosting/hosted-rooms.ts'
export type { HostedRoom, HostingCounts, HostingLife, KeptHost } from './hosting/hosting-api.ts'
export { RoomGate, type RoomSource } from './hosting/room-gate.ts'
export type { ShardKeeper } from './hosting/shard-keeper.ts'
export { drawLife, isLife, type Life } from './life.ts'
export { Lobby, type LobbyOptions, type LobbyStatus } from './lobby/lobby.ts'
export type { ChatLine, ListedRoom, LobbyApi, OwnRoom, Party, PartyApi, Presence } from './lobby/lobby-api.ts'
export { type LobbyMessage, parseLobbyMessage } from './lobby/lobby-messages.ts'
export { LOBBY_LIMITS, LOBBY_RULES, type LobbyLimits, type LobbyRules } from './lobby/lobby-rules.ts'
export type { Halt, MigrationsApi, MoveKeeper, MoveOutcome, MoveParts, MoveStatus } from './migrate/migrate-api.ts'
export { MOVE_RULES, MOVE_TIMES, type MoveRules, type MoveTimes } from './migrate/migrate-rules.ts'
export { Migrations } from './migrate/migrations.ts'
export { MovePlanner } from './migrate/move-planner.ts'
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
export type { CreateRequest, HeldClaim, LocateAnswer, RoomKeeper, RoomPlace } from './ring/rooms-api.ts'
export { Standby } from './standby/standby.ts'
export type {
  HeldRoom,
  JournalSource,
  StandbyApi,
  StandbyKeeper,
  StandbyReplica,
  StandbyStatus,
} from './standby/standby-api.ts'
export { parseStandbyMessage, type StandbyMessage } from './standby/standby-messages.ts'
export { STANDBY_RULES, type StandbyRules } from './standby/standby-rules.ts'
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
