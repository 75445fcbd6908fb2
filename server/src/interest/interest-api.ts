/**
 * What a game may say of interest: who sees what, and what that may cost. Part of `Rules`, where it is `Interest` (room/api.ts). Types only.
 */
import type { AnyView, EntityName, Shape } from '@tickmesh/shared'

/**
 * What a player sees, and no more: what is hidden is not in the bytes that its client gets. Its own entities are always seen. What another player holds
 * is hidden while none of its entities is seen. Known to everybody: who is in the room, all attributes, how many ids were given out between two that one
 * sees, and, in the keys of what somebody makes by a press, how often it has pressed.
 * Functions are called within the tick, for each player and snapshot: keep them short, and let them change nothing.
 */
export interface InterestOf<S extends Shape, Room, Player> {
  /** Sees what is near its own entities, or near `center`. Give this, `visible`, or both. */
  readonly grid?: {
    /** The numeric fields that are a position, of all entity types that have both. Types without are seen by their owners only, or `always`. */
    readonly x: string
    readonly y: string
    /** What comes this near enters the view. In the units of the fields. */
    readonly radius: number
    /** What is further away leaves the view; at least `radius`, by default 1.15 times as much, so that nobody flickers at the edge. */
    readonly leaveRadius?: number
    /** Side of a cell, for speed alone: at least a sixteenth of `radius`; by default half of `leaveRadius`. */
    readonly cell?: number
  }
  /** Entity types that everybody sees, wherever they are. */
  readonly always?: readonly EntityName<S>[]
  /** Where a player looks from, in place of its own entities. Undefined: from nowhere. */
  center?(room: Room, viewer: Player): { readonly x: number; readonly y: number } | undefined
  /**
   * Does a player see this entity? Asked for each within the grid's radius; without a grid for each of the room, which costs players x entities calls per
   * snapshot.
   */
  visible?(room: Room, viewer: Player, entity: AnyView<S>): boolean
  /** How much it matters to a player that it hears of this entity; above 0. By default 1, and up to 2 for what is near. It grows with the time waited. */
  priority?(room: Room, viewer: Player, entity: AnyView<S>): number
  /**
   * Does a player get this event? By default: its own; those within `leaveRadius` by fields that are named as the grid's; those that name an entity it sees,
   * or come of a player whose entities it sees; and those of rules that neither name an entity nor have a place.
   */
  hears?(
    room: Room,
    viewer: Player,
    event: keyof S['events'] & string,
    fields: Readonly<Record<string, unknown>>,
  ): boolean
  /**
   * Bytes per second that snapshots to one player may take on average; at least 100, by default 4,000. What does not fit waits, what matters most goes first.
   * Own entities, changes of owner, and what has waited for `maxStalenessMs` go all the same.
   */
  readonly budgetBytesPerSecond?: number
  /** What a player sees of an entity is never older than this, but for what its connection adds. By default 200; at least one snapshot interval. */
  readonly maxStalenessMs?: number
}
