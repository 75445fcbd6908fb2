/**
 * Motions: how an entity moves by itself in one tick. Ready-made ones, and the form of a game's own.
 * One function serves three: the step builds on it, the codec expects it, a starved client extrapolates with it.
 */
import type { HeldView, Inputs, MotionView } from './shape.ts'

/** One tick on its own: a pure function of the entity's public fields and its owner's held levels. `dt` is in seconds. */
export type MotionFunction<F, I extends Inputs> = (entity: MotionView<F>, held: HeldView<I>, dt: number) => void

/** A ready-made motion: each pair's first field moves by its second, per second. */
export interface LinearMotion<Name extends string = string> {
  readonly kind: 'linear'
  readonly pairs: readonly (readonly [position: Name, velocity: Name])[]
}

/** Uniform motion: `linear(['x', 'vx'], ['y', 'vy'])`. A position that leaves its field's range stays at its edge. */
export function linear<const Name extends string>(
  ...pairs: readonly (readonly [position: Name, velocity: Name])[]
): LinearMotion<Name> {
  return { kind: 'linear', pairs }
}
