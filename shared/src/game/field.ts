/**
 * Field types: the words with which a game author declares numbers.
 * A field is kept as a 32-bit integer, its `raw` value; the value that code sees is `raw * step`, so every value lies on the field's grid.
 * Used by defineGame, by the world's views and by the codec.
 */
import { FULL_TEXTS } from '#texts'
import { checkName, wrong } from './checks.ts'

export type FieldKind = 'int' | 'fixed' | 'angle' | 'bool' | 'flags' | 'enumeration' | 'entityRef' | 'float32'

/** Who may know a field: everybody, its entity's owner, or the server alone. */
export type Visibility = 'public' | 'owner' | 'server'

/** An entity's number in its world. 0 (`NO_ENTITY`) is nobody. Never used again while the entity lives. */
export type EntityId = number & { readonly entityId?: never }
export const NO_ENTITY: EntityId = 0

/** A declared number. `Value` is the type that code sees, `V` who may know it. */
export interface Field<Value = unknown, V extends Visibility = Visibility> {
  readonly kind: FieldKind
  readonly visibility: V
  /** Least and greatest raw value, both included. */
  readonly rawMin: number
  readonly rawMax: number
  /** Value of one raw unit. */
  readonly step: number
  /** Raw value of a new entity that does not set the field. */
  readonly initial: number
  /** True if it is drawn between two snapshots; else the older snapshot's value holds until the newer is reached. */
  readonly smooth: boolean
  /** Names of an enumeration's values or of a flag set's bits. */
  readonly names: readonly string[]
  /** Never present: carries the value's type. */
  readonly valueType?: Value
}

export type AnyField = Field<unknown, Visibility>

export interface NumberOptions {
  /** Value of a new entity; 0 if that is in range, else the least value. */
  readonly initial?: number
  /** Whether it is drawn between two snapshots. `fixed`, `angle` and `float32` are by default, `int` is not. */
  readonly smooth?: boolean
}

const INT32_MAX = 2147483647

function numeric(
  kind: 'int' | 'fixed',
  min: number,
  max: number,
  step: number,
  options: NumberOptions,
): Field<number, 'public'> {
  const place = FULL_TEXTS && `${kind}(${min}, ${max}${kind === 'fixed' ? `, ${step}` : ''})`
  if (!(Number.isFinite(min) && Number.isFinite(max) && Number.isFinite(step) && step > 0)) {
    throw wrong(
      FULL_TEXTS && [`${place} needs finite numbers and a step above 0.`, 'Give a range and a positive step.'],
    )
  }
  if (!(min < max))
    throw wrong(FULL_TEXTS && [`${place} has an empty range.`, 'Give a least value below the greatest.'])
  const rawMin = Math.round(min / step)
  const rawMax = Math.round(max / step)
  if (Math.abs(rawMin * step - min) > step * 1e-6 || Math.abs(rawMax * step - max) > step * 1e-6) {
    throw wrong(
      FULL_TEXTS && [
        `${place}: the step does not divide the range.`,
        `Choose ends that are whole multiples of ${step}, or another step.`,
      ],
    )
  }
  if (rawMin < -INT32_MAX || rawMax > INT32_MAX) {
    throw wrong(FULL_TEXTS && [`${place} needs more than 32 bits.`, 'Make the range smaller or the step coarser.'])
  }
  const initial = options.initial ?? (min <= 0 && max >= 0 ? 0 : min)
  if (!(initial >= min && initial <= max))
    throw wrong(FULL_TEXTS && [`${place}: initial ${initial} is out of range.`, 'Choose one within it.'])
  const smooth = options.smooth ?? kind === 'fixed'
  return { kind, visibility: 'public', rawMin, rawMax, step, initial: Math.round(initial / step), smooth, names: [] }
}

/** A whole number from `min` to `max`, both included (within ±2^31-1). */
export function int(min: number, max: number, options: NumberOptions = {}): Field<number, 'public'> {
  if (!(Number.isInteger(min) && Number.isInteger(max))) {
    throw wrong(FULL_TEXTS && [`int(${min}, ${max}) needs whole numbers.`, 'Use fixed(min, max, step) for fractions.'])
  }
  return numeric('int', min, max, 1, options)
}

