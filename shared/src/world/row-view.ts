/**
 * Views: objects through which a game's code reads and writes one row of integer columns.
 * A view class is made once per definition, a view once per row and world; after that nothing is allocated.
 * Writing rounds to the field's grid (half to even) at once, so a world is always made of grid values.
 */
import { NetError } from '../error.ts'
import { type CompiledEntity, type CompiledField, FLAG_ASLEEP, FLAG_DEAD, COLUMN_FLAGS, COLUMN_ID, COLUMN_OWNER, TELEPORT_MASK, TELEPORT_UNIT } from '../game/compiled.ts'
import type { AnyField } from '../game/field.ts'

/** Adding and subtracting this rounds a double below 2^51 to a whole number, half to even. */
const ROUNDING = 6755399441055744

/** Why a row may not be written. */
export const UNLOCKED = 0
export const LOCKED_NOT_PREDICTED = 1
export const LOCKED_PAST = 2

/** What a view needs to know of the world it belongs to. */
export interface ViewHost {
  readonly ints: Int32Array
  readonly floats: Float32Array
  /** True in development: what is out of range throws instead of being clamped. */
  strict: boolean
  /** True where server-only fields are unknown. */
  readonly hidesServerFields: boolean
  /** Called when an entity was marked dead. */
  touch(typeIndex: number): void
}

export class RowView {
  readonly ints: Int32Array
  readonly floats: Float32Array
  readonly row: number
  /** UNLOCKED, or why it may not be written. */
  locked: number = UNLOCKED
  readonly world: ViewHost

  constructor(world: ViewHost, row: number) {
    this.ints = world.ints
    this.floats = world.floats
    this.row = row
    this.world = world
  }
}

export type ViewClass = new (world: ViewHost, row: number) => RowView & { readonly id: number; readonly type: string; owner: number; readonly alive: boolean; asleep: boolean }

function refuseWrite(view: RowView, place: string): void {
  if (!view.world.strict) return
  const why = view.locked === LOCKED_PAST ? 'the past cannot be changed' : 'this entity is not predicted here, so it is read-only'
  throw new NetError('READ_ONLY', `${place} was written, but ${why}.`, 'Use ctx.command(...) for what one entity does to another.')
}

/** Slow path of a setter: `raw` is outside the range, or not a number. Gives the raw value to keep. */
function outOfRange(view: RowView, place: string, field: AnyField, raw: number, current: number): number {
  const { strict } = view.world
  if (strict) {
    const range = `${field.rawMin * field.step} to ${field.rawMax * field.step}`
    throw new NetError('OUT_OF_RANGE', `${place} was set to ${raw * field.step}, outside ${range}.`, 'Clamp it in the step, or widen the field.')
  }
  if (Number.isNaN(raw)) return current
  return raw < field.rawMin ? field.rawMin : field.rawMax
}

function defineNumber(proto: object, place: string, name: string, field: AnyField, offset: number): void {
  const { rawMin, rawMax, step } = field
  const inverse = 1 / step
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return (this.ints[offset + this.row] ?? 0) * step
    },
    set(this: RowView, value: number) {
      if (this.locked !== UNLOCKED) return refuseWrite(this, place)
      let raw = value * inverse + ROUNDING - ROUNDING
      if (!(raw >= rawMin && raw <= rawMax)) raw = outOfRange(this, place, field, raw, this.ints[offset + this.row] ?? 0)
      this.ints[offset + this.row] = raw
    },
  })
}

function defineAngle(proto: object, place: string, name: string, field: AnyField, offset: number): void {
  const { step } = field
  const inverse = 1 / step
  const shift = 31 - Math.log2(field.rawMax + 1)
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return (this.ints[offset + this.row] ?? 0) * step
    },
    set(this: RowView, value: number) {
      if (this.locked !== UNLOCKED) return refuseWrite(this, place)
      let raw = value * inverse + ROUNDING - ROUNDING
      if (!(raw >= -2147483648 && raw <= 2147483647)) raw = outOfRange(this, place, field, raw, this.ints[offset + this.row] ?? 0)
      this.ints[offset + this.row] = (raw << shift) >> shift
    },
  })
}

function defineBool(proto: object, place: string, name: string, offset: number): void {
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return this.ints[offset + this.row] === 1
    },
    set(this: RowView, value: boolean) {
      if (this.locked !== UNLOCKED) return refuseWrite(this, place)
      this.ints[offset + this.row] = value ? 1 : 0
    },
  })
}

function defineFloat(proto: object, place: string, name: string, offset: number): void {
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return this.floats[offset + this.row]
    },
    set(this: RowView, value: number) {
      if (this.locked !== UNLOCKED) return refuseWrite(this, place)
      if (Number.isFinite(value)) this.floats[offset + this.row] = value
      else if (this.world.strict) throw new NetError('OUT_OF_RANGE', `${place} was set to ${value}.`, 'Write finite numbers only.')
    },
  })
}

function defineEnumeration(proto: object, place: string, name: string, field: AnyField, offset: number): void {
  const { names } = field
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return names[this.ints[offset + this.row] ?? 0]
    },
    set(this: RowView, value: string) {
      if (this.locked !== UNLOCKED) return refuseWrite(this, place)
      const raw = names.indexOf(value)
      if (raw >= 0) this.ints[offset + this.row] = raw
      else if (this.world.strict) throw new NetError('OUT_OF_RANGE', `${place} was set to "${value}".`, `It is one of: ${names.join(', ')}.`)
    },
  })
}

/** The named bits of a flags field, seen through their row. */
class FlagSet {
  readonly host: RowView
  constructor(host: RowView) {
    this.host = host
  }
}

