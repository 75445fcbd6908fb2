/** What shards and bots in processes of their own say to whoever forked them, and are told. Times are the machine's (machine-ms.ts). */
import type { Report } from '../child.ts'
import type { ClientTally, Gap } from './match-bot.ts'

export interface ShardSetup {
  /** As `serve({ cluster })` takes it. */
  readonly cluster: object
}

export type ShardOrder =
  | { readonly order: 'ended'; readonly life: string }
  | { readonly order: 'move'; readonly room: string; readonly to: string }
  | { readonly order: 'tallies' }
  | { readonly order: 'drain' }
  | { readonly order: 'stop' }

/** What happened at a shard: a line of its log, a room that was made or restored, at which tick. */
export interface ShardEvent extends Report {
  readonly report: 'event'
  readonly event: string
  readonly message: string
  readonly room: string
  readonly tick: number
  readonly atMs: number
}

export interface ShardStatus extends Report {
  readonly report: 'status'
  readonly atMs: number
  readonly url: string
  readonly address: string
  readonly life: string
  readonly view: number
  readonly members: readonly string[]
  readonly hasLease: boolean
  /** Rooms that it runs, and whether others hold them. */
  readonly rooms: readonly { readonly id: string; readonly isHeld: boolean }[]
  /** Moves that are under way, or wait. */
  readonly moving: number
  /** Differences that its replays met. */
  readonly diverged: number
  readonly takenOver: number
  readonly replayMs: number
}

/** What the worlds of a shard hold of a player. */
export interface SeatTally {
  readonly room: string
  readonly seat: number
  /** Presses that are done with. */
  readonly presses: number
  /** Of them, those that were refused, as far as this shard knows. */
  readonly refused: number
  /** Messages that were applied. */
  readonly messages: number
}

export type ShardReport =
  | ShardEvent
  | ShardStatus
  | (Report & { readonly report: 'moved'; readonly room: string; readonly outcome: string; readonly ms: number })
  | (Report & { readonly report: 'tallies'; readonly seats: readonly SeatTally[] })

export interface BotsSetup {
  readonly urls: readonly string[]
  /** A bot in each: a room may be named more than once. */
  readonly rooms: readonly string[]
  readonly seed: number
}

export type BotsOrder =
  | { readonly order: 'gaps' }
  | { readonly order: 'quiet'; readonly quiet: boolean }
  | { readonly order: 'tallies' }
  | { readonly order: 'stop' }

export type BotsReport =
  | (Report & { readonly report: 'ready' })
  | (Report & { readonly report: 'gaps'; readonly gaps: readonly Gap[]; readonly connected: number })
  | (Report & { readonly report: 'tallies'; readonly bots: readonly ClientTally[] })
