/**
 * The view class of an entity type: its fields, and what every entity has besides. Made once per definition, by the world.
 */
import { NetError } from '../error.ts'
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  type CompiledEntity,
  FLAG_ASLEEP,
  FLAG_DEAD,
  TELEPORT_MASK,
  TELEPORT_UNIT,
} from '../game/compiled.ts'
import { defineColumn } from './column.ts'
import { type PartMaker, RowView, refuse, type ViewHost } from './row-view.ts'

/** The view of an entity, as code that does not know the game sees it. */
export type View = RowView & {
  readonly id: number
  readonly type: string
  owner: number
  readonly alive: boolean
  asleep: boolean
  teleported(): void
}

export type ViewClass = new (world: ViewHost, row: number) => View

/** The seat if there is one of that number. In development anything else throws; in production it is nobody. */
export function checkedSeat(world: ViewHost, seat: number, place: string): number {
  if (seat >= 0 && seat <= world.lastSeat && Number.isInteger(seat)) return seat
  if (!world.strict) return 0
  throw new NetError('OUT_OF_RANGE', `${place} was set to ${seat}.`, `It is a seat, 1 to ${world.lastSeat}, or 0.`)
}

function defineIdentity(proto: object, entity: CompiledEntity): void {
  const idOffset = entity.base + COLUMN_ID * entity.rows
  const ownerOffset = entity.base + COLUMN_OWNER * entity.rows
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
        if (this.locked) return refuse(this, `${entity.name}.owner was written`)
        this.ints[ownerOffset + this.row] = checkedSeat(this.world, seat, `${entity.name}.owner`)
      },
    },
  })
}

function defineState(proto: object, entity: CompiledEntity): void {
  const flagsOffset = entity.base + COLUMN_FLAGS * entity.rows
  Object.defineProperties(proto, {
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
        if (this.locked) return refuse(this, `${entity.name}.asleep was written`)
        const flags = this.ints[flagsOffset + this.row] ?? 0
        this.ints[flagsOffset + this.row] = value ? flags | FLAG_ASLEEP : flags & ~FLAG_ASLEEP
      },
    },
    teleported: {
      value(this: RowView) {
        if (this.locked) return refuse(this, `${entity.name}.teleported() was called`)
        const flags = this.ints[flagsOffset + this.row] ?? 0
        this.ints[flagsOffset + this.row] = (flags & ~TELEPORT_MASK) | ((flags + TELEPORT_UNIT) & TELEPORT_MASK)
      },
    },
  })
}

/** The view class of an entity type. */
export function makeViewClass(entity: CompiledEntity): ViewClass {
  const makers: PartMaker[] = []
  class EntityRow extends RowView {
    constructor(world: ViewHost, row: number) {
      super(world, row, makers)
    }
  }
  defineIdentity(EntityRow.prototype, entity)
  defineState(EntityRow.prototype, entity)
  for (const { name, field, offset } of entity.fields) {
    defineColumn(EntityRow.prototype, makers, name, `${entity.name}.${name}`, field, offset)
  }
  return EntityRow as unknown as ViewClass
}
