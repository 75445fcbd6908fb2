/**
 * Runs a motion many times with made-up values, to learn which of its owner's levels it reads and to catch names that do not exist.
 * Only levels that some motion reads are sent to everybody. Called at definition time. A level that a motion reads so rarely that no try
 * finds it throws when it is read (world/input-view.ts).
 */
import { FULL_TEXTS } from '#texts'
import { NetError } from '../error.ts'
import { hash32 } from '../math/random.ts'
import { wrong } from './checks.ts'
import type { CompiledEntity, CompiledLevel } from './compiled.ts'
import type { AnyField } from './field.ts'

/** Sample points between the ends of a field's range, so that both sides of most conditions are walked. */
const POINTS = [0.5, 0, 1, 0.25, 0.75, 0.6, 0.4]
/** The first tries give all fields the same point, the others mix them. */
const TRIES = 64

function pointOf(trial: number, place: number): number {
  const index = trial < POINTS.length ? trial : hash32(trial, place, 0, 0) % POINTS.length
  return POINTS[index] ?? 0
}

export function heldLevelsOf(entity: CompiledEntity, levels: readonly CompiledLevel[], dt: number): Set<string> {
  const read = new Set<string>()
  const makeEntity = entityProbe(entity)
  const makeHeld = heldProbe(entity.name, levels, read)
  for (let trial = 0; trial < TRIES; trial++) {
    try {
      entity.motion?.(makeEntity(trial), makeHeld(trial), dt)
    } catch (error) {
      if (error instanceof NetError) throw error
      throw wrong(
        FULL_TEXTS && [
          `entities.${entity.name}.motion threw when tried: ${String(error)}.`,
          'A motion must work for every value of its fields.',
        ],
      )
    }
  }
  return read
}

function sampleOf(field: AnyField, point: number): unknown {
  const raw = Math.round(field.rawMin + (field.rawMax - field.rawMin) * point)
  if (field.kind === 'bool') return raw === 1
  if (field.kind === 'enumeration') return field.names[raw]
  if (field.kind === 'flags') {
    return Object.fromEntries(field.names.map((name, bit) => [name, ((raw >> bit) & 1) === 1]))
  }
  if (field.kind === 'float32') return point
  return raw * field.step
}

function unknownName(place: string, name: string | symbol, known: readonly string[]): NetError {
  return wrong(
    FULL_TEXTS && [
      `${place} uses "${String(name)}", which does not exist or is not public.`,
      `It may use: ${known.join(', ')}.`,
    ],
  )
}

/** A made-up object: the value of each of its names, by place. Games cannot name anything with a `_`. */
class Probe {
  readonly _values: unknown[]
  constructor(values: unknown[]) {
    this._values = values
  }
}

/**
 * A class of objects that know these names, and throw for every other. Accessors of one class, for all tries, since V8 remembers what a motion was
 * called with: a Proxy, or many shapes, would keep it from ever inlining the motion's accesses.
 */
function probeClass(
  place: string,
  names: readonly string[],
  readOnly: boolean,
  onRead?: (name: string) => void,
): typeof Probe {
  const refuse = (_target: object, name: string | symbol): never => {
    throw unknownName(place, name, names)
  }
  class Known extends Probe {}
  names.forEach((name, at) => {
    Object.defineProperty(Known.prototype, name, {
      get(this: Probe) {
        onRead?.(name)
        return this._values[at]
      },
      set(this: Probe, value: unknown) {
        if (!readOnly) this._values[at] = value
      },
    })
  })
  Object.setPrototypeOf(Known.prototype, new Proxy(Object.create(null) as object, { get: refuse, set: refuse }))
  return Known
}

function entityProbe(entity: CompiledEntity): (trial: number) => object {
  const fields = entity.fields.filter(({ field }) => field.visibility === 'public')
  const Known = probeClass(
    `entities.${entity.name}.motion`,
    fields.map(({ name }) => name),
    false,
  )
  return (trial) => new Known(fields.map(({ field, column }) => sampleOf(field, pointOf(trial, column))))
}

function heldProbe(type: string, levels: readonly CompiledLevel[], read: Set<string>): (trial: number) => object {
  const open = levels.filter((level) => !level.private)
  const names = [...new Set(open.map((level) => level.name))]
  const place = `entities.${type}.motion, of held inputs,`
  const Known = probeClass(place, names, true, (name) => read.add(name))
  const parts = names.map((name) => open.filter((level) => level.name === name))
  const classes = parts.map((levelsOf) =>
    probeClass(
      place,
      levelsOf.map(({ part }) => part),
      true,
    ),
  )
  const madeUp = (level: CompiledLevel, trial: number) => sampleOf(level.field, pointOf(trial, -1 - level.index))
  return (trial) =>
    new Known(
      parts.map((levelsOf, at) => {
        const values = levelsOf.map((level) => madeUp(level, trial))
        return levelsOf[0]?.part === '' ? values[0] : new (classes[at] ?? Probe)(values)
      }),
    )
}
