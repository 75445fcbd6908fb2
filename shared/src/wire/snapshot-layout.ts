/**
 * The layout of a game's snapshots on the wire: what is coded, in which order, and with which bit models. One table drives encoder, decoder and trainer.
 * Made once per codec from the compiled game. The models lie in sections: `shared` for all bodies, `tail` for owners' tails, then one per age of
 * the baseline, because what three ticks change is not what nine ticks change.
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  type CompiledGame,
  SEAT_LEVELS,
} from '../game/compiled.ts'
import type { AnyField } from '../game/field.ts'
import type { ModelTable } from './bit-model.ts'
import { ContextList } from './snapshot-contexts.ts'

/** Most ticks between a body and its baseline. Beyond it the caller sends a full frame. */
export const MAX_WINDOW_TICKS = 64
/** Ages of a baseline, in snapshots, that have models of their own: 1, 2 to 4, more. */
export const AGE_CLASSES = 3
/** Bits of the symbol that is a trend's mode. */
export const TREND_BITS = 2
/** Most events of one tick in a body. */
export const MAX_EVENTS_PER_TICK = 1024

/** How a field's difference from its expectation is formed. */
export const CODING_PLAIN = 0
export const CODING_WRAP = 1
export const CODING_XOR = 2
export const CODING_TOGGLE = 3
export const CODING_FLOAT = 4

/** A number with a range: what residuals are formed of. */
export interface ValuePlan {
  readonly coding: number
  readonly rawMin: number
  readonly rawMax: number
  /** CODING_WRAP: how far to shift left and back to wrap a raw value. */
  readonly shift: number
  readonly initial: number
}

export interface FieldPlan extends ValuePlan {
  /** Where its column starts in a world's memory; in an event, its place after the event's start. */
  readonly offset: number
  readonly step: number
  /** For a linear motion's position: the place in `TypePlan.fields` of its velocity, which no pair moves and is coded before it. Else -1. */
  readonly velocity: number
  /** Symbol models of its trend's mode (section of the age), or -1 if it has none. */
  readonly trend: number
  /** Residual models against the initial value (section shared; tail for owner-only fields). */
  readonly fresh: number
  /** Residual models against the expectation (section of the age; tail for owner-only fields). */
  readonly moved: number
  /** Four zero flags, by 2 * (owner's input changed) + (previous field differs) (section of the age). */
  readonly zero: number
}

/** Models of ids and keys (see world/spawn-key.ts). Section shared. */
export interface KeyPlan {
  readonly keyed: number
  readonly gap: number
  readonly foreign: number
  readonly byPress: number
  readonly age: number
  readonly ordinal: number
}

export interface TypePlan {
  readonly type: CompiledEntity
  readonly index: number
  readonly max: number
  /** Where the built-in columns start. */
  readonly ids: number
  readonly owners: number
  readonly flags: number
  /** Public fields in coding order. */
  readonly fields: readonly FieldPlan[]
  readonly ownerFields: readonly FieldPlan[]
  /** Columns that a body does not carry. */
  readonly hidden: readonly { readonly offset: number; readonly initial: number }[]
  readonly moves: boolean
  readonly linear: readonly { readonly position: FieldPlan; readonly velocity: FieldPlan }[]
  readonly key: KeyPlan
  /** Section shared: coded without motion; has no owner; owner; flags. */
  readonly plain: number
  readonly unowned: number
  readonly owner: number
  readonly freshFlags: number
  /** Section of the age: some row went; this row went (by whether the one before did); how many came. */
  readonly anyRemoved: number
  readonly removed: number
  readonly entered: number
  /** Section of the age: row differs at all, by 2 * (owner's input changed) + (row before differs); owner or flags differ. */
  readonly differs: number
  readonly meta: number
  readonly ownerChanged: number
  readonly ownerMoved: number
  readonly flagsMoved: number
}

export interface LevelPlan extends ValuePlan {
  /** Where its seat column starts in a world's memory. */
  readonly offset: number
  /** True if the neutral value lies between two ends, as a stick's or a pair of keys'. */
  readonly axis: boolean
  /** Section of the age: changes too, by 2 * (another level of this change did) + (not neutral before). */
  readonly changed: number
  /** Section shared. */
  readonly toNeutral: number
  readonly side: number
  readonly inner: number
  readonly moved: number
}

export interface EventPlan {
  readonly fields: readonly FieldPlan[]
}

