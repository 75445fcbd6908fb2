/**
 * The screen: one world for one display frame. What this client predicts comes from its own present, between two ticks;
 * everything else from the past, between two snapshots, exactly at the view stamp. What changes from one to the other (a ball that came near, a vehicle
 * that was taken) slides over instead of jumping. Hot: once per display frame.
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
  readonly #game: CompiledGame
  readonly #past: World
  readonly #present: World
  readonly #predicts: (view: View, world: World) => boolean
  /** What was drawn last, and by row (tables one after the other) whether it came from the present. */
  readonly #drawn: Int32Array
  #drawnSides: Uint8Array
  #sides: Uint8Array

  /** `predicts` is asked of views of either time, always with the present's world. */
  constructor(game: CompiledGame, predicts: (view: View, world: World) => boolean) {
    this.#game = game
    this.#predicts = predicts
    this.world = makePastWorld(game, false, true)
    this.#past = makePastWorld(game, false, true)
    this.#present = makePastWorld(game, false, true)
    this.#drawn = new Int32Array(game.worldInts)
    let rows = 0
    for (const type of game.entities) rows += type.rows
    this.#drawnSides = new Uint8Array(rows)
    this.#sides = new Uint8Array(rows)
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
    if (!worldAtStamp(snapshots, stamp.older, stamp.newer, stamp.fraction, this.#past)) return false
    const part = Math.min(FRACTION_ONE, Math.max(0, Math.floor(fraction * FRACTION_ONE)))
    // From the newer one: what does not move by degrees (a count, a switch) shows the newest.
    interpolate(this.#game, after, before, FRACTION_ONE - part, this.#present)
    this.#drawn.set(this.world.ints)
    const drawnSides = this.#drawnSides
    this.#drawnSides = this.#sides
    this.#sides = drawnSides
    this.world.ints.set(this.#past.ints)
    let firstRow = 0
    for (let index = 0; index < this.#game.entities.length; index++) {
      this.#mergeTable(index, firstRow)
      this.#noteSwitches(index, firstRow, smoothing)
      firstRow += this.#game.entities[index]?.rows ?? 0
    }
    this.world.adopt()
    smoothing.apply(this.world)
    return true
  }

  /**
   * Walks both tables in order of their ids. What the present has and predicts is drawn from there, everything else where the past has it;
   * an own entity that the present has no more is gone, others stay until the past has seen them go.
   */
  #mergeTable(index: number, firstRow: number): void {
    const sides = this.#sides
    const past = this.#past.table(index)
    const present = this.#present.table(index)
    const { type } = past
    const out = this.world.ints
    let rowPast = 0
    let rowPresent = 0
    let to = 0
    while ((rowPast < past.count || rowPresent < present.count) && to < type.max) {
      const idPast = rowPast < past.count ? idAt(type, this.#past.ints, rowPast) : Infinity
      const idPresent = rowPresent < present.count ? idAt(type, this.#present.ints, rowPresent) : Infinity
      const inPresent = idPresent <= idPast
      const inPast = idPast <= idPresent
      const predicted = this.#predicts(inPresent ? present.viewAt(rowPresent) : past.viewAt(rowPast), this.#present)
      if (inPresent && predicted) {
        sides[firstRow + to] = 1
        copyRow(type, this.#present.ints, rowPresent, out, to++)
      } else if (inPast && (inPresent || !predicted)) {
        sides[firstRow + to] = 0
        copyRow(type, this.#past.ints, rowPast, out, to++)
      }
      if (inPresent) rowPresent++
      if (inPast) rowPast++
    }
    out[HEADER_COUNTS + index] = to
  }

  /** Finds what is drawn from another time than in the last frame: it starts where it was drawn. */
  #noteSwitches(index: number, firstRow: number, smoothing: Smoothing): void {
    const drawn = this.#drawn
    const drawnSides = this.#drawnSides
    const sides = this.#sides
    const { type } = this.world.table(index)
    const now = this.world.ints
    const countThen = drawn[HEADER_COUNTS + index] ?? 0
    const countNow = now[HEADER_COUNTS + index] ?? 0
    let then = 0
    for (let row = 0; row < countNow; row++) {
      const id = idAt(type, now, row)
      while (then < countThen && idAt(type, drawn, then) < id) then++
      if (then >= countThen) return
      const past = sides[firstRow + row] === 0
      if (idAt(type, drawn, then) !== id) continue
      if (drawnSides[firstRow + then] !== sides[firstRow + row])
        smoothing.onSwitch(type, id, drawn, then, now, row, past)
      else if (past) smoothing.onPast(id)
    }
  }
}

function idAt(type: CompiledEntity, ints: Int32Array, row: number): number {
  return ints[type.base + COLUMN_ID * type.rows + row] ?? 0
}
