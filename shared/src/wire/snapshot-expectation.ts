/**
 * What a body is expected to say: the baseline's entities, moved by their own motion under the inputs that were held. Run by encoder and decoder
 * alike on a world of its own; hot. A motion that throws leaves the entity as far as it came, on both sides; the check at the body's end decides.
 */
import { HEADER_COUNTS } from '../game/compiled.ts'
import { World } from '../world/world.ts'
import { CODING_FLOAT, type SnapshotLayout, type TypePlan } from './snapshot-layout.ts'
import { moveRows } from './snapshot-motion.ts'
import type { HeldTimeline } from './snapshot-timeline.ts'

export class Expectation {
  /** 1 for each entity type that the last body coded by motion. */
  readonly byMotion: Uint8Array
  private readonly scratch: World
  private readonly layout: SnapshotLayout
  private readonly dt: number

  constructor(layout: SnapshotLayout) {
    this.layout = layout
    this.scratch = new World(layout.game, { strict: false })
    this.byMotion = new Uint8Array(layout.types.length)
    this.dt = 1 / layout.game.tickRate
  }

  /** What is expected of the baseline's rows, in the columns of public fields. */
  get ints(): Int32Array {
    return this.scratch.ints
  }

  /** Takes the baseline, and moves the types named by `byMotion` on over the ticks of the timeline. */
  advance(baseline: Int32Array, timeline: HeldTimeline): void {
    const { types } = this.layout
    let any = false
    for (let index = 0; index < types.length; index++) {
      const plan = types[index]
      if (plan === undefined) continue
      this.copyRows(plan, baseline)
      if (this.byMotion[index] === 1) any = true
    }
    if (!any) return
    for (let step = 0; step < timeline.steps; step++) {
      timeline.show(step, this.scratch.ints)
      for (let index = 0; index < types.length; index++) {
        const plan = types[index]
        if (plan === undefined || this.byMotion[index] !== 1) continue
        moveRows(plan, this.scratch, this.dt)
      }
    }
    for (let index = 0; index < types.length; index++) {
      const plan = types[index]
      if (plan !== undefined && this.byMotion[index] === 1) this.restoreFloats(plan, baseline)
    }
  }

  private copyRows(plan: TypePlan, baseline: Int32Array): void {
    const { ints } = this.scratch
    const count = baseline[HEADER_COUNTS + plan.index] ?? 0
    ints[HEADER_COUNTS + plan.index] = count
    for (let row = 0; row < count; row++) {
      ints[plan.ids + row] = baseline[plan.ids + row] ?? 0
      ints[plan.owners + row] = baseline[plan.owners + row] ?? 0
      ints[plan.flags + row] = baseline[plan.flags + row] ?? 0
    }
    for (let i = 0; i < plan.fields.length; i++) {
      const offset = plan.fields[i]?.offset ?? 0
      for (let row = 0; row < count; row++) ints[offset + row] = baseline[offset + row] ?? 0
    }
  }

  private restoreFloats(plan: TypePlan, baseline: Int32Array): void {
    const { ints } = this.scratch
    const count = ints[HEADER_COUNTS + plan.index] ?? 0
    for (let i = 0; i < plan.fields.length; i++) {
      const field = plan.fields[i]
      if (field?.coding !== CODING_FLOAT) continue
      for (let row = 0; row < count; row++) ints[field.offset + row] = baseline[field.offset + row] ?? 0
    }
  }
}
