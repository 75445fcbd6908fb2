/**
 * Checks a game definition and resolves it to numbers. Called by `defineGame` only.
 * Everything that is wrong throws BAD_DEFINITION with the place and the remedy.
 */
import { NetError } from '../error.ts'
import { hashText } from '../wire/hash.ts'
import type { Hitbox } from '../math/hitbox.ts'
import {
  BUILT_IN_COLUMNS,
  type CompiledEntity,
  type CompiledField,
  type CompiledGame,
  type CompiledLevel,
  type CompiledMessage,
  type CompiledPress,
  type CompiledRecord,
  HEADER_COUNTS,
  type PredictRule,
  SEAT_LEVELS,
} from './compiled.ts'
import type { AnyField } from './field.ts'
import { type InputDefinition, toLevel } from './input.ts'
import type { Text } from './message.ts'
import type { LinearMotion } from './motion.ts'
import { heldLevelsOf } from './probe-motion.ts'

type AnyFunction = (...args: never[]) => unknown

/** A definition with its types set aside. */
export interface UntypedDefinition {
  readonly id: string
  readonly tickRate: number
  readonly snapshotRate: number
  readonly maxPlayers?: number
  readonly input: Readonly<Record<string, InputDefinition>>
  readonly entities: Readonly<Record<string, UntypedEntity>>
  readonly events?: Readonly<Record<string, Readonly<Record<string, AnyField>>>>
  readonly commands?: Readonly<Record<string, Readonly<Record<string, AnyField>>>>
  readonly messages?: { readonly toServer?: UntypedMessages; readonly toClient?: UntypedMessages }
  readonly attributes?: { readonly room?: Readonly<Record<string, unknown>>; readonly player?: Readonly<Record<string, unknown>> }
  readonly predict?: PredictRule
  readonly step?: (world: object, ctx: object) => void
  readonly prior?: string
  readonly opaque?: CompiledGame['opaque']
}
type UntypedMessages = Readonly<Record<string, Readonly<Record<string, AnyField | Text>>>>
interface UntypedEntity {
  readonly fields: Readonly<Record<string, AnyField>>
  readonly max?: number
  readonly hitbox?: Hitbox
  readonly motion?: LinearMotion | AnyFunction
  readonly step?: (entity: object, input: object, ctx: object) => void
}

const MAX_FIELDS = 60
const MAX_ENTITY_TYPES = 64
const MAX_INPUTS = 32
const MAX_RECORDS = 64
const MAX_RECORD_FIELDS = 16
const MAX_WORLD_INTS = 4 * 1024 * 1024
/** Names that an entity view has for itself. */
const ENTITY_NAMES = new Set(['id', 'type', 'owner', 'asleep', 'alive', 'teleported', 'ints', 'floats', 'row', 'locked', 'world', 'moveTo', 'constructor'])
const NAME = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/

export function compileGame(definition: UntypedDefinition): CompiledGame {
  checkHead(definition)
  const maxPlayers = definition.maxPlayers ?? 16
  const seatRows = maxPlayers + 1
  const entries = Object.entries(definition.entities)
  checkCount('entities', entries.length, 1, MAX_ENTITY_TYPES)
  const seatBase = HEADER_COUNTS + entries.length
  const { levels, presses } = compileInputs(definition)
  const inputWidth = levels.length + presses.length
  let base = seatBase + (SEAT_LEVELS + inputWidth) * seatRows
  const entities: CompiledEntity[] = []
  for (const [name, entity] of entries) {
    const compiled = compileEntity(definition.id, name, entity, entities.length, base)
    entities.push(compiled)
    base += compiled.columns * compiled.rows
  }
  if (base > MAX_WORLD_INTS) {
    throw wrong(`${definition.id}: a world would take ${base * 4} bytes.`, `Lower \`max\` of the entities; at most ${MAX_WORLD_INTS * 4} bytes.`)
  }
  const events = compileRecords(`${definition.id}.events`, definition.events ?? {})
  const commands = compileRecords(`${definition.id}.commands`, definition.commands ?? {})
  const toServer = compileMessages(`${definition.id}.messages.toServer`, definition.messages?.toServer ?? {})
  const toClient = compileMessages(`${definition.id}.messages.toClient`, definition.messages?.toClient ?? {})
  const tickRate = definition.tickRate
  const unhashed = {
    id: definition.id,
    tickRate,
    snapshotRate: definition.snapshotRate,
    ticksPerSnapshot: tickRate / definition.snapshotRate,
    maxPlayers,
    seatRows,
    seatBase,
    levels: markShared(levels, entities, 1 / tickRate),
    presses,
    inputWidth,
    entities,
    events,
    commands,
    toServer,
    toClient,
    roomAttributes: definition.attributes?.room ?? {},
    playerAttributes: definition.attributes?.player ?? {},
    predict: definition.predict ?? 'own',
    step: definition.step?.bind(definition),
    prior: definition.prior ?? '',
    opaque: definition.opaque,
    worldInts: base,
  }
  return Object.freeze({ ...unhashed, schemaHash: hashText(schemaText(unhashed)) })
}

