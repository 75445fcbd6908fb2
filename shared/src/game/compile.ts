/**
 * Checks a game definition and resolves it to numbers. Called by `defineGame` only.
 * Everything that is wrong throws BAD_DEFINITION with the place and the remedy.
 */
import { FULL_TEXTS } from '#texts'
import { hashText } from '../wire/hash.ts'
import { checkCount, checkField, checkName, checkWhole, entriesOf, wrong } from './checks.ts'
import { compileEntity, type UntypedEntity } from './compile-entity.ts'
import { compileInputs, markShared } from './compile-input.ts'
import {
  type CompiledEntity,
  type CompiledGame,
  type CompiledMessage,
  type CompiledRecord,
  HEADER_COUNTS,
  type PredictRule,
  SEAT_LEVELS,
} from './compiled.ts'
import type { AnyField } from './field.ts'
import type { InputDefinition } from './input.ts'
import type { Text } from './message.ts'

/** A definition with its types set aside. */
export interface UntypedDefinition {
  readonly id: string
  readonly tickRate: number
  readonly snapshotRate: number
  readonly maxPlayers?: number
  readonly input: Readonly<Record<string, InputDefinition>>
  readonly entities: Readonly<Record<string, UntypedEntity>>
  readonly events?: UntypedRecords<AnyField>
  readonly commands?: UntypedRecords<AnyField>
  readonly messages?: {
    readonly toServer?: UntypedRecords<MessageField>
    readonly toClient?: UntypedRecords<MessageField>
  }
  readonly attributes?: {
    readonly room?: Readonly<Record<string, unknown>>
    readonly player?: Readonly<Record<string, unknown>>
  }
  readonly predict?: PredictRule
  readonly inputDelayTicks?: number
  readonly step?: (world: object, ctx: object) => void
  readonly prior?: string
  readonly opaque?: CompiledGame['opaque']
}
type MessageField = AnyField | Text
type UntypedRecords<F> = Readonly<Record<string, Readonly<Record<string, F>>>>

const MAX_ENTITY_TYPES = 64
const MAX_RECORDS = 64
const MAX_RECORD_FIELDS = 16
const MAX_WORLD_INTS = 4 * 1024 * 1024

export function compileGame(definition: UntypedDefinition): CompiledGame {
  checkHead(definition)
  const { id, tickRate, snapshotRate, maxPlayers = 16 } = definition
  const seatRows = maxPlayers + 1
  const { levels, presses } = compileInputs(id, definition.input)
  const inputWidth = levels.length + presses.length
  const types = entriesOf(`${id}.entities`, definition.entities)
  checkCount(`${id}.entities`, types.length, 1, MAX_ENTITY_TYPES)
  const seatBase = HEADER_COUNTS + types.length
  const { entities, worldInts } = compileEntities(id, types, seatBase + (SEAT_LEVELS + inputWidth) * seatRows)
  const unhashed = {
    id,
    tickRate,
    snapshotRate,
    ticksPerSnapshot: tickRate / snapshotRate,
    maxPlayers,
    seatRows,
    seatBase,
    levels: markShared(levels, entities, 1 / tickRate),
    presses,
    inputWidth,
    entities,
    events: compileRecords(`${id}.events`, definition.events, checkPublic),
    commands: compileRecords(`${id}.commands`, definition.commands, checkPublic),
    toServer: compileRecords(`${id}.messages.toServer`, definition.messages?.toServer, checkMessageField),
    toClient: compileRecords(`${id}.messages.toClient`, definition.messages?.toClient, checkMessageField),
    roomAttributes: definition.attributes?.room ?? {},
    playerAttributes: definition.attributes?.player ?? {},
    predict: definition.predict ?? 'own',
    inputDelayTicks: definition.inputDelayTicks ?? 0,
    step: definition.step?.bind(definition),
    prior: definition.prior ?? '',
    code: [definition.step, ...types.flatMap(([, type]) => [type.step, type.motion])],
    opaque: definition.opaque,
    worldInts,
  }
  return Object.freeze({ ...unhashed, schemaHash: hashText(schemaText(unhashed)) })
}

