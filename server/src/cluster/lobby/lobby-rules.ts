/**
 * The decisions on which it rests that lobbies converge and show no ghosts, as pure functions of a few values, and the lobby's bounds. `Lobby` takes them
 * as options; the simulation replaces one by a mistake, and must notice.
 */
import type { Life } from '../life.ts'
import { compareViews, memberOf, type View, type ViewId } from '../view/view.ts'
import { compareStamps, type Stamp } from './hybrid-clock.ts'

export interface LobbyRules {
  /** May news of this life, or from it, be taken in? */
  acceptsLife(view: View, life: Life): boolean
  /** Has entry `a` of a life's map (by their sequence numbers) the last word over `b`? */
  newer(a: number, b: number): boolean
  /** Of two concurrent writes to a setting: has `a` the last word? Never true both ways. */
  lastWriter(a: Stamp, b: Stamp): boolean
  /** May a tombstone go? `minAcknowledged`: the least version of its map that any member of the view is known to have. */
  mayCollect(minAcknowledged: number, sequence: number): boolean
  /** Must a peer that has something of a map, as of version `asOf`, be sent it whole? `collected`: the newest tombstone that is gone. */
  mustReset(asOf: number, collected: number): boolean
  /** Is an operation out of turn, given what was delivered of its author? */
  isNext(delivered: number, counter: number): boolean
  /** May what was said in view `theirs` be taken in by a shard in view `mine`? */
  mayFollow(mine: ViewId, theirs: ViewId): boolean
  /** May a missing operation of a life be waived? `holds`: whether each other member said, in this view or a later one, that it holds it (undefined: it said nothing yet). */
  mayWaive(isMember: boolean, holds: readonly (boolean | undefined)[]): boolean
  /** Does what a peer says count as said by a member of this view? */
  counts(mine: ViewId, theirs: ViewId): boolean
}

export const LOBBY_RULES: LobbyRules = {
  acceptsLife: (view, life) => memberOf(view, life) !== undefined,
  newer: (a, b) => a > b,
  lastWriter: (a, b) => compareStamps(a, b) > 0,
  mayCollect: (minAcknowledged, sequence) => sequence <= minAcknowledged,
  mustReset: (asOf, collected) => asOf < collected,
  isNext: (delivered, counter) => counter === delivered + 1,
  mayFollow: (mine, theirs) => compareViews(theirs, mine) <= 0,
  mayWaive: (isMember, holds) => !isMember && holds.every((held) => held === false),
  counts: (mine, theirs) => compareViews(theirs, mine) >= 0,
}

export interface LobbyLimits {
  /** Of one message, packed. */
  readonly maxMessageBytes: number
  /** Entries of one life: rooms and presences; also, for a while up to twice as many tombstones that wait. */
  readonly maxEntries: number
  /** Of one room's attributes, a setting's value. */
  readonly maxValueBytes: number
  /** Keys of settings; subjects of bans. Concurrent writers can pass them by a few. */
  readonly maxSettings: number
  readonly maxBans: number
  /** Lines that a channel keeps, and all channels together. */
  readonly maxLinesPerChannel: number
  readonly maxLines: number
  /** UTF-16 units of a line. */
  readonly maxLineLength: number
  /** Operations kept for peers that lack them; and those that wait for what they depend on. */
  readonly maxLog: number
  readonly maxBuffered: number
  /** Parts of a snapshot of all that several write. */
  readonly maxSnapshotParts: number
  /** Members of a party. */
  readonly maxPartySize: number
  /** Changes of rooms that are remembered for clients. */
  readonly maxChanges: number
  /** How often a random member is asked what it knows. */
  readonly exchangeEveryMs: number
  /** How long own changes wait for others, to travel together. */
  readonly pushAfterMs: number
  /** In larger views changes are pushed to so many random members; the rest is the exchange's. */
  readonly pushTo: number
  /** A peer's clock that is ahead by more is not followed. */
  readonly maxClockAheadMs: number
  /** How long all must have agreed that a removed life's counter matters to nobody, before it is forgotten; longer than any message travels. */
  readonly forgetAfterMs: number
}

export const LOBBY_LIMITS: LobbyLimits = {
  maxMessageBytes: 48 * 1024,
  maxEntries: 20_000,
  maxValueBytes: 1024,
  maxSettings: 256,
  maxBans: 4096,
  maxLinesPerChannel: 200,
  maxLines: 4096,
  maxLineLength: 500,
  maxLog: 2048,
  maxBuffered: 1024,
  maxSnapshotParts: 128,
  maxPartySize: 16,
  maxChanges: 8192,
  exchangeEveryMs: 200,
  pushAfterMs: 20,
  pushTo: 16,
  maxClockAheadMs: 60_000,
  forgetAfterMs: 30_000,
}