function wrong(problem: string, remedy: string): NetError {
  return new NetError('BAD_DEFINITION', problem, remedy)
}

function checkCount(place: string, count: number, least: number, most: number): void {
  if (count < least || count > most) throw wrong(`${place} has ${count} entries.`, `Declare ${least} to ${most}.`)
}

function checkName(place: string, name: string): void {
  if (!NAME.test(name)) throw wrong(`${place}: "${name}" is not a usable name.`, 'Use a letter, then letters and digits, 40 at most.')
}

function checkWhole(place: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw wrong(`${place} is ${value}.`, `Give a whole number from ${least} to ${most}.`)
  }
}

function checkHead(definition: UntypedDefinition): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(definition.id)) {
    throw wrong(`id "${definition.id}" is not usable.`, 'Use a to z, 0 to 9 and "-", 40 characters at most.')
  }
  const { id, tickRate, snapshotRate } = definition
  checkWhole(`${id}.tickRate`, tickRate, 1, 240)
  checkWhole(`${id}.snapshotRate`, snapshotRate, 1, 240)
  if (tickRate % snapshotRate !== 0) {
    const divisors = Array.from({ length: tickRate }, (_, index) => index + 1).filter((rate) => tickRate % rate === 0)
    throw wrong(`${id}.snapshotRate ${snapshotRate} does not divide tickRate ${tickRate}.`, `Choose one of ${divisors.join(', ')}.`)
  }
  if (tickRate / snapshotRate > 32) throw wrong(`${id}: more than 32 ticks lie between two snapshots.`, 'Raise snapshotRate.')
  if (definition.maxPlayers !== undefined) checkWhole(`${id}.maxPlayers`, definition.maxPlayers, 1, 1000)
}

function compileInputs(definition: UntypedDefinition): { levels: CompiledLevel[]; presses: CompiledPress[] } {
  const levels: CompiledLevel[] = []
  const presses: CompiledPress[] = []
  for (const [name, input] of Object.entries(definition.input)) {
    const place = `${definition.id}.input`
    checkName(place, name)
    if (input.kind === 'press') {
      presses.push({ name, index: presses.length })
      continue
    }
    const level = toLevel(input)
    for (const { name: part, field } of level.parts) {
      if (field.visibility !== 'public') throw wrong(`${place}.${name} is hidden like an entity's field.`, 'Use privateInput(...) for inputs.')
      if (field.kind === 'flags' || field.kind === 'float32') {
        throw wrong(`${place}.${name} is of kind ${field.kind}.`, 'Use bool, int, fixed, angle or enumeration for inputs.')
      }
      levels.push({ name, part, field, index: levels.length, shared: false, private: level.private })
    }
  }
  checkCount(`${definition.id}.input`, levels.length + presses.length, 0, MAX_INPUTS)
  return { levels, presses }
}

function compileEntity(gameId: string, name: string, entity: UntypedEntity, index: number, base: number): CompiledEntity {
  const place = `${gameId}.entities.${name}`
  checkName(`${gameId}.entities`, name)
  const max = entity.max ?? 256
  checkWhole(`${place}.max`, max, 1, 16384)
  const names = Object.keys(entity.fields)
  checkCount(`${place}.fields`, names.length, 0, MAX_FIELDS)
  const rows = max + 1
  const fields = Object.entries(entity.fields).map(([fieldName, field], at): CompiledField => {
    checkName(`${place}.fields`, fieldName)
    if (ENTITY_NAMES.has(fieldName)) throw wrong(`${place}.fields.${fieldName} is a name that every entity has already.`, 'Rename the field.')
    const column = BUILT_IN_COLUMNS + at
    return { name: fieldName, field, column, offset: base + column * rows }
  })
  checkHitbox(place, entity, entity.hitbox)
  const motion = entity.motion === undefined ? undefined : compileMotion(place, entity)
  const step = entity.step?.bind(entity)
  return { name, index, max, rows, base, columns: BUILT_IN_COLUMNS + fields.length, fields, hitbox: entity.hitbox, motion, linear: linearPairs(entity), step }
}

/** Only called when the motion was found to be right. */
function linearPairs(entity: UntypedEntity): CompiledEntity['linear'] {
  if (entity.motion === undefined || typeof entity.motion === 'function') return []
  const names = Object.keys(entity.fields)
  return entity.motion.pairs.map(([position, velocity]) => ({ position: names.indexOf(position), velocity: names.indexOf(velocity) }))
}

