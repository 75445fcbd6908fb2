/**
 * What a game's rules see of the server: rooms, players, and the hooks that a game may have. Types only.
 * Rules run inside a room's tick, before or after the steps; they never run on a client, and never reach a browser bundle.
 */
import type {
  AnyView,
  CloseReason,
  EntityBase,
  EntityId,
  EntityName,
  InitOf,
  RecordOf,
  Seat,
  Shape,
  ViewOf,
  WorldView,
} from '@tickmesh/shared'
import type { InterestOf } from '../interest/interest-api.ts'
import type { EffectRules } from './effect-desk.ts'
import type { SuspicionKind } from './plausibility.ts'
import type { RoomListing } from './room-listing.ts'
import type { Timer } from './tick-timers.ts'

/** What the values of a message between server and client are by name. */
type MessageOf<S extends Shape, Way extends 'toServer' | 'toClient', Name extends keyof S[Way]> = RecordOf<S[Way][Name]>

/** What a room says of itself. A copy: reading it costs nothing in ticks. */
export interface RoomStats {
  readonly tick: number
  /** Those who have a seat, those who are away included. */
  readonly players: number
  /** Players whose link was lost, and whose seat is kept for them. */
  readonly away: number
  /** Those who watch; all other figures are without them. */
  readonly spectators: number
  /** Messages of the game that spectators sent: they were ignored. */
  readonly spectatorMessagesIgnored: number
  /** Entities that live. */
  readonly entities: number
  /** 0: all is well; 1 and 2: snapshots are thinned; 3: overloaded. */
  readonly overload: number
  /** How late the tick that is being computed, or was last, began. */
  readonly tickLatenessMs: number
  /** How late ticks of this room began, all in all. */
  readonly tickLatenessP99Ms: number
  readonly tickDurationMeanMs: number
  /** Ticks by which the timeline was shifted, as the process could not keep up. */
  readonly skippedTicks: number
  readonly framesSent: number
  readonly framesSkipped: number
  readonly bytesSent: number
  /** Bodies that were encoded: fewer than frames, as clients share them. */
  readonly bodiesEncoded: number
  readonly droppedEvents: number
  readonly droppedCommands: number
  /** Entities that did not fit into their table. */
  readonly overflows: number
}

export interface PlayerStats {
  readonly rttMs: number
  readonly jitterMs: number
  /** How early inputs usually come. Negative: late. */
  readonly marginMs: number
  readonly lateInputs: number
  /** Inputs that were ignored: too far ahead, or too old. */
  readonly ignoredInputs: number
  /** Messages that gave other content to a tick that had come already. */
  readonly contradictedInputs: number
  readonly clampedStamps: number
  readonly refusedPresses: number
  /** Presses faster than a hand. They count all the same. */
  readonly fastPresses: number
  /** Messages that claimed to draw others longer ago than is possible. */
  readonly excessDelays: number
  /** Acknowledgements of snapshots that were never sent. */
  readonly inventedAcks: number
  /** Messages to it that were dropped while it was away: more than wait. */
  readonly lostMessages: number
  /** Sent to this player, over its time in the room. */
  readonly bytesPerSecond: number
  readonly framesSkipped: number
}

/**
 * Something that an honest client seldom does. What cannot be was clamped or refused already; a bad network makes some of these too, so judge by
 * `share`: docs/limits.md says what honest players reach. At most one of a kind per player and tick.
 */
export interface Suspicion {
  /**
   * - stamp-clamped: a shot or an input claimed a view that cannot have been.
   * - press-refused: a press came too late, or too many at once.
   * - input-ignored: an input for a tick too far ahead, or long over.
   * - press-too-fast: a button pressed more than 20 times a second: no hand, maybe a wheel.
   * - delay-too-long: it claims to draw others longer ago than its link explains.
   * - ack-impossible: it acknowledged a snapshot that was never sent.
   * - input-contradicts: it sent an input again with other content.
   */
  readonly kind: SuspicionKind
  readonly tick: number
  /** The player's total of this kind. */
  readonly count: number
  /**
   * What part of the last 5 seconds' was so, 0 to 1, of at least ten: of stamps (of shots' by themselves, if that is more), of presses, or of
   * input messages. What a bad network explains has no part in it: presses and inputs that came too late, stamps older than `maxRewindMs`, stamps of
   * links that stall.
   */
  readonly share: number
  /** By how much at worst: milliseconds (stamps, delay), presses, or ticks (input-ignored, ack-impossible). 0: the network explains it. */
  readonly amount: number
}

export interface Player<S extends Shape = Shape> {
  readonly seat: Seat
  /** Unique in the server's life. */
  readonly id: string
  readonly attributes: Readonly<S['playerAttributes']>
  /** Merged into the attributes; everybody hears of it with the next tick. */
  setAttributes(patch: Partial<S['playerAttributes']>): void
  /** Plain data that the client gave to `join`: unchecked, so look before you use it. */
  readonly options: unknown
  /** What `authenticate` gave back, or the ticket said: who this is, as far as the server has checked. Undefined if it checks nobody. */
  readonly identity: unknown
  /** False while its link is lost and the seat is kept for it: inputs are neutral, and `send` waits (the last 64 messages, 64 kB). */
  readonly connected: boolean
  readonly stats: PlayerStats
}

