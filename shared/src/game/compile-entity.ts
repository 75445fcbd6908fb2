/**
 * Checks an entity type of a definition and gives its columns their places. Called by `compileGame` only.
 */
import { FULL_TEXTS } from '#texts'
import type { Hitbox } from '../math/hitbox.ts'
import { checkCount, checkField, checkName, checkWhole, entriesOf, wrong } from './checks.ts'
import { BUILT_IN_COLUMNS, type CompiledEntity, type CompiledField } from './compiled.ts'
import type { AnyField, FieldKind } from './field.ts'
import { linearMotion } from './linear-motion.ts'
import type { LinearMotion } from './motion.ts'

type AnyFunction = (...args: never[]) => unknown

/** An entity type with its types set aside. */
export interface UntypedEntity {
  readonly fields: Readonly<Record<string, AnyField>>
  readonly max?: number
  readonly hitbox?: Hitbox
  readonly motion?: LinearMotion | AnyFunction
  readonly step?: (entity: object, input: object, ctx: object) => void
}

const MAX_FIELDS = 60
const MAX_ROWS = 16384
/** Names that the view of an entity has for itself. */
const TAKEN = new Set('id type owner asleep alive teleported ints floats row locked world'.split(' '))
const PLACING: readonly FieldKind[] = ['int', 'fixed', 'angle', 'float32']
const MOVING: readonly FieldKind[] = ['int', 'fixed', 'angle']

export function compileEntity(
  gameId: string,
  name: string,
  entity: UntypedEntity,
  index: number,
  base: number,
): CompiledEntity {
  checkName(`${gameId}.entities`, name)
  const place = `${gameId}.entities.${name}`
  const max = entity.max ?? 256
  checkWhole(`${place}.max`, max, 1, MAX_ROWS)
  const rows = max + 1
  const fields = compileFields(`${place}.fields`, entity.fields, base, rows)
  const { hitbox } = entity
  if (hitbox !== undefined) checkHitbox(place, entity, hitbox)
  const linear = typeof entity.motion === 'object' ? linearPairs(place, entity, entity.motion, fields) : []
  return {
    name,
    index,
    max,
    rows,
    base,
    columns: BUILT_IN_COLUMNS + fields.length,
    fields,
    hitbox,
    motion: linear.length > 0 ? linearMotion(fields, linear) : ownMotion(place, entity),
    linear,
    step: entity.step?.bind(entity),
  }
}

function compileFields(
  place: string,
  declared: Readonly<Record<string, AnyField>>,
  base: number,
  rows: number,
): CompiledField[] {
  const entries = entriesOf(place, declared)
  checkCount(place, entries.length, 0, MAX_FIELDS)
  return entries.map(([name, field], at) => {
    checkName(place, name, TAKEN)
    checkField(`${place}.${name}`, field)
    const column = BUILT_IN_COLUMNS + at
    return { name, field, column, offset: base + column * rows }
  })
}

/** Checks a field that `part` of an entity reads by name. */
function checkUse(place: string, part: string, entity: UntypedEntity, name: string, kinds: readonly FieldKind[]): void {
  const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined
  if (field === undefined) {
    throw wrong(
      FULL_TEXTS && [
        `${place}.${part} names the field "${name}", which does not exist.`,
        `Name one of: ${Object.keys(entity.fields).join(', ')}.`,
      ],
    )
  }
  if (field.visibility !== 'public') {
    throw wrong(
      FULL_TEXTS && [
        `${place}.${part} names "${name}", which is not public.`,
        'Everybody computes it: make it a public field.',
      ],
    )
  }
  if (!kinds.includes(field.kind)) {
    throw wrong(
      FULL_TEXTS && [`${place}.${part} names "${name}" of kind ${field.kind}.`, `Use one of: ${kinds.join(', ')}.`],
    )
  }
}

function checkHitbox(place: string, entity: UntypedEntity, hitbox: Hitbox): void {
  const used = [hitbox.x, hitbox.y, hitbox.dimensions === 3 ? hitbox.z : undefined, hitbox.angle]
  for (const name of used) if (name !== undefined) checkUse(place, 'hitbox', entity, name, PLACING)
}

function linearPairs(
  place: string,
  entity: UntypedEntity,
  motion: LinearMotion,
  fields: readonly CompiledField[],
): CompiledEntity['linear'] {
  const pairs = motion?.pairs ?? []
  if (pairs.length === 0)
    throw wrong(FULL_TEXTS && [`${place}.motion moves nothing.`, "Name pairs: linear(['x', 'vx'])."])
  for (const name of pairs.flat()) checkUse(place, 'motion', entity, name, MOVING)
  const placeOf = (name: string) => fields.findIndex((field) => field.name === name)
  return pairs.map(([position, velocity]) => ({ position: placeOf(position), velocity: placeOf(velocity) }))
}

function ownMotion(place: string, entity: UntypedEntity): CompiledEntity['motion'] {
  const { motion } = entity
  if (motion === undefined) return undefined
  if (typeof motion === 'function') return motion.bind(entity) as unknown as CompiledEntity['motion']
  throw wrong(FULL_TEXTS && [`${place}.motion is ${String(motion)}.`, 'Give a function, or linear(...).'])
}