/**
 * A number on a grid: `min`, `min + step`, ... `max`. Choose the step for the simulation, not for the wire:
 * 1/256 for positions and 1/1024 for velocities are good.
 */
export function fixed(min: number, max: number, step: number, options: NumberOptions = {}): Field<number, 'public'> {
  return numeric('fixed', min, max, step, options)
}

/** An angle in radians, seen in [-PI, PI), in 2^`bits` steps (4 to 24 bits). Any angle may be written: it wraps. */
export function angle(bits: number, options: { readonly smooth?: boolean } = {}): Field<number, 'public'> {
  if (!(Number.isInteger(bits) && bits >= 4 && bits <= 24))
    throw wrong(FULL_TEXTS && [`angle(${bits}) is not possible.`, 'Choose 4 to 24 bits.'])
  const half = 2 ** (bits - 1)
  const step = (2 * Math.PI) / 2 ** bits
  return {
    kind: 'angle',
    visibility: 'public',
    rawMin: -half,
    rawMax: half - 1,
    step,
    initial: 0,
    smooth: options.smooth ?? true,
    names: [],
  }
}

/** True or false. */
export function bool(initial = false): Field<boolean, 'public'> {
  return {
    kind: 'bool',
    visibility: 'public',
    rawMin: 0,
    rawMax: 1,
    step: 1,
    initial: initial ? 1 : 0,
    smooth: false,
    names: [],
  }
}

function checkNames(place: string, names: readonly string[], least: number, most: number): void {
  if (names.length < least || names.length > most) {
    throw wrong(FULL_TEXTS && [`${place} has ${names.length} names.`, `Give ${least} to ${most}.`])
  }
  const odd = names.find((name) => typeof name !== 'string' || name === '')
  if (odd !== undefined)
    throw wrong(FULL_TEXTS && [`${place} has the name "${String(odd)}".`, 'Give texts that are not empty.'])
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw wrong(FULL_TEXTS && [`${place} names "${twice}" twice.`, 'Make the names distinct.'])
}

/** Up to 30 named bits: `flags('shield', 'stunned')` is read and written as `p.state.shield`. */
export function flags<const Names extends readonly string[]>(
  ...names: Names
): Field<{ [K in Names[number]]: boolean }, 'public'> {
  checkNames('flags(...)', names, 1, 30)
  for (const name of names) checkName('flags(...)', name)
  return {
    kind: 'flags',
    visibility: 'public',
    rawMin: 0,
    rawMax: 2 ** names.length - 1,
    step: 1,
    initial: 0,
    smooth: false,
    names,
  }
}

/** One of 2 to 256 names; the first is the initial one. */
export function enumeration<const Names extends readonly string[]>(...names: Names): Field<Names[number], 'public'> {
  checkNames('enumeration(...)', names, 2, 256)
  return {
    kind: 'enumeration',
    visibility: 'public',
    rawMin: 0,
    rawMax: names.length - 1,
    step: 1,
    initial: 0,
    smooth: false,
    names,
  }
}

/** The id of another entity, or `NO_ENTITY`. */
export function entityRef(): Field<EntityId, 'public'> {
  return {
    kind: 'entityRef',
    visibility: 'public',
    rawMin: 0,
    rawMax: INT32_MAX,
    step: 1,
    initial: 0,
    smooth: false,
    names: [],
  }
}

/** A last resort: a 32-bit float. It is dear on the wire and never expected by a motion. */
export function float32(options: { readonly smooth?: boolean } = {}): Field<number, 'public'> {
  return {
    kind: 'float32',
    visibility: 'public',
    rawMin: -INT32_MAX - 1,
    rawMax: INT32_MAX,
    step: 1,
    initial: 0,
    smooth: options.smooth ?? true,
    names: [],
  }
}

/** Known to the entity's owner and the server only. */
export function ownerOnly<Value>(field: Field<Value, 'public'>): Field<Value, 'owner'> {
  return { ...field, visibility: 'owner' }
}

/** Known to the server only: in snapshots and journals, never sent. Reading it in code that is being predicted is an error. */
export function serverOnly<Value>(field: Field<Value, 'public'>): Field<Value, 'server'> {
  return { ...field, visibility: 'server' }
}
