/**
 * Checks the inputs of a definition and resolves them to levels and presses. Called by `compileGame` only.
 */
import { FULL_TEXTS } from '#texts'
import { checkCount, checkField, checkName, entriesOf, wrong } from './checks.ts'
import type { CompiledEntity, CompiledLevel, CompiledPress } from './compiled.ts'
import { type InputDefinition, toLevel } from './input.ts'
import { heldLevelsOf } from './probe-motion.ts'

const MAX_INPUTS = 32
/** Names that the view of a seat has for itself. */
const TAKEN = new Set(['ints', 'floats', 'row', 'locked', 'world'])

export interface CompiledInputs {
  readonly levels: CompiledLevel[]
  readonly presses: CompiledPress[]
}

export function compileInputs(gameId: string, inputs: Readonly<Record<string, InputDefinition>>): CompiledInputs {
  const levels: CompiledLevel[] = []
  const presses: CompiledPress[] = []
  for (const [name, input] of entriesOf(`${gameId}.input`, inputs)) {
    checkName(`${gameId}.input`, name, TAKEN)
    if (input?.kind === 'press') presses.push({ name, index: presses.length })
    else levels.push(...levelParts(`${gameId}.input.${name}`, name, input, levels.length))
  }
  checkCount(`${gameId}.input`, levels.length + presses.length, 0, MAX_INPUTS)
  return { levels, presses }
}

function levelParts(
  place: string,
  name: string,
  input: Exclude<InputDefinition, { kind: 'press' }>,
  first: number,
): CompiledLevel[] {
  if (input?.kind !== 'level') checkField(place, input)
  const level = toLevel(input)
  return level.parts.map(({ name: part, field }, at) => {
    if (field.visibility !== 'public') {
      throw wrong(FULL_TEXTS && [`${place} is hidden like an entity's field.`, 'Use privateInput(...) for inputs.'])
    }
    if (field.kind === 'flags' || field.kind === 'float32') {
      throw wrong(
        FULL_TEXTS && [`${place} is of kind ${field.kind}.`, 'Use bool, int, fixed, angle or enumeration for inputs.'],
      )
    }
    return { name, part, field, index: first + at, shared: false, private: level.private }
  })
}

/** Marks the levels that some motion reads: they are sent to everybody. */
export function markShared(
  levels: readonly CompiledLevel[],
  entities: readonly CompiledEntity[],
  dt: number,
): CompiledLevel[] {
  const read = new Set<string>()
  for (const entity of entities) {
    if (entity.motion === undefined || entity.linear.length > 0) continue
    for (const name of heldLevelsOf(entity, levels, dt)) read.add(name)
  }
  return levels.map((level) => ({ ...level, shared: !level.private && read.has(level.name) }))
}
