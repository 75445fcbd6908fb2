/**
 * Columns: the getter and setter of a field on a view's prototype. Called once per field and definition; what it defines is hot.
 * Writing rounds to the field's grid (half to even) at once, so a world is always made of grid values.
 *
 * The accessors of numbers are kept small, so that V8 inlines them wherever a game uses them (27 bytes of bytecode at most always are): numbers are
 * then never boxed. Everything else stands in functions of its own.
 */
import { NetError } from '../error.ts'
import type { AnyField } from '../game/field.ts'
import { angleShift, fitsFloat, ROUNDING, rangeError } from '../game/quantize.ts'
import { type PartMaker, type RowView, refuse } from './row-view.ts'

/** One field as its accessors know it. */
interface Column {
  /** For messages: `player.x`. */
  readonly place: string
  readonly field: AnyField
  /** Where the column starts in a world's memory. */
  readonly offset: number
}

interface NumberColumn extends Column {
  readonly step: number
  readonly rawMin: number
  readonly rawMax: number
  readonly shift: number
  /** The number on its way from the setter to the column: as an argument it would be boxed whenever the call is not inlined. */
  readonly written: Float64Array
}

function numberColumn({ place, field, offset }: Column, shift: number): NumberColumn {
  const { rawMin, rawMax, step } = field
  return { place, field, offset, step, rawMin, rawMax, shift, written: new Float64Array(1) }
}

/** Rare: the row is locked, or `raw` is outside the range, or not a number. */
function writeRarely(view: RowView, { place, field, offset }: Column, raw: number): void {
  if (view.locked) return refuse(view, `${place} was written`)
  const { strict, clamping } = view.world
  if (strict && !(clamping && !Number.isNaN(raw))) throw rangeError(field, place, 'was set to', raw * field.step)
  if (raw < field.rawMin) view.ints[offset + view.row] = field.rawMin
  else if (raw > field.rawMax) view.ints[offset + view.row] = field.rawMax
}

function writeNumber(view: RowView, column: NumberColumn): void {
  const raw = (column.written[0] as number) / column.step + ROUNDING - ROUNDING
  if (!view.locked && raw >= column.rawMin && raw <= column.rawMax) view.ints[column.offset + view.row] = raw
  else writeRarely(view, column, raw)
}

function defineNumber(proto: object, name: string, { place, field, offset }: Column): void {
  const column = numberColumn({ place, field, offset }, 0)
  Object.defineProperty(proto, name, accessors(offset, field.step, writeNumber, column, column.written))
}

/**
 * What they use is parameters, none of them with a default: reading a captured constant takes further bytecode, which asks whether it has been
 * set, and the getter would be too long to be inlined always.
 */
function accessors(
  offset: number,
  step: number,
  write: (view: RowView, column: NumberColumn) => void,
  column: NumberColumn,
  value: Float64Array,
): PropertyDescriptor {
  return {
    enumerable: true,
    get(this: RowView) {
      return (this.ints[offset + this.row] as number) * step
    },
    set(this: RowView, number: number) {
      value[0] = number
      write(this, column)
    },
  }
}

/** Rare: a locked row, or an angle that is not finite. */
function writeAngleRarely(view: RowView, { place, field }: Column, value: number): void {
  if (view.locked) return refuse(view, `${place} was written`)
  if (view.world.strict) throw rangeError(field, place, 'was set to', value)
}

function writeAngle(view: RowView, column: NumberColumn): void {
  const value = column.written[0] as number
  const raw = value / column.step + ROUNDING - ROUNDING
  if (!view.locked && raw - raw === 0) view.ints[column.offset + view.row] = (raw << column.shift) >> column.shift
  else writeAngleRarely(view, column, value)
}

function defineAngle(proto: object, name: string, { place, field, offset }: Column): void {
  const column = numberColumn({ place, field, offset }, angleShift(field))
  Object.defineProperty(proto, name, accessors(offset, field.step, writeAngle, column, column.written))
}

function defineBool(proto: object, name: string, { place, offset }: Column): void {
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return this.ints[offset + this.row] === 1
    },
    set(this: RowView, value: boolean) {
      if (this.locked) return refuse(this, `${place} was written`)
      this.ints[offset + this.row] = value ? 1 : 0
    },
  })
}

