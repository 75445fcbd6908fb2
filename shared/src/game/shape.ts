/**
 * Type inference: how the types of a game's code follow from its one definition. No runtime code.
 */
import type { EntityId, Field, Visibility } from './field.ts'
import type { InputDefinition, Level, Press } from './input.ts'
import type { Text } from './message.ts'

export type Fields = Record<string, Field<unknown, Visibility>>
export type Inputs = Record<string, InputDefinition>
export type Records = Record<string, Fields>
export type Messages = Record<string, Record<string, Field<unknown, Visibility> | Text>>
/** Plain data that msgpack can carry. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }
export type Attributes = Record<string, unknown>

/** Everything that the types of one game depend on. */
export interface Shape {
  readonly inputs: Inputs
  readonly events: Records
  readonly commands: Records
  readonly entities: Records
  readonly toServer: Messages
  readonly toClient: Messages
  readonly roomAttributes: Attributes
  readonly playerAttributes: Attributes
  readonly opaque: unknown
}

export type ValueOf<F> = F extends Field<infer Value, Visibility> ? Value : F extends Text ? string : never
export type RecordOf<R> = { -readonly [K in keyof R]: ValueOf<R[K]> }
/** What `spawn` and `emit` take: any of the fields, the rest is as declared. Flags may be given in part. */
export type InitOf<F> = {
  readonly [K in keyof F]?: F[K] extends Field<infer Value, Visibility>
    ? Value extends object
      ? Partial<Value>
      : Value
    : never
}

/** A player's place in a room: 1 to `maxPlayers`. 0 (`NO_SEAT`) is nobody. */
export type Seat = number & { readonly seat?: never }

/** What every entity has besides its fields. */
export interface EntityBase<Name extends string = string> {
  readonly id: EntityId
  readonly type: Name
  /** The player who steers it, or 0. May be written: ownership moves between ticks. */
  owner: Seat
  /** An entity that is asleep is not stepped and costs nothing. */
  asleep: boolean
  /** False from the moment it is despawned. */
  readonly alive: boolean
  /** Says that its place changed by a jump: it is not drawn as a slide. */
  teleported(): void
}

export type EntityView<Name extends string, F> = EntityBase<Name> & RecordOf<F>
export type ReadonlyEntityView<Name extends string, F> = Readonly<Omit<EntityBase<Name>, 'teleported'>> & {
  readonly [K in keyof F]: ValueOf<F[K]>
}

type PublicKeys<F> = { [K in keyof F]: F[K] extends Field<unknown, 'public'> ? K : never }[keyof F]
/** What `motion` may read and write: the public fields. */
export type MotionView<F> = RecordOf<Pick<F, PublicKeys<F>>>

type InputValue<I> = I extends Press ? number : I extends Level<infer Value> ? Value : ValueOf<I>
/** The names of the presses. */
export type PressKeys<I> = Exclude<keyof I, LevelKeys<I>> & string
type LevelKeys<I> = { [K in keyof I]: I[K] extends Press ? never : K }[keyof I]
type HeldKeys<I> = {
  [K in keyof I]: I[K] extends Press ? never : I[K] extends Level<unknown, infer P> ? (true extends P ? never : K) : K
}[keyof I]
/** One player's input of one tick, as a step reads it. A press reads as how many presses this tick applies. */
export type InputView<I> = { readonly [K in keyof I]: Readonly<InputValue<I[K]>> }
/** The levels that everybody may know. */
export type HeldView<I> = { readonly [K in HeldKeys<I>]: Readonly<InputValue<I[K]>> }
/** What a client's `sample` gives: levels as they are now; presses as how many since the last sample, or whether. */
export type InputSample<I> = { readonly [K in LevelKeys<I>]?: Readonly<InputValue<I[K]>> } & {
  readonly [K in Exclude<keyof I, LevelKeys<I>>]?: number | boolean
}

/** The entities of one type, in order of their ids. */
export interface EntityTable<View> extends Iterable<View> {
  readonly count: number
  /** The entity at `index` (0 to count - 1). Throws BAD_ARGUMENT outside. */
  at(index: number): View
  get(id: EntityId): View | undefined
}

