/**
 * Runs a motion many times with made-up values, to learn which of its owner's levels it reads and to catch names that do not exist.
 * Only levels that some motion reads are sent to everybody. Called at definition time. A level that a motion reads so rarely that no try
 * finds it throws when it is read (world/input-view.ts).
 */
import { NetError } from '../error.ts'
import { hash32 } from '../math/random.ts'
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
  for (let trial = 0; trial < TRIES; trial++) {
    try {
      entity.motion?.(probeEntity(entity, trial), probeHeld(levels, trial, read, entity.name), dt)
    } catch (error) {
      if (error instanceof NetError) throw error
      const problem = `entities.${entity.name}.motion threw when tried: ${String(error)}.`
      throw new NetError('BAD_DEFINITION', problem, 'A motion must work for every value of its fields.')
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
  const problem = `${place} uses "${String(name)}", which does not exist or is not public.`
  return new NetError('BAD_DEFINITION', problem, `It may use: ${known.join(', ')}.`)
}

function probeEntity(entity: CompiledEntity, trial: number): object {
  const fields = entity.fields.filter(({ field }) => field.visibility === 'public')
  const names = fields.map(({ name }) => name)
  const values = new Map(fields.map(({ name, field, column }) => [name, sampleOf(field, pointOf(trial, column))]))
  const place = `entities.${entity.name}.motion`
  return new Proxy(
    {},
    {
      get(_target, name) {
        if (typeof name === 'string' && values.has(name)) return values.get(name)
        throw unknownName(place, name, names)
      },
      set(_target, name, value) {
        if (typeof name !== 'string' || !values.has(name)) throw unknownName(place, name, names)
        values.set(name, value)
        return true
      },
    },
  )
}

function probeHeld(levels: readonly CompiledLevel[], trial: number, read: Set<string>, type: string): object {
  const open = levels.filter((level) => !level.private)
  const names = [...new Set(open.map((level) => level.name))]
  const madeUp = (level: CompiledLevel) => sampleOf(level.field, pointOf(trial, -1 - level.index))
  return new Proxy(
    {},
    {
      get(_target, name) {
        const parts = open.filter((level) => level.name === name)
        const first = parts[0]
        if (typeof name !== 'string' || first === undefined) {
          throw unknownName(`entities.${type}.motion, of held inputs,`, name, names)
        }
        read.add(name)
        if (first.part === '') return madeUp(first)
        return Object.fromEntries(parts.map((level) => [level.part, madeUp(level)]))
      },
    },
  )
}