function defineFloat(proto: object, name: string, { place, field, offset }: Column): void {
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return this.floats[offset + this.row]
    },
    set(this: RowView, value: number) {
      if (this.locked) return refuse(this, `${place} was written`)
      if (fitsFloat(value)) this.floats[offset + this.row] = value
      else if (this.world.strict) throw rangeError(field, place, 'was set to', value)
    },
  })
}

function defineEnumeration(proto: object, name: string, { place, field, offset }: Column): void {
  const { names } = field
  const rawOf = new Map(names.map((each, raw) => [each, raw]))
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return names[this.ints[offset + this.row] ?? 0]
    },
    set(this: RowView, value: string) {
      if (this.locked) return refuse(this, `${place} was written`)
      const raw = rawOf.get(value)
      if (raw !== undefined) this.ints[offset + this.row] = raw
      else if (this.world.strict) {
        throw new NetError('OUT_OF_RANGE', `${place} was set to "${value}".`, `It is one of: ${names.join(', ')}.`)
      }
    },
  })
}

/** The named bits of a flags field, seen through their row. */
class FlagSet {
  readonly _view: RowView
  constructor(view: RowView) {
    this._view = view
  }
}

function flagSetMaker({ place, field, offset }: Column): PartMaker {
  class Flags extends FlagSet {}
  field.names.forEach((flag, bit) => {
    const mask = 1 << bit
    Object.defineProperty(Flags.prototype, flag, {
      enumerable: true,
      get(this: FlagSet) {
        const { ints, row } = this._view
        return ((ints[offset + row] ?? 0) & mask) !== 0
      },
      set(this: FlagSet, value: boolean) {
        const { ints, row, locked } = this._view
        if (locked) return refuse(this._view, `${place}.${flag} was written`)
        const bits = ints[offset + row] ?? 0
        ints[offset + row] = value ? bits | mask : bits & ~mask
      },
    })
  })
  return (view) => new Flags(view)
}

/** Assigning sets the flags that are named, and leaves the others. */
function defineFlags(proto: object, name: string, column: Column, part: number): void {
  const { place, field, offset } = column
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      return this._parts[part]
    },
    set(this: RowView, value: Readonly<Record<string, boolean | undefined>>) {
      if (this.locked) return refuse(this, `${place} was written`)
      let bits = this.ints[offset + this.row] ?? 0
      for (let bit = 0; bit < field.names.length; bit++) {
        const wanted = value[field.names[bit] ?? '']
        if (wanted !== undefined) bits = wanted ? bits | (1 << bit) : bits & ~(1 << bit)
      }
      this.ints[offset + this.row] = bits
    },
  })
}

/** Where server-only fields are unknown, reading one is a mistake, and writing one does nothing: it keeps its initial value. */
function hideOnClients(proto: object, name: string, { place }: Column, shown: PropertyDescriptor | undefined): void {
  Object.defineProperty(proto, name, {
    enumerable: true,
    get(this: RowView) {
      if (this.world.hidesServerFields && this.world.strict) {
        throw new NetError(
          'SERVER_ONLY',
          `${place} was read in code that is being predicted.`,
          'Read it in a command, or guard the code with ctx.predicting.',
        )
      }
      return shown?.get?.call(this)
    },
    set(this: RowView, value: unknown) {
      if (!this.world.hidesServerFields) shown?.set?.call(this, value)
    },
  })
}

/**
 * Defines one field on a view's prototype. `offset` is where its column starts. What needs an object of its own per row adds its maker to
 * `makers`, which the constructor of the view passes on to RowView.
 */
export function defineColumn(
  proto: object,
  makers: PartMaker[],
  name: string,
  place: string,
  field: AnyField,
  offset: number,
): void {
  const column = { place, field, offset }
  const isHidden = field.visibility === 'server'
  const target = isHidden ? {} : proto
  if (field.kind === 'angle') defineAngle(target, name, column)
  else if (field.kind === 'bool') defineBool(target, name, column)
  else if (field.kind === 'float32') defineFloat(target, name, column)
  else if (field.kind === 'enumeration') defineEnumeration(target, name, column)
  else if (field.kind === 'flags') defineFlags(target, name, column, makers.push(flagSetMaker(column)) - 1)
  else defineNumber(target, name, column)
  if (isHidden) hideOnClients(proto, name, column, Object.getOwnPropertyDescriptor(target, name))
}
