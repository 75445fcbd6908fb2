/**
 * Moves every entity by its type's `motion`, with its owner's held levels: what a screen shows beyond the newest snapshot,
 * and where a predicting client supposes those that it does not predict.
 */
import { COLUMN_FLAGS, COLUMN_OWNER, FLAG_ASLEEP, FLAG_DEAD } from '../game/compiled.ts'
import type { View, World } from './world.ts'
import { UNLOCKED } from './row-view.ts'

/** One tick of motion of one entity, whatever locks it. Values that leave a field's range stay at its edge. */
export function moveEntity(world: World, typeIndex: number, view: View, dt: number): void {
  const { type } = world.table(typeIndex)
  if (type.motion === undefined) return
  const { strict } = world
  const { locked } = view
  world.strict = false
  view.locked = UNLOCKED
  type.motion(view, world.heldView(view.owner), dt)
  view.locked = locked
  world.strict = strict
}

/** One tick of motion of all entities that are awake. */
export function advanceByMotion(world: World, dt: number): void {
  for (let index = 0; index < world.tables.length; index++) {
    const table = world.table(index)
    const { type } = table
    if (type.motion === undefined) continue
    const flags = type.base + COLUMN_FLAGS * type.rows
    for (let row = 0; row < table.count; row++) {
      if (((world.ints[flags + row] ?? 0) & (FLAG_ASLEEP | FLAG_DEAD)) === 0) moveEntity(world, index, table.viewAt(row), dt)
    }
  }
}

/** Sets the seat of every row's owner that left to nobody. */
export function disown(world: World, seat: number): void {
  for (const { type } of world.tables) {
    const owners = type.base + COLUMN_OWNER * type.rows
    for (let row = 0; row < type.max; row++) if (world.ints[owners + row] === seat) world.ints[owners + row] = 0
  }
}