function checkHitbox(place: string, entity: UntypedEntity, hitbox: Hitbox | undefined): void {
  if (hitbox === undefined) return
  const used = [hitbox.x, hitbox.y, hitbox.dimensions === 3 ? hitbox.z : undefined, hitbox.angle]
  for (const name of used) {
    if (name === undefined) continue
    const field = entity.fields[name]
    if (field === undefined) throw wrong(`${place}.hitbox reads the field "${name}", which does not exist.`, `Declare it, or name one of: ${Object.keys(entity.fields).join(', ')}.`)
    if (field.visibility !== 'public') throw wrong(`${place}.hitbox reads "${name}", which is not public.`, 'Hitboxes are public: make it a public field.')
  }
}

function compileMotion(place: string, entity: UntypedEntity): CompiledEntity['motion'] {
  const motion = entity.motion
  if (typeof motion === 'function') return motion.bind(entity) as unknown as CompiledEntity['motion']
  const pairs = motion?.pairs ?? []
  if (pairs.length === 0) throw wrong(`${place}.motion moves nothing.`, "Name pairs: linear(['x', 'vx']).")
  for (const name of pairs.flat()) {
    const field = entity.fields[name]
    if (field === undefined) throw wrong(`${place}.motion names the field "${name}", which does not exist.`, `Name one of: ${Object.keys(entity.fields).join(', ')}.`)
    if (field.visibility !== 'public') throw wrong(`${place}.motion names "${name}", which is not public.`, 'A motion is run by everybody: make it a public field.')
    if (field.kind !== 'int' && field.kind !== 'fixed' && field.kind !== 'angle') throw wrong(`${place}.motion names "${name}" of kind ${field.kind}.`, 'Use int, fixed or angle.')
  }
  return linearMotion(pairs)
}

/** Clamps to the fields' ranges, so it never errs in development. */
function linearMotion(pairs: LinearMotion['pairs']): CompiledEntity['motion'] {
  return (entity, _held, dt) => {
    const values = entity as Record<string, number> & { moveTo(name: string, value: number): void }
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i]
      if (pair !== undefined) values.moveTo(pair[0], (values[pair[0]] ?? 0) + (values[pair[1]] ?? 0) * dt)
    }
  }
}

function markShared(levels: readonly CompiledLevel[], entities: readonly CompiledEntity[], dt: number): CompiledLevel[] {
  const read = new Set<string>()
  for (const entity of entities) {
    if (entity.motion !== undefined) for (const name of heldLevelsOf(entity, levels, dt)) read.add(name)
  }
  return levels.map((level) => ({ ...level, shared: !level.private && read.has(level.name) }))
}

function compileRecords(place: string, records: Readonly<Record<string, Readonly<Record<string, AnyField>>>>): CompiledRecord[] {
  const entries = Object.entries(records)
  checkCount(place, entries.length, 0, MAX_RECORDS)
  return entries.map(([name, fields], index) => {
    checkName(place, name)
    checkCount(`${place}.${name}`, Object.keys(fields).length, 0, MAX_RECORD_FIELDS)
    return { name, index, fields: Object.entries(fields).map(([fieldName, field]) => ({ name: fieldName, field })) }
  })
}

function compileMessages(place: string, messages: UntypedMessages): CompiledMessage[] {
  const entries = Object.entries(messages)
  checkCount(place, entries.length, 0, MAX_RECORDS)
  return entries.map(([name, fields], index) => {
    checkName(place, name)
    checkCount(`${place}.${name}`, Object.keys(fields).length, 0, MAX_RECORD_FIELDS)
    return { name, index, fields: Object.entries(fields).map(([fieldName, field]) => ({ name: fieldName, field })) }
  })
}

function fieldText(field: AnyField | Text): unknown[] {
  if (field.kind === 'text') return ['text', field.maxLength]
  return [field.kind, field.visibility, field.rawMin, field.rawMax, field.step, field.smooth, ...field.names]
}

/** All that two sides must have in common to understand each other's bytes. Functions are not part of it. */
function schemaText(game: Omit<CompiledGame, 'schemaHash'>): string {
  const records = (list: readonly (CompiledRecord | CompiledMessage)[]) => list.map((record) => [record.name, record.fields.map(({ name, field }) => [name, fieldText(field)])])
  return JSON.stringify([
    game.id,
    game.tickRate,
    game.snapshotRate,
    game.maxPlayers,
    game.prior,
    game.levels.map((level) => [level.name, level.part, level.shared, level.private, fieldText(level.field)]),
    game.presses.map((press) => press.name),
    game.entities.map((entity) => [entity.name, entity.max, entity.motion !== undefined, entity.fields.map(({ name, field }) => [name, fieldText(field)])]),
    records(game.events),
    records(game.commands),
    records(game.toServer),
    records(game.toClient),
  ])
}