export type EntityName<S extends Shape> = keyof S['entities'] & string
export type ViewOf<S extends Shape, Name extends EntityName<S>> = EntityView<Name, S['entities'][Name]>
export type AnyView<S extends Shape> = { [Name in EntityName<S>]: ViewOf<S, Name> }[EntityName<S>]
export type ReadonlyViewOf<S extends Shape, Name extends EntityName<S>> = ReadonlyEntityView<Name, S['entities'][Name]>

/** An entity of any type; its `type` tells which. */
export type ReadonlyAnyView<S extends Shape> = { [Name in EntityName<S>]: ReadonlyViewOf<S, Name> }[EntityName<S>]

/** The world as a step sees it: a table per entity type. */
export type WorldView<S extends Shape> = { readonly [Name in EntityName<S>]: EntityTable<ViewOf<S, Name>> }
export type ReadonlyWorldView<S extends Shape> = {
  readonly [Name in EntityName<S>]: EntityTable<ReadonlyViewOf<S, Name>>
}

/** A past moment, as one player's screen showed it. Never alters the present. The result is borrowed until the next call of `seenBy`. */
export interface SeenWorld<S extends Shape> {
  readonly world: ReadonlyWorldView<S>
  /** First entity with a hitbox on a 2D ray from `from`'s place (or `origin`), never `from` itself. */
  raycast(from: EntityBase, angle: number, options?: RayOptions<S>): RayHit<S> | undefined
  /** The same in 3D; the direction need not have length 1. */
  raycast3(from: EntityBase, dx: number, dy: number, dz: number, options?: RayOptions<S>): RayHit<S> | undefined
  /** Calls `visit` for each entity whose hitbox touches the circle (2D) or sphere (3D, with `z`). */
  within(x: number, y: number, radius: number, visit: (id: EntityId, type: EntityName<S>) => void, z?: number): void
}

export interface RayOptions<S extends Shape> {
  /** How far the ray reaches, in world units. */
  readonly maxDistance?: number
  /** Entity types to look at; all that have a hitbox by default. */
  readonly types?: readonly EntityName<S>[]
  /** Where it starts, instead of `from`'s place. */
  readonly origin?: { readonly x: number; readonly y: number; readonly z?: number }
}

export interface RayHit<S extends Shape = Shape> {
  readonly id: EntityId
  readonly type: EntityName<S>
  readonly distance: number
  readonly x: number
  readonly y: number
  readonly z: number
}

/** What a step may do besides writing fields. */
export interface StepContext<S extends Shape> {
  /** The tick that is being computed. */
  readonly tick: number
  /** Seconds of one tick. */
  readonly dt: number
  readonly world: WorldView<S>
  /** True on a client that runs ahead of the server. */
  readonly predicting: boolean
  /** The world's opaque state (`opaque` in the definition). */
  readonly opaque: S['opaque']
  /** Runs the entity's own `motion` for this tick. */
  move(entity: EntityBase): void
  /** The player's input of this tick (neutral for seat 0 or an empty seat). */
  inputOf(seat: Seat): InputView<S['inputs']>
  /**
   * An effect: predicted at once, confirmed or withdrawn later, never played twice. Of one kind, 16 for each player and tick (or press) are predicted;
   * further ones come from the server only.
   */
  emit<Name extends keyof S['events'] & string>(name: Name, fields: InitOf<S['events'][Name]>): void
  /** Something that only the server may decide. Does nothing on a client. */
  command<Name extends keyof S['commands'] & string>(name: Name, fields: InitOf<S['commands'][Name]>): void
  /**
   * A new entity, stepped from the next tick on. A full table gives a view that nobody will see. Views are borrowed for the tick: keep the `id`, and
   * look it up in the next. 16 for each player and tick (or press) are predicted.
   */
  spawn<Name extends EntityName<S>>(
    type: Name,
    fields?: InitOf<S['entities'][Name]> & { readonly owner?: Seat },
  ): ViewOf<S, Name>
  despawn(entity: EntityBase): void
  /** The world as the screen of `entity`'s owner showed it at the press (or tick) that is being applied. */
  seenBy(entity: EntityBase): SeenWorld<S>
  /** Uniform in [0, 1): a hash of the public seed, tick, entity and call; the same on server and client. */
  random(): number
  /** Uniform in [0, 1), unknown to clients. Throws SERVER_ONLY in code that is being predicted. */
  secretRandom(): number
}
