/**
 * The room as a game's page sees it. Types follow from the game's definition; `LiveRoom` (live-room.ts) implements it.
 */
import type {
  Attributes,
  CloseReason,
  EntityId,
  PressKeys,
  ReadonlyAnyView,
  ReadonlyWorldView,
  RecordOf,
  Seat,
  Shape,
} from '@tickmesh/shared'
import type { EventInfo } from './play/event-tracker.ts'
import type { Stall } from './play/stall.ts'
import type { ConnectionState } from './session/session.ts'
import type { RoomStats } from './stats.ts'

/** Ends a subscription. */
export type Unsubscribe = () => void

/** One display frame. */
export interface FrameInfo {
  /** Local time of the frame in ms. */
  readonly nowMs: number
  /** The moment at which own entities are drawn, in ticks. */
  readonly tick: number
  /** The moment at which all others are drawn, in ticks. */
  readonly viewTick: number
  /** The own seat. */
  readonly own: Seat
}

export interface RoomPlayer<A = Attributes> {
  readonly seat: Seat
  readonly attributes: Readonly<A>
}

/** Everything that is to be drawn: a table per entity type. Borrowed until the next frame. */
export type FrameView<S extends Shape> = ReadonlyWorldView<S> & {
  /** An entity of whatever type. */
  find(id: EntityId): ReadonlyAnyView<S> | undefined
}

export interface Room<S extends Shape> {
  readonly id: string
  /** 0 for a spectator. */
  readonly seat: Seat
  /** The newest tick that this client has computed. */
  readonly tick: number
  readonly attributes: Readonly<S['roomAttributes']>
  readonly players: ReadonlyMap<Seat, RoomPlayer<S['playerAttributes']>>
  /** Alive until `leave`, or until nothing leads back into the room. A lost connection alone does not end it: see `connection`. */
  readonly open: boolean
  /** A lost link is dialled again by itself, and the same player goes on: the room, its listeners and this object stay. */
  readonly connection: ConnectionState
  /** Where its server is: in a cluster that is the shard that runs the room, which may change. Empty over a link that was handed in. */
  readonly url: string
  readonly stats: RoomStats
  /** For tools: what the server said last, undrawn and unsmoothed; and the server's clock in ms, as this client believes it. */
  readonly debug: { readonly server: ReadonlyWorldView<S>; readonly serverNowMs: number }
  /** Called for each display frame (in Node: after each tick) with everything that is to be drawn. */
  onFrame(listener: (view: FrameView<S>, frame: FrameInfo) => void): Unsubscribe
  /** An effect to play. Predicted ones come at once, others' at the moment at which others are drawn. Never twice. */
  onEvent<Name extends keyof S['events'] & string>(
    name: Name,
    listener: (values: RecordOf<S['events'][Name]>, info: EventInfo) => void,
  ): Unsubscribe
  /** A predicted effect did not happen. */
  onEventWithdrawn<Name extends keyof S['events'] & string>(
    name: Name,
    listener: (values: RecordOf<S['events'][Name]>) => void,
  ): Unsubscribe
  onMessage<Name extends keyof S['toClient'] & string>(
    name: Name,
    listener: (values: RecordOf<S['toClient'][Name]>) => void,
  ): Unsubscribe
  /** Attributes of the room or of a player changed, or players came or left. */
  onAttributes(listener: () => void): Unsubscribe
  onPlayers(listener: () => void): Unsubscribe
  /** The server is silent and nothing can be predicted (show "reconnecting"), or play goes on after that, or after this machine slept. */
  onStall(listener: (stall: Stall) => void): Unsubscribe
  /** The link was lost and is dialled again (once for each attempt: show "reconnecting"), or play has another one. */
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe
  /** The room ended for this client: it left, the server said so, or no attempt to come back was let in. */
  onClose(listener: (reason: CloseReason) => void): Unsubscribe
  /** Latches a press at the moment of its DOM event, together with what the screen shows. */
  press(name: PressKeys<S['inputs']>, count?: number): void
  /**
   * Applied once, in order, also if the link is lost and if another server goes on with the room. While reconnecting, 256 messages (64 kB) wait; beyond, the
   * oldest are forgotten.
   */
  send<Name extends keyof S['toServer'] & string>(name: Name, values: Partial<RecordOf<S['toServer'][Name]>>): void
  /** Leaves, and resolves when the connection has ended. */
  leave(): Promise<void>
}
