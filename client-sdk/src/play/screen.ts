/**
 * The screen: one world for one display frame. What this client predicts comes from its own present, between two ticks;
 * everything else from the past, between two snapshots, exactly at the view stamp. Hot: once per display frame.
 */
import {
  COLUMN_ID,
  type CompiledEntity,
  type CompiledGame,
  copyRow,
  FRACTION_ONE,
  HEADER_COUNTS,
  interpolate,
  makePastWorld,
  type SnapshotSource,
  type View,
  type World,
  worldAtStamp,
} from '@tickmesh/shared'
import type { ViewStamp } from './playback.ts'
import type { Smoothing } from './smoothing.ts'

export class Screen {
  /** What to draw. */
  readonly world: World
  private readonly game: CompiledGame
  private readonly past: World
  private readonly present: World
  private readonly predicts: (view: View) => boolean

  constructor(game: CompiledGame, predicts: (view: View) => boolean) {
    this.game = game
    this.predicts = predicts
    this.world = makePastWorld(game, false, true)
    this.past = makePastWorld(game, false, true)
    this.present = makePastWorld(game, false, true)
  }

  /**
   * Composes the frame: others at `stamp` out of `snapshots`, own entities `fraction` (0 to 1) of the way from `before` to `after`.
   * False if the stamp's snapshots are not there.
   */
  compose(
    snapshots: SnapshotSource,
    stamp: ViewStamp,
    before: Int32Array,
    after: Int32Array,
    fraction: number,
    smoothing: Smoothing,
  ): boolean {
    if (!worldAtStamp(snapshots, stamp.older, stamp.newer, stamp.fraction, this.past)) return false
    const part = Math.min(FRACTION_ONE, Math.max(0, Math.floor(fraction * FRACTION_ONE)))
    interpolate(this.game, before, after, part, this.present)
    smoothing.apply(this.present)
    this.world.ints.set(this.past.ints)
    for (let index = 0; index < this.game.entities.length; index++) this.mergeTable(index)
    this.world.adopt()
    return true
  }

  /**
   * Walks both tables in order of their ids. What the present has and predicts is drawn from there, everything else where the past has it;
   * an own entity that the present has no more is gone, others stay until the past has seen them go.
   */
  private mergeTable(index: number): void {
    const past = this.past.table(index)
    const present = this.present.table(index)
    const { type } = past
    const out = this.world.ints
    let rowPast = 0
    let rowPresent = 0
    let to = 0
    while ((rowPast < past.count || rowPresent < present.count) && to < type.max) {
      const idPast = rowPast < past.count ? idAt(type, this.past.ints, rowPast) : Infinity
      const idPresent = rowPresent < present.count ? idAt(type, this.present.ints, rowPresent) : Infinity
      const inPresent = idPresent <= idPast
      const inPast = idPast <= idPresent
      const predicted = this.predicts(inPresent ? present.viewAt(rowPresent) : past.viewAt(rowPast))
      if (inPresent && predicted) copyRow(type, this.present.ints, rowPresent, out, to++)
      else if (inPast && (inPresent || !predicted)) copyRow(type, this.past.ints, rowPast, out, to++)
      if (inPresent) rowPresent++
      if (inPast) rowPast++
    }
    out[HEADER_COUNTS + index] = to
  }
}

function idAt(type: CompiledEntity, ints: Int32Array, row: number): number {
  return ints[type.base + COLUMN_ID * type.rows + row] ?? 0
}