export interface Room<S extends Shape = Shape> {
  readonly id: string
  /** The tick that is being computed, or was last. */
  readonly tick: number
  readonly world: WorldView<S>
  readonly players: ReadonlyMap<Seat, Player<S>>
  readonly attributes: Readonly<S['roomAttributes']>
  /** Merged into the attributes; everybody hears of it with the next tick. */
  setAttributes(patch: Partial<S['roomAttributes']>): void
  /** What whoever created the room in the lobby asked for: plain data, unchecked, so look before you use it. Empty if it came into being by a join. */
  readonly options: Readonly<Record<string, unknown>>
  /** How the cluster's lobby shows this room, merged into what was said before; by default open, or full when no seat is free. Told to others a few times a second. */
  list(listing: RoomListing): void
  /**
   * A new entity, stepped from the next steps on. A full table gives a view that nobody will see. Views are borrowed for the tick: keep the
   * `id`, and `find` it in the next.
   */
  spawn<Name extends EntityName<S>>(
    type: Name,
    fields?: InitOf<S['entities'][Name]> & { readonly owner?: Seat },
  ): ViewOf<S, Name>
  despawn(entity: EntityBase): void
  find(id: EntityId): AnyView<S> | undefined
  /** An effect that everybody sees who is in the room already (not who is just joining). */
  emit<Name extends keyof S['events'] & string>(event: Name, fields: InitOf<S['events'][Name]>): void
  send<Name extends keyof S['toClient'] & string>(
    player: Player<S>,
    message: Name,
    values: MessageOf<S, 'toClient', Name>,
  ): void
  /** To all players; spectators hear it when their delay is over. */
  broadcast<Name extends keyof S['toClient'] & string>(message: Name, values: MessageOf<S, 'toClient', Name>): void
  /** Runs once, `ms` from now, rounded to ticks, at least one. A function does not survive if another shard goes on with the room: see `schedule`. */
  after(ms: number, run: () => void): Timer
  /** Runs again and again. It does not survive either: see `scheduleEvery`. */
  every(ms: number, run: () => void): Timer
  /** As `after`, and it survives: runs `rules.timers[name]` with `data`, which are plain data of at most 1 kB packed. */
  schedule(name: string, ms: number, data?: unknown): Timer
  scheduleEvery(name: string, ms: number, data?: unknown): Timer
  /**
   * Something to be done outside of the match, such as to write down a score: `rules.effects[name]` runs once nothing can undo this tick any more, at least once, here or on
   * the shard that goes on with the room. `data`: plain data of at most 4 kB packed. Throws BAD_STATE if 256 of this room are not done yet.
   */
  effect(name: string, data?: unknown): void
  /** In [0, 1), from the room's secret seed. */
  random(): number
  /** Tells a player something that its game should show: a `notice` of kind `warning`. */
  warn(player: Player<S>, message: string): void
  /** Ends a player's connection, and its time in the room; the message is shown to it. */
  kick(player: Player<S>, message: string): void
  /** Ends the room after this tick: players are told, hooks run. */
  close(message?: string): void
  readonly stats: RoomStats
}

/** What each player is shown of the world, and what that may cost. */
export type Interest<S extends Shape = Shape> = InterestOf<S, Room<S>, Player<S>>

type CommandRules<S extends Shape> = {
  readonly [Name in keyof S['commands']]: (room: Room<S>, values: RecordOf<S['commands'][Name]>) => void
}

/** What the server decides. A hook that throws closes its room, and no other; onJoin and a message rule only their player. */
export type Rules<S extends Shape = Shape> = {
  onCreate?(room: Room<S>): void
  /** Before the player's first tick: spawn here. To turn the player away throw `new NetError('JOIN_REFUSED', why, remedy)`. */
  onJoin?(room: Room<S>, player: Player<S>): void
  /** After it the player's entities are despawned (unless `keepEntities`), and the seat is free. */
  onLeave?(room: Room<S>, player: Player<S>, reason: CloseReason): void
  /**
   * Its link was lost. The seat and its entities are kept for `graceMs`; then onLeave follows. Also called, with `REPLACED`, before the onReconnect of a
   * player who came back while its old link still lived.
   */
  onDisconnect?(room: Room<S>, player: Player<S>, reason: CloseReason): void
  /** The same player is there again, perhaps on a page that was loaded anew. It knows the world, and all attributes. */
  onReconnect?(room: Room<S>, player: Player<S>): void
  onDispose?(room: Room<S>): void
  /**
   * Another shard ran this room until now, and this one goes on with it: called before the first tick here, in the place of onCreate. World, players, attributes, timers
   * with names and `random` are as they were; what rules kept beside them, and `after` and `every`, are not.
   */
  onRestore?(room: Room<S>): void
  /** The server stops: nobody new comes in, and after `ms` everything ends. A game may end its match before that, and `room.close()` then. */
  onDrain?(room: Room<S>, ms: number): void
  /** Before the steps of each tick. */
  onTick?(room: Room<S>): void
  /** Called for each command of the tick's steps, once, in order, after all steps. */
  readonly messages?: {
    readonly [Name in keyof S['toServer']]?: (
      room: Room<S>,
      player: Player<S>,
      values: MessageOf<S, 'toServer', Name>,
    ) => void
  }
  /** What `room.schedule` and `room.scheduleEvery` run, by name. */
  readonly timers?: Readonly<Record<string, (room: Room<S>, data: unknown) => void>>
  /**
   * What `room.effect` does on the outside, by name. Not within ticks, and at least once: whoever is told must drop an `id` that it has had. What throws or rejects is
   * tried again after 1 s, 2 s, and so on up to 30 s.
   */
  readonly effects?: EffectRules
  onSuspicion?(room: Room<S>, player: Player<S>, what: Suspicion): void
  /** Entities of a player who left stay, and belong to nobody. */
  readonly keepEntities?: boolean
  /** What each player is shown of the world. Left out: everything, which is cheapest while there is little. */
  readonly interest?: Interest<S>
} & (keyof S['commands'] extends never
  ? { readonly commands?: CommandRules<S> }
  : { readonly commands: CommandRules<S> })
