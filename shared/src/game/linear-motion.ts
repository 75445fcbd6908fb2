/**
 * The ready-made linear motion at work: straight on the columns, without accessors. Equal to what `entity.x += entity.vx * dt` writes,
 * except that a position that leaves its range stays at its edge. The codec expects the same (wire/snapshot-values.ts).
 */
import type { CompiledEntity, CompiledField } from './compiled.ts'
import { angleShift, ROUNDING } from './quantize.ts'

/** What it needs of an entity's view. */
interface Row {
  readonly ints: Int32Array
  readonly row: number
}

function moveColumn({ ints, row }: Row, position: CompiledField, velocity: CompiledField, dt: number): void {
  const { field } = position
  const at = position.offset + row
  const speed = (ints[velocity.offset + row] ?? 0) * velocity.field.step
  const raw = ((ints[at] ?? 0) * field.step + speed * dt) / field.step + ROUNDING - ROUNDING
  if (field.kind === 'angle') {
    const shift = angleShift(field)
    ints[at] = (raw << shift) >> shift
  } else if (raw < field.rawMin) ints[at] = field.rawMin
  else ints[at] = raw > field.rawMax ? field.rawMax : raw
}

/** The motion that moves each pair in order. */
export function linearMotion(
  fields: readonly CompiledField[],
  pairs: CompiledEntity['linear'],
): NonNullable<CompiledEntity['motion']> {
  const columns = pairs.map((pair) => ({
    position: fields[pair.position] as CompiledField,
    velocity: fields[pair.velocity] as CompiledField,
  }))
  return (entity, _held, dt) => {
    for (let i = 0; i < columns.length; i++) {
      const pair = columns[i]
      if (pair !== undefined) moveColumn(entity as Row, pair.position, pair.velocity, dt)
    }
  }
}
