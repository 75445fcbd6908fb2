/**
 * `defineGame`: the one definition from which server, client, codec and types all follow.
 * Checks everything at once, and throws BAD_DEFINITION naming the place and the remedy.
 */
import type { Hitbox } from '../math/hitbox.ts'
import { compileGame } from './compile.ts'
import type { CompiledGame } from './compiled.ts'
import type { LinearMotion, MotionFunction } from './motion.ts'
import type {
  Attributes,
  EntityView,
  Fields,
  Inputs,
  InputView,
  Messages,
  ReadonlyAnyView,
  ReadonlyWorldView,
  Records,
  Seat,
  Shape,
  StepContext,
  WorldView,
} from './shape.ts'

/** The parts of a definition, as one type. */
export interface GameShape<
  I extends Inputs,
  E extends Records,
  Ev extends Records,
  C extends Records,
  Ts extends Messages,
  Tc extends Messages,
  Ra extends Attributes,
  Pa extends Attributes,
  O = undefined,
> extends Shape {
  readonly inputs: I
  readonly entities: E
  readonly events: Ev
  readonly commands: C
  readonly toServer: Ts
  readonly toClient: Tc
  readonly roomAttributes: Ra
  readonly playerAttributes: Pa
  readonly opaque: O
}

/** One instance per world. */
export interface OpaqueState<O> {
  create(): O
  save(state: O): Uint8Array
  load(state: O, bytes: Uint8Array): void
}

export interface EntityDefinition<Name extends string, F extends Fields, S extends Shape> {
  /** At most 60 fields. */
  readonly fields: F
  /** Most entities of this type that live at once (1 to 16,384); 256 by default. A table's memory is taken at the start. */
  readonly max?: number
  /** What rays and shapes can hit; reads `x`, `y` (and `z`) unless it names other fields. */
  readonly hitbox?: Hitbox
  /** How it moves by itself in one tick. */
  readonly motion?: MotionFunction<F, S['inputs']> | LinearMotion<keyof F & string>
  /** One tick. Without a step, an entity is moved by its `motion`. */
  step?(entity: EntityView<Name, F>, input: InputView<S['inputs']>, ctx: StepContext<S>): void
}

/**
 * Which entities a client computes ahead of the server, and so draws in its own present. All others it draws in the past, where shots are judged.
 * Predicted code reads what is not predicted as of the newest snapshot, advanced by its `motion`; it cannot write it.
 *
 * - `'own'` (default): what the player owns. Own motion is corrected only where others touch it. Costs one step of few entities a tick. What is shot at
 *   is hit where it was drawn.
 * - `'all'`: everything, with what the others held last. Contacts look tight, since both sides of one are drawn at the same moment; every change of somebody's
 *   input is a correction of that player, smoothed. Shots at others are judged at the present, not as drawn. Costs a step of the whole world for each tick
 *   between the newest snapshot and the present, at each snapshot. The game's own `step(world, ctx)` runs on clients only in this mode.
 * - a function of an entity, the own seat and the world as of that tick: between the two, such as own entities, the ball, and who is near. It must follow from
 *   these alone, is asked per entity and tick (keep it cheap), and what changes sides is drawn as a slide of a quarter of a second, not as a jump. Of what nobody
 *   owns and emits events or spawns, predict all or nothing: keys count per seat and tick.
 */
export type Predict<S extends Shape = Shape> =
  | 'own'
  | 'all'
  | ((entity: ReadonlyAnyView<S>, seat: Seat, world: ReadonlyWorldView<S>) => boolean)

export interface GameDefinition<
  I extends Inputs,
  E extends Records,
  Ev extends Records,
  C extends Records,
  Ts extends Messages,
  Tc extends Messages,
  Ra extends Attributes,
  Pa extends Attributes,
  O,
  S extends Shape = GameShape<I, E, Ev, C, Ts, Tc, Ra, Pa, O>,
> {
  /** Short and stable: a to z, 0 to 9, `-`. Both sides must agree on it. */
  readonly id: string
  /** Simulation steps a second, 1 to 240. */
  readonly tickRate: number
  /** Snapshots a second; divides `tickRate`. */
  readonly snapshotRate: number
  /** Seats of a room, 1 to 1,000; 16 by default. */
  readonly maxPlayers?: number
  /** At most 32 levels and presses. */
  readonly input: I
  readonly entities: { readonly [Name in keyof E]: EntityDefinition<Name & string, E[Name], S> }
  readonly events?: Ev
  readonly commands?: C
  readonly messages?: { readonly toServer?: Ts; readonly toClient?: Tc }
  /** Slow, structured data: the initial values, which also give the types. */
  readonly attributes?: { readonly room?: Ra; readonly player?: Pa }
  /** `'own'` by default: what the player owns. */
  readonly predict?: NoInfer<Predict<S>>
  /**
   * Ticks by which a player's inputs take effect later on every screen, the own one included; 0 by default, 30 at most. Trades immediacy for less prediction:
   * three ticks at 60 Hz are hardly felt, and a player 50 ms away then needs next to no corrections. A page may choose another (`join`). The server needs not know.
   */
  readonly inputDelayTicks?: number
  /** What is not per entity; runs after the entities' steps, on the server and (with `predict: 'all'`) on clients. */
  step?(world: WorldView<S>, ctx: StepContext<S>): void
  /** What the codec expects at the start of each frame, as `npm run bench -- train` writes it for a game. Part of the schema. */
  readonly prior?: string
  /** State that is not in fields, such as a physics engine's. Types that are predicted must rebuild from their fields: on a client it is not rolled back. */
  readonly opaque?: OpaqueState<O>
}

/** A checked game. `S` carries the types of its code. */
export interface Game<S extends Shape = Shape> extends CompiledGame {
  /** Never present: carries the types. */
  readonly shape?: S
}

/** The types of a game, for code that stands beside its definition: `type Arena = ShapeOf<typeof arena>`. */
export type ShapeOf<G> = G extends Game<infer S> ? S : never

type None = Record<never, never>

/** Checks a definition and makes it ready to run. Throws BAD_DEFINITION naming the place and the remedy. */
export function defineGame<
  const I extends Inputs,
  const E extends Records,
  const Ev extends Records = None,
  const C extends Records = None,
  const Ts extends Messages = None,
  const Tc extends Messages = None,
  Ra extends Attributes = None,
  Pa extends Attributes = None,
  O = undefined,
>(definition: GameDefinition<I, E, Ev, C, Ts, Tc, Ra, Pa, O>): Game<GameShape<I, E, Ev, C, Ts, Tc, Ra, Pa, O>> {
  return compileGame(definition as unknown as Parameters<typeof compileGame>[0])
}
