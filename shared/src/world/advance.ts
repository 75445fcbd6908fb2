/**
 * Moves every entity by its type's `motion`, with its owner's held levels: what a screen shows beyond the newest snapshot,
 * and where a predicting client supposes those that it does not predict.
 */
import { COLUMN_FLAGS, COLUMN_OWNER, type CompiledEntity, FLAG_ASLEEP, FLAG_DEAD } from '../game/compiled.ts'
import type { View } from './entity-view.ts'
import { UNLOCKED } from './row-view.ts'
import type { World } from './world.ts'

/** One tick of motion of one entity, whatever locks it. Values that leave a field's range stay at its edge. */
export function moveEntity(world: World, type: CompiledEntity, view: View, dt: number): void {
  const { motion } = type
  if (motion === undefined) return
  const { locked } = view
  if (locked !== UNLOCKED) view.locked = UNLOCKED
  world.clamping = true
  try {
    motion(view, world.heldView(world.ints[type.base + COLUMN_OWNER * type.rows + view.row] ?? 0), dt)
  } finally {
    world.clamping = false
    if (locked !== UNLOCKED) view.locked = locked
  }
}

/** One tick of motion of all entities that are awake. */
export function advanceByMotion(world: World, dt: number): void {
  for (let index = 0; index < world.tables.length; index++) {
    const table = world.table(index)
    const { type } = table
    if (type.motion === undefined) continue
    const flags = type.base + COLUMN_FLAGS * type.rows
    const { count } = table
    for (let row = 0; row < count; row++) {
      if (((world.ints[flags + row] ?? 0) & (FLAG_ASLEEP | FLAG_DEAD)) !== 0) continue
      moveEntity(world, type, table.viewAt(row), dt)
    }
  }
}
