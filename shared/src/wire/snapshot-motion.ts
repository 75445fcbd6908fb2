/**
 * One tick of the motion of a table's rows, as the codec expects it: on encoder, decoder and whoever has to know what a client was left to expect. Hot.
 * Each row moves for itself, by its own fields and what its owner holds, so a tick of some rows equals that tick of all of them.
 */
import { FLAG_ASLEEP, HEADER_COUNTS } from '../game/compiled.ts'
import type { World } from '../world/world.ts'
import type { TypePlan } from './snapshot-layout.ts'
import { linearTick } from './snapshot-values.ts'

/** Moves all rows of a world's table that are awake. A motion that throws leaves the entity as far as it came. */
export function moveRows(plan: TypePlan, world: World, dt: number): void {
  const count = world.ints[HEADER_COUNTS + plan.index] ?? 0
  if (plan.linear.length > 0) moveLinear(plan, world.ints, count, dt)
  else moveByViews(plan, world, count, dt)
}

function moveByViews(plan: TypePlan, world: World, count: number, dt: number): void {
  const { ints } = world
  const { motion } = plan.type
  const table = world.table(plan.index)
  if (motion === undefined) return
  let row = 0
  while (row < count) {
    try {
      for (; row < count; row++) {
        if (((ints[plan.flags + row] ?? 0) & FLAG_ASLEEP) !== 0) continue
        motion(table.viewAt(row), world.heldView(ints[plan.owners + row] ?? 0), dt)
      }
    } catch {
      row++
    }
  }
}

/** A ready-made linear motion needs no views: any memory will do. */
export function moveLinear(plan: TypePlan, ints: Int32Array, count: number, dt: number): void {
  for (let n = 0; n < plan.linear.length; n++) {
    const pair = plan.linear[n]
    if (pair === undefined) continue
    const { position, velocity } = pair
    for (let row = 0; row < count; row++) {
      if (((ints[plan.flags + row] ?? 0) & FLAG_ASLEEP) !== 0) continue
      const at = position.offset + row
      ints[at] = linearTick(position, velocity, ints[at] ?? 0, ints[velocity.offset + row] ?? 0, dt)
    }
  }
}
