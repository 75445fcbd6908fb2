/** What a room host is made with, and what it counts. */
import { type EpochTriple, type Link, type LobbyHello, NetError, type NetErrorCode } from '@tickmesh/shared'
import type { Log } from '../ops/log-line.ts'
import type { PlayCounts } from '../ops/play-counts.ts'
import type { Recording } from '../room/journal-recorder.ts'
import type { SpectatorLimits } from '../room/spectator-limits.ts'
import type { StandbyLine } from '../room/standby-line.ts'
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
  /** On a shard of a cluster: cluster time. Looked at once for each room, whose clients then have that time. */
  readonly clusterMs?: () => number
  /** On a shard of a cluster: of the game's code, for those who stand by. */
  readonly build?: string
  /** All effects of a room that ended are done, or are given up: nobody needs to stand by for it any more. */
  readonly onEffectsDone?: (room: string) => void
  /** A room ended. */
  readonly onRoomEnded?: (room: string) => void
}

/** What a room of a cluster is made with. */
export interface ClusterRoom {
  readonly epoch: EpochTriple
  readonly created: Readonly<Record<string, unknown>>
  /** Where its records go, if others are to stand by for it. */
  readonly standby?: StandbyLine
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

const MAX_REWIND_MS = 1000
const MAX_GRACE_MS = 600_000

/** For how long seats are kept. Throws BAD_ARGUMENT if that, or how far shots are judged back, is out of range. */
export function checkedGraceMs({ maxRewindMs = 500, graceMs = 15_000 }: HostOptions): number {
  if (!(maxRewindMs >= 0 && maxRewindMs <= MAX_REWIND_MS)) {
    throw new NetError('BAD_ARGUMENT', `maxRewindMs is ${maxRewindMs}.`, `Give 0 to ${MAX_REWIND_MS}.`)
  }
  if (!(graceMs >= 0 && graceMs <= MAX_GRACE_MS)) {
    throw new NetError('BAD_ARGUMENT', `graceMs is ${graceMs}.`, `Give 0 to ${MAX_GRACE_MS}.`)
  }
  return graceMs
}

/** What all rooms of a host have in common. */
export function roomSettings(options: HostOptions) {
  return {
    development: options.development ?? false,
    syncTest: options.syncTest ?? false,
    maxRewindMs: options.maxRewindMs ?? 500,
    idleMs: options.roomIdleMs ?? 5000,
    build: options.build,
    timer: options.timer,
    mayAct: options.mayAct,
  } as const
}