function defineFlags(proto: object, place: string, name: string, field: AnyField, offset: number): void {
  class Flags extends FlagSet {}
  field.names.forEach((flag, bit) => {
    const mask = 1 << bit
    Object.defineProperty(Flags.prototype, flag, {
      enumerable: true,
      get(this: FlagSet) {
        return ((this.host.ints[offset + this.host.row] ?? 0) & mask) !== 0
      },
      set(this: FlagSet, value: boolean) {
        if (this.host.locked !== UNLOCKED) return refuseWrite(this.host, `${place}.${flag}`)
        const { ints, row } = this.host
        const bits = ints[offset + row] ?? 0
        ints[offset + row] = value ? bits | mask : bits & ~mask
      },
    })
  })
  const made = new WeakMap<RowView, Flags>()
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      let flags = made.get(this)
      if (flags === undefined) {
        flags = new Flags(this)
        made.set(this, flags)
      }
      return flags
    },
    set(this: RowView, value: Readonly<Record<string, boolean>>) {
      const flags = (this as unknown as Record<string, Record<string, boolean>>)[name]
      for (const flag of field.names) if (flags !== undefined && value[flag] !== undefined) flags[flag] = value[flag]
    },
  })
}

function hideOnClients(proto: object, place: string, name: string): void {
  const shown = Object.getOwnPropertyDescriptor(proto, name)
  Object.defineProperty(proto, name, {
    ...shown,
    get(this: RowView) {
      if (this.world.hidesServerFields && this.world.strict) {
        throw new NetError('SERVER_ONLY', `${place} was read in code that is being predicted.`, 'Read it in a command, or guard the code with ctx.predicting.')
      }
      return shown?.get?.call(this)
    },
  })
}

/** Defines one field on a view's prototype. `offset` is where its column starts. */
export function defineColumn(proto: object, place: string, name: string, field: AnyField, offset: number): void {
  if (field.kind === 'angle') defineAngle(proto, place, name, field, offset)
  else if (field.kind === 'bool') defineBool(proto, place, name, offset)
  else if (field.kind === 'float32') defineFloat(proto, place, name, offset)
  else if (field.kind === 'enumeration') defineEnumeration(proto, place, name, field, offset)
  else if (field.kind === 'flags') defineFlags(proto, place, name, field, offset)
  else defineNumber(proto, place, name, field, offset)
  if (field.visibility === 'server') hideOnClients(proto, place, name)
}

function defineBuiltIns(proto: object, entity: CompiledEntity): void {
  const idOffset = entity.base + COLUMN_ID * entity.rows
  const ownerOffset = entity.base + COLUMN_OWNER * entity.rows
  const flagsOffset = entity.base + COLUMN_FLAGS * entity.rows
  Object.defineProperties(proto, {
    type: { enumerable: true, value: entity.name },
    id: {
      enumerable: true,
      get(this: RowView) {
        return this.ints[idOffset + this.row]
      },
    },
    owner: {
      enumerable: true,
      get(this: RowView) {
        return this.ints[ownerOffset + this.row]
      },
      set(this: RowView, seat: number) {
        if (this.locked !== UNLOCKED) return refuseWrite(this, `${entity.name}.owner`)
        this.ints[ownerOffset + this.row] = seat
      },
    },
    alive: {
      get(this: RowView) {
        return ((this.ints[flagsOffset + this.row] ?? 0) & FLAG_DEAD) === 0
      },
    },
    asleep: {
      enumerable: true,
      get(this: RowView) {
        return ((this.ints[flagsOffset + this.row] ?? 0) & FLAG_ASLEEP) !== 0
      },
      set(this: RowView, value: boolean) {
        if (this.locked !== UNLOCKED) return refuseWrite(this, `${entity.name}.asleep`)
        const flags = this.ints[flagsOffset + this.row] ?? 0
        this.ints[flagsOffset + this.row] = value ? flags | FLAG_ASLEEP : flags & ~FLAG_ASLEEP
      },
    },
    teleported: {
      value(this: RowView) {
        if (this.locked !== UNLOCKED) return refuseWrite(this, `${entity.name}.teleported()`)
        const flags = this.ints[flagsOffset + this.row] ?? 0
        this.ints[flagsOffset + this.row] = (flags & ~TELEPORT_MASK) | ((flags + TELEPORT_UNIT) & TELEPORT_MASK)
      },
    },
  })
}

/** Writes clamped to the field's range, for ready-made motions. */
function defineMoveTo(proto: object, fields: readonly CompiledField[]): void {
  const byName = new Map(fields.map((compiled) => [compiled.name, compiled]))
  Object.defineProperty(proto, 'moveTo', {
    value(this: RowView, name: string, value: number) {
      const compiled = byName.get(name)
      if (compiled === undefined) return
      const { field, offset } = compiled
      let raw = value / field.step + ROUNDING - ROUNDING
      if (field.kind === 'angle') {
        const shift = 31 - Math.log2(field.rawMax + 1)
        raw = (raw << shift) >> shift
      } else if (raw < field.rawMin) raw = field.rawMin
      else if (raw > field.rawMax) raw = field.rawMax
      this.ints[offset + this.row] = raw
    },
  })
}

/** The view class of an entity type. */
export function makeViewClass(entity: CompiledEntity): ViewClass {
  class View extends RowView {}
  defineBuiltIns(View.prototype, entity)
  defineMoveTo(View.prototype, entity.fields)
  for (const { name, field, offset } of entity.fields) defineColumn(View.prototype, `${entity.name}.${name}`, name, field, offset)
  return View as unknown as ViewClass
}
