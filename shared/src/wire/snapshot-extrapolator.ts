/**
 * Lets rows of a snapshot go on as a client that hears nothing of them lets them go on: by their own motion, tick by tick, with what their owners held in
 * the truth. Used by a server that leaves rows out of a client's frames: for what the client expects of them, and for the past that it saw. Hot.
 * Since a row's motion depends on nothing but itself and the levels of its owner, many short ways lead where one long one does.
 */
import { HEADER_COUNTS, SEAT_PRESENT } from '../game/compiled.ts'
import type { SnapshotSource } from '../sim/seen-world.ts'
import { World } from '../world/world.ts'
import { CODING_FLOAT, type SnapshotLayout, type TypePlan } from './snapshot-layout.ts'
import { moveLinear, moveRows } from './snapshot-motion.ts'

/** True if leaving a row of this type out is the same whatever the frames between were. The codec keeps floats out of motions' hands frame by frame. */
export function goesOnByItself(plan: TypePlan): boolean {
  return plan.moves && plan.fields.every(({ coding }) => coding !== CODING_FLOAT)
}

export class Extrapolator {
  private readonly layout: SnapshotLayout
  private readonly scratch: World
  private readonly dt: number

  constructor(layout: SnapshotLayout) {
    this.layout = layout
    this.scratch = new World(layout.game, { strict: false })
    this.dt = 1 / layout.game.tickRate
  }

  /** Moves the rows of the types that are 1 in `moves` from the end of tick `from` to that of tick `to`. `held` are the worlds of the ticks between. */
  advance(memory: Int32Array, from: number, to: number, held: SnapshotSource, moves: Uint8Array): void {
    const { types } = this.layout
    let byViews = false
    for (let index = 0; index < types.length; index++) {
      const plan = types[index]
      if (plan === undefined || moves[index] !== 1) continue
      if (plan.linear.length === 0) {
        byViews = true
        copyRows(plan, memory, this.scratch.ints)
        continue
      }
      const count = memory[HEADER_COUNTS + index] ?? 0
      for (let tick = from; tick < to; tick++) moveLinear(plan, memory, count, this.dt)
    }
    if (byViews) this.advanceByViews(memory, from, to, held, moves)
  }

  private advanceByViews(memory: Int32Array, from: number, to: number, held: SnapshotSource, moves: Uint8Array): void {
    const { types } = this.layout
    for (let tick = from + 1; tick <= to; tick++) {
      const world = held.find(tick)
      if (world !== undefined) this.showLevels(world)
      for (let index = 0; index < types.length; index++) {
        const plan = types[index]
        if (plan !== undefined && moves[index] === 1 && plan.linear.length === 0) moveRows(plan, this.scratch, this.dt)
      }
    }
    for (let index = 0; index < types.length; index++) {
      const plan = types[index]
      if (plan !== undefined && moves[index] === 1 && plan.linear.length === 0)
        copyRows(plan, this.scratch.ints, memory)
    }
  }

  /** What was held at the end of a tick, as the codec tells it: a seat that was empty held the neutral values. */
  private showLevels(world: Int32Array): void {
    const { levels, game } = this.layout
    const { ints } = this.scratch
    const present = game.seatBase + SEAT_PRESENT * game.seatRows
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l]
      if (level === undefined) continue
      for (let seat = 0; seat < game.seatRows; seat++) {
        ints[level.offset + seat] = world[present + seat] !== 0 ? (world[level.offset + seat] ?? 0) : level.initial
      }
    }
  }
}

function copyRows(plan: TypePlan, from: Int32Array, to: Int32Array): void {
  const count = from[HEADER_COUNTS + plan.index] ?? 0
  to[HEADER_COUNTS + plan.index] = count
  for (let row = 0; row < count; row++) {
    to[plan.ids + row] = from[plan.ids + row] ?? 0
    to[plan.owners + row] = from[plan.owners + row] ?? 0
    to[plan.flags + row] = from[plan.flags + row] ?? 0
  }
  for (let i = 0; i < plan.fields.length; i++) {
    const offset = plan.fields[i]?.offset ?? 0
    for (let row = 0; row < count; row++) to[offset + row] = from[offset + row] ?? 0
  }
}