export interface SnapshotLayout {
  readonly game: CompiledGame
  readonly types: readonly TypePlan[]
  readonly levels: readonly LevelPlan[]
  /** Level columns that a body does not carry. */
  readonly hiddenLevels: readonly { readonly offset: number; readonly initial: number }[]
  readonly pressOffsets: readonly number[]
  readonly events: readonly EventPlan[]
  readonly eventBits: number
  readonly seatBits: number
  /** Section shared. */
  readonly seed: number
  readonly anyPresence: number
  readonly presence: number
  readonly eventIndex: number
  readonly eventTick: number
  readonly eventUnkeyed: number
  readonly eventKey: KeyPlan
  /** Section of the age. */
  readonly seatChanged: number
  readonly moreChanges: number
  /** By bits 1 to 6: the symbol models of a change's tick. */
  readonly changeTick: readonly number[]
  readonly moreEvents: number
  readonly trends: number
  /** Section tail. */
  readonly tailAny: number
  readonly tailPresses: readonly number[]
  /** Sizes of the sections, and the models of all of them when nothing was trained. */
  readonly sharedModels: number
  readonly tailModels: number
  readonly ageModels: number
  readonly modelCount: number
  readonly untrained: ModelTable
}

/** Bits that tell `count` values apart. */
export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1)
}

/** 0 to AGE_CLASSES - 1. */
export function ageClass(game: CompiledGame, windowTicks: number): number {
  if (windowTicks <= game.ticksPerSnapshot) return 0
  return windowTicks <= 4 * game.ticksPerSnapshot ? 1 : 2
}

function valuePlan(field: AnyField): ValuePlan {
  const { rawMin, rawMax, initial } = field
  const shift = field.kind === 'angle' ? 31 - Math.log2(rawMax + 1) : 0
  return { coding: codingOf(field), rawMin, rawMax, shift, initial }
}

function codingOf(field: AnyField): number {
  if (field.kind === 'angle') return CODING_WRAP
  if (field.kind === 'flags') return CODING_XOR
  if (field.kind === 'bool') return CODING_TOGGLE
  return field.kind === 'float32' ? CODING_FLOAT : CODING_PLAIN
}

/** All field plans are made here, so that hot code meets one kind of object. */
function fieldPlan(
  field: AnyField,
  offset: number,
  models: { readonly fresh: number; readonly moved: number },
  inBody = { velocity: -1, trend: -1, zero: 0 },
): FieldPlan {
  const { coding, rawMin, rawMax, shift, initial } = valuePlan(field)
  const { fresh, moved } = models
  const { velocity, trend, zero } = inBody
  return { coding, rawMin, rawMax, shift, initial, offset, step: field.step, velocity, trend, fresh, moved, zero }
}

/** The place of the velocity that moves a position, if it is the only one and nothing moves it in turn. Else -1. */
function steadyVelocity(type: CompiledEntity, place: number): number {
  const [first, second] = type.linear.filter(({ position }) => position === place)
  if (first === undefined || second !== undefined) return -1
  return type.linear.some(({ position }) => position === first.velocity) ? -1 : first.velocity
}

function trendModels(field: AnyField, age: ContextList): number {
  const coding = codingOf(field)
  return field.smooth && (coding === CODING_PLAIN || coding === CODING_WRAP) ? age.symbol(TREND_BITS) : -1
}

function keyPlan(shared: ContextList): KeyPlan {
  return {
    keyed: shared.flag(0.3),
    gap: shared.residual(0.5),
    foreign: shared.flag(0.01),
    byPress: shared.flag(0.5),
    age: shared.residual(0.7),
    ordinal: shared.symbol(4),
  }
}

/** Public fields so that a linear motion's velocity comes before its position, else as declared. */
function codingOrder(type: CompiledEntity): number[] {
  const order: number[] = []
  const seen = new Set<number>()
  const visit = (place: number): void => {
    if (seen.has(place)) return
    seen.add(place)
    const pair = type.linear.find(({ position }) => position === place)
    if (pair !== undefined) visit(pair.velocity)
    if (type.fields[place]?.field.visibility === 'public') order.push(place)
  }
  for (let place = 0; place < type.fields.length; place++) visit(place)
  return order
}

function publicFields(type: CompiledEntity, shared: ContextList, age: ContextList): FieldPlan[] {
  const order = codingOrder(type)
  return order.map((place, at): FieldPlan => {
    const { field, offset } = type.fields[place] as (typeof type.fields)[number]
    const velocity = order.indexOf(steadyVelocity(type, place))
    const models = { fresh: shared.residual(0.5), moved: age.residual(0.2) }
    return fieldPlan(field, offset, models, {
      velocity: velocity < at ? velocity : -1,
      trend: trendModels(field, age),
      zero: age.flags(4, 0.2),
    })
  })
}

