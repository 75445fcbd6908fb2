/**
 * Inputs: what one player intends in one tick. Levels (axes, angles, held buttons) hold until they change; presses are counted,
 * so that none is lost between two ticks or to a late packet.
 */
import { type AnyField, bool, type Field, fixed } from './field.ts'

/** A counted press. In a step it reads as the number of presses that this tick applies: 0 almost always, else mostly 1. */
export interface Press {
  readonly kind: 'press'
  readonly private: boolean
}

/** A level made of one field, or of two (`x` and `y`). */
export interface Level<Value = unknown, Private extends boolean = boolean> {
  readonly kind: 'level'
  readonly private: Private
  readonly parts: readonly { readonly name: string; readonly field: AnyField }[]
  readonly valueType?: Value
}

export interface Axis2 {
  x: number
  y: number
}

/** Any public field serves as a level too: `aim: angle(12)`, `weapon: int(0, 3)`, `sprint: bool()`. */
export type InputDefinition = Press | Level | Field<unknown, 'public'>

/** -1 to 1 in steps of 1/127. */
export function axis(): Level<number, false> {
  return { kind: 'level', private: false, parts: [{ name: '', field: fixed(-1, 1, 1 / 127) }] }
}

/** Two axes, read as `input.move.x` and `input.move.y`. */
export function axis2(): Level<Axis2, false> {
  const field = fixed(-1, 1, 1 / 127)
  return {
    kind: 'level',
    private: false,
    parts: [
      { name: 'x', field },
      { name: 'y', field },
    ],
  }
}

/** A button that is down or not. */
export function button(): Level<boolean, false> {
  return { kind: 'level', private: false, parts: [{ name: '', field: bool() }] }
}

/** A press, counted. */
export function press(): Press {
  return { kind: 'press', private: false }
}

/** Never shown to other players, and so not to `motion`, which they run too. */
export function privateInput<Value>(level: Level<Value, false> | Field<Value, 'public'>): Level<Value, true> {
  return { ...toLevel<Value>(level), private: true }
}

/** The level that an input definition stands for. */
export function toLevel<Value>(definition: Level<Value> | Field<Value, 'public'>): Level<Value> {
  if (definition.kind === 'level') return definition
  return { kind: 'level', private: false, parts: [{ name: '', field: definition }] }
}
