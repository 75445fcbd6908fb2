/** What a room host is made with, and what it counts. */
import type { EpochTriple, Link, LobbyHello, NetErrorCode } from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { PlayCounts } from '../ops/play-counts.ts'
import type { Recording } from '../room/journal-recorder.ts'
import type { SpectatorLimits } from '../room/spectator-limits.ts'
import type { LogHistogram } from '../tick/log-histogram.ts'
import type { TickTimer } from '../tick/tick-timer.ts'
import type { TicketSettings } from './admission.ts'
import type { Authenticate } from './authentication.ts'
import type { Limits } from './limits.ts'
import type { Pipe, RoomDirectory } from './room-directory.ts'
import type { LobbyConnection } from './session.ts'

export const DEFAULT_MAX_ROOMS = 1000

export interface HostOptions {
  readonly timer: TickTimer
  /** For work that strangers cause: must not use up what makes `timer` precise, which is taken by default. */
  readonly choreTimer?: TickTimer
  /** Of all randomness that is not given by `entropy`. Tests pass a fixed one. */
  readonly seed?: number
  /** Gives 32 bits that nobody can guess, for rooms' seeds, ids and tokens. By default a sequence from `seed`, which can be guessed. */
  readonly entropy?: () => number
  /** Checks that a game must pass before it is shipped: ranges, locks, forbidden functions. They cost time. */
  readonly development?: boolean
  /** Computes each tick twice and compares; a difference closes the room, naming the field. */
  readonly syncTest?: boolean
  /** How far back a shot may be judged, and how late a press may come; 500 by default, 1,000 at most. */
  readonly maxRewindMs?: number
  readonly limits?: Partial<Limits>
  /** Rooms at a time; 1,000 by default. */
  readonly maxRooms?: number
  /** A room that is empty for so long ends; 5,000 by default, and a second at most if nobody ever played there. */
  readonly roomIdleMs?: number
  /** A player whose link was lost keeps its seat for so long, and may come back to it; 15,000 by default, and a second at most if it never played. 0: it leaves at once. */
  readonly graceMs?: number
  /** Says who a newcomer is, or refuses it. Not asked for players who come back, nor for those who show a ticket. */
  readonly authenticate?: Authenticate
  /** Lets in who shows a signed ticket; needed for `reserve`. */
  readonly tickets?: TicketSettings
  /** Wall clock for tickets, in ms since 1970; `timer` by default, which only this process knows. */
  readonly wallMs?: () => number
  /** Lets others watch, each with a delay of its choice; left out, nobody may. `{}` takes the defaults. */
  readonly spectators?: Partial<SpectatorLimits>
  /** Asked for each room that is made: where to record its journal. */
  readonly record?: (room: string) => Recording | undefined
  readonly log?: Log
  /** On a shard of a cluster: where rooms are. No room is opened by a join then, but by `openRoom`. */
  readonly directory?: RoomDirectory
  /** On a shard of a cluster: addresses and identities that may not come in; the same set as long as nothing changes. */
  readonly banned?: () => ReadonlySet<string> | undefined
  /** Shows all rooms of a cluster; left out: there is no lobby. */
  readonly lobby?: LobbyDoor
  /** On a shard of a cluster: whether rooms may act now. Asked before each tick and before frames leave, so it must be quick, and make no garbage. */
  readonly mayAct?: () => boolean
  /** A room ended. */
  readonly onRoomEnded?: (room: string) => void
}

/** What a room of a cluster is made with. */
export interface ClusterRoom {
  readonly epoch: EpochTriple
  readonly created: Readonly<Record<string, unknown>>
}

/** See `counts`. */
export interface HostCounts {
  readonly play: PlayCounts
  /** Rooms by overload level, 0 to 3. */
  readonly overload: readonly number[]
  /** Connections by transport. */
  readonly transports: ReadonlyMap<string, number>
  /** Peers dropped, by what they were told. */
  readonly dropped: ReadonlyMap<NetErrorCode, number>
  /** Of ticks; not copies. */
  readonly lateness: LogHistogram
  readonly durations: LogHistogram
}

/** Who takes over connections that want to see the lobby. */
export interface LobbyDoor {
  enter(hello: LobbyHello, link: Link, identity: unknown, connection: LobbyConnection): Pipe
}
