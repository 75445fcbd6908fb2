/**
 * Smoothing: what a correction moved is drawn as an offset that decays, so that nothing jumps on the screen.
 * Per entity and smooth field, in raw units. Cold: it runs when a prediction was wrong or an entity changed sides, and per frame over few entities.
 */
import {
  COLUMN_FLAGS,
  COLUMN_ID,
  type CompiledEntity,
  type CompiledGame,
  findRow,
  HEADER_COUNTS,
  TELEPORT_MASK,
  type World,
} from '@tickmesh/shared'

/** Time in which an offset falls to 1/e, in ms. */
const DECAY_MS = 80
/** Offsets below this many raw units are dropped. */
const NEGLIGIBLE = 0.5

interface Offsets {
  readonly typeIndex: number
  /** By field index; 0 for fields that are not smooth. */
  readonly raw: Float64Array
  /** It is drawn from the past, and slides there: corrections of the present do not move it. */
  past: boolean
}

export class Smoothing {
  readonly #game: CompiledGame
  readonly #byRule: boolean
  readonly #offsets = new Map<number, Offsets>()
  /** Only while nothing is drawn there are more offsets than entities: of those that are gone. */
  readonly #most: number
  /** Greatest offset that the last correction made, in the field's units. */
  lastCorrection = 0
  /** How many of one's own entities the last correction moved. */
  ownMoved = 0
  #greatest = 0

  constructor(game: CompiledGame) {
    this.#game = game
    this.#byRule = typeof game.predict === 'function'
    this.#most = 2 * game.entities.reduce((sum, { max }) => sum + max, 0)
  }

  /** How many entities are drawn elsewhere than where they are. */
  get size(): number {
    return this.#offsets.size
  }

  /**
   * The world at the same tick was recomputed: from `before` to `after`. Adds what moved to the offsets of entities for which `predicted` is true.
   * Gives how many entities moved; `ownMoved` tells of how many `own` was true.
   */
  onCorrection(
    before: Int32Array,
    after: Int32Array,
    predicted: (type: CompiledEntity, row: number) => boolean,
    own: (type: CompiledEntity, row: number) => boolean = predicted,
  ): number {
    let moved = 0
    this.ownMoved = 0
    this.#greatest = 0
    if (this.#offsets.size > this.#most) this.#offsets.clear()
    for (const type of this.#game.entities) {
      const count = after[HEADER_COUNTS + type.index] ?? 0
      for (let row = 0; row < count; row++) {
        const counts = predicted(type, row)
        // With a rule, what is drawn from the present may be another set than what the recomputed world predicts: the screen drops what is too much.
        if (!counts && !this.#byRule) continue
        const id = after[type.base + COLUMN_ID * type.rows + row] ?? 0
        const old = findRow(type, before, before[HEADER_COUNTS + type.index] ?? 0, id)
        const greatest = this.#greatest
        if (old < 0 || this.#offsets.get(id)?.past === true || !this.#add(type, id, before, old, after, row)) continue
        if (!counts) {
          this.#greatest = greatest
          continue
        }
        moved++
        if (own(type, row)) this.ownMoved++
      }
    }
    if (moved > 0) this.lastCorrection = this.#greatest
    return moved
  }

  #add(type: CompiledEntity, id: number, before: Int32Array, old: number, after: Int32Array, row: number): boolean {
    const flags = type.base + COLUMN_FLAGS * type.rows
    const teleported = (((before[flags + old] ?? 0) ^ (after[flags + row] ?? 0)) & TELEPORT_MASK) !== 0
    let changed = false
    let known = this.#offsets.get(id)
    for (let i = 0; i < type.fields.length; i++) {
      const field = type.fields[i]
      if (field === undefined) continue
      let gap = (before[field.offset + old] ?? 0) - (after[field.offset + row] ?? 0)
      if (gap === 0) continue
      changed = true
      if (!field.field.smooth || field.field.kind === 'float32' || teleported) continue
      if (field.field.kind === 'angle') gap = wrap(gap, field.field.rawMax + 1)
      if (known === undefined) {
        known = { typeIndex: type.index, raw: new Float64Array(type.fields.length), past: false }
        this.#offsets.set(id, known)
      }
      known.raw[i] = (known.raw[i] ?? 0) + gap
      this.#greatest = Math.max(this.#greatest, Math.abs(gap) * field.field.step)
    }
    if (teleported) this.#offsets.delete(id)
    return changed
  }

  /**
   * An entity is drawn from another time than before: it goes on from where it was drawn (`then`, with its offsets) to where it is (`now`, without).
   * Counts as no correction. `past`: from now on it is drawn from the past.
   */
  onSwitch(
    type: CompiledEntity,
    id: number,
    then: Int32Array,
    oldRow: number,
    now: Int32Array,
    row: number,
    past: boolean,
  ): void {
    this.#offsets.delete(id)
    const greatest = this.#greatest
    this.#add(type, id, then, oldRow, now, row)
    this.#greatest = greatest
    const known = this.#offsets.get(id)
    if (known !== undefined) known.past = past
  }

  /** An entity is drawn from the past, as it was in the last frame: corrections of the present do not show. */
  onPast(id: number): void {
    if (this.#offsets.size > 0 && this.#offsets.get(id)?.past === false) this.#offsets.delete(id)
  }

  /** How far from its place an entity is drawn: raw units of the field at `index` of its type. */
  offsetOf(id: number, index: number): number {
    return this.#offsets.get(id)?.raw[index] ?? 0
  }

  /** Lets the offsets decay by `elapsedMs`. */
  decay(elapsedMs: number): void {
    if (this.#offsets.size === 0) return
    const factor = Math.exp(-elapsedMs / DECAY_MS)
    for (const [id, { raw }] of this.#offsets) {
      let left = 0
      for (let i = 0; i < raw.length; i++) {
        raw[i] = (raw[i] ?? 0) * factor
        left = Math.max(left, Math.abs(raw[i] ?? 0))
      }
      if (left < NEGLIGIBLE) this.#offsets.delete(id)
    }
  }

  /** Adds the offsets to a world that is about to be drawn. */
  apply(world: World): void {
    for (const [id, { typeIndex, raw }] of this.#offsets) {
      const table = world.table(typeIndex)
      const row = table.rowOf(id)
      if (row < 0) continue
      for (let i = 0; i < raw.length; i++) {
        const field = table.type.fields[i]
        const offset = raw[i] ?? 0
        if (field === undefined || offset === 0) continue
        const at = field.offset + row
        const value = Math.round((world.ints[at] ?? 0) + offset)
        const { rawMin, rawMax, kind } = field.field
        world.ints[at] = kind === 'angle' ? wrap(value, rawMax + 1) : Math.min(rawMax, Math.max(rawMin, value))
      }
    }
  }
}

/** Wraps to [-half, half). */
function wrap(value: number, half: number): number {
  const span = half * 2
  return value - Math.floor((value + half) / span) * span
}
