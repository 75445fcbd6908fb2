/** The public surface of @tickmesh/client. */
export { type ConnectOptions, connectWebSocket } from './connection/websocket-link.ts'
export { type JoinOptions, join, joinOver } from './join.ts'
export type { ClientHost } from './play/client-host.ts'
export type { EventInfo } from './play/event-tracker.ts'
export type { Stall } from './play/stall.ts'
export type { FrameInfo, FrameView, Room, RoomPlayer, Unsubscribe } from './room.ts'
export { type SpectateOptions, spectate, spectateOver } from './spectate.ts'
export type { RoomStats } from './stats.ts'
