/** The public surface of @tickmesh/server. */

export type { ServeClusterOptions, ServerCluster } from './cluster/net/server-cluster.ts'
export type { ClusterStatus } from './cluster/node/cluster-node-api.ts'
export type { Reserve, TicketSettings } from './gate/admission.ts'
export type { Authenticate, AuthRequest } from './gate/authentication.ts'
export { DEFAULT_ROOM } from './gate/default-room.ts'
export type { HostOptions } from './gate/host-options.ts'
export { DEFAULT_LIMITS, type Limits } from './gate/limits.ts'
export type { AllowedOrigins } from './gate/origins.ts'
export { RoomHost } from './gate/room-host.ts'
export type { PeerInfo } from './gate/session.ts'
export {
  MAX_TICKET_MS,
  makeTickets,
  type Ticket,
  type TicketKey,
  type TicketKeys,
  type TicketRequest,
  type Tickets,
  type TicketsOptions,
} from './gate/tickets.ts'
export type { Log, LogLine } from './ops/log-line.ts'
export type { DrainOptions, OpsOptions } from './ops/operations.ts'
export { type LogLevel, type PinoLogOptions, pinoLog } from './ops/pino-log.ts'
export type { ServerStats } from './ops/server-stats.ts'
export { type StopOptions, type Stoppable, stopOnSignals } from './ops/stop-on-signals.ts'
export { RealTickTimer } from './real-timer.ts'
export type { Interest, Player, PlayerStats, Room, RoomStats, Rules, Suspicion } from './room/api.ts'
export type { Effect, EffectRules } from './room/effect-desk.ts'
export type { Recording } from './room/journal-recorder.ts'
export type { SuspicionKind } from './room/plausibility.ts'
export type { RoomListing } from './room/room-listing.ts'
export { DEFAULT_SPECTATORS, type SpectatorLimits } from './room/spectator-limits.ts'
export type { Timer } from './room/tick-timers.ts'
export { type ServeOptions, type Server, serve } from './serve.ts'
export type { TickTimer } from './tick/tick-timer.ts'
export type { FrontName, TlsFiles } from './transport/front.ts'
export type { WebRtcOptions } from './transport/rtc-transport.ts'
export { WsTransport, type WsTransportOptions } from './transport/ws-transport.ts'
