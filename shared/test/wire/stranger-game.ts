/**
 * Sections 6 and 10 of PROTOCOL.md, without anything of the project: what a client knows of a game, raw values, the schema hash, and which models there are.
 * Used by stranger.ts.
 */
import { entropyStart, hashOfText } from './stranger-entropy.ts'

/** Section 6: what a client must know of a game. */
export interface Field {
  readonly kind: string
  readonly visibility: string
  readonly rawMin: number
  readonly rawMax: number
  readonly step: number
  readonly initial: number
  readonly smooth: boolean
  readonly names: readonly string[]
}
export interface Named {
  readonly name: string
  readonly field: Field
}
export interface EntityType {
  readonly name: string
  readonly max: number
  readonly fields: readonly Named[]
  readonly motion: ((entity: object, held: object, dt: number) => void) | undefined
  readonly linear: readonly { readonly position: number; readonly velocity: number }[]
}
interface Level extends Named {
  readonly part: string
  readonly shared: boolean
  readonly private: boolean
}
interface RecordType {
  readonly name: string
  readonly fields: readonly {
    readonly name: string
    readonly field: Field | { readonly kind: 'text'; readonly maxLength: number }
  }[]
}
export interface GameText {
  readonly id: string
  readonly tickRate: number
  readonly snapshotRate: number
  readonly maxPlayers: number
  readonly prior: string
  readonly levels: readonly Level[]
  readonly presses: readonly { readonly name: string }[]
  readonly entities: readonly EntityType[]
  readonly events: readonly { readonly name: string; readonly fields: readonly Named[] }[]
  readonly commands: readonly RecordType[]
  readonly toServer: readonly RecordType[]
  readonly toClient: readonly RecordType[]
}

export class Malformed extends Error {}
/** `list[i]`, which must be there. */
export function at<T>(list: readonly T[] | { readonly length: number; readonly [i: number]: T }, i: number): T {
  const value = list[i]
  if (value === undefined) throw new Malformed(`there is no place ${i}`)
  return value
}

export function need(good: boolean, what: string): void {
  if (!good) throw new Malformed(what)
}

/** Section 6, schema hash. */
export function schemaText(game: GameText): string {
  const fieldOf = (field: RecordType['fields'][number]['field']) =>
    'maxLength' in field
      ? ['text', field.maxLength]
      : [
          field.kind,
          field.visibility,
          field.rawMin,
          field.rawMax,
          field.step,
          field.initial,
          field.smooth,
          ...field.names,
        ]
  const fields = (list: RecordType['fields']) => list.map(({ name, field }) => [name, fieldOf(field)])
  const records = (list: readonly RecordType[]) => list.map((record) => [record.name, fields(record.fields)])
  return JSON.stringify([
    game.id,
    game.tickRate,
    game.snapshotRate,
    game.maxPlayers,
    game.prior,
    game.levels.map((level) => [level.name, level.part, level.shared, level.private, fieldOf(level.field)]),
    game.presses.map(({ name }) => name),
    game.entities.map((type) => [
      type.name,
      type.max,
      type.motion !== undefined,
      type.linear.map(({ position, velocity }) => [position, velocity]),
      fields(type.fields),
    ]),
    records(game.events),
    records(game.commands),
    records(game.toServer),
    records(game.toClient),
  ])
}

export function schemaHash(game: GameText): number {
  return hashOfText(schemaText(game))
}

/** Section 6, raw values. */
export function toRaw(field: Field, value: number): number {
  const quotient = value / field.step
  const low = Math.floor(quotient)
  const rest = quotient - low
  const rounded = rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
  return field.kind === 'angle' ? wrapped(field, rounded) : Math.min(field.rawMax, Math.max(field.rawMin, rounded)) + 0
}

export function wrapped(field: Field, raw: number): number {
  const span = field.rawMax - field.rawMin + 1
  return raw - Math.floor((raw - field.rawMin) / span) * span
}

export function inRange(field: Field, raw: number): boolean {
  if (field.kind === 'float32') return ((raw >>> 23) & 255) !== 255
  return raw >= field.rawMin && raw <= field.rawMax
}

export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1)
}

// Section 10. A model is an index into the whole table; those of section "age" are relative to the age's start.

export interface KeyModels {
  readonly keyed: number
  readonly gap: number
  readonly foreign: number
  readonly press: number
  readonly age: number
  readonly ordinal: number
}
export interface FieldModels {
  readonly place: number
  readonly field: Field
  readonly fresh: number
  readonly moved: number
  readonly zero: number
  readonly mode: number
  /** Place of the steady velocity among the declared fields, or -1. */
  readonly steady: number
}
export interface TypeModels {
  readonly fields: readonly FieldModels[]
  readonly own: readonly FieldModels[]
  readonly key: KeyModels
  readonly plain: number
  readonly unowned: number
  readonly owner: number
  readonly flags: number
  readonly anyRemoved: number
  readonly removed: number
  readonly entered: number
  readonly differs: number
  readonly meta: number
  readonly ownerChanged: number
  readonly ownerMoved: number
  readonly flagsMoved: number
}