function typePlan(type: CompiledEntity, shared: ContextList, tail: ContextList, age: ContextList): TypePlan {
  const fields = publicFields(type, shared, age)
  const planOf = (place: number) =>
    fields.find(({ offset }) => offset === type.fields[place]?.offset) as (typeof fields)[number]
  const ofOwner = type.fields.filter(({ field }) => field.visibility === 'owner')
  const hidden = type.fields.filter(({ field }) => field.visibility !== 'public')
  return {
    type,
    index: type.index,
    max: type.max,
    ids: type.base + COLUMN_ID * type.rows,
    owners: type.base + COLUMN_OWNER * type.rows,
    flags: type.base + COLUMN_FLAGS * type.rows,
    fields,
    ownerFields: ofOwner.map(({ field, offset }) =>
      fieldPlan(field, offset, { fresh: tail.residual(0.5), moved: tail.residual(0.1) }),
    ),
    hidden: hidden.map(({ field, offset }) => ({ offset, initial: field.initial })),
    moves: type.motion !== undefined,
    linear: type.linear.map(({ position, velocity }) => ({ position: planOf(position), velocity: planOf(velocity) })),
    key: keyPlan(shared),
    plain: shared.flag(0.01),
    unowned: shared.flag(0.5),
    owner: shared.residual(0.3),
    freshFlags: shared.symbol(3),
    anyRemoved: age.flag(0.05),
    removed: age.flags(2, 0.1),
    entered: age.residual(0.05),
    differs: age.flags(4, 0.5),
    meta: age.flag(0.01),
    ownerChanged: age.flag(0.3),
    ownerMoved: age.residual(1),
    flagsMoved: age.symbol(3),
  }
}

function levelPlans(game: CompiledGame, shared: ContextList, age: ContextList): LevelPlan[] {
  const levels = game.levels.filter((level) => level.shared)
  return levels.map(({ field, index }) => ({
    ...valuePlan(field),
    offset: game.seatBase + (SEAT_LEVELS + index) * game.seatRows,
    axis: codingOf(field) === CODING_PLAIN && field.rawMin < field.initial && field.initial < field.rawMax,
    changed: age.flags(4, 0.5),
    toNeutral: shared.flags(2, 0.5),
    side: shared.flags(3, 0.5),
    inner: shared.flags(3, 0.3),
    moved: shared.residual(1),
  }))
}

function eventPlans(game: CompiledGame, shared: ContextList): EventPlan[] {
  return game.events.map((event) => ({
    fields: event.fields.flatMap(({ field }, at): FieldPlan[] => {
      if (field.visibility !== 'public') return []
      return [fieldPlan(field, at, { fresh: shared.residual(0.7), moved: 0 })]
    }),
  }))
}

export function makeLayout(game: CompiledGame): SnapshotLayout {
  const shared = new ContextList()
  const tail = new ContextList()
  const age = new ContextList()
  const seatColumn = (column: number) => game.seatBase + (SEAT_LEVELS + column) * game.seatRows
  const hiddenLevels = game.levels.filter((level) => !level.shared)
  const eventBits = bitsFor(game.events.length)
  const plans = {
    game,
    types: game.entities.map((type) => typePlan(type, shared, tail, age)),
    levels: levelPlans(game, shared, age),
    hiddenLevels: hiddenLevels.map(({ field, index }) => ({ offset: seatColumn(index), initial: field.initial })),
    pressOffsets: game.presses.map(({ index }) => seatColumn(game.levels.length + index)),
    events: eventPlans(game, shared),
    eventBits,
    seatBits: bitsFor(game.seatRows),
    seed: shared.residual(0.05),
    anyPresence: shared.flag(0.05),
    presence: shared.flags(2, 0.3),
    eventIndex: shared.symbol(eventBits),
    eventTick: shared.residual(0.3),
    eventUnkeyed: shared.flag(0.3),
    eventKey: keyPlan(shared),
    seatChanged: age.flag(0.1),
    moreChanges: age.flag(0.1),
    changeTick: [1, 2, 3, 4, 5, 6].map((bits) => age.symbol(bits)),
    moreEvents: age.flags(2, 0.2),
    trends: age.flag(0.5),
    tailAny: tail.flag(0.3),
    tailPresses: game.presses.map(() => tail.residual(0.2)),
  }
  const modelCount = shared.length + tail.length + AGE_CLASSES * age.length
  const untrained = new Uint32Array(modelCount)
  untrained.set(shared.words, 0)
  untrained.set(tail.words, shared.length)
  for (let n = 0; n < AGE_CLASSES; n++) untrained.set(age.words, shared.length + tail.length + n * age.length)
  const sizes = { sharedModels: shared.length, tailModels: tail.length, ageModels: age.length, modelCount, untrained }
  return { ...plans, ...sizes }
}