function checkHead(definition: UntypedDefinition): void {
  const { id, tickRate, snapshotRate, maxPlayers, predict, inputDelayTicks } = definition
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,39}$/.test(id)) {
    throw wrong(
      FULL_TEXTS && [`id "${String(id)}" is not usable.`, 'Use a to z, 0 to 9 and "-", 40 characters at most.'],
    )
  }
  checkWhole(`${id}.tickRate`, tickRate, 1, 240)
  checkWhole(`${id}.snapshotRate`, snapshotRate, 1, 240)
  if (tickRate % snapshotRate !== 0) {
    throw wrong(
      FULL_TEXTS && [
        `${id}.snapshotRate ${snapshotRate} does not divide tickRate ${tickRate}.`,
        `Choose one of ${divisorsOf(tickRate).join(', ')}.`,
      ],
    )
  }
  if (tickRate / snapshotRate > 32) {
    throw wrong(
      FULL_TEXTS && [
        `${id}.snapshotRate ${snapshotRate}: more than 32 ticks lie between two snapshots.`,
        'Raise snapshotRate.',
      ],
    )
  }
  if (maxPlayers !== undefined) checkWhole(`${id}.maxPlayers`, maxPlayers, 1, 1000)
  if (inputDelayTicks !== undefined) checkWhole(`${id}.inputDelayTicks`, inputDelayTicks, 0, 30)
  if (predict !== undefined && predict !== 'own' && predict !== 'all' && typeof predict !== 'function') {
    throw wrong(
      FULL_TEXTS && [
        `${id}.predict is ${String(predict)}.`,
        `Give 'own', 'all', or a function of an entity, a seat and the world.`,
      ],
    )
  }
}

function divisorsOf(rate: number): number[] {
  return Array.from({ length: rate }, (_, index) => index + 1).filter((divisor) => rate % divisor === 0)
}

function compileEntities(
  id: string,
  types: readonly [string, UntypedEntity][],
  tablesAt: number,
): { entities: CompiledEntity[]; worldInts: number } {
  const entities: CompiledEntity[] = []
  let base = tablesAt
  for (const [name, entity] of types) {
    const compiled = compileEntity(id, name, entity, entities.length, base)
    entities.push(compiled)
    base += compiled.columns * compiled.rows
  }
  if (base > MAX_WORLD_INTS) {
    throw wrong(
      FULL_TEXTS && [
        `${id}.entities: a world would take ${base * 4} bytes.`,
        `Lower \`max\` of the entities; at most ${MAX_WORLD_INTS * 4} bytes.`,
      ],
    )
  }
  return { entities, worldInts: base }
}

function checkPublic(place: string, field: AnyField): void {
  checkField(place, field)
  if (field.visibility === 'public') return
  throw wrong(
    FULL_TEXTS && [
      `${place} is hidden like an entity's field.`,
      'Only the fields of entities can be ownerOnly or serverOnly.',
    ],
  )
}

function checkMessageField(place: string, field: MessageField): void {
  if (field?.kind !== 'text') checkPublic(place, field)
}

function compileRecords<F>(
  place: string,
  records: UntypedRecords<F> | undefined,
  check: (place: string, field: F) => void,
): { name: string; index: number; fields: { name: string; field: F; place: string }[] }[] {
  const entries = entriesOf(place, records ?? {})
  checkCount(place, entries.length, 0, MAX_RECORDS)
  return entries.map(([name, record], index) => {
    checkName(place, name)
    const fields = entriesOf(`${place}.${name}`, record)
    checkCount(`${place}.${name}`, fields.length, 0, MAX_RECORD_FIELDS)
    const compiled = fields.map(([fieldName, field]) => {
      checkName(`${place}.${name}`, fieldName)
      const at = `${place}.${name}.${fieldName}`
      check(at, field)
      return { name: fieldName, field, place: at }
    })
    return { name, index, fields: compiled }
  })
}

function fieldText(field: MessageField): unknown[] {
  if (field.kind === 'text') return ['text', field.maxLength]
  const { kind, visibility, rawMin, rawMax, step, initial, smooth, names } = field
  return [kind, visibility, rawMin, rawMax, step, initial, smooth, ...names]
}

/** All that two sides must have in common to understand each other's bytes. Functions are not part of it. */
function schemaText(game: Omit<CompiledGame, 'schemaHash'>): string {
  const fields = (list: readonly { name: string; field: MessageField }[]) =>
    list.map(({ name, field }) => [name, fieldText(field)])
  const records = (list: readonly (CompiledRecord | CompiledMessage)[]) =>
    list.map((record) => [record.name, fields(record.fields)])
  return JSON.stringify([
    game.id,
    game.tickRate,
    game.snapshotRate,
    game.maxPlayers,
    game.prior,
    game.levels.map((level) => [level.name, level.part, level.shared, level.private, fieldText(level.field)]),
    game.presses.map((press) => press.name),
    game.entities.map(({ name, max, motion, linear, fields: list }) => [
      name,
      max,
      motion !== undefined,
      linear.map(({ position, velocity }) => [position, velocity]),
      fields(list),
    ]),
    records(game.events),
    records(game.commands),
    records(game.toServer),
    records(game.toClient),
  ])
}