class Section {
  readonly chances: number[] = []
  flags(count: number, chance: number): number {
    const first = this.chances.length
    for (let n = 0; n < count; n++) this.chances.push(Math.min(0.99, chance))
    return first
  }
  residual(chance: number): number {
    const first = this.flags(1, chance)
    this.flags(75, 0.5)
    return first
  }
  symbol(bits: number): number {
    return this.flags(2 ** bits - 1, 0.5)
  }
  key(): KeyModels {
    return {
      keyed: this.flags(1, 0.3),
      gap: this.residual(0.5),
      foreign: this.flags(1, 0.01),
      press: this.flags(1, 0.5),
      age: this.residual(0.7),
      ordinal: this.symbol(4),
    }
  }
}

function codingOrder(type: EntityType): number[] {
  const order: number[] = []
  const place = (index: number): void => {
    if (order.includes(index)) return
    const pair = type.linear.find(({ position }) => position === index)
    if (pair !== undefined) place(pair.velocity)
    if (!order.includes(index)) order.push(index)
  }
  for (let index = 0; index < type.fields.length; index++) place(index)
  return order.filter((index) => at(type.fields, index).field.visibility === 'public')
}

function steadyVelocity(type: EntityType, index: number): number {
  const pairs = type.linear.filter(({ position }) => position === index)
  const velocity = pairs.length === 1 ? at(pairs, 0).velocity : -1
  return type.linear.some(({ position }) => position === velocity) ? -1 : velocity
}

function typeModels(type: EntityType, shared: Section, tail: Section, age: Section): TypeModels {
  const fields = codingOrder(type).map((place): FieldModels => {
    const { field } = at(type.fields, place)
    const fresh = shared.residual(0.5)
    const moved = age.residual(0.2)
    const mode = field.smooth && ['int', 'fixed', 'angle'].includes(field.kind) ? age.symbol(2) : -1
    return { place, field, fresh, moved, mode, zero: age.flags(4, 0.2), steady: steadyVelocity(type, place) }
  })
  const own = type.fields.flatMap(({ field }, place): FieldModels[] => {
    if (field.visibility !== 'owner') return []
    const fresh = tail.residual(0.5)
    return [{ place, field, fresh, moved: tail.residual(0.1), mode: -1, zero: 0, steady: -1 }]
  })
  return {
    fields,
    own,
    key: shared.key(),
    plain: shared.flags(1, 0.01),
    unowned: shared.flags(1, 0.5),
    owner: shared.residual(0.3),
    flags: shared.symbol(3),
    anyRemoved: age.flags(1, 0.05),
    removed: age.flags(2, 0.1),
    entered: age.residual(0.05),
    differs: age.flags(4, 0.5),
    meta: age.flags(1, 0.01),
    ownerChanged: age.flags(1, 0.3),
    ownerMoved: age.residual(1),
    flagsMoved: age.symbol(3),
  }
}

export function dealModels(game: GameText) {
  const shared = new Section()
  const tail = new Section()
  const age = new Section()
  const types = game.entities.map((type) => typeModels(type, shared, tail, age))
  const levels = game.levels
    .map((level, index) => ({ ...level, index }))
    .filter((level) => level.shared)
    .map((level) => ({
      field: level.field,
      index: level.index,
      toNeutral: shared.flags(2, 0.5),
      side: shared.flags(3, 0.5),
      inner: shared.flags(3, 0.3),
      moved: shared.residual(1),
      changed: age.flags(4, 0.5),
    }))
  const events = game.events.map((event) => event.fields.map(() => shared.residual(0.7)))
  const rest = {
    seed: shared.residual(0.05),
    anyPresence: shared.flags(1, 0.05),
    presence: shared.flags(2, 0.3),
    eventIndex: shared.symbol(bitsFor(game.events.length)),
    eventTick: shared.residual(0.3),
    unkeyed: shared.flags(1, 0.3),
    eventKey: shared.key(),
    any: tail.flags(1, 0.3),
    presses: game.presses.map(() => tail.residual(0.2)),
    seatChanged: age.flags(1, 0.1),
    moreChanges: age.flags(1, 0.1),
    changeTick: [1, 2, 3, 4, 5, 6].map((bits) => age.symbol(bits)),
    moreEvents: age.flags(2, 0.2),
    trends: age.flags(1, 0.5),
  }
  const chances = [...shared.chances, ...tail.chances, ...age.chances, ...age.chances, ...age.chances]
  const sizes = { shared: shared.chances.length, tail: tail.chances.length, age: age.chances.length }
  return { types, levels, events, ...rest, sizes, start: entropyStart(game.prior, chances) }
}
